# SPDX-License-Identifier: Apache-2.0
"""What is known of versions: by whom and when they were made, with what content, and what a restore took back."""

from __future__ import annotations

from math import inf
from typing import Final

import numpy as np

from edgeproof.properties.traffic.coded import OK, SCOPE
from edgeproof.properties.traffic.firsts import Firsts
from edgeproof.properties.traffic.groups import Groups, group, later_min
from edgeproof.properties.traffic.labels import VERSION, key
from edgeproof.properties.traffic.table import ABSENT, Flags, Floats, Ints, Table, concat, filled

__all__ = ["SCOPES", "contents_of", "taken_back", "versions_of"]

SCOPES: Final = {"none": 0, "read": 1, "write": 2}

_RANK: Final = np.array([*(SCOPES[name] for name in SCOPE), ABSENT])
"""By the number of a scope's word, how much it grants; -1 where it says nothing."""


def granted_by(scope: Ints) -> Ints:
    """How much scopes grant, by the numbers of their words."""
    found: Ints = _RANK[scope]
    return found


def versions_of(made: Table, restores: Table, publishes: Table, told: Table, units: Table) -> Table:
    """Every version that anybody named, with what is known of its commits and restores.

    `asked`: since when it may exist. `acknowledged`: since when it did for certain; `lately` when the last commit of it
    was that no restore took back, and `stands` whether there is one. `labelled`: since when its content is said by
    those that made it; `bare`: how many may have given it another one. `granted`, `repo`, `expires`: what it grants, if
    it is of a token. `unnamed`: since when some commit whose version nobody learnt may have made it. `newer_asked`:
    since when something newer may exist.
    """
    named = concat([table.only(*VERSION) for table in (made, publishes, told)])
    spine = group(*key(named, VERSION))
    versions = named.take(spine.first)
    own = Groups(spine.of[: len(made)], spine.first, spine.n)
    versions = versions.put(**_made_when(made, own), **_grants(made, own))
    # Where a restore took a number back, any commit may have given it away again.
    restored = np.zeros(len(units), bool)
    restored[restores.unit] = True
    nameless = np.where(restored, units.nameless, 0)[versions.unit]
    bare = np.where(np.isnan(versions.asked), 1, _silent(made, own)) + nameless
    unnamed = units.unnamed[versions.unit]
    newer_asked: Floats = np.fmin(later_min((versions.unit,), versions.label, versions.asked), unnamed)
    return versions.put(bare=bare, unnamed=unnamed, newer_asked=newer_asked)


def taken_back(made: Table, restores: Table) -> Table:
    """What was made, with how many restores of its unit had begun when one took it back (`taken_by`, 0 for never)."""
    return made.put(taken_by=_taken_by(made, restores) if len(restores) else np.zeros(len(made), np.int64))


def contents_of(made: Table) -> Table:
    """The contents that those who made versions say that these have, each once."""
    known = made.take(made.digest >= 0)
    return known.take(group(*key(known, VERSION), known.digest).first).only(*VERSION, "digest")


def _made_when(made: Table, own: Groups) -> dict[str, Floats | Flags]:
    """By version, when it was asked for and there, and when it was so without being taken back."""
    ok = made.outcome == OK
    stands = ok & (made.taken_by == 0)
    return {
        "asked": own.min(made.invoke),
        "acknowledged": own.min(made.returned, ok),
        "lately": own.max(made.returned, stands),
        "stands": own.any(stands),
        "labelled": own.min(made.invoke, made.digest >= 0),
    }


def _grants(made: Table, own: Groups) -> dict[str, Ints | Floats]:
    """What versions grant. What is ambiguous is taken as favourably as it can be."""
    named = made.repo >= 0
    repo = own.largest(made.repo, named)
    differs = np.zeros(own.n, bool)
    differs[own.of[named & (made.repo != repo[own.of])]] = True
    return {
        "granted": own.largest(granted_by(made.scope)),
        "repo": np.where(differs, ABSENT, repo),
        "expires": own.max(made.expires),
    }


def _silent(made: Table, own: Groups) -> Ints:
    """By version, how many writes made it that do not say with what content."""
    bare = np.flatnonzero(made.digest < 0)
    write = np.where(made.key[bare] >= 0, made.key[bare], -1 - bare)
    each = group(own.of[bare], write)
    return np.bincount(own.of[bare][each.first], minlength=own.n)


def _ranks(restores: Table) -> Ints:
    """How many restores of its unit had begun by the moment that each began."""
    order = np.lexsort((restores.invoke, restores.unit))
    unit, invoke = restores.unit[order], restores.invoke[order]
    at_once = group(unit, invoke)
    last = np.zeros(at_once.n, np.int64)
    np.maximum.at(last, at_once.of, np.arange(len(order)))
    first = np.searchsorted(unit, unit)
    rank = np.empty(len(order), np.int64)
    rank[order] = last[at_once.of] - first + 1
    return rank


def _taken_by(made: Table, restores: Table) -> Ints:
    """How many restores of its unit had begun when the first one began that took back, or may have, what was made; 0 if
    none did.

    A restore takes back what is above the version that it goes back to, unless that came after it.
    """
    rank = _ranks(restores)
    order = np.lexsort((rank, restores.unit))
    restores = restores.take(order)
    firsts = Firsts.of(restores.era, filled(restores.returned, inf), -restores.version)
    start, stop = (np.searchsorted(restores.unit, made.unit, side) for side in ("left", "right"))
    first = firsts.at_least(start, stop, made.era, made.invoke, 1 - made.version)
    return np.append(rank[order], 0)[first]
