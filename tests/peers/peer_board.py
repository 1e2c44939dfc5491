# SPDX-License-Identifier: Apache-2.0
"""Every case of every design to SPIN, and to a TLA+ checker where it is not too large for that: `make peers`.

With all safety properties of a case, each tool has to find as many states and transitions as our search, the same
violations, and as short runs to them. All is told in one table, `peers.md` (and `peers.json`) in reports/out/peers.
EDGEPROOF_PEERS says up to how many of our states a case is given to SPIN (any), EDGEPROOF_PEERS_TLA to the TLA+ checker
(7,000): what is larger is in the table all the same, as not asked.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from edgeproof.properties.evidence import Case
from tests.peers.board import CASES, OURS, SPIN, TLA, Found, Row, Whole, by_spin, by_tla, ours, safety, write_board

FOLDER = Path("reports/out/peers")
TOOLS = {
    SPIN: (by_spin, ("spin", "gcc"), int(os.environ.get("EDGEPROOF_PEERS", "100_000_000"))),
    TLA: (by_tla, ("tla",), int(os.environ.get("EDGEPROOF_PEERS_TLA", "7_000"))),
}


@pytest.fixture(scope="module")
def board() -> Iterator[dict[str, Row]]:
    """The rows so far, which are written at the end, whatever they say."""
    rows: dict[str, Row] = {}
    yield rows
    write_board(rows, FOLDER)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_others_find_what_we_find(case: Case, board: dict[str, Row]) -> None:
    whole = ours(case)
    found, unasked = asked(case, whole)
    board[case.name] = Row(case.design, case.name, len(safety(case)), {OURS: whole.found, **found}, unasked)
    print(
        "".join(f"\n  {tool}, {case.name}: {one.states:,} states, {one.seconds} s" for tool, one in found.items()),
        end="",
    )
    for tool, one in found.items():
        assert one.states == whole.found.states, tool
        if tool == SPIN:
            assert one.transitions == whole.found.transitions, tool
        assert one.transitions <= whole.found.transitions, (
            "events that lead from one state to the same other count once"
        )
        assert dict(one.violated) == dict(whole.found.violated), tool


def asked(case: Case, whole: Whole) -> tuple[Mapping[str, Found], Mapping[str, str]]:
    """What the tools find that are here and that the case is not too large for, and why others are not asked."""
    found, unasked = {}, {}
    for tool, (look, programs, most) in TOOLS.items():
        if missing := [one for one in programs if shutil.which(one) is None]:
            unasked[tool] = f"no {missing[0]}"
        elif whole.found.states > most:
            unasked[tool] = "too large"
        else:
            found[tool] = look(case, whole)
    return found, unasked
