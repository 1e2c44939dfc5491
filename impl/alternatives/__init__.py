# SPDX-License-Identifier: Apache-2.0
"""What one would try instead of the pattern: only the Durable Object, only KV, or a KV key per flag."""
