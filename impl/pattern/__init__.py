# SPDX-License-Identifier: Apache-2.0
"""The pattern: one unit put together from its parts, and driven action by action."""
