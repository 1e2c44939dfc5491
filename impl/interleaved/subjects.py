# SPDX-License-Identifier: Apache-2.0
"""Every subject by its name: one line each. A module is imported only when its subject is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final, cast

from edgeproof.impl.interleaving import Interleaved

__all__ = ["ON_WORKERD", "SUBJECTS", "subject"]

_HERE: Final = "edgeproof.impl.interleaved"

SUBJECTS: Final[Mapping[str, tuple[str, str]]] = {
    "reader-plain": (f"{_HERE}.reader:plain", "reads of an isolate that takes KV as it comes"),
    "reader-guarded": (f"{_HERE}.reader:guarded", "reads of an isolate that never goes back"),
    "reader-memo": (f"{_HERE}.reader:memo", "reads of an isolate that keeps its copy for a while"),
    "cache-fills": (f"{_HERE}.cache_fills:CacheFills", "fetches of one location's cache"),
    "manifest": (f"{_HERE}.manifest:ManifestSubject", "reads that follow a manifest to its parts"),
    "push": (f"{_HERE}.push:PushSubject", "pushes to a location, and its pulls"),
    "tokens": (f"{_HERE}.tokens:TokenSubject", "requests at a token door, and a revocation"),
    "flags": (f"{_HERE}.flags:FlagSubject", "evaluations of a flag provider that looks each time"),
    "publication": (f"{_HERE}.publication:PublicationSubject", "writes, and the alarm that publishes them"),
}
"""Per subject, what makes it of a number of operations, and what is under way in it."""

ON_WORKERD: Final[Mapping[str, tuple[str, str]]] = {
    "worker-plain": (f"{_HERE}.worker_reader:plain", "reads of the Worker that takes KV as it comes"),
    "worker-guarded": (f"{_HERE}.worker_reader:guarded", "reads of the Worker that never goes back"),
    "worker-memo": (f"{_HERE}.worker_reader:memo", "reads of the Worker that keeps its copy for a while"),
    "worker-publication": (
        f"{_HERE}.worker_publication:WorkerPublicationSubject",
        "writes to the Worker's object, and the alarm that publishes them",
    ),
    "worker-introduction": (
        f"{_HERE}.worker_introduction:WorkerIntroductionSubject",
        "writes to a unit that the Worker's watchdog has yet to hear of",
    ),
    "worker-flags": (f"{_HERE}.worker_flags:WorkerFlagsSubject", "edits of one flag, each of what was seen of it"),
}
"""The same for subjects that need the real runtime."""


def subject(name: str, operations: int) -> Interleaved:
    """A subject by its name. Raises KeyError for one that there is not, ValueError for no operations at all, and
    SystemUnavailable where it needs a runtime that is not installed.
    """
    module, maker = {**SUBJECTS, **ON_WORKERD}[name][0].split(":")
    make = cast(Callable[[int], Interleaved], getattr(import_module(module), maker))
    return make(operations)
