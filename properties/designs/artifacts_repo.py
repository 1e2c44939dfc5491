# SPDX-License-Identifier: Apache-2.0
"""`artifacts_repo`: Git repos as we would build them, and each of the ways in which one loses what was pushed.

The lemmas say why a ref always has its objects: the repo has a row of whatever a ref reaches, and a row names a blob
that nobody deletes. Whoever was told a ref has the grace: what they were promised is unreachable no longer than they
have been fetching. And they say why nothing is lost: the history that a push would give main has all that main has,
unless main has moved since, and then the push is refused.

No system of it is registered yet, so nothing is charged and `verify` drives nothing: it is searched and proved, and
`tests/impl/git` drives the repository of `impl.git` in lockstep with two of its cases.
"""

from __future__ import annotations

from typing import Final

from edgeproof.model.expr import TRUE, Expr, exists, for_all, implies
from edgeproof.model.machine import State
from edgeproof.properties.designs.dossier import Constants, Dossier, Fact, Lemmas, Row, Term

__all__ = ["DOSSIER"]

_OPEN: Final[Constants] = {"door": "open"}
_TOKEN: Final[Constants] = {"Pop": 1, "pushes": 1, "L": 3}
_AT_ONCE: Final[Constants] = {"U": 0, "X": 0, "K": 0}
_ALONE: Final[Constants] = {**_OPEN, "Pop": 1}

# Durations that are all different: one that is taken for another shows.
_APART: Final[Constants] = {"K": 1, "X": 2, "U": 3, "W": 4, "L": 5}

_CASES: Final[tuple[Row, ...]] = (
    (
        "repo",
        {**_OPEN, "crash": True},
        (),
        "objects before refs, all refs in one transaction that compares them, a grace for who has listed them",
    ),
    (
        "repo-tokens",
        {**_TOKEN, "crash": True},
        (),
        "the object looks into its own table as the refs move: nothing that went on before counts",
    ),
    (
        "repo-forks",
        {**_ALONE, "crash": True, "forks": "own"},
        (),
        "a fork has blobs of its own, and the repo may collect its own",
    ),
    (
        "repo-refs-first",
        {**_ALONE, "order": "refs"},
        ("no-dangling-ref",),
        "a ref moves before what it reaches is stored, and if nobody stores it any more that lasts",
    ),
    (
        "repo-no-grace",
        {**_ALONE, "collector": "eager"},
        ("no-dangling-ref",),
        "somebody has listed the refs, and fetches what none of them reaches any more",
    ),
    (
        "repo-short-grace",
        {**_ALONE, "collector": "graceful", **_APART},
        ("no-dangling-ref",),
        "a tick less than a fetch may take",
    ),
    (
        "repo-refs-singly",
        {**_ALONE, "refs": "singly"},
        ("push-atomic", "no-dangling-ref"),
        "between two transactions anybody may look, the object may die, and the collector may run",
    ),
    (
        "repo-compared-on-arrival",
        {**_OPEN, **_AT_ONCE, "compare": "arrival"},
        ("no-lost-push", "ref-race"),
        "between the comparison and the move another push has moved the ref",
    ),
    (
        "repo-connected-on-arrival",
        {**_ALONE, "connect": "arrival", "pushes": 3},
        ("no-dangling-ref",),
        "a pack leaves out what the repo has, and before its ref moves that is collected",
    ),
    (
        "repo-quarantine-visible",
        {**_OPEN, **_AT_ONCE, "quarantine": "visible"},
        ("no-dangling-ref",),
        "a push builds on the objects of another one, which is then refused or breaks off",
    ),
    (
        "repo-digest-names",
        {**_ALONE, "names": "digest", "pushes": 3},
        ("no-dangling-ref",),
        "an object that comes back has the blob's old name, and the delete that is under way takes it",
    ),
    (
        "repo-shared-blobs",
        {**_ALONE, "forks": "shared"},
        ("repo-isolation",),
        "the repo collects what no ref of its own reaches, and a fork's rows name that",
    ),
    (
        "repo-unchecked",
        {**_TOKEN, "recheck": "off"},
        ("push-revocation", "token-expiry"),
        "a push that was let in goes on, whatever becomes of its token",
    ),
    (
        "repo-scope-unchecked",
        {**_TOKEN, "recheck": "off", "check": "presence"},
        ("token-scope", "push-revocation", "token-expiry"),
        "that KV has a token says nothing of its repo and its scope, and nobody else asks",
    ),
    (
        "repo-token-returns",
        {**_TOKEN, "revoke": "forgotten", "token_returns": True},
        ("token-revocation-bound",),
        "a late put of the token lands where nothing says any more that it was revoked",
    ),
)


