# SPDX-License-Identifier: Apache-2.0
"""Whether events are certainly well-formed, all of them: what passes here has nothing that `columns.problem` names.

It is cheap, and says nothing of what does not pass: then every row is held against the rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from edgeproof.properties.intake.row import KINDS, LARGEST, NATURALS, OUTCOMES, SCOPES, SOURCES

__all__ = ["is_sound"]

_WORDS: Final = {"kind": KINDS, "outcome": OUTCOMES, "source": SOURCES, "scope": SCOPES}
_ALWAYS: Final = ("kind", "outcome", "unit", "invoke")
_HEX: Final = "0123456789abcdef"


def is_sound(events: pa.Table) -> bool:
    """Of a table with the columns of `EVENTS`, whose text may be of dictionaries."""
    return (
        not any(events[name].null_count for name in _ALWAYS)
        and all(set(_words(events[name])) <= set(words) for name, words in _WORDS.items())
        and "" not in _words(events["unit"])
        and all(_are_digests(words) for words in _dictionaries(events["digest"]))
        and all(_within(events[name], 0, LARGEST) for name in NATURALS)
        and _finite(events["expires"])
        and _in_order(events)
        and _has_what_it_needs(events)
    )


def _dictionaries(column: pa.ChunkedArray) -> Iterable[pa.Array]:
    if column.null_count == len(column):
        return []
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    return [chunk.dictionary for chunk in encoded.chunks]


def _words(column: pa.ChunkedArray) -> list[str]:
    return [word for words in _dictionaries(column) for word in words.to_pylist()]


def _are_digests(words: pa.Array) -> bool:
    fits = pc.and_(pc.equal(pc.binary_length(words), 64), pc.equal(pc.utf8_trim(words, _HEX), ""))
    return bool(pc.all(fits).as_py() is not False)


def _within(column: pa.ChunkedArray, least: float, most: float) -> bool:
    if column.null_count == len(column):
        return True
    found = pc.min_max(column)
    return bool(least <= found["min"].as_py() and found["max"].as_py() <= most)


def _finite(column: pa.ChunkedArray) -> bool:
    if column.null_count == len(column):
        return True
    return bool(np.isfinite(column.drop_null().to_numpy()).all())


def _in_order(events: pa.Table) -> bool:
    """Whether all times are finite, and none ends before it begins."""
    invoke, returned = events["invoke"].to_numpy(), events["returned"]
    if not returned.null_count:
        ends = returned.to_numpy()
        # Of a time that is none, nothing holds.
        return bool(len(ends) == 0 or ((ends >= invoke).all() and ends.max() < np.inf and invoke.min() > -np.inf))
    if not (_finite(events["invoke"]) and _finite(returned)):
        return False
    there = returned.is_valid().to_numpy()
    seen = returned.drop_null().to_numpy() >= invoke[there]
    return bool(seen.all() and _is(events["outcome"], "unknown")[~there].all())


def _has_what_it_needs(events: pa.Table) -> bool:
    kind, needs = events["kind"], []
    if events["version"].null_count:
        answered = _is(events["outcome"], "ok") & (_is(kind, "commit") | _is(kind, "read"))
        needs.append((answered | _is(kind, "publish")) & _is_null(events["version"]))
    if events["pop"].null_count or events["reader"].null_count:
        needs.append(_is(kind, "read") & (_is_null(events["pop"]) | _is_null(events["reader"])))
    if events["note"].null_count:
        needs.append(_is(kind, "fault") & _is_null(events["note"]))
    return not any(lacking.any() for lacking in needs)


def _is(column: pa.ChunkedArray, word: str) -> NDArray[np.bool_]:
    """Which rows of a column of text without gaps have a word."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    found = [pc.equal(chunk.dictionary, word).to_numpy(False)[chunk.indices.to_numpy()] for chunk in encoded.chunks]
    return np.concatenate([np.zeros(0, bool), *found])


def _is_null(column: Any) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = column.is_null().to_numpy()
    return found
