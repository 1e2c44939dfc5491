# SPDX-License-Identifier: Apache-2.0
"""What a changelog says of a flag: what happened, by whom and when, the flag afterwards, and what became different."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from attrs import frozen

from edgeproof.impl.flags.document import Flag
from edgeproof.impl.snapshot import REMOVED, ChangelogEntry, to_json

__all__ = ["Diff", "FlagChange", "apply_diff", "changes_of", "diff_of", "inverse_diff"]

STAMPS: Final = ("updated_at", "updated_by")
"""Members that a diff leaves out: who and when are told of the change itself."""

Diff = Mapping[str, Mapping[str, Any]]
"""By member: `from` and `to`, of which one is missing where the member is absent on that side."""


@frozen(slots=True)
class FlagChange:
    """One change of one flag; `at` is in seconds of the store's clock."""

    flag_key: str
    event: Literal["create", "update", "delete"]
    version: int
    """The app's version that the change made; it is the flag's own until the next one."""
    actor: str
    at: float
    before: Flag | None
    after: Flag | None

    @property
    def diff(self) -> dict[str, dict[str, Any]] | None:
        """What is different; None unless it is an update."""
        return None if self.before is None or self.after is None else diff_of(self.before, self.after)


def changes_of(entries: Iterable[ChangelogEntry]) -> list[FlagChange]:
    """A store's changelog as changes of flags. A write that left an absent flag absent is none."""
    changes = []
    for entry in entries:
        before = None if entry.old is REMOVED else entry.old
        after = None if entry.new is REMOVED else entry.new
        if before is not None or after is not None:
            event: Literal["create", "update", "delete"] = (
                "create" if before is None else "delete" if after is None else "update"
            )
            changes.append(FlagChange(entry.field, event, entry.version, entry.actor, entry.at, before, after))
    return changes


def diff_of(before: Flag, after: Flag) -> dict[str, dict[str, Any]]:
    """The members that differ as JSON, so that `true` is not 1; in the order of their names."""
    diff: dict[str, dict[str, Any]] = {}
    for name in sorted({*before, *after}.difference(STAMPS)):
        sides = {
            **({"from": before[name]} if name in before else {}),
            **({"to": after[name]} if name in after else {}),
        }
        if len({to_json(value) for value in sides.values()}) > 1 or len(sides) == 1:
            diff[name] = sides
    return diff


def apply_diff(flag: Flag, diff: Diff) -> dict[str, Any]:
    """The flag after the change. Raises ValueError where the flag is not what the diff starts from."""
    changed = dict(flag)
    for name, sides in diff.items():
        if (name in flag) != ("from" in sides) or to_json(flag.get(name)) != to_json(sides.get("from")):
            raise ValueError(f"{name} is {flag.get(name)!r}, not {sides.get('from')!r}")
        if "to" in sides:
            changed[name] = sides["to"]
        else:
            del changed[name]
    return changed


def inverse_diff(diff: Diff) -> dict[str, dict[str, Any]]:
    """The diff that takes a diff back."""
    other = {"from": "to", "to": "from"}
    return {name: {other[side]: value for side, value in sides.items()} for name, sides in diff.items()}
