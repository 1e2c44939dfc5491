# SPDX-License-Identifier: Apache-2.0
"""`blast-radius`: a bad version is told at one location at most."""

from __future__ import annotations

from edgeproof.model.expr import exists
from edgeproof.properties.catalogue.content_forms import may_be_poison
from edgeproof.properties.catalogue.forms import nowhere_else
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "blast-radius",
    "Bad content is told at one location at most, where there are no stages to hold it.",
    "Cloudflare after its outages of November and December 2025: what goes out at once everywhere fails everywhere.",
    needs=("kv_content", "served_content"),
    state=lambda s: nowhere_else(s, lambda p: s.served_content[p] == "poison", lambda p, q: p == q),
    tested=lambda s: (s.content == "poison") & exists(s.Pop, lambda p: s.served[p] > 0),
    applies=lambda instance: may_be_poison(instance) and instance.number("Pop") > 1,
)
