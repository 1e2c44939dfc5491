# SPDX-License-Identifier: Apache-2.0
"""`do_kv_restores`: what becomes of the pattern where the store goes back further than a write, and during a put.

With eras nothing is lost by that: what the put under way carries is of an earlier era, so readers take what is
published after it for the newer. Without them a reader that follows KV follows it back, and a put that was begun before
the restore lands as if it were news. The lemmas are those of `do_kv_lost_alarms`. Some hold until a restore only, which
also ends the watch: a put that is under way then holds no lease any more, and failures are not forgotten.

What it costs: as `do_kv`.
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.designs.do_kv_restores import is_copy
from edgeproof.model.expr import exists, for_all, implies
from edgeproof.properties.designs import do_kv, do_kv_lost_alarms
from edgeproof.properties.designs.do_kv_worst import worst_run
from edgeproof.properties.designs.dossier import Constants, Dossier, Fact, Lemmas, Row
from edgeproof.properties.designs.parts import outbox
from edgeproof.properties.designs.parts.alarm import LIMITS, Says

__all__ = ["DOSSIER"]

_RESTORED: Final[Constants] = {"publisher": "outbox", "Put": 1, "Pop": 1, "rollback": True, "writes": 3}
_FAULTS: Final[Constants] = {"crash": True, "put_fails": True}

# Durations that are all different: one that is taken for another shows.
_APART: Final[Constants] = {"S": 1, "D": 2, "R": 3, "T": 4, "H": 5, "Z": 6}

_CASES: Final[tuple[Row, ...]] = (
    (
        "restored-in-flight",
        {**_RESTORED, **_FAULTS, "reader": "guarded", "epoch": "on"},
        (),
        "restores by any distance, also during a put: an epoch makes what they leave the newer config",
    ),
    (
        "restored-in-flight-no-epoch",
        {**_RESTORED, **_APART},
        ("never-ahead", "monotonic-kv", "monotonic-reads"),
        "the put under way publishes what is undone, and readers follow KV there and back",
    ),
)


def _until_a_restore(lemma: Says) -> Says:
    return lambda s: implies(s.restored == 0, lemma(s))


_LEMMAS: Final[Lemmas] = {
    "sending-holds-the-lease-or-was-restored": lambda s: (s.alarm == "sync") | outbox.holds_the_lease(s),
    **{f"{name}-until-a-restore": _until_a_restore(lemma) for name, lemma in do_kv_lost_alarms.DOSSIER.lemmas.items()},
    "nothing-is-stuck": lambda s: ~s.stuck,
    "nothing-is-armed-again-until-a-restore": _until_a_restore(lambda s: s.alarm != "again"),
    "no-request-publishes": lambda s: ~s.asked,
    "alarms-need-a-config-or-a-restore": lambda s: implies(s.alarm != "off", is_copy(s.config, s.era)),
    "what-is-sent-is-a-copy": lambda s: implies(s.sending != "idle", is_copy(s.sent, s.sent_era)),
    "what-is-loaded-is-a-copy": lambda s: for_all(s.Pop, lambda p: s.loaded[p] == is_copy(s.kept[p], s.kept_era[p])),
}


def _during_a_put(case: str, restore: str, says: str) -> Fact:
    return Fact(case, says, lambda s: (s.sending == "flying") & ~s.replaced, restore, lambda s: s.replaced)


DOSSIER: Final = Dossier(
    cases=_CASES,
    anomalies=("read-your-writes", "cross-pop-monotonic"),
    room={"writes": 12},
    terms=do_kv.terms,
    limits=LIMITS,
    worst_run=worst_run,
    lemmas={**do_kv_lost_alarms.DOSSIER.lemmas, **_LEMMAS},
    costing=do_kv.COSTING,
    possible={
        "an-empty-config-is-told": Fact(
            "restored-in-flight",
            "A reader is told an empty config, as the store was restored to its beginning.",
            lambda s: exists(s.Pop, lambda p: (s.served[p] == 0) & (s.served_era[p] > 0)),
        ),
        "the-same-number-comes-back": Fact(
            "restored-in-flight",
            "During a put the store is restored, and a write brings back the number that the put carries.",
            lambda s: (s.sending != "idle") & s.replaced & (s.sent == s.config),
        ),
        "two-writes-are-taken-back": _during_a_put(
            "restored-in-flight-no-epoch",
            "rollback_two",
            "Two writes are taken back during a put, which is known then.",
        ),
        "all-writes-are-taken-back": _during_a_put(
            "restored-in-flight", "rollback_all", "All writes are taken back during a put, which is known then."
        ),
        "an-alarm-waits-for-a-put": Fact(
            "restored-in-flight-no-epoch",
            "An alarm that a restore has armed waits for the put that is under way, longer than it may be late.",
            lambda s: (s.alarm == "sync") & (s.sending != "idle") & (s.armed > s.S),
        ),
        "the-only-write-is-taken-back": Fact(
            "restored-in-flight", "The only write is taken back.", lambda s: s.config == 1, "rollback_all"
        ),
    },
)
