# SPDX-License-Identifier: Apache-2.0
"""Who forgets that a client waits, and who does not wait for a due time, is caught by a property that says so."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from edgeproof.model.designs import load
from edgeproof.properties.cases import scoreboard
from edgeproof.properties.evidence import Status
from edgeproof.properties.mutation.kill import How
from edgeproof.properties.mutation.mutants import mutants
from edgeproof.properties.mutation.searched import Look, searched

_DUE = (
    "(if (alarm = retry) then R else (if (alarm = lease) then (D + R) else (if (alarm = beat) then H else 0))) <= armed"
)
_WAITS = "(not (alarm = off)) and (sending = idle)"

FORGET: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("do_only", "do-only-crash"): ("acknowledge is not owed a turn", "retry is not owed a turn"),
    ("kv_only", "kv-only-log-inside"): ("put_lands is not owed a turn",),
    ("do_kv", "early-ack"): ("commit_late is not owed a turn",),
    ("do_kv", "inline"): ("stray_lands is not owed a turn",),
}
"""By design and case: who is owed a turn no more, so that somebody may wait for ever."""

TOO_SOON: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("do_kv", "outbox-faults"): (
        f"fire: no `{_DUE}` in `{_WAITS} and ({_DUE})`",
        "put_fails leaves armed as it is",
        "put_ambiguous leaves armed as it is",
        "fire leaves armed as it is",
    ),
    ("do_kv_per_key", "per-key"): ("put_lands leaves armed as it is",),
}
"""By design and case: which mistakes let an attempt begin before its time."""


def _seen(made: Mapping[tuple[str, str], tuple[str, ...]]) -> dict[str, Look]:
    found: dict[str, Look] = {}
    for (design, name), says in made.items():
        (case,) = (one for one in scoreboard(design) if one.name == name)
        some = [one for one in mutants(load(design)) if one.says in says]
        found |= {f"{design}: {one.says}": look for one, look in zip(some, searched(case, some), strict=True)}
    return found


@pytest.mark.parametrize(("property_id", "made"), [("answered-write", FORGET), ("never-early", TOO_SOON)])
def test_a_design_that_breaks_it_is_caught_by_a_trace(
    property_id: str, made: Mapping[tuple[str, str], tuple[str, ...]]
) -> None:
    looks = _seen(made)
    assert len(looks) == sum(map(len, made.values())), sorted(looks)
    for says, look in looks.items():
        kills = {kill.property: kill for kill in look.kills if kill.how is How.VERDICT}
        assert kills[property_id].status == Status.VIOLATED, says
        assert kills[property_id].steps, says
