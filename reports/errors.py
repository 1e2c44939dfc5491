# SPDX-License-Identifier: Apache-2.0
"""What a user can do wrong, as one kind of exception."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["Unusable", "counted", "one_line", "refused"]

_NAMED: Final = re.compile(r"([a-z]:/{1,2})[^/\s@'\"]+@", re.IGNORECASE)
"""The name and the word in an address; as a path an address has lost one slash."""


class Unusable(Exception):
    """Input that cannot be used: the message is one line that says what is wrong and, where it can, what would do."""


def one_line(text: object) -> str:
    """Any message as one printable line: input is data, and may not move the cursor of a terminal.

    Who somebody is to an address is nobody's business: `http://name:word@host` is `http://…@host`.
    """
    return _NAMED.sub(r"\1…@", " ".join("".join(c if c.isprintable() else " " for c in str(text)).split()))


def counted(number: int, one: str, many: str = "") -> str:
    """A number of things: `1 step`, `2 steps`, `0 properties`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


@contextmanager
def refused(*kinds: type[Exception]) -> Iterator[None]:
    """Whoever raises one of these in here could not use what it was given: Unusable, with its message.

    A reader of our output who has had enough is no fault of the input.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except kinds as error:
        raise Unusable(one_line(error)) from error
