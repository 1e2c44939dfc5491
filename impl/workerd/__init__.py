# SPDX-License-Identifier: Apache-2.0
"""The Worker on the real runtime, with an adversary for KV; and any deployment that has the same HTTP front."""
