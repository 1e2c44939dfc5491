# SPDX-License-Identifier: Apache-2.0
"""`artifacts_tokens`: tokens in KV as we would build them, with what a revocation may do, and with each check left out.

The lemmas say why tokens are safe where they are. The bounds rest on `_behind`: KV's centre does not tell yet what the
table says of the token. For each thing that the publisher may be doing meanwhile the lemmas say how long ago the
token's last change (`_since`) was at most.

What it costs: a location looks two keys up once per cacheTtl, a change publishes the repo's tokens. The run follows the
fetches with one token. Its config is the repo's table of tokens, and a token costs some 300 bytes in KV. While the
Durable Object is out of reach fetches go on, and pushes cannot.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from edgeproof.model.expr import FALSE, NAT, Expr, exists, for_all, implies, ite, lift
from edgeproof.model.interpret import evaluate
from edgeproof.model.machine import Instance, State
from edgeproof.properties.designs.dossier import Constants, Costing, Dossier, Fact, Lemmas, Row, Term, Writer, total
from edgeproof.properties.designs.parts import outbox
from edgeproof.properties.designs.parts.alarm import FAILURES, LIMITS
from edgeproof.properties.designs.parts.cache import cached_copy, old_copies
from edgeproof.properties.designs.parts.possible import as_late_as_it_may_be, happens, hurries_nothing, waits_to_retry

__all__ = ["DOSSIER", "new_token_bound", "new_token_formula"]

_FAULTS: Final[Constants] = {"crash": True, "put_fails": True, "negative_cache": True, "L": 8}
_LATE: Final[Constants] = {"put_late": True, "L": 10}
_BEAT: Final[Constants] = {"repair": "heartbeat"}

# Durations that are all different: one that is taken for another shows.
_APART: Final[Constants] = {"S": 2, "D": 1, "R": 3, "T": 4, "H": 5, "Z": 6, "E": 7, "L": 10}

_CASES: Final[tuple[Row, ...]] = (
    (
        "tokens",
        {**_LATE, **_FAULTS, "revoke": "mark", "margin": "on", "skew": True},
        (),
        "a mark that nothing overwrites, pushes checked again, and a margin for clocks that are behind",
    ),
    ("tokens-tombstone", {**_FAULTS}, (), "tombstone and token take turns under one key, put by one publisher"),
    (
        "tokens-tombstone-late",
        {**_LATE},
        ("token-revocation-bound", "monotonic-kv"),
        "KV puts are not fenced: a late put of the token lands over its tombstone, and nothing publishes again",
    ),
    (
        "tokens-tombstone-heartbeat",
        {**_LATE, **_BEAT},
        ("monotonic-kv",),
        "the next heartbeat puts the tombstone again: the bound grows by Z and H",
    ),
    (
        "tokens-delete-late",
        {**_LATE, "revoke": "delete"},
        ("token-revocation-bound", "monotonic-kv"),
        "a late put of the token brings a deleted key back, and nothing deletes it again",
    ),
    (
        "tokens-push-unchecked",
        {"recheck": "off", **_APART},
        ("push-revocation",),
        "a push that only the edge has checked is as stale as a fetch",
    ),
    ("tokens-skew", {"skew": True}, ("token-expiry",), "a clock that is behind accepts what has expired"),
    (
        "tokens-presence",
        {"check": "presence", "recheck": "off"},
        ("token-scope", "push-revocation"),
        "that KV has a token says nothing of its repo and its scope",
    ),
)


def terms(s: State) -> tuple[Term, ...]:
    """How long a revoked token is still accepted, in the order in which the revocation can meet it.

    It goes through the outbox as any change. Then a location serves its copy for T: a copy of the token, or (where
    absence is cached) of the absence of its mark. A late put brings a revoked token back until the heartbeat repairs
    that; a mark has a key of its own, which nothing takes back.
    """
    return (
        *outbox.terms(s, undone=s.put_late & (s.revoke != "mark"), may_fail=_may_fail(s)),
        cached_copy(s),
    )


def publish_bound(s: State) -> Expr:
    """How long after the revocation KV's centre may still not tell it."""
    return total(terms(s)[:-1])


def new_token_bound(s: State) -> Expr:
    """How long after its minting a token may still be refused somewhere."""
    return total(_for_new_tokens(s))


def new_token_formula(instance: Instance) -> str:
    """That bound as text, such as `D + S + D + T`."""
    parts = _for_new_tokens(instance.machine.state())
    return " + ".join(term.formula for term in parts if evaluate(instance, term.present, {}))


def minted_in_kv(s: State) -> Expr:
    """How long after its minting a token may still be missing from KV's centre: no late put takes it away."""
    return total(_for_new_tokens(s)[:-1])


def _for_new_tokens(s: State) -> tuple[Term, ...]:
    cached: Expr = s.negative_cache
    return (
        *outbox.terms(s, undone=FALSE, may_fail=_may_fail(s)),
        Term("T", "a location serves its cached copy of nothing", s.T, cached),
    )


def _may_fail(s: State) -> Expr:
    fails: Expr = s.put_fails | s.crash | s.put_late
    return fails


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


_PUBLISHER: Final[Lemmas] = {
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
    "sending-holds-the-lease": outbox.holds_the_lease,
    "a-heartbeat-never-ends": lambda s: implies((s.repair == "heartbeat") & (s.token != "none"), s.alarm != "off"),
    "clocks-are-right": lambda s: for_all(s.Pop, lambda p: ~s.slow[p]),
    "a-revoked-token-was-minted": lambda s: s.revoked_for <= s.minted_for,
}

