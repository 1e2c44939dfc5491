# SPDX-License-Identifier: Apache-2.0
"""`serves-last-good`: whoever has a good copy goes on with one."""

from __future__ import annotations

from edgeproof.model.expr import Expr, implies
from edgeproof.model.machine import State
from edgeproof.properties.catalogue.content_forms import comes_to_harm, harmed_at
from edgeproof.properties.catalogue.forms import on_read, reading
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


def _has_a_good_copy(s: State, p: Expr) -> Expr:
    """The isolate has a config, and what it told last was good."""
    good: Expr = s.loaded[p] & (s.served_content[p] == "good")
    return good


PROPERTY = Property(
    "serves-last-good",
    "A location that had a good copy goes on answering, with a good copy.",
    "Cloudflare's report of 18 November 2025: bad files came between good ones, and consumers failed on them.",
    needs=("loaded", "failed", "served_content"),
    step=on_read(
        lambda before, after, p: implies(
            _has_a_good_copy(before, p), ~after.failed[p] & (after.served_content[p] == "good")
        )
    ),
    tested_step=reading(lambda before, after, p: _has_a_good_copy(before, p) & harmed_at(before, p)),
    applies=comes_to_harm,
)
