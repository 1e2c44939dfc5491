# SPDX-License-Identifier: Apache-2.0
"""A row of the table of faults."""

from __future__ import annotations

import json
from collections import Counter

from attrs import field, frozen

from tests.faults.service import Answer, Service

__all__ = ["Row", "Seen"]


@frozen
class Row:
    """One fault: how it was made, how often, what the user saw, what was lost, and how it went on."""

    fault: str
    made: str
    injected: int
    acknowledged: int
    """Writes that were acknowledged before, between and after, and looked for at the end."""
    lost: int
    saw: str
    resumed: str


@frozen
class Seen:
    """What the user saw while a fault lasted."""

    said: Counter[str] = field(factory=Counter)

    def answer(self, answer: Answer) -> None:
        """A request was answered."""
        self.said[words_of(answer)] += 1

    def row(self, service: Service, fault: str, made: str, resumed: str, lost: int) -> Row:
        """The row, once it is over."""
        saw = "; ".join(f"{count} times: {words}" if count > 1 else words for words, count in self.said.items())
        return Row(fault, made, self.said.total(), len(service.acknowledged), lost, saw, resumed)


def words_of(answer: Answer) -> str:
    """The status, and why; without what is of a single run."""
    if answer.status == 0:
        return f"no answer for {answer.seconds:.0f} s" if answer.seconds > 1 else "the connection was closed"
    try:
        said = json.loads(answer.says)
    except ValueError:
        return f"{answer.status}: {answer.says.split()[0]}"
    return f"{answer.status}: {said['detail']}" if "detail" in said else f"{answer.status}"
