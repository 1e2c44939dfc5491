# SPDX-License-Identifier: Apache-2.0
"""What recorded traffic says of copies: of a location that had one and failed, and of a label on another content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from edgeproof import Promise, Verdict, check_history
from edgeproof.properties.engines.history.follow import follow
from edgeproof.properties.traffic.catalogue import CHECKS
from edgeproof.properties.traffic.facts import gather
from tests.properties.histories import Line, clean, commit, digest, fault, publish, read, text
from tests.properties.random_traffic import as_table

PROMISE: Final = Promise(5.0, guarded=True)
AFTER: Final = len(clean()) + 1
"""The line after a clean history, which a case adds to it; lines are counted from the beginning of the case."""

Case = tuple[Sequence[Line], Sequence[str]]
"""A history of a unit of its own, and what is said of it."""


def failed(at: float, **more: Any) -> Line:
    """A read that nobody answers."""
    return read(None, at, at + 0.1, **{"outcome": "fail", "digest": None, "source": None, "note": "no config", **more})


def no_answer(line: int, since: int) -> list[str]:
    return [f"{line}: r1 at lis got no answer (no config), although {since} had told it a config"]


def another(line: int, what: str, since: int | None = 5) -> list[str]:
    """What is said of an event that has the content of version 9, and not that of version 2 (or 0)."""
    own = f"not {digest(0 if since is None else 2)[:12]}…" + ("" if since is None else f" as of {since}")
    own = f"{own}: same version, other content, or another serialisation"
    return [f"{line}: {what} with the digest {digest(9)[:12]}…, {own}"]


NINE: Final = {"digest": digest(9)}
BACK: Final = fault("rollback", 10, 10.1, version=1, digest=digest(1))
GONE: Final = {"pop": "lis", "reader": "r1"}

CASES: Final[Mapping[str, Mapping[str, Case]]] = {
    "serves-last-good": {
        "the isolate had a copy": ([*clean(), failed(10)], no_answer(AFTER, 4)),
        "its reads keep failing": ([*clean(), failed(10), failed(11)], no_answer(AFTER, 4) + no_answer(AFTER + 1, 4)),
        "its copy is the empty config of a later era": ([read(0, 0, 0.1, era=1), failed(10)], no_answer(2, 1)),
        "it was evicted, and has read again": (
            [read(1, 0, 0.1), fault("evict", 1, 1.1, **GONE), read(1, 2, 2.1), failed(10)],
            no_answer(4, 3),
        ),
        "it tells its last good copy": ([*clean(), read(2, 10, 10.1, source="last_good")], []),
        "another isolate had a copy": ([*clean(), failed(10, reader="r2")], []),
        "another location had a copy": ([*clean(), failed(10, pop="ams")], []),
        "nothing was published yet": ([read(0, 0, 0.1), failed(10)], []),
        "the copy may have come too late": ([read(1, 0, 10.05), failed(10)], []),
        "the object had answered, which leaves no copy": ([read(1, 0, 0.1, source="store"), failed(10)], []),
        "the isolate was evicted": ([*clean(), fault("evict", 9.5, 9.6, **GONE), failed(10)], []),
        "the isolate may have been evicted": ([*clean(), fault("evict", 10.05, 10.2, **GONE), failed(10)], []),
        "nobody saw the read end": ([*clean(), failed(10, outcome="unknown")], []),
    },
    "label-is-content": {
        "everything has the content of its version": (clean(), []),
        "a read": ([*clean(), read(2, 10, 10.1, **NINE)], another(AFTER, "r1 at lis was told version 2")),
        "a put": ([*clean(), publish(2, 10, 10.1, **NINE)], another(AFTER, "a put carried version 2")),
        "a put that fails": (
            [*clean(), publish(2, 10, 10.1, outcome="fail", **NINE)],
            another(AFTER, "a put carried version 2"),
        ),
        "a commit": ([*clean(), commit(2, 10, 10.1, **NINE)], another(AFTER, "version 2 was committed")),
        "a restore": (
            [*clean(), {**BACK, "version": 2, **NINE}],
            another(AFTER, "a restore went back to version 2"),
        ),
        "a restore takes no new era, and labels are given anew": (
            [*clean(), BACK, commit(2, 11, 11.1, **NINE), read(2, 12, 12.1, **NINE)],
            another(AFTER + 1, "version 2 was committed") + another(AFTER + 2, "r1 at lis was told version 2"),
        ),
        "a restore takes a new era": (
            [*clean(), {**BACK, "era": 1}, commit(2, 11, 11.1, era=1, **NINE), read(2, 12, 12.1, era=1, **NINE)],
            [],
        ),
        "no commit is recorded, and who came first counts": (
            [publish(2, 10, 10.1), read(2, 11, 11.1, **NINE), read(2, 12, 12.1)],
            another(2, "r1 at lis was told version 2", 1),
        ),
        "a read begins before its commit, and ends after": (
            [read(2, 9, 11, **NINE), commit(2, 10, 10.2)],
            another(1, "r1 at lis was told version 2", 2),
        ),
        "the store and a copy come at one moment": (
            [publish(2, 10, 10.1, **NINE), commit(2, 10, 10.2)],
            another(1, "a put carried version 2", 2),
        ),
        "the empty config, whose content is known": (
            [read(0, 0, 1, **NINE), read(0, 2, 3)],
            another(1, "r1 at lis was told version 0", None),
        ),
        "a commit may not have been made": ([*clean(), commit(3, 10), publish(3, 11, 11.1, **NINE)], []),
    },
}


@cache
def said(name: str) -> Mapping[str, list[str]]:
    """What the check says of all cases of a property, which are one history, a unit each."""
    # Isolates of its own, as well, whose evictions end what they know of any unit.
    lines = [
        {**line, "unit": case, **({"reader": f"{line['reader']} of {case}"} if "reader" in line else {})}
        for case, (lines, _) in CASES[name].items()
        for line in lines
    ]
    places = [n for lines, _ in CASES[name].values() for n in range(1, len(lines) + 1)]
    check, facts = CHECKS[name], gather(as_table(lines))
    rows = check.violations(facts, PROMISE)
    found: dict[str, list[str]] = {case: [] for case in CASES[name]}
    for row in rows:
        at, since = places[row["line"] - 1], row["because_line"] and str(places[row["because_line"] - 1])
        text = check.say({**row, "because": since}, PROMISE).replace(f" of {row['unit']}", "")
        found[row["unit"]].append(f"{at}: {text}")
    return found


@pytest.mark.parametrize(("name", "case"), [(name, case) for name, cases in CASES.items() for case in cases])
def test_what_breaks_it_is_named_and_nothing_else(name: str, case: str) -> None:
    lines, expected = CASES[name][case]
    assert said(name)[case] == expected
    *_, last = follow([line.encode() for line in text(list(lines))], PROMISE)
    (followed,) = [one for one in last.evidence if one.property == name]
    assert followed.measures.get("violations", 0) == len(expected)
    assert all(f"line {one.partition(' with ')[0].partition(', ')[0]}" in followed.reason for one in expected)


# --- verdicts


def verdict(lines: Sequence[Line], name: str, place: Path, promise: Promise = PROMISE) -> tuple[Any, ...]:
    """Verdict, how often it was put to the test, and the exit status."""
    file = place / "h.jsonl"
    file.write_text("".join(text(list(lines))))
    ledger = check_history(file, promise, properties=[name])
    (evidence,) = ledger.of(name).evidence
    return evidence.verdict, evidence.measures["tested"], ledger.exit_status


def test_a_copy_that_stands_in_for_kv_puts_it_to_the_test_and_a_failure_without_one_does_not(tmp_path: Path) -> None:
    stood_in = [read(2, 10 + n, 10.1 + n, source=source) for n, source in enumerate(("fallback", "last_good", "memo"))]
    assert verdict([*clean(), *stood_in], "serves-last-good", tmp_path) == (Verdict.HOLDS_TO_BOUND, 2, 0)
    assert verdict([*clean(), failed(10, reader="r2")], "serves-last-good", tmp_path) == (Verdict.VACUOUS, 0, 3)


@pytest.mark.parametrize(
    ("promise", "status"),
    [(Promise(5.0), 0), (Promise(5.0, guarded=True), 1), (Promise(5.0, memo_ttl=1.0), 1)],
    ids=["plain", "guarded", "memo"],
)
def test_only_readers_that_keep_a_copy_promise_to_go_on(promise: Promise, status: int, tmp_path: Path) -> None:
    assert verdict([*clean(), failed(10)], "serves-last-good", tmp_path, promise) == (Verdict.VIOLATED, 1, status)


def test_a_content_is_put_to_the_test_where_two_events_have_it(tmp_path: Path) -> None:
    assert verdict(clean(), "label-is-content", tmp_path) == (Verdict.HOLDS_TO_BOUND, 6, 0)
    bare = [{**line, "digest": None} if line["kind"] != "commit" else line for line in clean()]
    assert verdict(bare, "label-is-content", tmp_path) == (Verdict.VACUOUS, 0, 3)
