# SPDX-License-Identifier: Apache-2.0
"""Options that belong together, given to a command as one record."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from attrs import AttrsInstance, fields_dict

from edgeproof.reports.consoles import Terminal

__all__ = ["Option", "as_record"]

Option = Callable[[Callable[..., int]], Callable[..., int]]
"""What adds an option, or an argument, or several, to a command."""


def as_record(name: str, record: type[AttrsInstance], *options: Option) -> Option:
    """Add options to a command, whose body gets what they say as one record, called `name`.

    There is an option for each field of the record, and it has the field's name.
    """

    def add(body: Callable[..., int]) -> Callable[..., int]:
        @functools.wraps(body)
        def run(terminal: Terminal, **words: Any) -> int:
            said = {field: words.pop(field) for field in fields_dict(record)}
            return body(terminal, **words, **{name: record(**said)})

        for option in reversed(options):
            option(run)
        return run

    return add
