# SPDX-License-Identifier: Apache-2.0
"""`--design`: a history, and a bound, are of the design that they are said to be of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.properties.histories import clean, commit, publish, read
from tests.reports.conftest import Run
from tests.reports.test_check import verdicts, write

NUMBERS = ("--sync-delay", "1s", "--put-timeout", "1s", "--cache-ttl", "2s")
REGIONAL = ("--design", "do_kv_regional", "--set", "G=10s")
MANIFEST = ("--design", "do_kv_manifest", "--set", "U=3s", "--set", "L=500ms")
BACKOFF = ("--design", "do_kv_backoff", "--option", "waits=doubled", "--retries", "2", "--retry-delay", "1s")
STALENESS = ("--property", "bounded-staleness", "--json")


def history(path: Path, seconds: float, source: str | None = None) -> Path:
    """A version is still told so long after it was superseded."""
    late = read(2, 50.1 + seconds, 50.2 + seconds, source=source)
    return write(path / "h.jsonl", [*clean(), commit(3, 50, 50.1), publish(3, 50.5, 50.6), late])


@pytest.mark.parametrize(
    ("words", "bound", "formula"),
    [
        ((), 5, "D + S + D + T"),
        (REGIONAL, 15, "D + S + D + G + T"),
        (MANIFEST, 11.5, "U + D + S + U + D + T + L"),
        (("--design", "flagship"), 5, "D + S + D + T"),
        (BACKOFF, 10, "D + S + F*(D + R) + (F - 1)*R + D + T"),
    ],
)
def test_a_history_is_held_to_the_bound_of_its_design(
    cli: Run, tmp_path: Path, words: tuple[str, ...], bound: float, formula: str
) -> None:
    for late, verdict in ((bound - 0.5, "HOLDS_TO_BOUND"), (bound + 0.5, "VIOLATED")):
        document = cli("check", history(tmp_path, late), *NUMBERS, *words, *STALENESS).document
        promise = document["promise"]
        assert (promise["bound_s"], promise["formula"]) == (bound, formula)
        assert document["report"]["cases"][0]["design"] == promise["design"] == (words[1] if words else "do_kv")
        assert verdicts(document) == {"bounded-staleness": verdict}


def test_a_region_s_copy_may_be_old_and_then_the_location_s_older(cli: Run, tmp_path: Path) -> None:
    """The pattern's locations must not serve a cached copy 11 s after KV has moved on; those behind a region may."""
    recorded = history(tmp_path, 11.5, source="cache")
    of_the_pattern = cli("check", recorded, *NUMBERS, *STALENESS).document
    assert verdicts(of_the_pattern) == {"bounded-staleness": "MISSED"}
    assert verdicts(cli("check", recorded, *NUMBERS, *REGIONAL, *STALENESS).document) == {
        "bounded-staleness": "HOLDS_TO_BOUND"
    }


@pytest.mark.parametrize(("ttl", "verdict"), [("2s", "VIOLATED"), ("20s", "HOLDS_TO_BOUND")])
def test_a_revoked_token_is_held_to_the_bound_of_the_design_of_tokens(
    cli: Run, tmp_path: Path, ttl: str, verdict: str
) -> None:
    token = {"repo": "acme/site", "scope": "read", "expires": 9000}
    asked = {"repo": "acme/site", "scope": "read", "source": None}
    lines = [
        commit(1, 1, 1.1, **token),
        publish(1, 1.5, 1.6),
        read(1, 5, 5.1, **asked, admitted=True),
        commit(2, 50, 50.1, **{**token, "scope": "none"}),
        publish(2, 50.5, 50.6),
        read(1, 60, 60.1, **asked, admitted=True),
        read(2, 90, 90.1, **asked, admitted=False),
    ]
    words = ("--design", "artifacts_tokens", "--sync-delay", "1s", "--put-timeout", "1s", "--cache-ttl", ttl)
    asking = ("--property", "token-revocation-bound", "--json")
    document = cli("check", write(tmp_path / "h.jsonl", lines), *words, *asking).document
    assert verdicts(document) == {"token-revocation-bound": verdict}


