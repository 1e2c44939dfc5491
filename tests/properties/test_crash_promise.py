# SPDX-License-Identifier: Apache-2.0
"""What a program owes after a power cut by what it has said, and which power cuts of a run are looked at."""

from __future__ import annotations

import pytest

from edgeproof.properties.engines.crash.disk import Create, Operation, Sync, SyncFolder, Write
from edgeproof.properties.engines.crash.effort import Budget
from edgeproof.properties.engines.crash.syscalls.plan import plan
from edgeproof.properties.engines.crash.syscalls.promise import Promise, PromiseError, Shows, found_in, promised
from edgeproof.properties.engines.crash.syscalls.recording import Line, Recording
from edgeproof.properties.engines.crash.syscalls.witness import Fate, Witness, WitnessError, dump_witness, load_witness


def said(*lines: str, shows: Shows = "all") -> Promise:
    return promised([Line(line, done, done) for done, line in enumerate(lines, 1)], shows)


@pytest.mark.parametrize(
    ("shows", "found", "wrong"),
    [
        ("all", "a b", ""),
        ("all", "a b c", ""),  # sent, and not acknowledged: it may be there
        ("all", "a", "'b' was acknowledged, and is not there"),
        ("all", "a b d", "'d' is there where 'c' has to be, which came before"),
        ("all", "b a", "'b' is there where 'a' has to be, which came before"),
        ("all", "a b to", "'to' is there, which was never written"),
        ("all", "a b b", "'b' is there twice"),
        ("any-order", "d b a", ""),
        ("any-order", "d a", "'b' was acknowledged, and is not there"),
        ("any-order", "a b to", "'to' is there, which was never written"),
        ("newest", "b", ""),
        ("newest", "d", ""),
        ("newest", "a", "'b' was acknowledged, and 'a' is there, which is older"),
        ("newest", "", "'b' was acknowledged, and nothing is there"),
        ("newest", "a b", "2 are there, not only the newest"),
    ],
)
def test_what_may_be_found_where_a_and_b_were_acknowledged_and_c_and_d_were_on_their_way(
    shows: Shows, found: str, wrong: str
) -> None:
    promise = said("ACK a", "SENT b", "SENT c", "ACK b", "SENT d", "ready", shows=shows)
    assert promise.until(5) == ("a", "b")
    assert promise.broken(promise.until(5), found.split()) == wrong


def test_what_is_acknowledged_later_is_not_owed_yet() -> None:
    promise = said("ACK a", "ACK b")
    assert [promise.until(done) for done in range(3)] == [(), ("a",), ("a", "b")]
    assert promise.broken(promise.until(1), ["a"]) == ""


def test_a_token_is_the_rest_of_a_line_and_every_other_line_means_nothing() -> None:
    assert found_in("opening\nHAS key = some value\r\nHASTE\n HAS x\nHAS 2") == ("key = some value", "2")
    with pytest.raises(PromiseError, match="'a' is acknowledged twice"):
        said("ACK a", "ACK a")
    with pytest.raises(PromiseError, match="a line that says ACK has no token"):
        said("ACK ")


# --- which power cuts are looked at


def recording(*operations: Operation) -> Recording:
    return Recording((SyncFolder(), *operations), 1, (Line("ACK a", 4, 1),), 0)


THREE = recording(Create("a"), SyncFolder(), Write("a", 0, b"1"), Sync("a"), Write("a", 1, b"2"))


def test_every_image_is_looked_at_once_for_all_that_was_acknowledged_when_it_can_be_there() -> None:
    planned = plan(THREE, promised(THREE.lines, "all"), Budget(), 100, 0)
    looked = [(cut.at.done, dict(cut.left()), cut.acknowledged) for _, cut in planned.cuts]
    assert looked == [
        (1, {}, ()),
        (2, {"a": b""}, ()),
        (4, {"a": b""}, ("a",)),
        (4, {"a": b"1"}, ("a",)),
        (6, {"a": b"12"}, ("a",)),
    ]
    assert (planned.images, planned.of_images, planned.points, planned.of_points) == (4, 4, 6, 6)
    assert str(planned).startswith("all 4 images of 6 points: at 6 points every subset")


def test_of_too_many_images_some_are_drawn_by_the_seed_and_it_is_said() -> None:
    many = recording(Create("a"), *(Write("a", place, b"x") for place in range(40)))
    promise = promised(many.lines, "all")
    sampled = plan(many, promise, Budget(), 25, 0)
    assert "25 of " in str(sampled)
    assert "25 of 42 points" in str(sampled)
    assert len({image for image, _ in sampled.cuts}) == 25
    drawn = [[image for image, _ in plan(many, promise, Budget(), 25, seed).cuts] for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_of_a_long_run_that_syncs_nothing_the_last_operations_vary_and_all_may_be_gone() -> None:
    many = recording(Create("a"), *(Write("a", place, b"x") for place in range(150)))
    planned = plan(many, promised((), "all"), Budget(samples=1), 10_000, 0)
    assert {b"x" * 150, b"x" * 50, None} <= {cut.left().get("a") for _, cut in planned.cuts}


# --- what is kept of one


WITNESS = Witness(
    *("newest", ("a", "b"), ("a",), {"in/": b"", "in/log": b"\x00\xff"}, "'a' is gone", 3, 9, "write of in/log"),
    (Fate(3, "write of in/log, 2 bytes at 0", "lost"),),
)


def test_a_power_cut_is_read_as_it_was_written() -> None:
    assert load_witness(dump_witness(WITNESS)) == WITNESS


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"power cut": 1', '"power cut": 2', 'does not say "power cut": 1'),
        ('"newest"', '"some"', '"shows" is one of all, any-order, newest'),
        ('"in/log":', '"../log":', "'../log' is no file in a folder"),
        ('"in/log":', '"/log":', "'/log' is no file in a folder"),
        ('"in/": "",', "", "'in/' is not there, and has something in it"),
        ('"AP8="', '"AP8"', "has no content in base64"),
        ('"AP8="', "7", "has no content in base64"),
        ('"done": 3', '"done": "3"', '"done" is a whole number'),
        ("{", "[" * 100_000, "no JSON document"),
    ],
)
def test_a_file_that_holds_no_power_cut_is_refused(old: str, new: str, why: str) -> None:
    text = dump_witness(WITNESS)
    assert old in text
    with pytest.raises(WitnessError, match=why):
        load_witness(text.replace(old, new))
