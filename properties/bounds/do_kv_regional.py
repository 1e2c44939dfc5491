# SPDX-License-Identifier: Apache-2.0
"""How late a reader of `do_kv_regional` can be told: as of `do_kv`, with a copy that was G old when it was fetched."""

from __future__ import annotations

from edgeproof.model.expr import TRUE
from edgeproof.model.machine import State
from edgeproof.properties.bounds import do_kv
from edgeproof.properties.bounds.term import Term

__all__ = ["terms"]


def terms(s: State) -> tuple[Term, ...]:
    """The summands in the order in which a write on its way to a reader can meet them."""
    *publishing, location, isolate = do_kv.terms(s)
    return (*publishing, Term("G", "a region serves its cached copy", s.G, TRUE), location, isolate)
