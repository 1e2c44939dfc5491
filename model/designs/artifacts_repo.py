# SPDX-License-Identifier: Apache-2.0
"""A Git repo: a Durable Object that holds refs and rows of objects, a blob store for large objects, tokens at the door.

The design follows any two refs (`main` and `side`), any one push and any one large object: as the choice is free, what
holds of them holds of all. Small objects lie in the rows themselves, and come and go in one transaction with the refs.
A ref is known by what its history reaches: the push under observation, and the object. Nobody is on their own at a
location here: a client that pushes from two places counts as two locations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from edgeproof.model.designs.parts.door import Door, opens
from edgeproof.model.designs.parts.tokens import is_checked_again, is_in_scope
from edgeproof.model.expr import Expr, for_all, implies, ite, lift
from edgeproof.model.machine import (
    Design,
    State,
    action,
    boolean,
    clock,
    count,
    deadline,
    definition,
    duration,
    each,
    enum,
    hazard,
    index_sort,
    inherited,
    natural,
    option,
)

__all__ = ["ArtifactsRepo"]


class ArtifactsRepo(Door, Design):
    """One repo, those who push to it and fetch from it at locations, and perhaps a fork of it."""

    Pop = index_sort("Pop", 2, "locations; at each one push and one fetch may be under way")

    door = recheck = check = revoke = inherited()
    order = option("objects", "refs", doc="what a push stores first: its objects, or its refs")
    refs = option("together", "singly", doc="how a push moves its refs: in one transaction, or one after the other")
    compare = option("moving", "arrival", doc="when a ref is compared with what the client saw: as it moves, or before")
    connect = option("moving", "arrival", doc="when it is asked whether the repo has what a pack leaves out")
    quarantine = option("hidden", "visible", doc="whether other pushes may build on the objects of one under way")
    names = option("upload", "digest", doc="what a blob is called: by its upload, never twice; or by what is in it")
    collector = option("checked", "graceful", "eager", doc="who deletes what is unreachable: after K if that is enough")
    forks = option("none", "own", "shared", doc="a fork of the repo: none; with blobs of its own; with the repo's")

    pushes = count(2, "how many pushes a search goes through")
    L = inherited()
    U = duration(1, "push time-out: a push has ended this long after its client listed the refs")
    X = duration(1, "fetch time-out: from listing the refs to having their objects")
    K = duration(1, "grace: an object that no ref reaches any more is kept at least this long")
    W = inherited()

    # --- the Durable Object: refs, rows and tokens survive a crash, what is under way does not

    token = writes = minted_for = revoked_for = inherited()
    main_needs = boolean(doc="the history of main reaches the object")
    side_needs = boolean(doc="the history of side reaches the object")
    row = boolean(doc="the repo's rows have the object")
    released_for = clock(while_=lambda s: s.unreachable, doc="since no ref reaches the object")
    begun = natural(pushes, doc="how many pushes were begun")

    # --- the blob store

    blob = boolean(doc="the blob that the object's row names is there")
    deleting = boolean(doc="a delete of that blob is under way, where blobs are named by what is in them")
    forked = boolean(doc="the fork has the object")
    stranded = boolean(doc="the blob that the fork's row names is gone")

    # --- pushes

    stage = enum("none", "listed", "arrived", "refused", over=Pop, doc="the push: refs listed; let in; turned down")
    main_to = enum("stays", "with", "without", over=Pop, doc="what it makes of main: a history with the object, or not")
    side_to = enum("stays", "with", "without", over=Pop, doc="and of side")
    forces = boolean(over=Pop, doc="it replaces what the refs had, or deletes them")
    main_moved = boolean(over=Pop, doc="main has moved since the push's client listed it")
    side_moved = boolean(over=Pop, doc="side has moved since the push's client listed it")
    spilled = boolean(over=Pop, doc="its quarantine has the object, stored in the blob store")
    borrowed = boolean(over=Pop, doc="it took the object for the repo's before it moved its refs")
    main_won = boolean(over=Pop, doc="it has moved main")
    side_won = boolean(over=Pop, doc="it has moved side")
    pushing_for = clock(over=Pop, while_=lambda s, p: s.stage[p] != "none", doc="since its client listed the refs")

    # --- fetches, and what locations know of the token

    fetching = boolean(over=Pop, doc="a fetch was told the refs, and asks for their objects")
    promised = boolean(over=Pop, doc="a ref that it was told reaches the object")
    fetching_for = clock(over=Pop, while_=lambda s, p: s.fetching[p], doc="since it was told the refs")
    dangling = boolean(over=Pop, doc="the last fetch did not find an object that a ref promised")
    heard = returned = admitted = inherited()

    # --- the observer: one push, any one

    watched = natural(pushes, initial=None, doc="the push under observation; 0 observes none")
    eyed = boolean(over=Pop, doc="the push under way is the one under observation")
    carries = boolean(over=Pop, doc="the history that a push would give main has the push under observation")
    held = boolean(doc="the history of main has the push under observation")
    fate = enum("none", "landed", "acked", "undone", doc="the push under observation, until main is forced or deleted")

    # --- words that properties use

    expired = listed = inherited()

    @definition()
    def unreachable(s: State) -> Expr:
        """The repo has the object, and no ref reaches it."""
        return s.row & ~s.main_needs & ~s.side_needs

    @definition(pop=Pop)
    def over_both(s: State, pop: Expr) -> Expr:
        """The push at a location is to move both refs."""
        return (s.main_to[pop] != "stays") & (s.side_to[pop] != "stays")

    @definition(pop=Pop)
    def moving(s: State, pop: Expr) -> Expr:
        """The push at a location has moved a ref already."""
        return s.main_won[pop] | s.side_won[pop]

    # --- the owner of the repo

    mint_read = mint_write = revoke_token = hear = token_returns = inherited()

    @action(fair=False)
    def fork(s: State) -> None:
        """The owner forks the repo, perhaps once more."""
        s.require((s.forks != "none") & (s.main_needs | s.side_needs))
        s.forked = True

    # --- pushing: the refs are listed, commands are made, a pack is stored, the refs move, the client is told

    @action(fair=False, pop=Pop)
    def begin(s: State, pop: Expr) -> None:
        """Somebody at a location lists the refs, to push what goes on from them."""
        _begin(s, pop, forces=False)

    @action(fair=False, pop=Pop)
    def begin_forced(s: State, pop: Expr) -> None:
        """Somebody at a location lists the refs, to replace or delete them."""
        _begin(s, pop, forces=True)

    @action(fair=False, pop=Pop)
    def main_with(s: State, pop: Expr) -> None:
        """The push is to move main to a history that reaches the object."""
        _command(s, pop, "main", "with")

    @action(fair=False, pop=Pop)
    def main_without(s: State, pop: Expr) -> None:
        """The push is to move main to a history that does not: what goes on from one that does reaches it, too."""
        _command(s, pop, "main", "without")
        s.require(s.forces[pop] | ~s.main_needs)

    @action(fair=False, pop=Pop)
    def side_with(s: State, pop: Expr) -> None:
        """The push is to move side to a history that reaches the object."""
        _command(s, pop, "side", "with")

    @action(fair=False, pop=Pop)
    def side_without(s: State, pop: Expr) -> None:
        """The push is to move side to a history that does not."""
        _command(s, pop, "side", "without")
        s.require(s.forces[pop] | ~s.side_needs)

    @action(fair=False, pop=Pop)
    def arrive(s: State, pop: Expr) -> None:
        """The push comes to the door, and goes on to the Durable Object or is refused."""
        s.require((s.stage[pop] == "listed") & ((s.main_to[pop] != "stays") | (s.side_to[pop] != "stays")))
        let_in = opens(s, pop) & ((s.door == "open") | is_in_scope(s))
        in_place = (s.compare == "moving") | _nobody_was_faster(s, pop)
        s.stage[pop] = ite(let_in & in_place, lift("arrived", s.stage[pop].type), "refused")
        s.borrowed[pop] = (s.connect == "arrival") & s.row

    @action(fair=False, pop=Pop)
    def spill(s: State, pop: Expr) -> None:
        """The blob store has the object of the push's pack; a row says so, in quarantine until the refs move."""
        s.require((s.stage[pop] == "arrived") & _wants(s, pop) & ((s.order == "refs") | ~s.moving[pop]))
        s.spilled[pop] = True
        with s.when(s.names == "digest"):
            s.blob = True
        with s.when(s.moving[pop]):
            _take_in(s)

    @action(fair=False, pop=Pop, other=Pop)
    def borrow(s: State, pop: Expr, other: Expr) -> None:
        """Where quarantine is visible, a push finds the object in that of another one, and does not store it again."""
        s.require((s.quarantine == "visible") & (s.stage[pop] == "arrived") & _wants(s, pop))
        s.require(~s.moving[pop] & s.spilled[other] & (other != pop))
        s.borrowed[pop] = True

    @action(fair=False, pop=Pop)
    def push(s: State, pop: Expr) -> None:
        """The Durable Object decides on a push: in one transaction its refs move, or it is refused."""
        s.require((s.stage[pop] == "arrived") & ~s.moving[pop])
        s.admitted[pop] = (s.door == "open") | is_checked_again(s)
        in_place = (s.compare == "arrival") | _nobody_was_faster(s, pop)
        has_objects = (s.order == "refs") | _is_connected(s, pop)
        with s.when(s.admitted[pop] & in_place & has_objects):
            with s.when(s.spilled[pop]):
                _take_in(s)
            _move_main(s, pop)
            with s.when((s.refs == "together") | (s.main_to[pop] == "stays")):
                _move(s, pop, "side")
        with s.otherwise():
            s.stage[pop] = "refused"

    @action(fair=False, pop=Pop)
    def push_rest(s: State, pop: Expr) -> None:
        """Where a push moves one ref after the other, the second one follows, if nobody was faster."""
        s.require((s.refs == "singly") & s.over_both[pop] & s.main_won[pop] & ~s.side_won[pop])
        with s.when(~s.side_moved[pop]):
            _move(s, pop, "side")
        with s.otherwise():
            s.stage[pop] = "refused"

    @action(fair=False, pop=Pop)
    def acknowledge(s: State, pop: Expr) -> None:
        """The client is told that its push is done."""
        s.require((s.stage[pop] == "arrived") & s.moving[pop])
        s.require((s.refs == "together") | ~s.over_both[pop] | s.side_won[pop])
        s.require((s.order == "objects") | ~_wants(s, pop) | s.row)
        with s.when(s.eyed[pop] & (s.main_to[pop] != "stays") & (s.fate != "undone")):
            s.fate = "acked"
        _end(s, pop, _ENDED)

    @action(pop=Pop)
    def break_off(s: State, pop: Expr) -> None:
        """A push ends that was refused, or whose connection breaks, or whose time is up. What has moved stays."""
        s.require(s.stage[pop] != "none")
        _end(s, pop, _ENDED)

    @hazard()
    def crash(s: State) -> None:
        """The Durable Object dies: every push and fetch under way ends without an answer."""
        for name, value in {**_ENDED, **_FETCHED}.items():
            each(getattr(s, name), _always(value))

    # --- collecting

    @action(fair=False)
    def collect(s: State) -> None:
        """The collector drops the row of an object that no ref reaches, and then its blob, if no other row names it."""
        over = (s.collector == "eager") | (s.K < s.released_for)
        enough = (s.collector != "checked") | (s.X <= s.K)
        s.require(s.unreachable & over & enough)
        s.require((s.names == "upload") | for_all(s.Pop, lambda p: ~s.spilled[p]))
        s.row = False
        s.stranded = s.stranded | (s.forked & (s.forks == "shared"))
        # A blob that no other row can name may go at any time.
        with s.when(s.names == "upload"):
            s.blob = False
        with s.otherwise():
            s.deleting = True

    @action(fair=False)
    def delete_lands(s: State) -> None:
        """The blob store deletes the blob of that name, whoever has stored it since."""
        s.require(s.deleting)
        s.deleting = False
        s.blob = False

    # --- fetching: the refs, then their objects

    @action(fair=False, pop=Pop)
    def fetch(s: State, pop: Expr) -> None:
        """Somebody at a location is told the refs, to clone, fetch or pull."""
        s.require(~s.fetching[pop])
        s.admitted[pop] = opens(s, pop)
        s.fetching[pop] = s.admitted[pop]
        s.promised[pop] = s.admitted[pop] & (s.main_needs | s.side_needs)

    @action(pop=Pop)
    def download(s: State, pop: Expr) -> None:
        """A fetch gets the objects of the refs that it was told, as far as they are there."""
        s.require(s.fetching[pop])
        s.dangling[pop] = s.promised[pop] & ~(s.row & s.blob)
        _end(s, pop, _FETCHED)

    @action(fair=False, pop=Pop)
    def fetch_elsewhere(s: State, pop: Expr) -> None:
        """Somebody presents the token at another repo."""
        s.require(s.door == "tokens")
        s.admitted[pop] = opens(s, pop) & (s.check == "presence")

    # --- what time may not overtake: the platform's promises, as parameters

    @deadline
    def pushes_end_in_time(s: State) -> Expr:
        """A push has ended within U."""
        return for_all(s.Pop, lambda p: implies(s.stage[p] != "none", s.pushing_for[p] <= s.U))

    @deadline
    def fetches_end_in_time(s: State) -> Expr:
        """A fetch has its objects within X, or gives up."""
        return for_all(s.Pop, lambda p: implies(s.fetching[p], s.fetching_for[p] <= s.X))

    revocations_are_heard_in_time = inherited()