def terms(s: State) -> tuple[Term, ...]:
    """How long a revoked token is still accepted: as long as a location may not have heard of it (`artifacts_tokens`
    says of what that is made), and where the object does not look again, as long as a push may go on that was let in.
    """
    return (
        Term("W", "a location has not heard that the token is revoked", s.W, TRUE),
        Term("U", "a push that was let in goes on", s.U, s.recheck == "off"),
    )


def _told_to_exist(s: State) -> Expr:
    reaches: Expr = s.main_needs | s.side_needs
    return reaches


def _is_owed(s: State) -> Expr:
    """The push under observation has moved main, and nobody has forced or deleted that since."""
    return (s.fate == "landed") | (s.fate == "acked")


_PUSHES: Final[Lemmas] = {
    "what-has-not-arrived-moves-nothing": lambda s: for_all(
        s.Pop,
        lambda p: implies((s.stage[p] == "none") | (s.stage[p] == "listed"), ~s.main_won[p] & ~s.side_won[p]),
    ),
    "what-stays-is-not-won": lambda s: for_all(
        s.Pop,
        lambda p: implies(s.main_won[p], s.main_to[p] != "stays") & implies(s.side_won[p], s.side_to[p] != "stays"),
    ),
    "both-or-none": lambda s: for_all(s.Pop, lambda p: implies(s.over_both[p], s.main_won[p] == s.side_won[p])),
    "the-push-under-observation-carries-itself": lambda s: for_all(s.Pop, lambda p: implies(s.eyed[p], s.carries[p])),
    "who-saw-main-carries-what-it-has": lambda s: for_all(
        s.Pop,
        lambda p: implies((s.stage[p] != "none") & ~s.forces[p] & ~s.main_moved[p] & _is_owed(s), s.carries[p]),
    ),
    "side-follows-main": lambda s: for_all(
        s.Pop, lambda p: implies(s.side_won[p] & (s.main_to[p] != "stays"), s.main_won[p])
    ),
    "what-has-moved-main-is-owed": lambda s: for_all(
        s.Pop, lambda p: implies(s.eyed[p] & s.main_won[p], s.fate != "none")
    ),
    "what-is-owed-is-held": lambda s: implies(_is_owed(s), s.held),
}

_OBJECTS: Final[Lemmas] = {
    "refs-reach-rows": lambda s: implies(_told_to_exist(s), s.row),
    "rows-name-blobs": lambda s: implies(s.row, s.blob),
    "nobody-borrows": lambda s: for_all(s.Pop, lambda p: ~s.borrowed[p]),
    "nobody-deletes": lambda s: ~s.deleting,
    "what-is-promised-is-kept": lambda s: for_all(s.Pop, lambda p: implies(s.promised[p], s.row)),
    "only-fetches-are-promised": lambda s: for_all(s.Pop, lambda p: implies(s.promised[p], s.fetching[p])),
    "what-is-promised-was-reachable": lambda s: for_all(
        s.Pop, lambda p: implies(s.promised[p] & s.unreachable, s.released_for <= s.fetching_for[p])
    ),
    "nothing-dangles": lambda s: for_all(s.Pop, lambda p: ~s.dangling[p]),
    "no-fork-is-stranded": lambda s: ~s.stranded,
}

_TOKENS: Final[Lemmas] = {
    "no-token-returns": lambda s: ~s.returned,
    "a-revoked-token-was-minted": lambda s: s.revoked_for <= s.minted_for,
    "who-has-heard-has-something-to-hear": lambda s: for_all(
        s.Pop, lambda p: implies(s.heard[p], s.token == "revoked")
    ),
    "who-was-let-in-has-a-token": lambda s: for_all(
        s.Pop, lambda p: implies((s.door == "tokens") & (s.stage[p] == "arrived"), s.token != "none")
    ),
    "who-was-let-in-was-in-scope": lambda s: for_all(
        s.Pop,
        lambda p: implies((s.door == "tokens") & (s.stage[p] == "arrived"), s.writes | (s.check == "presence")),
    ),
    "who-was-let-in-came-in-time": lambda s: for_all(
        s.Pop,
        lambda p: implies(
            (s.door == "tokens") & (s.stage[p] == "arrived") & (s.token == "revoked"),
            s.revoked_for <= s.W + s.pushing_for[p],
        ),
    ),
}


