# SPDX-License-Identifier: Apache-2.0
"""The systems under test that the command line knows by name; each is imported only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from impl.system import System

__all__ = ["SYSTEMS"]


def _reference() -> System:
    from impl.references import ReferenceSystems

    return ReferenceSystems()


def _workerd() -> System:
    from impl.workerd_system import WorkerdSystem

    return WorkerdSystem()


SYSTEMS: Final[dict[str, Callable[[], System]]] = {"reference": _reference, "workerd": _workerd}
