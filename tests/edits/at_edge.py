# SPDX-License-Identifier: Apache-2.0
"""Slips in what the reference's locations do: caches, readers, snapshots, and how the parts are put together."""

from __future__ import annotations

from typing import Final

from edgeproof.properties.edits.edit import Edit

__all__ = ["AT_EDGE"]


def _kv(name: str, old: str, new: str, slip: str, *cases: str) -> Edit:
    return Edit(name, "impl/edge/kv.py", old, new, slip, cases)


def _reader(name: str, old: str, new: str, slip: str, *cases: str) -> Edit:
    return Edit(name, "impl/edge/reader.py", old, new, slip, cases)


def _snapshot(name: str, old: str, new: str, slip: str, *cases: str) -> Edit:
    return Edit(name, "impl/snapshot.py", old, new, slip, cases)


def _deployment(name: str, old: str, new: str, slip: str, *cases: str) -> Edit:
    return Edit(name, "impl/pattern/deployment.py", old, new, slip, cases)


AT_EDGE: Final = (
    _kv(
        "a-copy-of-another-unit",
        "        copy = self.copies.get(key)\n        if copy is None or now",
        "        copy = self.copies.get(key) or next(iter(self.copies.values()), None)\n        if copy is None or now",
        "A location that has no copy of a unit serves that of another.",
        "outbox",
    ),
    _kv(
        "caches-absence-always",
        "if entry is not None or negative_caching else None",
        "if entry is not None or fetch.answered == 0 else None",
        "A location keeps that a key is absent the first time that it asks.",
        "outbox",
    ),
    _kv(
        "asks-again-for-what-is-absent",
        "        if copy is not None:\n            return copy.entry\n        return self.fetch(key, cache)",
        "        if copy is not None and copy.entry is not None:\n            return copy.entry\n"
        "        return self.fetch(key, cache)",
        "A copy that says that the key is absent is not served: the centre is asked every time.",
        "negative-cache",
    ),
    _kv(
        "expires-a-moment-early",
        "now - copy.fetched_at > cache_ttl:",
        "now - copy.fetched_at >= cache_ttl:",
        "A copy of exactly the age that is allowed is not served.",
        "partition",
    ),
    _kv(
        "fresh-by-default",
        "now - copy.fetched_at > cache_ttl:",
        "now - copy.fetched_at > DEFAULT_CACHE_TTL:",
        "A location serves its copy for the platform's default, whatever the reader asks for.",
        "unlike-durations",
    ),
    _kv(
        "ages-from-the-put",
        "now - copy.fetched_at > cache_ttl:",
        "now - (copy.fetched_at if copy.entry is None else copy.entry.written_at) > cache_ttl:",
        "A copy ages from when the value was put, not from when it was fetched.",
        "outbox",
    ),
    _kv(
        "refresh-keeps-the-copy",
        "        self._finish(self.renew(key, cache), cache)\n",
        "        if cache.fresh(key, self._clock.now(), DEFAULT_CACHE_TTL) is None:\n"
        "            self._finish(self.renew(key, cache), cache)\n",
        "A refresh in the background leaves a copy that is still fresh.",
        "outbox",
    ),
    _kv(
        "fetches-although-cut",
        "        if not self._reachable():\n            raise KVUnreachable",
        "        if not self._reachable() and key not in cache.copies:\n            raise KVUnreachable",
        "A location that is cut off asks the centre all the same once it has had a copy.",
        "partition",
    ),
    _reader(
        "a-memo-of-the-answer",
        "self._kept_at = asked_at if self._careful else self._runtime.now()",
        "self._kept_at = self._runtime.now()",
        "A memo is as old as the answer, not as the question.",
        "in-flight-memo",
    ),
    _reader(
        "installs-what-was-overtaken",
        'if self._policy != "plain" and overtaken and self._careful:',
        'if self._policy == "guarded" and overtaken and self._careful:',
        "A memo keeps an answer that a newer one has overtaken.",
        "in-flight-memo",
    ),
    _reader(
        "a-memo-for-a-moment-less",
        "asked_at - self._kept_at <= self._memo_ttl",
        "asked_at - self._kept_at < self._memo_ttl",
        "A memo of exactly the age that is allowed is not told.",
        "outbox-memo",
    ),
    _reader(
        "a-memo-as-long-as-the-cache",
        "asked_at - self._kept_at <= self._memo_ttl",
        "asked_at - self._kept_at <= self._cache_ttl",
        "A memo is told for as long as a location's copy.",
        "unlike-durations-memo",
    ),
    _reader(
        "a-memo-that-renews-itself",
        '            return Reading(mine, self.age(), "memo")\n        try:',
        '            self._kept_at = asked_at\n            return Reading(mine, 0.0, "memo")\n        try:',
        "A memo that is told is as good as new: under load it never ends.",
        "outbox-memo",
    ),
    _reader(
        "plain-falls-back",
        'if self._policy == "plain" or self.kept is None:',
        "if self.kept is None:",
        "A plain reader tells what it kept although KV cannot be reached.",
        "partition",
    ),
    _reader(
        "only-a-memo-falls-back",
        'if self._policy == "plain" or self.kept is None:',
        'if self._policy != "memo" or self.kept is None:',
        "A guarded reader has no answer while KV cannot be reached.",
        "partition-guarded",
    ),
    _reader(
        "an-empty-answer",
        "            raise ConfigUnavailable(why)\n",
        "            return Reading(EMPTY, self.age(), source, why)\n",
        "Where nothing can be told, the empty config is.",
        "partition",
    ),
    _reader(
        "keeps-nothing-as-something",
        "self._keep(found if entry is not None else None, asked_at)",
        "self._keep(found, asked_at)",
        "An isolate that found no config keeps the empty one as if it had been published.",
        "outbox",
    ),
    _reader(
        "guards-the-first-only",
        'return self._policy == "guarded" and not found.at_least(kept)',
        'return self._policy == "guarded" and not found.at_least(kept) and found.version == 0',
        "The guard refuses absence and accepts what is merely older.",
        "old-copies",
        "disjoint-caches-guarded",
        "recommended",
    ),
    _reader(
        "keeps-what-it-refuses",
        '            return Reading(self.kept, self.age(), "memo")\n        self._keep',
        '            told, self.kept = self.kept, found\n            return Reading(told, self.age(), "memo")\n'
        "        self._keep",
        "The guard tells the newer copy once, and keeps the older one.",
        "old-copies",
        "disjoint-caches-guarded",
        "recommended",
    ),
    _reader(
        "refuses-the-same-again",
        'return self._policy == "guarded" and not found.at_least(kept)',
        'return self._policy == "guarded" and kept.at_least(found)',
        "The guard refuses a copy of the version that it has: restored content under the same number is never taken.",
        "restores-under-one-era",
    ),
    _reader(
        "fails-over-a-value-that-is-none",
        '            return self._instead("last_good", str(error))',
        "            raise",
        "A value that is no config leaves a reader without an answer, although it has a good copy.",
        "content-keeps",
        "content-vetted",
    ),
    _snapshot(
        "era-after-version",
        "(self.era, self.version) >= (other.era, other.version)",
        "(self.version, self.era) >= (other.version, other.era)",
        "Copies are compared by version first: what was restored is older than what it replaces.",
        "restores",
        "rollback-epoch",
        "restores-among-failures",
    ),
    _snapshot(
        "either-is-enough",
        "(self.era, self.version) >= (other.era, other.version)",
        "self.era >= other.era and self.version >= other.version",
        "A copy of a newer era is refused while its version is smaller.",
        "restores",
        "rollback-epoch",
        "restores-among-failures",
    ),
    _snapshot(
        "compares-as-text",
        "(self.era, self.version) >= (other.era, other.version)",
        "(str(self.era), str(self.version)) >= (str(other.era), str(other.version))",
        "Versions are compared as texts: 10 is older than 9.",
        "guarded-inline",
    ),
    _snapshot(
        "labels-without-the-era",
        'label = {"version": snapshot.version, "era": snapshot.era}',
        'label = {"version": snapshot.version, "era": 0}',
        "The label of a published copy never has the era.",
        "rollback-epoch",
    ),
    _snapshot(
        "publishes-what-is-true",
        'return to_json({**label, "config": snapshot.config}).encode(), label',
        'return to_json({**label, "config": {n: v for n, v in snapshot.config.items() if v}}).encode(), label',
        "Fields whose value is false, zero, empty or null are left out of what is published.",
        "outbox",
    ),
    _snapshot(
        "publishes-plain-letters",
        "to_json = json.JSONEncoder(separators",
        "to_json = lambda value: _to_json(value).encode('ascii', 'replace').decode()\n"
        "_to_json = json.JSONEncoder(ensure_ascii=False, separators",
        "Letters beyond ASCII become question marks in what is stored and published.",
        "outbox",
    ),
    _deployment(
        "the-default-ttl",
        "            cache_ttl=choices.cache_ttl,\n",
        "",
        "The reader asks with the platform's default cacheTtl, whatever was chosen.",
        "unlike-durations",
    ),
    _deployment(
        "the-cache-for-the-memo",
        "memo_ttl=choices.memo_ttl,",
        "memo_ttl=choices.cache_ttl,",
        "The memo is given the location's time.",
        "unlike-durations-memo",
    ),
    _deployment(
        "the-default-patience",
        "replicator = parts.replicator(store, kv, runtime, publication, timing=timing, handler",
        "replicator = parts.replicator(store, kv, runtime, publication, handler",
        "The replicator has the default times, whatever was chosen.",
        "late-put-heartbeat",
    ),
    _deployment(
        "evicts-the-cache-too",
        '"""The isolate goes, and a new one comes; the cache stays."""\n',
        '"""The isolate goes, and a new one comes; the cache stays."""\n        self.cache.copies.clear()\n',
        "When an isolate goes, the location's cache goes with it.",
        "guard-evicted",
    ),
    _deployment(
        "no-epoch",
        "publication = parts.publication(choices.key, choices.epoch)",
        "publication = parts.publication(choices.key)",
        "The choice of epochs does not arrive at the publisher.",
        "rollback-epoch",
    ),
    _deployment(
        "the-platform-gives-up",
        "retry=choices.platform_retry, attempts=choices.alarm_attempts",
        "retry=choices.platform_retry",
        "The platform gives up after seven runs where it was not meant to.",
        "thrown-nine-times",
        "thrown-nine-times-by-doubt",
    ),
    _deployment(
        "starts-without-a-look",
        "    replicator.rearm()\n",
        "",
        "An object that starts does not arm an alarm again that was lost.",
        "lost-alarm-faults",
        "lost-alarm-recommended",
    ),
)
"""The slips; names are unique among all."""
