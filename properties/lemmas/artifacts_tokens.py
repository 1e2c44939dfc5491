# SPDX-License-Identifier: Apache-2.0
"""Why tokens are safe where they are: invariants of `artifacts_tokens`, from which its properties follow.

The bounds rest on `_behind`: KV's centre does not tell yet what the table says of the token. For each thing that the
publisher may be doing meanwhile the lemmas say how long ago the token's last change (`_since`) was at most.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from edgeproof.model.expr import TIME, Expr, for_all, implies, ite, lift
from edgeproof.model.machine import State
from edgeproof.properties.bounds.artifacts_tokens import minted_in_kv, publish_bound

__all__ = ["LEMMAS"]


def _tells(s: State) -> Expr:
    """KV's centre tells what the table says."""
    revoked = ite(s.revoke == "mark", s.marked, s.listed != "token")
    return ite(s.token == "revoked", revoked, (s.token == "none") | (s.listed == "token"))


def _behind(s: State) -> Expr:
    return ~_tells(s)


def _since(s: State) -> Expr:
    """Since the token's last change."""
    return ite(s.token == "revoked", s.revoked_for, s.minted_for)


def _may_be_undone(s: State) -> Expr:
    """A late put may undo the token's last change."""
    return s.put_late & (s.revoke != "mark") & (s.token == "revoked")


def _late(s: State, value: Expr) -> Expr:
    """A term that counts only there."""
    return ite(_may_be_undone(s), value, lift(0, TIME))


def _repaired(s: State) -> Expr:
    """When, after the last change, a token that a late put has brought back waits for the heartbeat at the latest."""
    return s.D + _late(s, s.Z + s.D)


def _start(s: State) -> Expr:
    return _repaired(s) + _late(s, s.H) + s.S


def _attempts(s: State) -> Expr:
    """The time that the failed attempts so far took, each with the delay after it."""
    return s.failures * (s.D + s.R)


_PUBLISHER: Final[Mapping[str, Callable[[State], Expr]]] = {
    "nothing-is-said-of-no-token": lambda s: implies(
        s.token == "none", (s.listed == "absent") & (s.sent == "none") & ~s.marked
    ),
    "what-is-said-was-so": lambda s: implies(
        s.token != "revoked", (s.sent != "revoked") & (s.listed != "tombstone") & ~s.marked
    ),
    "strays-say-what-was-so": lambda s: for_all(
        s.Put, lambda k: implies(s.carries[k] == "revoked", s.token == "revoked")
    ),
    "strays-say-something": lambda s: for_all(
        s.Put, lambda k: implies(s.stray[k], (s.carries[k] != "none") & (s.token != "none"))
    ),
    "only-marks-mark": lambda s: implies(s.revoke != "mark", ~s.marked),
    "only-tombstones-bury": lambda s: implies(s.revoke != "tombstone", s.listed != "tombstone"),
    "nobody-is-superseded": lambda s: for_all(s.Put, lambda k: ~s.stray[k]),
    "an-idle-publisher-says-nothing": lambda s: implies(s.sending == "idle", (s.sent == "none") & ~s.outdated),
    "what-changed-is-outdated": lambda s: implies((s.sending != "idle") & (s.sent != s.token), s.outdated),
    "sending-holds-the-lease": lambda s: implies(
        s.sending != "idle", (s.alarm == "lease") & (s.armed == s.sending_for)
    ),
    "a-heartbeat-never-ends": lambda s: implies((s.repair == "heartbeat") & (s.token != "none"), s.alarm != "off"),
    "clocks-are-right": lambda s: for_all(s.Pop, lambda p: ~s.slow[p]),
    "a-revoked-token-was-minted": lambda s: s.revoked_for <= s.minted_for,
}

_IN_TURN: Final[Mapping[str, Callable[[State], Expr]]] = {
    "nothing-fails": lambda s: s.failures == 0,
    "failures-are-bounded": lambda s: s.failures <= s.F,
    "success-forgives": lambda s: implies((s.alarm != "retry") & (s.alarm != "lease"), s.failures == 0),
    "retries-follow-failures": lambda s: implies(s.alarm == "retry", s.failures > 0),
    "leases-follow-failures": lambda s: implies((s.alarm == "lease") & (s.sending == "idle"), s.failures > 0),
    "tombstones-stay": lambda s: implies((s.sending != "idle") & (s.listed == "tombstone"), s.sent == "revoked"),
}

