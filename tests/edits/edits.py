# SPDX-License-Identifier: Apache-2.0
"""All edits, in one order: those of the reference, then those of the Worker."""

from __future__ import annotations

from typing import Final

from edgeproof.properties.edits.edit import Edit
from tests.edits.at_edge import AT_EDGE
from tests.edits.at_worker_edge import AT_WORKER_EDGE
from tests.edits.in_contents import IN_CONTENTS
from tests.edits.in_replicator import IN_REPLICATOR
from tests.edits.in_store import IN_STORE
from tests.edits.in_wings import IN_WINGS
from tests.edits.in_worker import IN_WORKER

__all__ = ["OF_THE_REFERENCE", "OF_THE_WORKER"]

OF_THE_REFERENCE: Final[tuple[Edit, ...]] = (*IN_STORE, *IN_REPLICATOR, *AT_EDGE, *IN_WINGS, *IN_CONTENTS)

OF_THE_WORKER: Final[tuple[Edit, ...]] = (*IN_WORKER, *AT_WORKER_EDGE)