def test_where_no_copy_can_be_old_a_history_is_held_to_a_bound_without_any_number(cli: Run, tmp_path: Path) -> None:
    document = cli("check", history(tmp_path, 0.5), "--design", "do_only", *STALENESS).document
    assert document["promise"] == {
        "design": "do_only",
        "bound_s": 0,
        "formula": "0",
        "assumptions": ["all times are of one clock"],
    }
    assert verdicts(document) == {"bounded-staleness": "VIOLATED"}


def test_a_growing_file_is_held_to_the_bound_of_its_design_too(cli: Run, tmp_path: Path) -> None:
    watched = ("follow", history(tmp_path, 6), "--idle", "0.1s", *NUMBERS)
    outcome = cli(*watched)
    assert "line 12: r1 at lis was told version 2" in outcome.out
    assert "the bound is 5 s" in outcome.out
    outcome = cli(*watched, *REGIONAL, "--json")
    assert outcome.document["promise"]["design"] == "do_kv_regional"
    assert verdicts(outcome.document)["bounded-staleness"] == "HOLDS_TO_BOUND"


def test_a_bound_is_not_believed_of_choices_with_which_it_is_not_proved(cli: Run, tmp_path: Path) -> None:
    asked = ("check", history(tmp_path, 1), *NUMBERS)
    outcome = cli(*asked, "--option", "publisher=inline", "--hazard", "crash")
    assert outcome.status == 2
    assert outcome.err == "edgeproof: there is no proof of a bound of do_kv with publisher=inline, crash: VIOLATED\n"
    kept = cli(*asked, "--option", "epoch=on", *STALENESS)
    assert verdicts(kept.document) == {"bounded-staleness": "HOLDS_TO_BOUND"}


@pytest.mark.parametrize("command", ["bound", "check"])
@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--design", "do_kvv"), "there is no design 'do_kvv'; did you mean 'do_kv'?"),
        (("--design", "do_kv_regional"), "a bound of do_kv_regional takes --set G=... as well"),
        (("--design", "do_kv_manifest"), "a bound of do_kv_manifest takes --set U=... and --set L=... as well"),
        (("--design", "kv_only"), "kv_only has nothing that --sync-delay is about"),
        (("--set", "G=1s"), "there is no number 'G'"),
        (("--set", "M=1"), "'1' has no unit"),
        (("--set", "writes=1s"), "writes is a whole number from 0 to 2,147,483,647, not '1s'"),
        (("--set", "M"), "--set takes NAME=VALUE, not 'M'"),
        (("--option", "publisher=pigeon"), "publisher is one of outbox, inline"),
        (("--hazard", "rain"), "there is no hazard 'rain'"),
        (("--hazard", "put_late"), "a bound takes --heartbeat and --zombie-window as well"),
    ],
)
def test_what_does_not_make_a_bound_is_said_in_one_line(
    cli: Run, tmp_path: Path, command: str, words: tuple[str, ...], why: str
) -> None:
    recorded = [history(tmp_path, 1)] if command == "check" else []
    outcome = cli(command, *recorded, *NUMBERS, "--retries", "0", *words)
    assert (outcome.status, outcome.out) == (2, "")
    assert why in outcome.err
    assert outcome.err.count("\n") == 1


def test_the_bound_of_another_design_is_answered_in_its_terms(cli: Run) -> None:
    outcome = cli("bound", *NUMBERS, "--retries", "0", *REGIONAL)
    assert outcome.status == 0
    assert outcome.out.startswith(
        "15 s: what a reader is told was superseded at most this long ago\n= D + S + D + G + T\n"
    )
    (line,) = [line for line in outcome.out.splitlines() if "dominates" in line]
    assert "a region serves its cached copy" in line
    assert "no run is known that comes close to it" in outcome.out


def test_of_tokens_it_is_answered_how_long_a_revoked_one_is_accepted(cli: Run) -> None:
    outcome = cli("bound", *NUMBERS, "--retries", "0", "--design", "artifacts_tokens")
    assert outcome.status == 0
    assert outcome.out.startswith("5 s: a token that is accepted was revoked at most this long ago\n")
    assert "\nPROVED by prove" in outcome.out


def test_a_bound_that_does_not_hold_with_what_was_chosen_is_refuted(cli: Run) -> None:
    outcome = cli("bound", *NUMBERS, "--retries", "0", "--option", "publisher=inline")
    assert outcome.status == 1
    assert "VIOLATED by prove" in outcome.out
