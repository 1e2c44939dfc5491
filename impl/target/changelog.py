# SPDX-License-Identifier: Apache-2.0
"""What the changelog lacks of the writes that were acknowledged in a run, or has beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from edgeproof.impl.snapshot import to_json
from edgeproof.impl.target.events import Recorded
from edgeproof.impl.target.extract import MISSING, NotSaidError, at_pointer, version_in
from edgeproof.impl.target.order import acknowledged
from edgeproof.impl.target.routes import Changelog, Target
from edgeproof.impl.target.runs import Run

__all__ = ["differences"]


def differences(target: Target, run: Run, made: Recorded) -> Iterator[str]:
    """How the changelog's entries since the run began differ from its writes, a sentence each; none if it has no
    changelog, or gave no entries.
    """
    if any(one.kind == "restore" for one in run.happened):
        return  # which entries a restore takes away is for each changelog to say
    if target.changelog is None or run.changelog is None or run.changelog.heard.outcome != "ok":
        return
    logged: dict[int | str, dict[str, Any]] = defaultdict(dict)
    last = 0
    for entry in run.changelog.heard.content:
        try:
            version, change = _entry(target, target.changelog, entry)
        except NotSaidError as error:
            yield f"an entry of the changelog {error}"
            return
        place = made.places.place(version)
        if place is not None and place < last:
            yield f"the changelog has version {version} after a newer one"
        last = max(last, place or 0)
        logged[version].update(change)
    yield from _missing(run, logged)
    told = {one.heard.version for one in acknowledged(run.happened)}
    for version in logged:
        if made.places.settled and target.has_units and version not in told:
            yield f"the changelog has version {version}, which no write was told to have made"


def _missing(run: Run, logged: Mapping[int | str, Mapping[str, Any]]) -> Iterator[str]:
    for write in acknowledged(run.happened):
        found = logged.get(write.heard.version or 0, {})
        for name, value in write.changes.items():
            if name not in found:
                yield f"the changelog has nothing of version {write.heard.version}{name and f' and field {name}'}"
            elif to_json(found[name]) != to_json(value):
                yield f"the changelog has another value of version {write.heard.version}{name and f', field {name}'}"


def _entry(target: Target, changelog: Changelog, entry: Any) -> tuple[int | str, dict[str, Any]]:
    """The version of an entry, and what it says was set."""
    version = version_in(at_pointer(entry, changelog.version), target.numbered)
    name = at_pointer(entry, changelog.field) if target.has_fields else ""
    value = at_pointer(entry, changelog.value)
    if not isinstance(name, str) or value is MISSING:
        raise NotSaidError("has no field, or no value")
    return version, {name: value}
