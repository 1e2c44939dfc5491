# SPDX-License-Identifier: Apache-2.0
"""A part: the door at each location, which goes by what the location has heard of a token.

How a revocation gets there is the matter of `artifacts_tokens`. Here that is one promise of the environment, W: the
bound that is proved of that design.
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.designs.parts.locations import Locations
from edgeproof.model.designs.parts.tokens import TokenTable
from edgeproof.model.expr import Expr, for_all, implies, ite, lift
from edgeproof.model.machine import (
    State,
    action,
    boolean,
    deadline,
    definition,
    duration,
    enum,
    hazard,
    option,
)

__all__ = ["Door", "opens"]

_LISTED: Final = enum("absent", "token").type


class Door(TokenTable):
    """A token that every location knows from its minting on, and refuses within W of its revocation."""

    door = option("tokens", "open", doc="who is let in: whoever has a token, or everybody")
    revoke = option("kept", "forgotten", doc="whether what KV says of a revoked token can be taken back by a late put")

    W = duration(1, "window: every location refuses a token this long after it was revoked")

    heard = boolean(over=Locations.Pop, doc="the location knows that the token is revoked")
    returned = boolean(doc="a late put has brought a revoked token back")

    @definition()
    def listed(s: State) -> Expr:
        """What KV's centre has held of the token's key: it is there from the minting on."""
        return ite(s.token == "none", lift("absent", _LISTED), lift("token", _LISTED))

    @action(fair=False)
    def mint_read(s: State) -> None:
        """The owner has a token minted that may fetch."""
        s.require(s.door == "tokens")
        TokenTable.mint_read(s)

    @action(fair=False)
    def mint_write(s: State) -> None:
        """The owner has a token minted that may fetch and push."""
        s.require(s.door == "tokens")
        TokenTable.mint_write(s)

    @action(pop=Locations.Pop)
    def hear(s: State, pop: Expr) -> None:
        """A location learns that the token is revoked."""
        s.require(s.token == "revoked")
        s.heard[pop] = True

    @hazard(pop=Locations.Pop)
    def token_returns(s: State, pop: Expr) -> None:
        """A late put of the token lands where nothing says any more that it is revoked, and nobody puts that right."""
        s.require((s.revoke == "forgotten") & s.heard[pop])
        s.heard[pop] = False
        s.returned = True

    @deadline
    def revocations_are_heard_in_time(s: State) -> Expr:
        """Every location refuses a revoked token within W, unless a late put brings it back."""
        return for_all(
            s.Pop,
            lambda p: implies((s.token == "revoked") & ~s.heard[p] & ~s.returned, s.revoked_for <= s.W),
        )


def opens(s: State, pop: Expr) -> Expr:
    """Whether the door at a location opens, by what the location knows of the token; one that is open has none."""
    # Its secret is not known to anybody before it is minted.
    s.require((s.door == "open") | (s.token != "none"))
    return ~s.heard[pop] & ~s.expired
