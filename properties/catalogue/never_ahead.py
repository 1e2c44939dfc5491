# SPDX-License-Identifier: Apache-2.0
"""`never-ahead`: nothing is published before it is committed."""

from __future__ import annotations

from collections.abc import Iterator

from edgeproof.model.expr import Expr, all_of, exists, for_all, implies
from edgeproof.model.machine import State
from edgeproof.properties.catalogue.forms import Copy, committed, copy, no_older
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


def _nobody_is_ahead(s: State) -> Expr:
    return all_of(_behind_the_store(s))


def _behind_the_store(s: State) -> Iterator[Expr]:
    """Of each place where a design keeps copies, that no copy there is newer than what the store has committed."""

    def behind(one: Copy) -> Expr:
        return no_older(committed(s), one)

    if "kv" in s:
        yield behind(copy(s, "kv"))
    if "kv_newest" in s:
        yield behind(copy(s, "kv_newest"))
    if "sent" in s:
        yield implies(s.sending != "idle", behind(copy(s, "sent")))
    if "carries" in s:
        yield for_all(s.Put, lambda k: implies(s.stray[k], behind(copy(s, "carries", k))))
    if "region" in s:
        yield implies(s.region_cached, behind(copy(s, "region")))
    if "cache" in s:
        yield for_all(s.Pop, lambda p: implies(s.cached[p], behind(copy(s, "cache", p))))
    if "pushing" in s:
        yield for_all(s.Pop, lambda p: behind(copy(s, "held", p)))
    yield for_all(s.Pop, lambda p: behind(copy(s, "served", p)))
    if "served_newest" in s:
        yield for_all(s.Pop, lambda p: behind(copy(s, "served_newest", p)))


PROPERTY = Property(
    "never-ahead",
    "No copy anywhere holds a version that the store did not commit.",
    "Durable Objects: output gates hold puts, too, until the writes before them are durable.",
    needs=("config", "served"),
    state=_nobody_is_ahead,
    tested=lambda s: s.kv > 0 if "kv" in s else exists(s.Pop, lambda p: s.served[p] > 0),
)