_ENDED: Final[dict[str, str | bool]] = {
    "stage": "none",
    "main_to": "stays",
    "side_to": "stays",
    "forces": False,
    "main_moved": False,
    "side_moved": False,
    "spilled": False,
    "borrowed": False,
    "main_won": False,
    "side_won": False,
    "eyed": False,
    "carries": False,
}
"""What is left of a push that has ended: its quarantine goes with it."""

_FETCHED: Final[dict[str, str | bool]] = {"fetching": False, "promised": False}
"""What is left of a fetch that has ended."""


def _begin(s: State, pop: Expr, forces: bool) -> None:
    s.require((s.stage[pop] == "none") & (s.begun < s.pushes))
    s.begun = s.begun + 1
    s.stage[pop] = "listed"
    s.forces[pop] = forces
    s.eyed[pop] = s.begun == s.watched
    s.carries[pop] = s.eyed[pop] | (s.held & ~s.forces[pop])


def _command(s: State, pop: Expr, ref: str, to: str) -> None:
    """The client, which has not sent its push yet, has a command for a ref, or another one than before."""
    s.require(s.stage[pop] == "listed")
    s.assign_element(f"{ref}_to", pop, to)


def _end(s: State, pop: Expr, left: dict[str, str | bool]) -> None:
    for name, value in left.items():
        s.assign_element(name, pop, value)


