# SPDX-License-Identifier: Apache-2.0
"""Recorded traffic from where it lies: files, globs and directories of JSON Lines, Parquet, CSV and OTLP/JSON."""

from __future__ import annotations

from properties.intake.columns import EVENTS, MALFORMED, IntakeError
from properties.intake.convert import MalformedError
from properties.intake.load import Loaded, load
from properties.intake.mapping import ColumnMapping, MappingError, read_mapping

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
]
