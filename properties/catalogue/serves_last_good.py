# SPDX-License-Identifier: Apache-2.0
"""`serves-last-good`: what a location has is not lost by what it is sent."""

from __future__ import annotations

from edgeproof.model.expr import implies
from edgeproof.properties.catalogue.forms import on_read, reading
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "serves-last-good",
    "A location that had a good copy goes on answering.",
    "Cloudflare's report of 18 November 2025: bad files came between good ones, and consumers failed on them.",
    needs=("loaded", "failed", "served_content"),
    step=on_read(lambda before, after, p: implies(before.loaded[p], ~after.failed[p])),
    tested_step=reading(lambda before, after, p: before.loaded[p]),
)
