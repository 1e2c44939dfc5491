# SPDX-License-Identifier: Apache-2.0
"""The first records of a file, unfolded: enough to say what its columns are, and whether a mapping fits them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from edgeproof.properties.intake.envelopes import ENTRY, ENVELOPE, Unfolded, unfolded
from edgeproof.properties.intake.mapping import ColumnMapping
from edgeproof.properties.intake.paths import json_in
from edgeproof.properties.intake.records import own_of, records_of
from edgeproof.properties.intake.sources import Source

__all__ = ["first_records", "leaves", "sample"]

_READ: Final = 2_000
"""Records that are read for a sample, at most, whatever is in them."""

_BYTES: Final = 8 * 2**20
"""Of text that is read for a sample, at most."""

_DEEP: Final = 6


def sample(source: Source, mapping: ColumnMapping, most: int = 200) -> list[Unfolded]:
    """The first records of a file that may be events, or else its first records, as whole as they are.

    Raises OSError or IntakeError for a file that cannot be read.
    """
    own = own_of(source, mapping)
    inner = (one for said in first_records(source) for one in unfolded(said, own) if not isinstance(one, ValueError))
    return list(islice(inner, most)) or [(said, own) for said in first_records(source, most)]


def first_records(source: Source, most: int = _READ) -> Iterator[Mapping[str, Any]]:
    """The first records of a file as they stand, without what is malformed. Raises as `sample` does."""
    return (said for _, said in islice(records_of(source, _BYTES), most) if not isinstance(said, ValueError))


def leaves(record: Mapping[str, Any], prefix: str = "", deep: int = 0) -> Iterator[tuple[str, Any]]:
    """Every value in a record that is no object, with its path; of an envelope what lies around a message as well."""
    for name, value in record.items():
        inner = json_in(value) if isinstance(value, str) else value
        path = f"{prefix}{name}"
        if isinstance(inner, Mapping) and deep < _DEEP:
            # What an envelope says of itself is there twice: under its own name, and in what it holds.
            if not (name == ENTRY and deep and ENVELOPE in record):
                yield from leaves(inner, f"{path}.", deep + 1)
        elif not isinstance(inner, list | tuple):
            yield path, value
