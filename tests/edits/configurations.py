# SPDX-License-Identifier: Apache-2.0
"""The cases in whose runs edits are to be found: those of the scoreboards, and a few more.

On the scoreboard most durations are a tick, which is a minute, and the platform's default for some of them: what is
given the wrong one of two, or a default, shows only where they differ. And what takes seven failures in a row, a
restore between failures, or the end of a token's time, is rare where everything else may happen as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from attrs import evolve

from edgeproof.model.designs import DESIGNS
from edgeproof.model.machine import DesignError
from edgeproof.properties.cases import ad_hoc, scoreboard
from edgeproof.properties.designs.dossier import Constants
from edgeproof.properties.evidence import Case

__all__ = ["cases"]

_OUTBOX: Final[Constants] = {"publisher": "outbox", "Put": 1}
_UNLIKE: Final[Constants] = {**_OUTBOX, "D": 2, "R": 3, "T": 4, "M": 5, "H": 6}
_FAULTS: Final[Constants] = {"put_fails": True, "crash": True, "F": 2}
_RESTORED: Final[Constants] = {**_OUTBOX, "Pop": 1, "reader": "guarded", "rollback": True, "restores": 3}
_FAILING: Final[Constants] = {**_OUTBOX, "Pop": 1, "R": 0, "put_fails": True}
_EXHAUSTED: Final[Constants] = {**_FAILING, "F": 7, "handler": "throws", "alarm_exhausted": True}
# A reader that mostly tells its memo changes little, and time mostly passes only while an alarm is lost.
_STILL: Final[Constants] = {"Pop": 1, "reader": "memo", "M": 50, "T": 50, "S": 0, "D": 0, "R": 0}
_LOST: Final[Constants] = {**_OUTBOX, **_STILL, "alarm_stuck": True, "crash": True}
_LOSING: Final[Constants] = {"alarm_stuck": True, "watchdog": "on"}
_RESTORED_LOST: Final[Constants] = {**_RESTORED, **_STILL, "D": 1, "R": 1, "epoch": "on", **_LOSING}
_DOUBT: Final[Constants] = {"put_ambiguous": True}

_MORE: Final[Mapping[str, tuple[str, Constants]]] = {
    "unlike-durations": ("do_kv", {**_UNLIKE, **_FAULTS}),
    "unlike-durations-heartbeat": ("do_kv", {**_UNLIKE, "repair": "heartbeat"}),
    "unlike-durations-memo": ("do_kv", {**_UNLIKE, "T": 2, "M": 3, "reader": "memo"}),
    "guarded-inline": ("do_kv", {"publisher": "inline", "Put": 2, "Pop": 1, "reader": "guarded"}),
    "old-copies": ("do_kv", {**_OUTBOX, "reader": "guarded", "disjoint_caches": True, "T": 4}),
    "restores": ("do_kv", {**_RESTORED, "epoch": "on"}),
    "restores-among-failures": ("do_kv", {**_RESTORED, **_FAULTS, "epoch": "on"}),
    "restores-under-one-era": ("do_kv", _RESTORED),
    "restores-in-flight": ("do_kv_restores", {**_RESTORED, "epoch": "on", "D": 3}),
    "crashes-among-lost-alarms": ("do_kv_lost_alarms", _LOST),
    "restarts-among-lost-alarms": ("do_kv_lost_alarms", {**_LOST, "ack": "early", "put_late": True}),
    "restores-among-lost-alarms": ("do_kv_restores", _RESTORED_LOST),
    "late-commits-among-lost-alarms": ("do_kv_restores", {**_RESTORED_LOST, "ack": "early", "restores": 9}),
    "exhausted": ("do_kv", _EXHAUSTED),
    "exhausted-by-doubt": ("do_kv", {**_EXHAUSTED, **_DOUBT}),
    "caught-nine-times": ("do_kv", {**_FAILING, "F": 9, "alarm_exhausted": True}),
    "caught-nine-times-by-doubt": ("do_kv", {**_FAILING, **_DOUBT, "F": 9, "alarm_exhausted": True}),
    "thrown-nine-times": ("do_kv", {**_FAILING, "F": 9, "handler": "throws"}),
    "thrown-nine-times-by-doubt": ("do_kv", {**_FAILING, **_DOUBT, "F": 9, "handler": "throws"}),
    "many-bad-versions": ("global_push", {"Pop": 1, "bads": 6}),
    "brief-tokens": ("artifacts_tokens", {"L": 2, "margin": "on", "skew": True, "revoke": "mark"}),
}


@cache
def cases() -> Mapping[str, Case]:
    """Every case by its name, which is its alone. Raises DesignError where two have the same."""
    found: dict[str, Case] = {}
    named = [case for design in DESIGNS for case in scoreboard(design)]
    for case in (*named, *(evolve(ad_hoc(design, chosen, {}), name=name) for name, (design, chosen) in _MORE.items())):
        if case.name in found:
            raise DesignError(f"there are two cases {case.name}")
        found[case.name] = case
    return found
