# SPDX-License-Identifier: Apache-2.0
"""Mutants of the code that lockstep does not find, each kind with its reason."""

from __future__ import annotations

from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from attrs import frozen

__all__ = ["EXCEPTIONS", "Excepted", "Why", "reason_for"]


class Why(StrEnum):
    """What kind of reason it is."""

    EQUIVALENT = "equivalent"
    """Whoever runs it sees no difference."""
    ELSEWHERE = "found elsewhere"
    """It is of what lockstep does not drive, and other tests are about that; the reason says which."""
    MISSED = "not found"
    """Somebody could notice a difference, and lockstep does not."""


@frozen
class Excepted:
    """Mutants whose names are like this (`*` stands for anything), and why nobody finds them."""

    names: str
    why: Why
    reason: str


def _equivalent(reason: str, *names: str) -> tuple[Excepted, ...]:
    return tuple(Excepted(name, Why.EQUIVALENT, reason) for name in names)


def _elsewhere(reason: str, *names: str) -> tuple[Excepted, ...]:
    return tuple(Excepted(name, Why.ELSEWHERE, reason) for name in names)


def _missed(reason: str, *names: str) -> tuple[Excepted, ...]:
    return tuple(Excepted(name, Why.MISSED, reason) for name in names)


_REFERENCE: Final = (
    *_equivalent(
        "Neither of the two looks at what the other does, and nothing is awaited in between.",
        'impl/durable/store.py:ConfigStore._change: order: `self._execute("UPDATE meta*',
        "impl/manifest/manifest.py:ManifestPublication.put: order: `value, metadata*",
    ),
    *_equivalent(
        "The attempt says itself that it is under way, before anybody else has a turn.",
        "impl/durable/replicator.py:Replicator.tend: order: *",
    ),
    *_equivalent("Nobody leaves it out.", "impl/durable/store.py:Alarm: constant: *"),
    *_missed(
        "A run has one part: in which order several are deleted is not seen.",
        "impl/manifest/ledger.py:PartLedger.released_for: sql: SQL: the order of texts *",
    ),
    *_equivalent(
        "While a handler runs its lease is armed, and nothing is due to be deleted.",
        "impl/manifest/collector.py:Collector.may_begin: part: no `(self._platform*",
    ),
    *_elsewhere(
        "Lockstep does not ask in which words it is refused; tests/impl/test_do_kv_per_key.py does.",
        "impl/alternatives/per_key.py:part_of: catching: `ValueError` is not caught",
    ),
    *_equivalent(
        "Nothing else is raised there.",
        "impl/edge/reader.py:EdgeReader._open: catching: all is caught*",
        "impl/manifest/manifest.py:ManifestReader.find: catching: all is caught, not `ValueError`",
    ),
    *_equivalent(
        "The same parts are put together again.",
        "impl/manifest/manifest.py:ManifestReader._load: guard: never, not if `self._kept is not None*",
    ),
    *_equivalent(
        "Keys are texts already.",
        "impl/edge/centre.py:SqliteCentre.page: sql: SQL: the order of texts of `key` *",
    ),
    *_equivalent(
        "What runs next ends the transaction that a run may have left open.",
        "impl/durable/database.py:wipe: guard: never, not if `connection.in_transaction`",
    ),
    *_elsewhere(
        "A run is told at once which alarm was lost; tests/impl/test_lost_alarm.py looks later.",
        "impl/durable/replicator.py:AlarmPlatform.stuck: part: no `self._armed()*",
    ),
    *_elsewhere(
        "20 runs are too few: 50, as `edgeproof verify` has, find it in manifest-faults.",
        "impl/manifest/manifest.py:ManifestPublication._put_parts: option: no `timeout=*",
    ),
    *_elsewhere(
        "The centre in a file is for runs on the real clock; tests/impl/test_kv.py holds it to the one in memory.",
        "impl/edge/centre.py:SqliteCentre.*",
    ),
    *_elsewhere(
        "Lockstep puts as often as it likes; how often one may is in tests/impl/test_kv.py.",
        "impl/edge/centre.py:DictCentre.write: *",
        "impl/edge/kv.py:KVNamespace._write: time: *",
    ),
    *_elsewhere(
        "Lockstep has one thread; tests/impl/test_live.py has several.",
        "impl/durable/database.py:open_file: * in `check_same_thread=*",
    ),
    *_elsewhere(
        "No design lists keys, or has them expire; tests/impl/test_kv.py does.",
        "impl/edge/kv.py:KVNamespace._expiry: *",
        "impl/edge/kv.py:KVNamespace.list: *",
        "impl/edge/kv.py:_key_of: *",
    ),
    *_elsewhere(
        "No case asks for what is refused; tests/impl/test_kv.py does.",
        "impl/edge/kv.py:KVLocation.get: another: `DEFAULT_CACHE_TTL`, not `cache_ttl`, in `(cache_ttl)`",
    ),
    *_elsewhere(
        "Lockstep counts no requests; tests/properties/test_costs.py does.",
        "impl/edge/kv.py:KVLocation.ask: effect: no `self._namespace.usage*",
    ),
    *_elsewhere(
        "Runs write configs only; what else may lie in KV is in tests/impl/test_snapshot.py.",
        "impl/snapshot.py:from_kv: catching: *",
    ),
    *_elsewhere(
        "Lockstep replays no changelog up to a version; tests/impl/test_snapshot.py does.",
        "impl/snapshot.py:diff: *",
        "impl/snapshot.py:replay: *",
    ),
    *_elsewhere(
        "No case restores where a write was cut in half; tests/impl/test_store.py does.",
        "impl/durable/store.py:ConfigStore.restore: guard: never, not if `newer != *",
    ),
    *_elsewhere(
        "Runs have a grace that is long enough, or have none; tests/impl/test_manifest.py counts it.",
        "impl/manifest/collector.py:Pace.grace_from_write: *",
        "impl/manifest/collector.py:Collector.__init__: part: *",
    ),
    *_elsewhere(
        "Every case says it; tests/impl/test_manifest.py leaves it out.",
        "impl/manifest/manifest.py:ManifestReader.__init__: constant: False in `keeps: bool = True`",
    ),
    *_missed(
        "Nobody asks for an acknowledgement that there is not.",
        "impl/durable/front.py:Front.__init__: *",
    ),
    *_elsewhere(
        "No part is corrupt in a run; tests/impl/test_parts.py has some.",
        "impl/manifest/parts.py:_check_digest: *",
        "impl/manifest/parts.py:Manifest.from_kv: catching: `TypeError` is not caught",
        "impl/manifest/parts.py:assemble: catching: `TypeError` is not caught",
    ),
    *_elsewhere(
        "What lists, names and forgets tokens, and why one is refused, is in tests/impl/test_tokens.py.",
        "impl/tokens/table.py:TokenTable.list: *",
        "impl/tokens/table.py:TokenTable.prune: *",
        "impl/tokens/table.py:TokenTable.revoke: *",
        "impl/tokens/tokens.py:TokenRecord.state: *",
        "impl/tokens/tokens.py:authorise: word: *",
        "impl/tokens/tokens.py:Request: option: no `repr=False`*",
        'impl/tokens/edge.py:TokenGate.decide: exit: no `return Decision(False, "unavailable")`',
    ),
    *_missed(
        "How long KV keeps a token beyond its end shows only after a day.",
        "impl/tokens/edge.py:TokenPublication._worth_telling: constant: *",
        "impl/tokens/edge.py:TokenPublication._tell: option: no `expiration=*",
    ),
    *_missed(
        "Every config that is driven has two fields; one of a single field has half of the time for its put.",
        "impl/alternatives/per_key.py:PerKeyPublication.put: constant: 2, not 1*",
    ),
    *_elsewhere(
        "A run fires alarms by hand; tests/impl/test_replicator.py lets them fire.",
        "impl/durable/replicator.py:AlarmPlatform.run: *",
    ),
)

