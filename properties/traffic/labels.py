# SPDX-License-Identifier: Apache-2.0
"""What versions and sessions are known by, and which of two versions is newer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from attrs import frozen

from edgeproof.properties.traffic.table import ABSENT, Column, Ints, Table

__all__ = ["EMPTY_DIGEST", "SEEN", "SESSION", "VERSION", "Labels", "newer", "same_version"]

EMPTY_DIGEST: Final = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
"""SHA-256 of `{}`, which is what version 0 contains."""

VERSION: Final = ("unit", "label")
"""What a version is known by."""

SEEN: Final = (*VERSION, "seen")
"""What a version is known by, and how many restores a read may have seen."""

SESSION: Final = ("unit", "pop", "reader", "session")
"""What a session is known by."""

_BITS: Final = 53
"""Of a version."""
_FEW: Final = 2**9
"""Eras that fit beside a version into one number."""

Row = Mapping[str, Any]


@frozen(eq=False)
class Labels:
    """How versions are told apart by one number, their label, which is greater for what is newer.

    The label of version 0 of era 0 is 0, that of no version -1. `eras` and `versions` are those that there are where
    eras are too large to stand beside a version.
    """

    eras: Ints | None = None
    versions: Ints | None = None

    @classmethod
    def among(cls, *tables: Table) -> Labels:
        """Labels for all the eras and versions of some tables."""
        if max(int(table.era[: 1 if table.era.strides == (0,) else None].max(initial=0)) for table in tables) < _FEW:
            return cls()
        eras, versions = (np.concatenate([table.columns[name] for table in tables]) for name in ("era", "version"))
        return cls(np.unique(np.append(eras, 0)), np.unique(np.append(versions, 0)))

    def of(self, table: Table) -> Ints:
        """The label of each row, by its `era` and `version`."""
        if table.era.strides == (0,) and not table.era[:1].any():
            return table.version
        if self.eras is None or self.versions is None:
            label = (table.era << _BITS) | table.version
        else:
            version = np.searchsorted(self.versions, table.version)
            label = np.searchsorted(self.eras, table.era) * len(self.versions) + version
        found: Ints = np.where(table.version < 0, ABSENT, label)
        return found


def key(table: Table, names: tuple[str, ...]) -> tuple[Column, ...]:
    """Some columns of a table."""
    return tuple(table.columns[name] for name in names)


def newer(one: Row, other: Row) -> bool:
    """Whether one version is newer than another: by era first, then by number."""
    if one["version"] is None or other["version"] is None:
        return False
    newer: bool = (one["era"], one["version"]) > (other["era"], other["version"])
    return newer


def same_version(one: Row, other: Row) -> bool:
    """Whether both are of one version."""
    return one["version"] is not None and (one["era"], one["version"]) == (other["era"], other["version"])
