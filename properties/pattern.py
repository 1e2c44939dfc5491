# SPDX-License-Identifier: Apache-2.0
"""The pattern that all this is about."""

from typing import Final

__all__ = ["PATTERN"]

PATTERN: Final = "do_kv"
"""The design that is meant where none is named, and with which the others are compared."""
