# SPDX-License-Identifier: Apache-2.0
"""Slips beside the pattern that leave every number right: only what versions stand for shows them.

Those of parts show as a config that is no version's, once a part holds more than a word.
"""

from __future__ import annotations

from typing import Final

from edgeproof.properties.edits.edit import Edit

__all__ = ["IN_CONTENTS"]

IN_CONTENTS: Final = (
    Edit(
        "asked-once-kept-for-ever",
        "impl/edge/remote.py",
        "        return self._ask()\n",
        "        found = self._ask()\n"
        '        self._known = {**getattr(self, "_known", {}), **found.config}\n'
        "        return Snapshot(found.version, found.era, self._known)\n",
        "A reader that asks the store adds the answer to the one before, and what was removed stays.",
        ("do-only",),
    ),
    Edit(
        "asked-for-what-is-true",
        "impl/edge/remote.py",
        "        return self._ask()\n",
        "        found = self._ask()\n"
        "        return Snapshot(found.version, found.era, {name: one for name, one in found.config.items() if one})\n",
        "A reader that asks the store is not told of fields whose value is false, zero, empty or null.",
        ("do-only",),
    ),
    Edit(
        "a-part-or-nothing",
        "impl/alternatives/per_key.py",
        '"value": snapshot.config[field]}',
        '"value": snapshot.config[field] or None}',
        "A field under a key of its own is published as null if its value is false, zero or empty.",
        ("per-key",),
    ),
    Edit(
        "a-part-with-a-fraction",
        "impl/alternatives/per_key.py",
        "said = json.loads(entry.value)",
        "said = json.loads(entry.value, parse_int=float)",
        "A reader of a field under a key of its own takes whole numbers for others.",
        ("per-key",),
    ),
    Edit(
        "pushes-add-up",
        "impl/push/push.py",
        "self.running, self._since = snapshot, self._clock.now()",
        "config = {**self.running.config, **snapshot.config}\n"
        "            self.running, self._since = evolve(snapshot, config=config), self._clock.now()",
        "A location adds what is pushed to what it runs, and what was removed stays.",
        ("push-staged",),
    ),
    Edit(
        "told-from-the-last-good-one",
        "impl/push/push.py",
        "diff(self._store.snapshot().config, config)",
        "diff(self.rollout.good.config, config)",
        "A release is written as what is new in it since the last good version, upon one that was withdrawn.",
        ("many-bad-versions",),
    ),
    Edit(
        "parts-of-what-is-true",
        "impl/manifest/parts.py",
        "config: Mapping[str, Any] = dict(json.loads(text))",
        "config: Mapping[str, Any] = "
        "json.loads(text, object_hook=lambda found: {name: one for name, one in found.items() if one})",
        "A reader of parts leaves out whatever has a name and is false, zero, empty or null.",
        ("manifest",),
    ),
    Edit(
        "parts-with-a-fraction",
        "impl/manifest/parts.py",
        "config: Mapping[str, Any] = dict(json.loads(text))",
        "config: Mapping[str, Any] = dict(json.loads(text, parse_int=float))",
        "A reader of parts takes whole numbers for others.",
        ("manifest",),
    ),
    Edit(
        "puts-its-own-fields",
        "impl/alternatives/kv_writer.py",
        "apply_changes(held.config, write.changes)",
        "apply_changes({}, write.changes)",
        "A writer without a store puts the fields that it changes, and loses all others.",
        ("kv-only-one-stream",),
    ),
    Edit(
        "changes-what-is-true",
        "impl/alternatives/kv_writer.py",
        "apply_changes(held.config, write.changes)",
        "apply_changes({name: one for name, one in held.config.items() if one}, write.changes)",
        "A writer without a store loses what is false, zero, empty or null of what it has read.",
        ("kv-only-one-stream",),
    ),
)
"""The slips; names are unique among all."""
