# SPDX-License-Identifier: Apache-2.0
"""Which sources mutants are made of, and in which cases they are looked for: those in which people found theirs."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import PurePosixPath
from typing import Final

from edgeproof.properties.edits.edit import ROOT, Edit
from tests.edits.configurations import cases
from tests.edits.edits import OF_THE_REFERENCE, OF_THE_WORKER
from tests.edits.mutants.made import mutants

__all__ = ["SOURCES", "cases_for", "chosen", "every", "source_of"]

_REFERENCE: Final = (
    *(f"impl/durable/{name}.py" for name in ("database", "front", "replicator", "store")),
    *(f"impl/edge/{name}.py" for name in ("centre", "kv", "reader", "region", "remote")),
    "impl/snapshot.py",
    *(f"impl/manifest/{name}.py" for name in ("collector", "ledger", "manifest", "parts")),
    *(f"impl/alternatives/{name}.py" for name in ("kv_writer", "per_key")),
    "impl/push/push.py",
    *(f"impl/tokens/{name}.py" for name in ("edge", "table", "tokens")),
)

# Not what is for tests only (driven.js, held.js), what records histories, the token, and flags.
_WORKER: Final = tuple(
    f"impl/worker/{name}.js" for name in ("edge", "index", "options", "store", "validation", "watchdog")
)

_OF_A_DESIGN: Final = {
    "impl/durable/front": "do_only",
    "impl/edge/kv": "do_kv_fills",
    "impl/edge/region": "do_kv_regional",
    "impl/edge/remote": "do_only",
    "impl/manifest/": "do_kv_manifest",
    "impl/alternatives/kv_writer": "kv_only",
    "impl/alternatives/per_key": "do_kv_per_key",
    "impl/push/": "global_push",
    "impl/tokens/": "artifacts_tokens",
    "impl/worker/watchdog": "do_kv_lost_alarms",
}
"""Sources by what their names begin with, and the design in all of whose cases they are driven as well."""

SOME: Final = 8
"""Cases, where more would take too long."""

SOURCES: Final = {"reference": _REFERENCE, "worker": _WORKER}
"""By implementation."""


def source_of(file: str) -> str:
    """A source as it is."""
    return (ROOT / file).read_text(encoding="utf-8")


@cache
def cases_for(file: str) -> tuple[str, ...]:
    """Cases such that each edit of the file that people wrote is found in one, those of most edits first; on workerd
    some of these, and where there are no edits of the file some of those of its folder. What one design alone is about
    is looked for in all cases of that as well.
    """
    written = (*OF_THE_REFERENCE, *OF_THE_WORKER)
    near = [edit for edit in written if PurePosixPath(edit.file).parent == PurePosixPath(file).parent]
    mine = _covering([edit for edit in near if edit.file == file])
    named = mine if mine and file.endswith(".py") else (mine or _covering(near))[:SOME]
    designs = [design for folder, design in _OF_A_DESIGN.items() if file.startswith(folder)]
    return tuple(dict.fromkeys((*named, *(name for name, case in cases().items() if case.design in designs))))


def _covering(left: list[Edit]) -> tuple[str, ...]:
    found: list[str] = []
    while left:
        named = Counter(case for edit in left for case in edit.cases)
        found.append(min(named, key=lambda case: (-named[case], case)))
        left = [edit for edit in left if found[-1] not in edit.cases]
    return tuple(found)


def every(of: str) -> list[Edit]:
    """All mutants of an implementation."""
    return [one for file in SOURCES[of] for one in mutants(file, source_of(file), cases_for(file))]


def chosen(mutants: Sequence[Edit], sample: int | None, seed: int) -> list[Edit]:
    """All of them, or as many as `sample` says, in an order that the seed gives: a part of it is a sample as well.

    The order is that of names, so that a source that has changed a little has nearly the same sample.
    """
    return sorted(mutants, key=lambda one: hashlib.sha256(f"{seed} {one.name}".encode()).digest())[:sample]
