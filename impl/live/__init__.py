# SPDX-License-Identifier: Apache-2.0
"""The pattern on the real clock: writers, a store and locations as processes, and a record of what happens."""
