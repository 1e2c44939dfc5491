# SPDX-License-Identifier: Apache-2.0
"""Broken variants of the token system: what lockstep with the model has to find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import evolve, field, frozen

from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.kv import Copy, KVNamespace, LocationCache
from edgeproof.impl.snapshot import Snapshot
from edgeproof.impl.tokens.edge import TokenGate, TokenPublication
from edgeproof.impl.tokens.system import TokenParts, TokenSystem
from edgeproof.impl.tokens.table import TokenTable
from edgeproof.impl.tokens.tokens import Decision, Request, TokenRecord, authorise

__all__ = ["MUTANTS", "TokenMutant"]


@frozen
class TokenMutant:
    """A mistake, by name: what is wrong, the parts that make it, and the case in which it can show."""

    name: str
    wrong: str
    parts: TokenParts
    case: str
    numbers: Mapping[str, int] = field(factory=dict)
    """Where the case's own numbers hide it from random runs: a token that lives long is revoked before it expires."""

    def system(self) -> TokenSystem:
        """A system that makes the mistake."""
        return TokenSystem(self.parts)


class ForgetsTheRepo(TokenGate):
    def _judge(self, record: TokenRecord | None, request: Request) -> Decision:
        return super()._judge(None if record is None else evolve(record, repo=request.repo), request)


class ForgetsTheScope(TokenGate):
    def _judge(self, record: TokenRecord | None, request: Request) -> Decision:
        return super()._judge(record, evolve(request, operation="fetch"))


class ForgetsTheExpiry(TokenGate):
    def _judge(self, record: TokenRecord | None, request: Request) -> Decision:
        return authorise(record, request, 0.0)


class ForgetsTheMargin(TokenGate):
    def _judge(self, record: TokenRecord | None, request: Request) -> Decision:
        return authorise(record, request, self._clock.now())


class GrantsTenMinutesMore(TokenGate):
    def _judge(self, record: TokenRecord | None, request: Request) -> Decision:
        longer = None if record is None else evolve(record, expires=record.expires + 600)
        return super()._judge(longer, request)


class ForgetsTheMark(TokenGate):
    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **{**more, "marks": False})


class IgnoresTombstones(TokenGate):
    def _judge(self, record: TokenRecord | None, request: Request) -> Decision:
        return super()._judge(None if record is None else evolve(record, revoked_at=None), request)


class ServesForEver(LocationCache):
    def fresh(self, key: str, now: float, cache_ttl: float) -> Copy | None:
        return self.copies.get(key)


class PublishesActiveOnly(TokenPublication):
    def _tell(self, record: TokenRecord, kv: KVNamespace) -> None:
        if record.revoked_at is None:
            super()._tell(record, kv)


class TakesTheTokenAlong(TokenPublication):
    def _tell(self, record: TokenRecord, kv: KVNamespace) -> None:
        super()._tell(record, kv)
        if record.revoked_at is not None:
            kv.delete(self.key + record.digest)


class RechecksNothing(TokenTable):
    def decide(self, request: Request) -> Decision:
        return Decision(True, "")


class RevokesByForgetting(TokenTable):
    def revoke(self, which: str, *, actor: str = "owner") -> bool:
        record = self.find(which)
        return record is not None and record.revoked_at is None


class ArmsNothing(ConfigStore):
    def _arm_for_write(self) -> None:
        return None


class ForgetsWhatMovedOn(ConfigStore):
    def end_attempt(self, published: Snapshot, beat_at: float | None, **how: Any) -> None:
        super().end_attempt(self.snapshot(), beat_at, **how)


_SHORT: Final = {"L": 2}
_SKEWED: Final = {"L": 4, "E": 4}


def _mutant(name: str, wrong: str, case: str, numbers: Mapping[str, int] | None = None, **parts: Any) -> TokenMutant:
    return TokenMutant(name, wrong, TokenParts(**parts), case, numbers or {})


MUTANTS: tuple[TokenMutant, ...] = (
    _mutant("any-repo", "the edge does not compare the repo", "tokens", gate=ForgetsTheRepo),
    _mutant("any-scope", "the edge lets a read token push", "tokens-push-unchecked", gate=ForgetsTheScope),
    _mutant("no-expiry", "the edge does not look at the time", "tokens-tombstone", _SHORT, gate=ForgetsTheExpiry),
    _mutant("no-margin", "the edge trusts its clock to the second", "tokens", _SKEWED, gate=ForgetsTheMargin),
    _mutant("late-expiry", "the edge grants ten minutes more", "tokens-tombstone", _SHORT, gate=GrantsTenMinutesMore),
    _mutant("no-look-at-the-mark", "the edge reads the token's key only", "tokens", gate=ForgetsTheMark),
    _mutant("tombstone-unread", "the edge takes a tombstone for a token", "tokens-tombstone", gate=IgnoresTombstones),
    _mutant("forget-the-ttl", "a cache serves its copy for ever", "tokens-tombstone", cache=ServesForEver),
    _mutant("revocation-unpublished", "KV never hears of a revocation", "tokens", publication=PublishesActiveOnly),
    _mutant("mark-and-delete", "a mark is put and the key deleted", "tokens", publication=TakesTheTokenAlong),
    _mutant("no-second-check", "the Durable Object lets every push in", "tokens-tombstone", table=RechecksNothing),
    _mutant("revocation-unwritten", "the table does not keep a revocation", "tokens", table=RevokesByForgetting),
    _mutant("alarm-unarmed", "nothing publishes what was minted", "tokens", store=ArmsNothing),
    _mutant("moved-on-unnoticed", "a change during an attempt is not published", "tokens", store=ForgetsWhatMovedOn),
)
"""Every mutant; the names are unique."""
