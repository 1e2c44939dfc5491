# SPDX-License-Identifier: Apache-2.0
"""`repo-isolation`: repos do not meet."""

from __future__ import annotations

from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "repo-isolation",
    "Whatever happens in a repo, a fork of it keeps its objects.",
    "Artifacts: a repo is a Durable Object of its own, with its own history and refs; forks are repos.",
    needs=("forked", "stranded"),
    state=lambda s: ~s.stranded,
    tested=lambda s: s.forked & ~s.row,
    applies=lambda instance: instance.values["forks"] != "none",
)
