# SPDX-License-Identifier: Apache-2.0
"""The systems under test that the command line knows by name; each is imported only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edgeproof.impl.system import System
    from edgeproof.properties.verify import Beside

__all__ = ["ONLY", "SYSTEMS", "beside"]


def _reference() -> System:
    from edgeproof.impl.references import ReferenceSystems

    return ReferenceSystems()


def _workerd() -> System:
    from edgeproof.impl.workerd.system import WorkerdSystem

    return WorkerdSystem()


SYSTEMS: Final[dict[str, Callable[[], System]]] = {"reference": _reference, "workerd": _workerd}


ONLY: Final[dict[str, tuple[str, ...]]] = {"workerd": ("do_kv", "do_kv_lost_alarms")}
"""The designs of a system that does not have all of them: where none is named, these are meant."""


def beside() -> Beside:
    """The real runtime, which `verify` drives a little beside the reference: some 6 s of one core."""
    from edgeproof.properties.verify import Beside

    return Beside("workerd", SYSTEMS["workerd"], ("outbox-faults", "recommended", "lost-alarm-faults"), 10, 30)