_WORKER: Final = (
    *_equivalent(
        "Neither of the two looks at what the other does, in one transaction.",
        "impl/worker/store.js:ConfigStore.undo: order: *",
    ),
    *_elsewhere(
        "None of the cases that the store is driven in has a watchdog; tests/workerd/test_lost_alarm.py has one.",
        "impl/worker/store.js:ConfigStore.introduce: *",
    ),
    *_elsewhere(
        "Lockstep records no history; tests/workerd/test_history.py does.",
        "impl/worker/store.js:ConfigStore.write: guard: never, not if `told`",
        "impl/worker/index.js:commitOf: *",
    ),
    *_elsewhere(
        "Only flags are about single fields: tests/workerd/test_flags_control_plane.py.",
        "impl/worker/store.js:ConfigStore.history: *",
        "impl/worker/store.js:ConfigStore.commit: effect: no `this.expect(expectedFields);`",
        "impl/worker/store.js:: sql: * of `MAX(version)` *",
    ),
    *_elsewhere(
        "A run has a time of its own, far from the alarm's millisecond: tests/workerd/test_interleaved_object.py.",
        "impl/worker/store.js:ConfigStore.arm: sum: *",
    ),
    *_missed(
        "Nobody asks for a restore with one thing beside its version.",
        "impl/worker/index.js:postRestore: constant: *",
    ),
    *_missed(
        "Lockstep sends nothing that is refused for its form.",
        "impl/worker/validation.js:parseJson: *",
        "impl/worker/validation.js:actorIn: exit: *",
    ),
)

EXCEPTIONS: Final[tuple[Excepted, ...]] = (*_REFERENCE, *_WORKER)


def reason_for(name: str) -> Excepted | None:
    """The first that speaks of a mutant; None if none does."""
    return next((one for one in EXCEPTIONS if fnmatchcase(name, one.names.replace("[", "[[]"))), None)