def _always(value: str | bool) -> Callable[[Expr], str | bool]:
    return lambda element: value


def _wants(s: State, pop: Expr) -> Expr:
    """The push needs the object."""
    return (s.main_to[pop] == "with") | (s.side_to[pop] == "with")


def _nobody_was_faster(s: State, pop: Expr) -> Expr:
    """Every ref that the push is to move is what its client saw."""
    main = (s.main_to[pop] == "stays") | ~s.main_moved[pop]
    return main & ((s.side_to[pop] == "stays") | ~s.side_moved[pop])


def _is_connected(s: State, pop: Expr) -> Expr:
    """The repo has what the push needs, or the push has brought it, or once took it for the repo's."""
    there = (s.connect == "moving") & s.row
    return ~_wants(s, pop) | there | s.spilled[pop] | s.borrowed[pop]


def _take_in(s: State) -> None:
    """The object that a push has brought leaves quarantine; where the repo has it already, that one stays."""
    with s.when(s.names == "upload"):
        s.blob = True
    s.row = True


def _move(s: State, pop: Expr, ref: str) -> None:
    """The ref moves to what the push makes of it, if it makes anything of it; others that listed it are late."""
    to = s.element(f"{ref}_to", pop)
    moved = getattr(s, f"{ref}_moved")
    with s.when(to != "stays"):
        setattr(s, f"{ref}_needs", to == "with")
        each(moved, lambda p: moved[p] | ((p != pop) & (s.stage[p] != "none")))
        s.assign_element(f"{ref}_won", pop, True)


def _move_main(s: State, pop: Expr) -> None:
    """Main moves, and with it what the observer sees."""
    _move(s, pop, "main")
    with s.when(s.main_won[pop]):
        s.held = s.carries[pop]
        with s.when(s.forces[pop] & ((s.fate == "landed") | (s.fate == "acked"))):
            s.fate = "undone"
        with s.when(s.eyed[pop]):
            s.fate = "landed"
