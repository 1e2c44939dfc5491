# SPDX-License-Identifier: Apache-2.0
"""`edgeproof follow`: what somebody sees of a history while it is being written."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.processes import started
from tests.properties.histories import clean, read, text
from tests.properties.random_traffic import random_unit
from tests.reports.conftest import Run


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "h.jsonl"
    path.write_text("".join(text(clean())))
    (tmp_path / "list.json").write_text(json.dumps(clean()))
    (tmp_path / "commits.toml").write_text('[versions]\norder = "commits"\n')
    return path


def test_it_says_what_breaks_and_ends_with_verdicts(cli: Run, history: Path) -> None:
    with history.open("a") as more:
        more.writelines(text([read(9, 100, 100.1, digest=None)]))
    lines = len(clean()) + 1
    outcome = cli("follow", history, "--idle", "0.1s")
    assert outcome.status == 1
    assert f"{lines} lines, {lines} events" in outcome.out
    assert "which was never committed" in outcome.out


def test_it_says_nothing_of_failures_where_there_are_none_and_what_they_break_where_there_are(
    cli: Run, history: Path
) -> None:
    words = ("follow", history, "--reader", "guarded", "--idle", "0.1s")
    outcome = cli(*words)
    assert "serves-last-good" not in outcome.out
    failed = read(None, 100, 100.1, outcome="fail", digest=None, source=None, note="no config")
    with history.open("a") as more:
        more.writelines(text([failed]))
    outcome = cli(*words)
    assert outcome.status == 1
    assert "r1 at lis got no answer (no config), although line 4 had told it a config" in outcome.out


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_verdicts_when_it_is_asked_to_end(history: Path, end: signal.Signals) -> None:
    command = [sys.executable, "-m", "edgeproof.reports.cli", "follow", str(history), "--json"]
    with started(command, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert "events" in process.stderr.readline()  # said once all that there is has been read
        process.send_signal(end)
        out, _ = process.communicate(timeout=60)
    document = json.loads(out)
    assert document["lines"] == len(clean())
    assert process.returncode == document["report"]["exit_status"] != 130


def test_it_ends_with_the_verdicts_of_a_check_of_the_same_file(cli: Run, history: Path) -> None:
    """Of all properties, and with what the environment broke, which the way there does not show."""
    with history.open("a") as more:
        more.writelines(text([read(1, 30, 30.1, source="cache")]))
    numbers = ("--sync-delay", "1s", "--put-timeout", "1s", "--cache-ttl", "2s", "--json")
    followed, checked = (cli(*words, *numbers) for words in (("follow", history, "--idle", "0.1s"), ("check", history)))
    assert (followed.status, _verdicts(followed.document)) == (checked.status, _verdicts(checked.document))
    assert _verdicts(followed.document)["bounded-staleness"] == "MISSED"


def test_logs_of_another_shape_are_followed_with_the_mapping_that_they_are_checked_with(
    cli: Run, tmp_path: Path
) -> None:
    """An envelope is a line with several events, or with none, and what breaks a promise is said with that line."""
    events = [*clean(), read(1, 30, 30.1), read(2, 90, 90.1)]
    messages = [{"Message": [json.dumps(_in_milliseconds(one))]} for one in events]
    logs = [messages[n : n + 2] for n in range(0, len(messages), 2)]
    logs.insert(1, [{"Message": ["GET /"]}])
    (tmp_path / "workers.log").write_text("".join(json.dumps({"Logs": one}) + "\n" for one in logs))
    (tmp_path / "mapping.toml").write_text(
        '[columns]\nkind = "what"\nreturn = "end"\n[times]\nall = "ms"\n[values.kind]\ntold = "read"\n'
    )
    words = ("workers.log", "--mapping", "mapping.toml", "--reader", "guarded", "--json")
    followed, checked = cli("follow", *words, "--idle", "0.1s"), cli("check", *words)
    counts = {name: followed.document[name] for name in ("lines", "events", "malformed")}
    assert counts == {"lines": len(logs), "events": len(events), "malformed": 0}
    assert (followed.status, _verdicts(followed.document)) == (checked.status, _verdicts(checked.document))
    assert _verdicts(followed.document)["monotonic-reads"] == "VIOLATED"
    assert (
        "r1 at lis was told version 1, after line 5 was told version 2"
        in cli("follow", *words[:-1], "--idle", "0.1s").out
    )


def _in_milliseconds(line: dict[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in line.items() if name not in ("kind", "invoke", "return")}
    what = "told" if line["kind"] == "read" else line["kind"]
    return {"what": what, "invoke": line["invoke"] * 1000, "end": line["return"] * 1000, **said}


def _verdicts(document: Any) -> dict[str, str]:
    return {one["id"]: one["verdict"] for one in document["report"]["cases"][0]["properties"]}


def test_a_file_that_is_cut_is_said_to_be_and_what_is_left_is_judged(
    cli: Run, history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = clean()[:4]

    def cut(path: Path, *, until_idle: float | None = None) -> Iterator[bytes | None]:
        """As `tail` gives it: the file was cut once it had been read."""
        yield from (line.encode() for line in text([*clean(), read(9, 100, 100.1)]))
        path.write_text("".join(text(left)))
        yield None
        yield from (line.encode() for line in text(left))

    monkeypatch.setattr("edgeproof.properties.intake.tail.tail", cut)
    outcome = cli("follow", history, "--idle", "0.1s")
    assert outcome.status == 0
    assert "the file was cut: what came before is no part of it any more" in outcome.out
    assert f"{len(left)} lines, {len(left)} events" in outcome.out


BOUND = ("--sync-delay", "1s", "--put-timeout", "0.5s", "--cache-ttl", "1s")


@pytest.mark.parametrize("seed", range(3))
def test_a_random_history_that_ends_anywhere_gets_the_verdicts_of_a_check_of_it(
    cli: Run, tmp_path: Path, seed: int
) -> None:
    """Within a line, too, which is malformed then; with a promise, or none."""
    dice = Random(seed)
    whole = lawless(dice)
    (tmp_path / "r.jsonl").write_bytes(whole[: dice.randrange(len(whole))])
    for words in (BOUND, (*BOUND, "--reader", "guarded"), ()):
        followed = cli("follow", "r.jsonl", "--idle", "0s", "--json", *words)
        checked = cli("check", "r.jsonl", "--json", *words)
        assert (followed.status, _judged(followed.document)) == (checked.status, _judged(checked.document))


@pytest.mark.parametrize("seed", range(3))
def test_a_random_history_that_is_cut_anywhere_on_the_way_gets_the_verdicts_of_a_check_of_what_is_left(
    cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Once half of it had been read it was cut to some of its beginning, and grew by something else again."""
    dice = Random(seed)
    whole, more = lawless(dice), lawless(dice)
    (tmp_path / "r.jsonl").write_bytes(whole)

    def cut(path: Path, *, until_idle: float | None = None) -> Iterator[bytes | None]:
        yield from whole[: len(whole) // 2].splitlines(keepends=True)
        path.write_bytes(whole[: dice.randrange(len(whole) // 2)] + more)
        yield None
        yield from path.read_bytes().splitlines(keepends=True)

    monkeypatch.setattr("edgeproof.properties.intake.tail.tail", cut)
    followed = cli("follow", "r.jsonl", "--json", *BOUND)
    checked = cli("check", "r.jsonl", "--json", *BOUND)
    assert (followed.status, _judged(followed.document)) == (checked.status, _judged(checked.document))
    assert followed.document["cuts"] == 1


def lawless(dice: Random) -> bytes:
    """Some units of which anything may be true, in about the order of time."""
    lines = [line for unit in ("a", "b", "c") for line in random_unit(dice, unit)]
    lines.sort(key=lambda line: line["invoke"] + dice.random())
    return "".join(text(lines)).encode()


def _judged(document: Any) -> list[tuple[str, str, str]]:
    """Every verdict there is, with why."""
    found = document["report"]["cases"][0]["properties"]
    return [(one["id"], one["verdict"], one.get("reason", "")) for one in found]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "Missing argument 'FILE'"),
        (("h.jsonl", "more.jsonl"), "unexpected extra argument (more.jsonl)"),
        (("none.jsonl",), "none.jsonl"),
        (("h.jsonl", "--mapping", "commits.toml"), "in the order of their commits are known once all are"),
        (("list.json",), "list.json has no object of JSON a line"),
        (("h.jsonl", "--retries", "3"), "a bound takes --sync-delay and --put-timeout"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(cli: Run, history: Path, words: tuple[str, ...], why: str) -> None:
    outcome = cli("follow", *words)
    assert outcome.status == 2
    assert why in outcome.err
    assert outcome.err.count("\n") == 1