def _of_one(ref: str, other: str) -> dict[str, Fact]:
    """What happens to one ref need not happen to the other."""

    def only_this_reaches(s: State) -> Expr:
        reaches: Expr = s.scalar(f"{ref}_needs") & ~s.scalar(f"{other}_needs")
        return reaches

    def alone(s: State, flag: str) -> Expr:
        return exists(
            s.Pop,
            lambda p: (
                s.element(flag, p) & (s.element(f"{ref}_to", p) == "with") & (s.element(f"{other}_to", p) == "stays")
            ),
        )

    def moved_meanwhile(s: State, stage: str, left_alone: str) -> Expr:
        return exists(
            s.Pop,
            lambda p: (
                (s.stage[p] == stage) & (s.element(f"{left_alone}_to", p) == "stays") & s.element(f"{ref}_moved", p)
            ),
        )

    return {
        f"an-object-of-{ref}-is-stored": Fact(
            "repo-no-grace", f"A push of {ref} alone stores its object.", lambda s: alone(s, "spilled")
        ),
        f"a-fork-takes-what-{ref}-has": Fact(
            "repo-forks",
            f"An object that {ref} alone reaches is forked.",
            lambda s: only_this_reaches(s) & ~s.forked,
            "fork",
        ),
        f"a-fetch-is-promised-what-{ref}-has": Fact(
            "repo-no-grace",
            f"A fetch is promised an object that {ref} alone reaches.",
            lambda s: only_this_reaches(s) & for_all(s.Pop, lambda p: ~s.promised[p]),
            "fetch",
            lambda s: exists(s.Pop, lambda p: s.promised[p]),
        ),
        f"an-object-follows-{ref}": Fact(
            "repo-refs-first",
            f"An object is stored once {ref} alone has moved, and is the repo's then.",
            lambda s: for_all(s.Pop, lambda p: s.moving[p] & (s.element(f"{other}_to", p) == "stays") & ~s.spilled[p]),
            "spill",
            lambda s: s.row & s.blob,
        ),
        f"{ref}-goes-on-without-it": Fact(
            "repo-no-grace",
            f"A push goes on from what {ref} has, and neither has the object.",
            lambda s: (
                ~s.scalar(f"{ref}_needs")
                & exists(s.Pop, lambda p: ~s.forces[p] & (s.element(f"{ref}_to", p) == "without"))
            ),
        ),
        f"an-object-of-{ref}-is-borrowed": Fact(
            "repo-quarantine-visible", f"A push of {ref} alone borrows its object.", lambda s: alone(s, "borrowed")
        ),
        f"{ref}-is-compared-on-arrival": Fact(
            "repo-compared-on-arrival",
            f"A push of {ref} that is late is refused on its arrival.",
            lambda s: for_all(s.Pop, lambda p: s.stage[p] != "refused"),
            "arrive",
            lambda s: moved_meanwhile(s, "refused", other),
        ),
        f"{ref}-is-not-compared-on-arrival": Fact(
            "repo-compared-on-arrival",
            f"A push that leaves {ref} alone is let in, although that has moved.",
            lambda s: for_all(s.Pop, lambda p: s.stage[p] != "arrived"),
            "arrive",
            lambda s: moved_meanwhile(s, "arrived", ref),
        ),
    }


def _is_blank(s: State) -> Expr:
    """No push is under way, and of none anything is left."""
    return for_all(
        s.Pop,
        lambda p: (
            (s.stage[p] == "none")
            & (s.main_to[p] == "stays")
            & (s.side_to[p] == "stays")
            & ~(s.forces[p] | s.spilled[p] | s.moving[p] | s.eyed[p] | s.carries[p])
        ),
    )


def _is_full(s: State) -> Expr:
    """A push of everything that there is has done all that it can."""
    return for_all(
        s.Pop,
        lambda p: s.over_both[p] & s.forces[p] & s.spilled[p] & s.main_won[p] & s.side_won[p] & s.eyed[p],
    )


_ENDS: Final = {
    f"{name}-leaves-nothing": Fact(case, f"Of a push that ends by {name} nothing is left.", _is_full, name, _is_blank)
    for name, case in (("acknowledge", "repo-no-grace"), ("break_off", "repo-no-grace"), ("crash", "repo-forks"))
}


