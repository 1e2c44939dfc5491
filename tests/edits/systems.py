# SPDX-License-Identifier: Apache-2.0
"""What an edit is of: the reference implementation, or the Worker on the real runtime."""

from __future__ import annotations

from typing import Final

from edgeproof.impl.system import System
from edgeproof.properties.edits.edit import Edit

__all__ = ["WORKER", "reference", "worker"]

WORKER: Final = "impl/worker/"
"""Where the Worker's sources are."""


def reference(edit: Edit | None) -> System:
    """The reference implementation; an edit is in it by its import."""
    from edgeproof.impl.references import ReferenceSystems

    return ReferenceSystems()


def worker(edit: Edit | None) -> System:
    """The Worker on workerd, with the edit in its private copy."""
    from edgeproof.impl.workerd.systems import WorkerdSystems

    edits = {} if edit is None else {edit.file.removeprefix(WORKER): [(edit.old, edit.new)]}
    return WorkerdSystems(edits)
