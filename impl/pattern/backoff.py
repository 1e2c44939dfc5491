# SPDX-License-Identifier: Apache-2.0
"""The reference implementation whose waits grow with the failures in a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from edgeproof.impl.pattern.setup import WAITS
from edgeproof.impl.pattern.system import ReferenceSystem

__all__ = ["BackoffSystem"]


class BackoffSystem(ReferenceSystem):
    """The parts of one unit, which let their waits grow as they do outside of runs, up to twice the first."""

    design: ClassVar = "do_kv_backoff"
    more_options: ClassVar[Mapping[str, tuple[str, ...]]] = WAITS
