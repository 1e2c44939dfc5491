# SPDX-License-Identifier: Apache-2.0
"""Slips in the reference's front and replicator: the order of things, leases, retries, heartbeats, the platform."""

from __future__ import annotations

from typing import Final

from edgeproof.properties.edits.edit import Edit

__all__ = ["IN_REPLICATOR"]


def _replicator(name: str, old: str, new: str, slip: str, *cases: str) -> Edit:
    return Edit(name, "impl/durable/replicator.py", old, new, slip, cases)


def _front(name: str, old: str, new: str, slip: str, *cases: str) -> Edit:
    return Edit(name, "impl/durable/front.py", old, new, slip, cases)


IN_REPLICATOR: Final = (
    _front(
        "replies-before-the-gate",
        '            await self._runtime.call("gate", _nothing)\n            reply(result)',
        '            reply(result)\n            await self._runtime.call("gate", _nothing)',
        "The reply leaves before the write is known to be durable.",
        "outbox",
    ),
    _front(
        "replies-before-the-put",
        "            await self._inline.publish()\n            reply(result)",
        "            reply(result)\n            await self._inline.publish()",
        "A request that puts by itself is acknowledged before its put has ended.",
        "inline",
    ),
    _front(
        "puts-before-it-commits",
        "            result = self._commit(request)\n            await self._inline.publish()",
        "            await self._inline.publish()\n            result = self._commit(request)",
        "A request that puts by itself puts what was there before its own write.",
        "inline",
    ),
    _front(
        "early-without-a-look",
        "            if request.expected_version not in (None, current):",
        "            if request.expected_version is not None and request.expected_version > current:",
        "An early acknowledgement goes out to who is based on an old version.",
        "early-ack",
    ),
    _front(
        "early-says-the-old-version",
        "reply(WriteResult(current + 1))",
        "reply(WriteResult(current))",
        "An early acknowledgement names the version before the write.",
        "early-ack",
    ),
    _front(
        "forgets-the-key",
        "            idempotency_key=request.idempotency_key,\n",
        "            idempotency_key=None if request.expected_version is None else request.idempotency_key,\n",
        "The key of a write that expects no version is dropped, and a repeated one is made twice.",
        "outbox-faults",
    ),
    _replicator(
        "carries-every-era",
        "carried = snapshot if self.epoch else Snapshot(snapshot.version, 0, snapshot.config)",
        "carried = snapshot",
        "Copies carry the era although readers are not meant to look at it.",
        "rollback",
    ),
    _replicator(
        "carries-no-era",
        "carried = snapshot if self.epoch else Snapshot(snapshot.version, 0, snapshot.config)",
        "carried = Snapshot(snapshot.version, 0, snapshot.config)",
        "Copies never carry the era, whatever was chosen.",
        "rollback-epoch",
    ),
    _replicator(
        "waits-for-ever",
        "payload=carried, timeout=timeout\n",
        "payload=carried\n",
        "A put has no time-out: one that hangs holds the handler for ever.",
        "outbox-faults",
    ),
    _replicator(
        "catches-refusals-only",
        "        except (KVError, OSError):\n            if handler",
        "        except KVError:\n            if handler",
        "A put that fails on the network is not caught: the handler throws, and the platform's patience is used up.",
        "caught-nine-times",
        "caught-nine-times-by-doubt",
    ),
    _replicator(
        "catches-no-time-out",
        "        except (KVError, OSError):\n            if handler",
        "        except (KVError, ConnectionError):\n            if handler",
        "A put that runs out of time is not caught.",
        "caught-nine-times",
        "caught-nine-times-by-doubt",
    ),
    _replicator(
        "retries-at-once",
        'self._store.arm(max(self._runtime.now() + wait, self._soonest), "retry")',
        'self._store.arm(max(self._runtime.now(), self._soonest), "retry")',
        "A put that failed is tried again at once.",
        "outbox-faults",
    ),
    _replicator(
        "retries-from-the-lease",
        'self._store.arm(max(self._runtime.now() + wait, self._soonest), "retry")',
        'self._store.arm(max(self._runtime.now() + lease, self._soonest), "retry")',
        "After a failure the wait is the lease, which is longer.",
        "outbox-faults",
    ),
    _replicator(
        "waits-one-failure-more",
        "wait = self._timing.retry.after(self._store.status().attempts)",
        "wait = self._timing.retry.after(self._store.status().attempts + 1)",
        "After the first failure the wait is that after the second.",
        "doubled-waits",
    ),
    _replicator(
        "doubles-the-first-wait",
        "self.base * 2.0 ** min(max(failures - 1, 0), 60)",
        "self.base * 2.0 ** min(failures, 60)",
        "The wait after the first failure is doubled already.",
        "doubled-waits",
    ),
    _replicator(
        "a-lease-as-long-as-the-put",
        "return self._timing.put_timeout + self._timing.retry.after(attempts)",
        "return self._timing.put_timeout",
        "The lease ends when the put does: a new instance puts beside the old one.",
        "outbox-faults",
    ),
    _replicator(
        "a-lease-of-one-wait",
        "return self._timing.put_timeout + self._timing.retry.after(attempts)",
        "return self._timing.retry.after(attempts)",
        "The lease leaves the time of the put itself out.",
        "outbox-faults",
    ),
    _replicator(
        "a-lease-twice-as-long",
        "self._store.begin_attempt(self._runtime.now() + lease, self._publication.begin)",
        "self._store.begin_attempt(self._runtime.now() + 2 * lease, self._publication.begin)",
        "After a crash nobody publishes for twice as long.",
        "outbox-faults",
    ),
    _replicator(
        "beats-from-when-it-fired",
        "beat_at = None if heartbeat is None else self._runtime.now() + heartbeat",
        "beat_at = None if heartbeat is None else self._fired + heartbeat",
        "The heart beats from when the alarm was due, not from the confirmed put.",
        "late-put-heartbeat",
    ),
    _replicator(
        "beats-by-the-retry-clock",
        "beat_at = None if heartbeat is None else self._runtime.now() + heartbeat",
        "beat_at = None if heartbeat is None else self._runtime.now() + self._timing.retry.base",
        "The heart beats by the wait after a failure.",
        "unlike-durations-heartbeat",
    ),
    _replicator(
        "beats-while-it-is-well",
        "beat_at = None if heartbeat is None else self._runtime.now() + heartbeat",
        "beat_at = None if heartbeat is None or snapshot.version < 2 else self._runtime.now() + heartbeat",
        "The first version has no heartbeat.",
        "late-put-heartbeat",
    ),
    _replicator(
        "publishing-for-ever",
        "        try:\n            await self._attempt(handler)\n"
        "        finally:\n            self._publishing = False",
        "        await self._attempt(handler)\n        self._publishing = False",
        "After a handler that threw, the instance believes that an attempt is under way, and makes no other.",
        "throwing-handler",
    ),
    _replicator(
        "reads-after-the-put",
        "self._store.end_attempt(self._settled(snapshot), beat_at, note=noting, not_before=self._soonest)",
        "self._store.end_attempt(self._store.snapshot(), beat_at, note=noting, not_before=self._soonest)",
        "What was published is taken to be what the store has by now.",
        "outbox",
    ),
    _replicator(
        "runs-once-too-often",
        "if self._attempts is not None and runs >= self._attempts:",
        "if self._attempts is not None and runs > self._attempts:",
        "A handler that keeps throwing is run once more than the platform does.",
        "exhausted",
        "exhausted-by-doubt",
    ),
    _replicator(
        "the-platform-counts-no-runs",
        "        self._store.count_run()\n",
        "",
        "Runs are not counted, and a handler that keeps throwing keeps being run.",
        "exhausted",
        "exhausted-by-doubt",
    ),
    _replicator(
        "swallows-the-failure",
        '            if handler == "throws":\n                raise\n',
        "",
        "A handler that was to leave its failures to the platform arms the alarm itself.",
        "exhausted",
        "exhausted-by-doubt",
    ),
    _replicator(
        "puts-an-older-read",
        "        self._store, self._kv, self._runtime = store, kv, runtime\n"
        "        self._publication, self._timing = publication, timing\n",
        "        self._store, self._kv, self._runtime = store, kv, runtime\n"
        "        self._publication, self._timing = publication, Timing()\n",
        "A request that puts by itself has the time-out that is the default, not its own.",
        "inline",
    ),
    _replicator(
        "late-is-lost",
        "self._runtime.now() > alarm.due + self._timing.sync_delay",
        "self._runtime.now() > alarm.due",
        "An alarm that is merely late is taken for lost.",
        "lost-alarm",
    ),
    _replicator(
        "lost-is-dead",
        'if alarm is None or alarm.reason != "again":',
        "if alarm is None:",
        "An alarm that is overdue for the first time is taken for dead.",
        "lost-alarm",
    ),
    _replicator(
        "dead-is-lost",
        'if alarm is None or alarm.reason != "again":\n            return self._arm_again(alarm)',
        'if alarm is None or alarm.reason != "beat":\n            return self._arm_again(alarm)',
        "An alarm that was armed again and is overdue once more is left as it is.",
        "lost-alarm",
        "lost-alarm-watchdog",
    ),
    _replicator(
        "puts-off-the-dead",
        'if overdue is not None and overdue.reason != "again":\n            self._store.arm',
        "if overdue is not None:\n            self._store.arm",
        "Every start arms a dead alarm again, and puts it off.",
        "restarts-among-lost-alarms",
        "crashes-among-lost-alarms",
    ),
    _replicator(
        "fires-beside",
        "        if self._publishing:\n",
        "        if False:\n",
        "An alarm that fires while a request publishes puts beside it.",
        "restores-among-lost-alarms",
        "late-commits-among-lost-alarms",
    ),
    _replicator(
        "minds-its-own-lease",
        "alarm = None if self._publishing else self._store.alarm()",
        "alarm = self._store.alarm()",
        "A request takes the lease of the attempt that is under way for an alarm that was lost.",
        "restores-in-flight",
    ),
    _front(
        "writes-without-a-look",
        "        self.look()\n        return result",
        "        return result",
        "A write does not look after an alarm that was lost.",
        "lost-alarm",
    ),
    _front(
        "looks-before-it-commits",
        "    def _commit(self, request: WriteRequest) -> WriteResult:\n",
        "    def _commit(self, request: WriteRequest) -> WriteResult:\n        self.look()\n",
        "A write looks after the alarm before it is made: what is put for a dead alarm does not have it.",
        "lost-alarm",
        "lost-alarm-watchdog",
        "lost-alarm-faults",
    ),
)
"""The slips; names are unique among all."""
