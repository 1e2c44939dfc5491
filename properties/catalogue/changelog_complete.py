# SPDX-License-Identifier: Apache-2.0
"""`changelog-complete`: the changelog is the config."""

from __future__ import annotations

from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "changelog-complete",
    "Replaying the changelog gives exactly the config, version by version, field by field, without gaps.",
    "Flagship: the changelog sits with the configuration in the same Durable Object.",
    needs=("config", "logged"),
    state=lambda s: s.logged == s.config,
    tested=lambda s: s.config > 0,
)
