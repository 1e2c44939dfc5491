# SPDX-License-Identifier: Apache-2.0
"""Recorded traffic from where it lies, as it was logged: JSON, Parquet, CSV, OTLP, and envelopes of these."""

from __future__ import annotations

from edgeproof.properties.intake.columns import EVENTS, MALFORMED, IntakeError
from edgeproof.properties.intake.load import Loaded, load
from edgeproof.properties.intake.malformed import MalformedError
from edgeproof.properties.intake.mapping import ColumnMapping
from edgeproof.properties.intake.mapping_file import MappingError, read_mapping, stated_mapping

__all__ = [
    "EVENTS",
    "MALFORMED",
    "ColumnMapping",
    "IntakeError",
    "Loaded",
    "MalformedError",
    "MappingError",
    "load",
    "read_mapping",
    "stated_mapping",
]
