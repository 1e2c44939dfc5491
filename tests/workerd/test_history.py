# SPDX-License-Identifier: Apache-2.0
"""The Worker's log as a history: what it says of itself, by the clock of the runtime."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, Final

import ibis
import pytest
from attrs import evolve
from jsonschema import Draft202012Validator

from edgeproof.impl.edge.kv import KVNamespace, Limits
from edgeproof.impl.history import digest_of
from edgeproof.impl.workerd.adversary import Adversary, Answer, Fault, SuiteClock
from edgeproof.impl.workerd.adversary_http import Door
from edgeproof.impl.workerd.config import Bindings
from edgeproof.impl.workerd.processes import Processes
from edgeproof.properties.engines.history.engine import Promise, check_history
from edgeproof.properties.evidence import Verdict
from edgeproof.properties.intake import load

SCHEMA: Final = Draft202012Validator(
    json.loads(resources.files("edgeproof.properties").joinpath("history.schema.json").read_text())
)
AUTHORIZED: Final = {"Authorization": "Bearer a-token"}
OPTIONS: Final[dict[str, str | float]] = {"reader": "guarded", "epoch": "on", "cache_ttl": 60}


@pytest.fixture
def adversary() -> Adversary:
    clock = SuiteClock()
    return Adversary(KVNamespace(clock, limits=Limits(write_spacing=0)), clock, 1)


@pytest.fixture
def processes(workerd: Path, adversary: Adversary) -> Iterator[Processes]:
    door = Door(adversary)
    one = Processes(Bindings(OPTIONS, "a-token", main="index.js", history="log"), 0, door.address, AUTHORIZED)
    yield one
    one.close()
    door.close()


def write(processes: Processes, value: Any, **more: Any) -> Any:
    body = {"changes": {"é": value, "10": [1], "9": {"b": None, "a": "\u007f"}}, "actor": "ana", **more}
    return processes.store.do("PUT", "/units/app/config", body).said


def read(processes: Processes) -> Any:
    return processes.store.get("/edge/app").said


def until_it_is_published(processes: Processes, version: int) -> None:
    give_up = time.monotonic() + 60
    while read(processes)["version"] != version:
        assert time.monotonic() < give_up
        time.sleep(0.02)


def events(processes: Processes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in processes.log(10**7).splitlines() if line.startswith('{"kind"')]


def test_what_the_worker_logs_is_a_history_that_can_be_checked(processes: Processes, tmp_path: Path) -> None:
    read(processes)
    assert write(processes, 1, idempotency_key="k1") == {"version": 1, "repeated": False}
    assert write(processes, 1, idempotency_key="k1") == {"version": 1, "repeated": True}
    until_it_is_published(processes, 1)
    assert write(processes, 2.5, expected_version=1)["version"] == 2
    assert "detail" in write(processes, 3, expected_version=1)
    until_it_is_published(processes, 2)
    assert processes.store.do("POST", "/units/app/restore", {"version": 1}).said == {"version": 1}
    until_it_is_published(processes, 1)
    time.sleep(0.2)
    read(processes)

    found = events(processes)
    for event in found:
        SCHEMA.validate(event)
    made = [one for one in found if one["kind"] == "commit"]
    commits = [(one["outcome"], one.get("era"), one.get("version"), one.get("key")) for one in made]
    assert commits == [
        ("ok", 0, 1, "k1"),
        ("ok", None, 1, "k1"),
        ("ok", 0, 2, None),
        ("fail", None, None, None),
    ]
    (restored,) = [one for one in found if one["kind"] == "fault"]
    assert (restored["note"], restored["era"], restored["version"]) == ("rollback", 1, 1)
    assert restored["digest"] == made[0]["digest"]
    assert {one["version"] for one in found if one["kind"] == "publish"} == {1, 2}
    content = {"é": 1, "10": [1], "9": {"b": None, "a": "\u007f"}}
    assert made[0]["digest"] == digest_of(content)

    # However slow the machine is, the worst read was not as late as a minute.
    assert verdicts(found, Promise(60)) == {**HELD, "bounded-staleness": Verdict.VACUOUS}
    assert verdicts(found, Promise(0.1))["bounded-staleness"] is not Verdict.VACUOUS
    history = tmp_path / "history.jsonl"
    history.write_text("".join(json.dumps(event) + "\n" for event in found))
    loaded = load(ibis.duckdb.connect(), [history], strict=True)
    assert Counter(loaded.events.kind.execute()) == Counter(one["kind"] for one in found)


def test_what_goes_wrong_is_said_to_have_gone_wrong(processes: Processes, adversary: Adversary) -> None:
    adversary.inject("PUT", Fault(Answer(500)))
    adversary.inject("GET", Fault(Answer(500)))
    assert processes.store.get("/edge/app").status == 503
    write(processes, 1)
    until_it_is_published(processes, 1)
    (unanswered,) = [one for one in events(processes) if one["kind"] == "read" and one["outcome"] == "fail"]
    failed, done = [one for one in events(processes) if one["kind"] == "publish"]
    assert "version" not in unanswered
    assert (failed["outcome"], failed["version"], done["outcome"]) == ("unknown", 1, "ok")
    for event in events(processes):
        SCHEMA.validate(event)


def test_nothing_is_logged_that_was_not_asked_for(workerd: Path, adversary: Adversary) -> None:
    door = Door(adversary)
    processes = Processes(Bindings(OPTIONS, "a-token", main="index.js"), 0, door.address, AUTHORIZED)
    try:
        write(processes, 1)
        until_it_is_published(processes, 1)
        assert events(processes) == []
    finally:
        processes.close()
        door.close()


HELD: Final = dict.fromkeys(("never-ahead", "no-partial-read", "monotonic-reads"), Verdict.HOLDS_TO_BOUND)


def verdicts(found: list[dict[str, Any]], promise: Promise) -> dict[str, Verdict]:
    lines = [json.dumps(event) + "\n" for event in found]
    return {one.property: one.verdict for one in check_history(lines, evolve(promise, guarded=True))}
