# SPDX-License-Identifier: Apache-2.0
"""A value in KV that is no config, on the real runtime: the Worker does with it what the reference does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from edgeproof.impl.edge.reader import NO_CONFIG
from edgeproof.impl.snapshot import Snapshot, from_kv
from edgeproof.impl.workerd.client import Reply
from tests.impl.invalid_values import GOOD, INVALID, ODD
from tests.workerd.held_reads import Edge

pytestmark = pytest.mark.xdist_group("workerd-flags")

MEMO_TTL: Final = 10


@pytest.fixture(params=["on", "off"], ids=["with epochs", "without"])
def edge(workerd: Path, request: pytest.FixtureRequest) -> Iterator[Edge]:
    with edge_of(request.node.callspec.params["reader"], request.param) as one:
        yield one


def edge_of(reader: str, epoch: str = "on") -> Edge:
    return Edge({"reader": reader, "epoch": epoch, "memo_ttl": MEMO_TTL}, history="log")


remembering = pytest.mark.parametrize("reader", ["guarded", "memo"])
any_reader = pytest.mark.parametrize("reader", ["plain", "guarded", "memo"])


def told(edge: Edge, unit: str) -> Reply:
    """What the location tells of a unit, once neither cache nor memo may be served."""
    edge.forget()
    edge.wait(MEMO_TTL + 1)
    return edge.get(f"/edge/{unit}")


def snapshot_in(reply: Reply) -> Snapshot:
    assert (reply.status, set(reply.said)) == (200, {"config", "era", "version"})
    return Snapshot(reply.said["version"], reply.said["era"], reply.said["config"])


def events(edge: Edge) -> list[dict[str, Any]]:
    """What the location's isolate has logged of its reads."""
    return [json.loads(line) for line in edge.log().splitlines() if line.startswith('{"kind"')]


@remembering
def test_the_last_good_copy_is_served_and_said_to_be_one(edge: Edge, reader: str) -> None:
    for number, (what, value) in enumerate(INVALID.items()):
        unit = f"u{number}"
        edge.kv.put(f"config:{unit}", GOOD)
        assert snapshot_in(told(edge, unit)) == from_kv(GOOD)
        edge.kv.put(f"config:{unit}", value)
        reply = told(edge, unit)
        assert snapshot_in(reply) == from_kv(GOOD), what
        assert reply.headers["Cache-Status"] == "isolate; hit; detail=last_good"
        event = events(edge)[-1]
        assert (event["outcome"], event["version"], event["source"], event["note"]) == ("ok", 7, "last_good", NO_CONFIG)


@any_reader
def test_without_a_copy_that_may_be_used_nothing_is_told(edge: Edge, reader: str) -> None:
    for number, (what, value) in enumerate(INVALID.items()):
        unit = f"u{number}"
        if reader == "plain":
            edge.kv.put(f"config:{unit}", GOOD)
            assert snapshot_in(told(edge, unit)) == from_kv(GOOD)
        edge.kv.put(f"config:{unit}", value)
        assert told(edge, unit).status == 503, what
        event = events(edge)[-1]
        assert (event["outcome"], event.get("source"), NO_CONFIG in event["note"]) == ("fail", None, True)
        edge.kv.put(f"config:{unit}", GOOD)
        assert snapshot_in(told(edge, unit)) == from_kv(GOOD)


@any_reader
def test_what_is_a_config_to_the_reference_is_one_to_the_worker(edge: Edge, reader: str) -> None:
    for number, value in enumerate(ODD.values()):
        edge.kv.put(f"config:u{number}", value)
        assert snapshot_in(told(edge, f"u{number}")) == from_kv(value)


@remembering
def test_it_says_whether_kv_is_out_of_reach_or_has_no_config(edge: Edge, reader: str) -> None:
    edge.kv.put("config:u", GOOD)
    assert "Cache-Status" not in told(edge, "u").headers
    edge.kv.places[0].reachable = False
    assert told(edge, "u").headers["Cache-Status"] == "isolate; hit; detail=fallback"
    event = events(edge)[-1]
    assert (event["source"], "503" in event["note"]) == ("fallback", True)


def test_a_memo_and_what_is_older_in_kv_are_told_from_memory(workerd: Path) -> None:
    for reader in ("memo", "guarded"):
        with edge_of(reader) as edge:
            edge.publish(2)
            assert edge.read().source == ""
            if reader == "guarded":
                edge.publish(1)
            told = edge.read()
            assert (told.version, told.source) == (2, "memo")
