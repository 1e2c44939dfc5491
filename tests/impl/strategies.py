# SPDX-License-Identifier: Apache-2.0
"""Configs, changes and writes for the property-based tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from edgeproof.impl.snapshot import REMOVED

__all__ = ["changes", "configs", "names", "values"]

names = st.sampled_from(["a", "b", "dark-mode", "größe", "x" * 40])
"""Few, so that writes meet."""

_text = st.text('a1 é\x00"\\\ud800\U0001f600', max_size=5)
_scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _text

values: st.SearchStrategy[Any] = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=5,
)
"""JSON."""

configs = st.dictionaries(names, values, max_size=5)

changes = st.dictionaries(names, values | st.just(REMOVED), min_size=1, max_size=4)