_IN_TURN: Final[Lemmas] = {
    **FAILURES,
    "tombstones-stay": lambda s: implies((s.sending != "idle") & (s.listed == "tombstone"), s.sent == "revoked"),
}

_CENTRE: Final[Lemmas] = {
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
    **outbox.ages(_behind, _since, undone=_may_be_undone, carried=lambda s: s.sent == s.token),
}

_LOCATIONS: Final[Lemmas] = {
    "a-copy-of-the-token": old_copies(
        lambda s, p: s.cached[p] & (s.cache[p] == "token") & (s.token == "revoked") & (s.revoke != "mark"),
        since=lambda s: s.revoked_for,
        bound=publish_bound,
    ),
    "a-copy-of-no-mark": lambda s: for_all(
        s.Pop,
        lambda p: implies(
            s.unmarked[p] & (s.token == "revoked"), s.revoked_for <= publish_bound(s) + s.unmarked_for[p]
        ),
    ),
    "a-copy-of-nothing": old_copies(
        lambda s, p: s.cached[p] & (s.cache[p] != "token") & (s.token == "active"),
        since=lambda s: s.minted_for,
        bound=minted_in_kv,
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


def _leaves_the_location(s: State, pop: Expr) -> Expr:
    """A request for the token's key, and one for its mark, where the location's cache may not answer."""
    nothing, once = lift(0, NAT), lift(1, NAT)
    token = ite(s.fresh[pop], nothing, once)
    unmarked = s.unmarked[pop] & (s.unmarked_for[pop] <= s.T)
    return token + ite((s.revoke != "mark") | unmarked, nothing, once)


def _as_long_as_it_is_valid(case: str, request: str, says: str) -> dict[str, Fact]:
    """Whoever admits nobody, or not for long, breaks no promise; nor does a check that another one stands behind."""
    return {
        f"{request}-in-the-last-moment": Fact(
            case,
            f"{says} is admitted in the last moment.",
            lambda s: (s.minted_for == s.L) & for_all(s.Pop, lambda p: ~s.admitted[p]),
            request,
            _somebody_is_admitted,
        ),
        f"{request}-too-late": Fact(
            case,
            f"{says} is refused just after the token's time, as nothing else speaks against it.",
            lambda s: (s.minted_for == s.L + 1) & _nothing_against_it(s),
            request,
            lambda s: ~_somebody_is_admitted(s),
        ),
    }


def _somebody_is_admitted(s: State) -> Expr:
    return exists(s.Pop, lambda p: s.admitted[p])


def _nothing_against_it(s: State) -> Expr:
    """The last requests were admitted, the token may push, and every location has it and no mark of it."""
    known = for_all(s.Pop, lambda p: s.admitted[p] & s.fresh[p] & (s.cache[p] == "token"))
    return known & s.writes & (s.token == "active") & ~s.marked


DOSSIER: Final = Dossier(
    cases=_CASES,
    anomalies=("immediate-revocation",),
    room={"Pop": 2, "Put": 2},
    terms=terms,
    limits=LIMITS,
    lemmas={
        **_PUBLISHER,
        **_IN_TURN,
        **{
            f"{name}-{state}": _while(state, lemma)
            for name, lemma in _CENTRE.items()
            for state in ("active", "revoked")
        },
        **_LOCATIONS,
    },
    costing=Costing(
        constants={"revoke": "mark", "margin": "on", "negative_cache": True, "Pop": 3, "T": 60, "L": 3600},
        hops=_leaves_the_location,
        published=lambda sizes: sizes.config,
        writer=Writer.OBJECT,
        write=("mint_read", "change_another"),
        reads=("fetch",),
        without="fetches as before, no pushes, and no revocation",
    ),
    possible={
        **waits_to_retry("tokens-tombstone"),
        **as_late_as_it_may_be("tokens-tombstone"),
        **hurries_nothing(
            "tokens-push-unchecked",
            "tokens-tombstone-heartbeat",
            "mint_read",
            "mint_write",
            "revoke_token",
            "change_another",
        ),
        **_as_long_as_it_is_valid("tokens-push-unchecked", "push", "A push"),
        **_as_long_as_it_is_valid("tokens-presence", "fetch_elsewhere", "A fetch elsewhere"),
        "a-push-within-the-margin": Fact(
            "tokens",
            "A push is refused within the margin, as nothing else speaks against it.",
            lambda s: (s.minted_for == s.L) & _nothing_against_it(s),
            "push",
            lambda s: ~_somebody_is_admitted(s),
        ),
        "a-push-where-the-clock-is-behind": Fact(
            "tokens",
            "A push is admitted in the last moment where the clock is behind.",
            lambda s: (s.minted_for == s.L) & for_all(s.Pop, lambda p: s.slow[p] & ~s.admitted[p]),
            "push",
            _somebody_is_admitted,
        ),
        "a-push-that-the-object-refuses": Fact(
            "tokens-skew",
            "A push just after the token's time is refused, though the clock is behind where it comes.",
            lambda s: (s.minted_for == s.L + 1) & _nothing_against_it(s) & for_all(s.Pop, lambda p: s.slow[p]),
            "push",
            lambda s: ~_somebody_is_admitted(s),
        ),
        "a-clock-is-set-right": happens("tokens-skew", "resync", "The clock of a location is set right."),
        "a-token-admits": Fact(
            "tokens-push-unchecked",
            "A request with the token is admitted.",
            lambda s: exists(s.Pop, lambda p: s.admitted[p]),
        ),
        "a-tombstone-is-put": Fact(
            "tokens-push-unchecked", "KV holds the tombstone of a revoked token.", lambda s: s.listed == "tombstone"
        ),
    },
    regardless={"tokens-delete-late": ("monotonic-kv",)},
)
