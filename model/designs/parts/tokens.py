# SPDX-License-Identifier: Apache-2.0
"""A part: a token of a repo, from its minting to its revocation, in the table that the repo's Durable Object keeps.

A design says what else a change of the table does, and how a location at which Git requests arrive knows the token.
"""

from __future__ import annotations

from edgeproof.model.designs.parts.locations import Locations
from edgeproof.model.expr import Expr
from edgeproof.model.machine import State, action, boolean, clock, definition, duration, enum, option

__all__ = ["TokenTable", "is_checked_again", "is_in_scope"]


class TokenTable(Locations):
    """One token of one repo, any one; whoever asks with it asks at a location."""

    recheck = option("on", "off", doc="whether the repo's Durable Object checks the token of a push once more")
    check = option("whole", "presence", doc="repo, scope and all, or only that KV has the token")

    L = duration(5, "lifetime: a token expires this long after it was minted")

    token = enum("none", "active", "revoked", doc="the token in the repo's table")
    writes = boolean(doc="its scope is write, not read")
    minted_for = clock(while_=lambda s: s.token != "none", doc="since it was minted")
    revoked_for = clock(while_=lambda s: s.token == "revoked", doc="since it was revoked")
    admitted = boolean(over=Locations.Pop, doc="the last request at the location was admitted")

    @definition()
    def expired(s: State) -> Expr:
        """The token is past its time."""
        return s.L < s.minted_for

    @action(fair=False)
    def mint_read(s: State) -> None:
        """The owner has a token minted that may fetch."""
        _mint(s, writes=False)

    @action(fair=False)
    def mint_write(s: State) -> None:
        """The owner has a token minted that may fetch and push."""
        _mint(s, writes=True)

    @action(fair=False)
    def revoke_token(s: State) -> None:
        """The owner revokes the token."""
        s.require(s.token == "active")
        s.token = "revoked"


def is_in_scope(s: State) -> Expr:
    """What a location makes of the scope of a push."""
    return s.writes | (s.check == "presence")


def is_checked_again(s: State) -> Expr:
    """What the repo's Durable Object makes of a push, by its own table."""
    known = (s.token == "active") & ~s.expired
    return (s.recheck == "off") | (known & s.writes)


def _mint(s: State, writes: bool) -> None:
    s.require(s.token == "none")
    s.token = "active"
    s.writes = writes
