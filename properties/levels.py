# SPDX-License-Identifier: Apache-2.0
"""The consistency level that a configuration reaches, from the verdicts on its properties.

A level is the properties that it promises. That the levels imply each other as `LEVELS` says is no opinion: the design
`levels` lets a reader be told whatever a level allows, and its cases check what then holds and what does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import field, frozen

from edgeproof.model.machine import Instance
from edgeproof.properties.bounds import is_promised, present_terms
from edgeproof.properties.evidence import HOLDS, Conclusion, Verdict

__all__ = ["LEVELS", "Level", "Standing", "standing"]

_PREFIX: Final = ("convergence", "never-ahead", "no-partial-read", "monotonic-reads")


@frozen
class Level:
    """A consistency level: the properties it promises, whether its staleness bound is 0, and the levels it implies."""

    name: str
    says: str
    promises: tuple[str, ...]
    at_once: bool = False
    implies: tuple[str, ...] = ()


LEVELS: Final = (
    Level(
        "strong",
        "a read gives the last write",
        (*_PREFIX, "read-your-writes", "bounded-staleness", "cross-pop-monotonic"),
        at_once=True,
        implies=("bounded", "session", "prefix", "eventual"),
    ),
    Level(
        "bounded",
        "a read is never staler than a bound",
        (*_PREFIX, "bounded-staleness"),
        implies=("prefix", "eventual"),
    ),
    Level("session", "a client reads its own writes", (*_PREFIX, "read-your-writes"), implies=("prefix", "eventual")),
    Level("prefix", "a reader is told committed configs, in their order", _PREFIX, implies=("eventual",)),
    Level(
        "eventual",
        "in the end a reader is told the last write",
        ("convergence", "never-ahead", "no-partial-read"),
    ),
)
"""From the strongest down. Bounded staleness and session are side by side: neither implies the other."""


@frozen
class Standing:
    """How a configuration stands to one level.

    PROVED or HOLDS_TO_BOUND where it keeps all the level's promises (the weakest of the verdicts), VIOLATED where it
    breaks one, UNKNOWN where one is undecided. `because` names the promises that decide it.
    """

    level: Level
    verdict: Verdict
    because: tuple[str, ...] = field(default=())


def standing(instance: Instance, conclusions: Sequence[Conclusion]) -> tuple[Standing, ...]:
    """How a configuration stands to each level; nothing of one whose readers are told no config.

    A promise of which it is not asked (or not decided) leaves a level UNKNOWN, but for those in `_OPTIONAL`.
    """
    verdicts = {one.property: one.verdict for one in conclusions}
    if not any(name in verdicts for level in LEVELS for name in level.promises):
        return ()
    return tuple(_stand(level, instance, verdicts) for level in LEVELS)


def _stand(level: Level, instance: Instance, verdicts: Mapping[str, Verdict]) -> Standing:
    asked = {name: verdicts[name] for name in level.promises if name in verdicts}
    broken = tuple(name for name, verdict in asked.items() if verdict is Verdict.VIOLATED)
    if level.at_once and not _tells_at_once(instance):
        broken = (*broken, "bounded-staleness") if "bounded-staleness" not in broken else broken
    if broken:
        return Standing(level, Verdict.VIOLATED, broken)
    missing = tuple(name for name in level.promises if asked.get(name) not in HOLDS and name not in _OPTIONAL)
    if missing:
        return Standing(level, Verdict.UNKNOWN, missing)
    weak = tuple(name for name, verdict in asked.items() if verdict is not Verdict.PROVED)
    return Standing(level, Verdict.HOLDS_TO_BOUND if weak else Verdict.PROVED, weak)


_OPTIONAL: Final = ("cross-pop-monotonic",)
"""Where there is a single location, nobody can move to another."""


def _tells_at_once(instance: Instance) -> bool:
    return is_promised(instance) and sum(ticks for _, ticks in present_terms(instance)) == 0