_CENTRE: Final[Mapping[str, Callable[[State], Expr]]] = {
    "off-is-published": lambda s: implies(s.alarm == "off", _tells(s)),
    "landed-is-published": lambda s: implies(
        (s.sending == "landed") & (s.sent == s.token), _tells(s) | _may_be_undone(s)
    ),
    "older-put": lambda s: implies((s.sending != "idle") & (s.sent != s.token), _since(s) <= s.sending_for),
    "older-stray": lambda s: for_all(
        s.Put,
        lambda k: implies(
            s.stray[k] & (s.carries[k] == "active") & (s.token == "revoked"), s.revoked_for <= s.D + s.stray_for[k]
        ),
    ),
    "behind-at-sync": lambda s: implies(
        _behind(s) & (s.alarm == "sync"), _since(s) <= _repaired(s) + _late(s, s.H) + s.armed
    ),
    "behind-at-beat": lambda s: implies(
        _behind(s) & (s.alarm == "beat"),
        ite(_may_be_undone(s), _since(s) <= _repaired(s) + s.armed, _since(s) + s.H <= s.armed),
    ),
    "behind-in-flight": lambda s: implies(
        _behind(s) & (s.sending == "flying") & (s.sent == s.token),
        _since(s) <= _start(s) + _attempts(s) + s.sending_for,
    ),
    "behind-though-landed": lambda s: implies(
        _behind(s) & (s.sending == "landed"), _since(s) <= s.D + _late(s, s.Z) + s.sending_for
    ),
    "behind-at-retry": lambda s: implies(
        _behind(s) & (s.alarm == "retry"), _since(s) + s.R <= _start(s) + _attempts(s) + s.armed
    ),
    "behind-at-lease": lambda s: implies(
        _behind(s) & (s.alarm == "lease") & (s.sending == "idle"),
        _since(s) + s.D + s.R <= _start(s) + _attempts(s) + s.armed,
    ),
}

_LOCATIONS: Final[Mapping[str, Callable[[State], Expr]]] = {
    "a-copy-of-the-token": lambda s: for_all(
        s.Pop,
        lambda p: implies(
            s.cached[p] & (s.cache[p] == "token") & (s.token == "revoked") & (s.revoke != "mark"),
            s.revoked_for <= publish_bound(s) + s.age[p],
        ),
    ),
    "a-copy-of-no-mark": lambda s: for_all(
        s.Pop,
        lambda p: implies(
            s.unmarked[p] & (s.token == "revoked"), s.revoked_for <= publish_bound(s) + s.unmarked_for[p]
        ),
    ),
    "a-copy-of-nothing": lambda s: for_all(
        s.Pop,
        lambda p: implies(
            s.cached[p] & (s.cache[p] != "token") & (s.token == "active"), s.minted_for <= minted_in_kv(s) + s.age[p]
        ),
    ),
    "nothing-is-not-cached": lambda s: for_all(
        s.Pop, lambda p: implies(s.cached[p] & ~s.negative_cache, s.cache[p] != "absent")
    ),
    "no-copy-is-a-tombstone-too-soon": lambda s: for_all(
        s.Pop, lambda p: implies(s.cache[p] == "tombstone", s.token == "revoked")
    ),
}


def _while(state: str, lemma: Callable[[State], Expr]) -> Callable[[State], Expr]:
    """The lemma while the token is in one state: what is so of minted tokens need not be so of revoked ones."""
    return lambda s: implies(s.token == state, lemma(s))


LEMMAS: Final[Mapping[str, Callable[[State], Expr]]] = {
    **_PUBLISHER,
    **_IN_TURN,
    **{f"{name}-{state}": _while(state, lemma) for name, lemma in _CENTRE.items() for state in ("active", "revoked")},
    **_LOCATIONS,
}
