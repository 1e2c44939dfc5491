# SPDX-License-Identifier: Apache-2.0
"""`do_kv_lost_alarms`: what becomes of the pattern where its alarm may be lost, and what a watchdog makes good.

Without a watchdog an acknowledged write stays out of KV for as long as nobody asks the object for anything. With one,
an attempt waits 2*(S + W) instead of S at most, however many alarms are lost, and so does each that follows a failed
one. The lemmas are those of `do_kv`, with that wait, and the ages of what waits for an alarm that is armed again.

What it costs: as `do_kv`, and a request to the object every W.
"""

from __future__ import annotations

from typing import Final

from edgeproof.properties.designs import do_kv
from edgeproof.properties.designs.do_kv_lost_alarms_worst import worst_run
from edgeproof.properties.designs.dossier import Constants, Dossier, Fact, Row
from edgeproof.properties.designs.parts.alarm import LIMITS, at_again
from edgeproof.properties.designs.parts.lost_alarms import OVERDUE
from edgeproof.properties.designs.parts.possible import acknowledged, as_late_as_it_may_be, waits_to_retry, watched

__all__ = ["DOSSIER"]

_LOST: Final[Constants] = {"publisher": "outbox", "Put": 1, "Pop": 1, "alarm_stuck": True}
_WATCHED: Final[Constants] = {**_LOST, "watchdog": "on"}
_FAULTS: Final[Constants] = {"crash": True, "put_fails": True}
_REPAIRED: Final[Constants] = {"repair": "heartbeat", "reader": "guarded", "epoch": "on"}

# Durations that are all different: one that is taken for another shows.
_APART: Final[Constants] = {"S": 2, "D": 1, "R": 3, "H": 4, "T": 5, "Z": 6}

_CASES: Final[tuple[Row, ...]] = (
    (
        "lost-alarm",
        {**_LOST},
        ("convergence", "bounded-staleness"),
        "the alarm stays in the past, and an acknowledged write out of KV until something else comes",
    ),
    (
        "lost-heartbeat",
        {**_LOST, "repair": "heartbeat", "writes": 3, **_APART},
        ("convergence", "bounded-staleness"),
        "a heartbeat lives on the alarm that it should make good for, and is lost with it",
    ),
    (
        "lost-alarm-watchdog",
        {**_WATCHED},
        (),
        "a watchdog pokes the object: the second alarm that is found overdue is dead, and the poke publishes",
    ),
    (
        "lost-alarm-faults",
        {**_WATCHED, **_FAULTS},
        (),
        "leases and retries are lost as well: each waits for the watchdog as the first did",
    ),
    (
        "lost-alarm-recommended",
        {**_WATCHED, **_FAULTS, "put_ambiguous": True, "put_late": True, **_REPAIRED},
        ("monotonic-kv",),
        "whatever else goes wrong: a late put takes KV back, and a heartbeat that may be lost repairs it",
    ),
)

DOSSIER: Final = Dossier(
    cases=_CASES,
    anomalies=("read-your-writes", "cross-pop-monotonic"),
    room={"writes": 12},
    terms=do_kv.terms,
    limits=LIMITS,
    worst_run=worst_run,
    lemmas={**do_kv.DOSSIER.lemmas, **OVERDUE, "behind-at-again": at_again(do_kv.WRITE)},
    costing=do_kv.COSTING,
    possible={
        "a-write-is-acknowledged": acknowledged("lost-alarm-watchdog"),
        **waits_to_retry("lost-alarm-faults"),
        **as_late_as_it_may_be("lost-alarm-watchdog"),
        **watched("lost-alarm-watchdog", "write"),
        **{
            f"an-alarm-that-is-armed-again-is-late-{case}": Fact(
                case,
                "An alarm that is armed again fires as late as any other may.",
                lambda s: (s.alarm == "again") & (s.sending == "idle") & ~s.stuck & (s.armed == s.S),
            )
            for case in ("lost-heartbeat", "lost-alarm-watchdog")
        },
        "an-alarm-that-is-not-lost-is-late": Fact(
            "lost-heartbeat",
            "An alarm that is not lost fires as late as it may.",
            lambda s: (s.alarm == "sync") & (s.sending == "idle") & ~s.stuck & (s.armed == s.S),
        ),
        **{
            f"a-heartbeat-is-late-{case}": Fact(
                case,
                "A heartbeat that is not lost fires as late as any other alarm may.",
                lambda s: (s.alarm == "beat") & (s.sending == "idle") & ~s.stuck & (s.armed == s.H + s.S),
            )
            for case in ("lost-heartbeat", "lost-alarm-recommended")
        },
        "a-lost-alarm-stays-lost": Fact(
            "lost-alarm-recommended",
            "An instance that takes over leaves an alarm lost that is not overdue yet.",
            lambda s: s.stuck,
            "put_late",
            lambda s: s.stuck,
        ),
        "an-instance-arms-an-alarm-again": Fact(
            "lost-alarm-faults",
            "An instance that starts after a crash arms an alarm that is overdue again.",
            lambda s: s.overdue & (s.alarm != "again"),
            "crash",
            lambda s: s.alarm == "again",
        ),
        "an-alarm-is-armed-again": Fact(
            "lost-alarm-watchdog", "An alarm that is overdue is armed again.", lambda s: s.alarm == "again"
        ),
    },
)
