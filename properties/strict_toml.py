# SPDX-License-Identifier: Apache-2.0
"""TOML that others wrote: what it says, or a ValueError in words, in time that grows with its length and no faster."""

from __future__ import annotations

import tomllib
from typing import Any, Final

__all__ = ["strict_toml"]

_DOTS: Final = 50
"""Of a line, as the parser looks at each name of a dotted key as often as there are names in it."""


def strict_toml(text: str) -> dict[str, Any]:
    """What a text of TOML says. Raises ValueError for what is none, and for what no person would write."""
    if any(line.count(".") > _DOTS for line in text.splitlines()):
        raise ValueError(f"a line has more than {_DOTS} dots")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:  # of an integer with more digits than Python reads
        raise ValueError("a number has too many digits") from error
