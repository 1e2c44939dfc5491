# SPDX-License-Identifier: Apache-2.0
"""Slips in the reference beyond the pattern: regions, parts and manifests, tokens, pushes to a fleet, flags."""

from __future__ import annotations

from typing import Final

from edgeproof.properties.edits.edit import Edit

__all__ = ["IN_WINGS"]

IN_WINGS: Final = (
    Edit(
        "a-region-without-an-end",
        "impl/edge/region.py",
        "copy = self.cache.fresh(key, self._clock.now(), self._ttl)",
        "copy = self.cache.copies.get(key)",
        "A region serves its copy for ever.",
        ("regional",),
    ),
    Edit(
        "counts-parts-it-has-not-put",
        "impl/manifest/manifest.py",
        "                failures.append(error)\n            else:\n                self._ledger.stored(name)",
        "                failures.append(error)\n            self._ledger.stored(name)",
        "A part whose put has failed is noted as stored, and never put again.",
        ("manifest-faults",),
    ),
    Edit(
        "a-grace-to-the-second",
        "impl/manifest/ledger.py",
        "WHERE released_at < ? ORDER BY released_at, name",
        "WHERE released_at <= ? ORDER BY released_at, name",
        "A part goes at the very end of its grace, when a reader may still hold a manifest that names it.",
        ("manifest-short-grace",),
    ),
    Edit(
        "a-grace-that-goes-on",
        "impl/manifest/ledger.py",
        "        self.need(names)\n\n    def stored_among",
        "\n    def stored_among",
        "A part that is published again goes all the same once the grace is over that began when it was dropped.",
        ("manifest-confirmed", "manifest-late-delete"),
    ),
    Edit(
        "forgets-what-it-may-have-kept",
        "impl/manifest/collector.py",
        "        except (KVError, OSError):\n            return False\n        self._ledger.forget(name)",
        "        except (KVError, OSError):\n            pass\n        self._ledger.forget(name)",
        "A part whose delete has failed is forgotten, and lies there for ever.",
        ("manifest-confirmed",),
    ),
    Edit(
        "opens-a-moment-longer",
        "impl/tokens/tokens.py",
        "if now + margin > record.expires:",
        "if now > record.expires + margin:",
        "The margin for slow clocks lets tokens live longer instead of shorter.",
        ("brief-tokens",),
    ),
    Edit(
        "reads-open-pushes",
        "impl/tokens/tokens.py",
        '"push": ("write",)',
        '"push": SCOPES',
        "A token for reading opens pushes.",
        ("tokens",),
    ),
    Edit(
        "any-repo",
        "impl/tokens/tokens.py",
        "if record.repo != request.repo:",
        'if record.repo != request.repo and request.operation != "fetch":',
        "A token opens every repo to those who only fetch.",
        ("tokens",),
    ),
    Edit(
        "marks-only-the-key",
        "impl/tokens/edge.py",
        "mark = self._location.get(mark_key(key), cache_ttl=self._cache_ttl) if self._marks else None",
        "mark = self._location.get(mark_key(key), cache_ttl=self._cache_ttl) "
        "if self._marks and entry is None else None",
        "The mark of a revocation is looked up only where the token's own key is absent.",
        ("tokens",),
    ),
    Edit(
        "revokes-in-the-table-only",
        "impl/tokens/edge.py",
        'if record.revoked_at is None or self.revoke == "tombstone":',
        'if record.revoked_at is None or self.revoke != "delete":',
        "Where revocations have keys of their own, the token's key is put again and no mark is.",
        ("tokens",),
    ),
    Edit(
        "the-gate-opens-for-some",
        "impl/push/push.py",
        "return self.rollout.well.issuperset(self._reached())",
        "return bool(self.rollout.well)",
        "The gate opens once any location has said that it is well.",
        ("push-staged",),
    ),
    Edit(
        "hears-of-the-last-one",
        "impl/push/push.py",
        "if not rollout.under_way or version != rollout.newest.version:",
        "if not rollout.under_way:",
        "A location that is well with the version before counts for the one under way.",
        ("push-staged",),
    ),
    Edit(
        "takes-only-what-is-newer",
        "impl/push/push.py",
        "if snapshot.version != self.running.version:",
        "if snapshot.version > self.running.version:",
        "A location does not take the return to the last good version for something to run.",
        ("push-staged",),
    ),
    Edit(
        "silence-from-the-release",
        "impl/push/push.py",
        "self.rollout = evolve(self.rollout, pushed_at=self._clock.now())\n",
        "self.rollout = evolve(self.rollout, pushed_at=self.rollout.pushed_at or self._clock.now())\n",
        "Silence is counted from the first push, not from the last one.",
        ("push-staged-silence",),
    ),
    Edit(
        "withdraws-from-one",
        "impl/push/push.py",
        "withdrawn=True, alerted=False)\n        self._send(self._reached())",
        "withdrawn=True, alerted=False)\n        self._send([*self._reached()][:1])",
        "A version is withdrawn only from the first of the locations that it has reached.",
        ("push-staged",),
    ),
    Edit(
        "forgets-who-was-well",
        "impl/push/push.py",
        "self.rollout = Rollout(self._store.snapshot(), self.rollout.good)",
        "self.rollout = evolve(self.rollout, newest=self._store.snapshot(), withdrawn=False, stage=0)",
        "Who was well with the last version counts as well with the next one.",
        ("push-staged",),
    ),
    Edit(
        "any-version-of-a-flag",
        "impl/flags/control.py",
        "        if version in (current, ANY):",
        "        if version in (current, ANY) or (isinstance(version, int) and 0 < version < current):",
        "A flag is replaced although somebody else has changed it since.",
        ("flag",),
    ),
    Edit(
        "evaluates-what-was-read-first",
        "impl/flags/service.py",
        "if self._evaluator is None or self._evaluator[0] != (snapshot.era, snapshot.version):",
        "if self._evaluator is None or self._evaluator[0][0] != snapshot.era:",
        "Flags are evaluated by the first config of an era for as long as it lasts.",
        ("flag",),
    ),
    Edit(
        "everybody-and-one-more",
        "impl/flags/evaluation.py",
        "return is_scalar(found) and bucket_of_hash(hash_of(text_of(found), seed)) < percentage",
        "return is_scalar(found) and int(bucket_of_hash(hash_of(text_of(found), seed))) <= percentage",
        "A rollout of a share lets in those at its edge, and one of nobody lets in some.",
        ("flag",),
    ),
)
"""The slips; names are unique among all."""