DOSSIER: Final = Dossier(
    cases=_CASES,
    anomalies=("immediate-revocation",),
    room={"pushes": 12},
    engines=("explore", "prove"),
    terms=terms,
    lemmas={**_PUSHES, **_OBJECTS, **_TOKENS},
    possible={
        "a-push-is-acknowledged": Fact("repo", "A push is acknowledged.", lambda s: s.fate == "acked"),
        "a-late-push-is-let-in": Fact(
            "repo",
            "A push that is late already is let in, and refused only as its refs would move.",
            lambda s: for_all(s.Pop, lambda p: s.stage[p] != "arrived"),
            "arrive",
            lambda s: exists(s.Pop, lambda p: (s.stage[p] == "arrived") & (s.main_to[p] != "stays") & s.main_moved[p]),
        ),
        **_of_one("main", "side"),
        **_of_one("side", "main"),
        "an-object-is-stored-apart": Fact(
            "repo-no-grace", "What is in quarantine is not the repo's.", lambda s: ~s.blob, "spill", lambda s: ~s.blob
        ),
        "an-object-is-stored-by-its-name": Fact(
            "repo-digest-names", "An object is stored under its digest.", lambda s: ~s.blob, "spill", lambda s: s.blob
        ),
        "a-push-lacks-an-object": Fact(
            "repo",
            "A push in time is refused, as the repo lacks what it leaves out.",
            lambda s: for_all(s.Pop, lambda p: (s.stage[p] != "refused") & ~s.main_moved[p] & ~s.side_moved[p]),
            "push",
            lambda s: exists(s.Pop, lambda p: s.stage[p] == "refused"),
        ),
        **_ENDS,
        "a-repo-begins-empty": Fact(
            "repo-no-grace",
            "There is nothing at first.",
            lambda s: (
                _is_blank(s)
                & (s.begun == 0)
                & ~(s.row | s.blob | _told_to_exist(s) | s.forked | s.held)
                & for_all(s.Pop, lambda p: ~s.fetching[p] & ~s.promised[p] & ~s.dangling[p] & ~s.admitted[p])
            ),
        ),
        "a-push-goes-on-from-another": Fact(
            "repo-no-grace",
            "What was acknowledged is owed still when another push has gone on from it.",
            lambda s: (s.fate == "acked") & for_all(s.Pop, lambda p: ~s.moving[p]),
            "push",
            lambda s: (s.fate == "acked") & exists(s.Pop, lambda p: s.main_won[p]),
        ),
        "a-blob-is-deleted": Fact(
            "repo-no-grace",
            "With the row of an object its blob goes.",
            lambda s: s.blob,
            "collect",
            lambda s: ~s.blob,
        ),
        "an-object-that-followed-is-acknowledged": Fact(
            "repo-refs-first",
            "A push whose object followed its ref is acknowledged.",
            lambda s: for_all(s.Pop, lambda p: s.main_to[p] == "with"),
            "acknowledge",
        ),
        "the-second-ref-follows": Fact(
            "repo-refs-singly",
            "The second ref follows the first one, and both have the object.",
            lambda s: for_all(s.Pop, lambda p: (s.main_to[p] == "with") & (s.side_to[p] == "with")),
            "push_rest",
            lambda s: s.side_needs & exists(s.Pop, lambda p: s.side_won[p]),
        ),
        "both-refs-are-acknowledged": Fact(
            "repo-refs-singly",
            "A push that moved both of its refs is acknowledged.",
            lambda s: for_all(s.Pop, lambda p: s.over_both[p]),
            "acknowledge",
        ),
        "a-push-is-undone": Fact("repo", "What was pushed is forced away.", lambda s: s.fate == "undone"),
        "a-push-of-both-lands": Fact(
            "repo", "A push moves both refs.", lambda s: exists(s.Pop, lambda p: s.main_won[p] & s.side_won[p])
        ),
        "a-push-takes-long": Fact(
            "repo-short-grace",
            "A push takes as long as it may.",
            lambda s: for_all(s.Pop, lambda p: (s.stage[p] == "arrived") & (s.pushing_for[p] == s.U)),
        ),
        "a-fetch-takes-long": Fact(
            "repo-short-grace",
            "A fetch takes as long as it may.",
            lambda s: for_all(s.Pop, lambda p: s.fetching[p] & (s.fetching_for[p] == s.X)),
        ),
        "a-fork-outlives-it": Fact(
            "repo-forks", "A fork has an object that its repo has not.", lambda s: s.forked & ~s.row
        ),
        "a-location-hears-late": Fact(
            "repo-tokens",
            "A location has not heard of a revocation for as long as that may take.",
            lambda s: (s.revoked_for == s.W) & for_all(s.Pop, lambda p: ~s.heard[p]),
        ),
        "a-location-hears-at-once": Fact(
            "repo-tokens",
            "A location hears of a revocation at once.",
            lambda s: s.revoked_for == 0,
            "hear",
        ),
    },
)
