# SPDX-License-Identifier: Apache-2.0
"""`report.html`: what is on it and where its links lead; what it looks like is seen to in `tests/browser`."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import pytest
from attrs import evolve

from edgeproof.model.designs import DESIGNS, load
from edgeproof.model.interpret import Event, apply, initial_states
from edgeproof.model.machine import Instance
from edgeproof.model.trace import Trace
from edgeproof.properties.evidence import Conclusion, Evidence, Ledger, Verdict, conclude
from edgeproof.properties.replay import truth_table
from edgeproof.reports.changes import trace_steps
from edgeproof.reports.difference import Change, Direction
from edgeproof.reports.html.lanes import SYSTEM, lane_of
from edgeproof.reports.html.messages import messages
from edgeproof.reports.html.spacetime import Diagram, diagram_of
from edgeproof.reports.html.verified import verified_page
from edgeproof.reports.request import Request, select_cases
from edgeproof.reports.view import View, arrange
from tests.properties.histories import clean, read, text
from tests.reports import examples
from tests.reports.conftest import Keep, Run
from tests.reports.html_pages import elements
from tests.reports.test_escapes import HOSTILE, rude

LARGEST: Final = 3_000_000


def board() -> View:
    return arrange(examples.ledger(), "out")


def picture(trace: Trace, broken: int | None = None) -> Diagram:
    instance = Instance.of(load(trace.design), **trace.constants)
    return diagram_of(instance, trace, trace_steps(instance.machine, trace, truth_table(trace)), broken)


def test_every_link_leads_to_something_that_is_there_once() -> None:
    for page in (verified_page(board()), verified_page(arrange(examples.good_ledger(), "out"))):
        found = elements(page)
        ids = found.of("id")
        assert len(ids) == len(set(ids))
        links = found.of("href")
        assert len(links) > 5
        assert {link.removeprefix("#") for link in links} <= set(ids), "and none to another place"
        for name in ("aria-labelledby", "aria-describedby"):
            assert {one for value in found.of(name) for one in value.split()} <= set(ids)


def test_a_cell_leads_to_the_evidence_of_each_engine_with_its_bound_assumptions_seed_and_time() -> None:
    page = verified_page(board())
    (cell,) = re.findall(
        r'<a id="(e\d+)-from" class="(\w+)"[^>]*aria-label="[^"]*: convergence of do_kv, ([^"]*)"', page
    )
    assert cell[1:] == ("open", "2 cases: 1 violated as expected, 1 undecided")
    drawer = page[page.index(f'<aside id="{cell[0]}"') :].partition("</aside>")[0]
    said = elements(drawer).said
    assert "VIOLATED in 5 steps, 0.25 s" in said
    assert "all 1,234 states with Pop=2, seed 0" in said
    assert "assumes time advances in whole ticks" in said
    assert "20 runs, seed 7" in said
    assert "out of | memory" in said


def test_what_is_not_as_expected_comes_before_the_scoreboard() -> None:
    page = verified_page(board())
    assert page.index('id="unexpected"') < page.index('id="scoreboard"')
    assert "engines contradict each other" in page
    assert 'id="unexpected"' not in verified_page(arrange(examples.good_ledger(), "out"))


def test_what_is_weaker_than_in_the_base_report_comes_first() -> None:
    changes = [
        Change(way, "do_kv", "inline", "convergence", "prove", "bound", "1", "2")
        for way in (Direction.STRONGER, Direction.OTHER, Direction.WEAKER)
    ]
    said = elements(verified_page(board(), changes)).said
    assert "Since the base report 1 weaker, 1 stronger, 1 other." in said
    assert re.findall(r"convergence prove bound 1 2 (\w+)", said) == ["weaker", "stronger", "other"]
    assert "No difference but times" in verified_page(board(), [])


def test_a_run_is_shown_with_what_changed_and_how_to_see_it_again() -> None:
    page = verified_page(arrange(examples.good_ledger(), "my out"))
    said = elements(page).said
    assert "stray_lands(slot=0) ✗ breaks monotonic-kv stray[0] yes → no carries[0] 1 → 0 kv 2 → 1" in said
    assert "edgeproof replay 'my out/traces/inline.monotonic-kv.explore.itf.json'" in said
    assert "and nothing more happens, for ever" in said


def test_the_same_run_in_several_cases_is_one_picture() -> None:
    twice = [
        conclude(evolve(one.case, name=name), one.property, one.evidence)
        for name in ("inline", "again")
        for one in examples.good_ledger().conclusions[:1]
    ]
    page = verified_page(arrange(Ledger(tuple(twice), 0, 0.0), "out"))
    assert page.count("<svg") == 1
    assert "The same run in again." in page


def test_a_picture_has_a_lane_for_whoever_takes_part_and_marks_where_it_breaks() -> None:
    drawn = picture(examples.overtaken(), broken=4)
    assert [title for _, title in drawn.lanes] == ["clients", "store", "replicator", "KV"]
    assert [row.number for row in drawn.rows if row.broken] == [4]
    at = {title: x for x, title in drawn.lanes}
    last = drawn.rows[-1]
    assert [(one.x, one.end) for one in last.arrows] == [(at["replicator"], at["KV"])]
    assert {(label.x - at["KV"] < 20, label.text) for label in last.labels if label.x > at["KV"]} == {(True, "kv = 1")}
    assert [row.y for row in drawn.rows] == sorted(row.y for row in drawn.rows), "time runs downwards"


def test_in_a_picture_a_read_comes_from_where_it_was_served() -> None:
    drawn = picture(examples.delivered())
    at = {title: x for x, title in drawn.lanes}
    (passing,) = [row for row in drawn.rows if row.rests]
    assert (passing.action, passing.arrows, passing.dots) == ("1 tick passes", (), ())
    assert [(one.x, one.end) for one in drawn.rows[-1].arrows] == [
        (at["KV"], at["location 1"]),
        (at["location 1"], at["clients"]),
    ]
    asked, told = drawn.rows[-1].arrows
    assert told.y < asked.y, "so that neither hides the other"
    assert "served = 1" in {label.text for label in drawn.rows[-1].labels}


def test_steps_that_go_round_for_ever_are_marked_and_none_of_them_breaks() -> None:
    drawn = picture(examples.polling())
    assert [row.number for row in drawn.rows if row.looping] == [3, 4, 5]


@pytest.mark.parametrize("design", DESIGNS)
def test_every_variable_of_a_design_of_ours_has_a_lane_and_every_first_step_a_picture(design: str) -> None:
    instance = Instance.of(load(design))
    names = [f"{n}{'[0]' if v.over else ''}" for n, v in instance.machine.variables.items()]
    assert [name for name in names if lane_of(instance, name) == SYSTEM] == []
    for action in instance.machine.actions:
        event = Event(action.name, tuple((argument.name, 0) for argument in action.arguments))
        for one in messages(instance, event, set(names)):
            assert one.sender != one.receiver


def hostile_parts(page: str) -> list[str]:
    """Elements and attributes, which data must have none of its own."""
    return [f"{tag} {' '.join(sorted(attributes))}" for tag, attributes in elements(page).found]


def test_whatever_data_says_is_text_and_no_policy_lets_anything_run() -> None:
    calm = next(one for one in examples.ledger().conclusions if one.case.name == "odd <&> one")
    quiet, loud = ((arrange(Ledger((one,), 0, 0.0), "out")) for one in (plainly(calm), rude()))
    changes = [Change(Direction.WEAKER, *7 * ("x",))]
    rude_changes = [Change(Direction.WEAKER, *7 * (HOSTILE,))]
    page = verified_page(loud, rude_changes)
    assert hostile_parts(page) == hostile_parts(verified_page(quiet, changes))
    assert page.replace("\n", "").isprintable()
    found = elements(page)
    assert not {tag for tag, _ in found.found} & {"script", "iframe", "object", "embed", "link", "base", "form"}
    assert not [
        name for _, attributes in found.found for name in attributes if name == "style" or name.startswith("on")
    ]
    assert "<img src=x onerror=y>" in found.said


def plainly(one: Conclusion) -> Conclusion:
    """The same with nothing that is hostile, and no text where that had none."""
    said = "words"
    found = evolve(one.evidence[0], bound=said, assumptions=(said,), reason=said)
    return evolve(one, case=evolve(one.case, name=said, because=said), reason=said, evidence=(found,))


def test_the_policy_names_the_one_style_sheet_and_nothing_else() -> None:
    page = verified_page(board())
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.S)
    allowed = b64encode(sha256(style.encode()).digest()).decode()
    (policy,) = [a["content"] for _, a in elements(page).found if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{allowed}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert "url(" not in style


def test_the_whole_scoreboard_is_below_three_megabytes() -> None:
    page = verified_page(arrange(Ledger(tuple(scoreboard()), 0, 60.0), "reports/out/117-cases-abcdef"))
    assert page.count("<svg") > 150, "as many different runs as the scoreboard has"
    assert len(page.encode()) < LARGEST


def scoreboard() -> list[Conclusion]:
    """As much as the engines say of all cases: every property has evidence of three, with long bounds and assumptions.

    Every second run is one of its own; they are as long as the scoreboard's are on the average.
    """
    found: list[Conclusion] = []
    for case in select_cases(Request()):
        for name in case.properties:
            number = len(found)
            run = evolve(examples.delivered(), about=name, note=f"run {number // 2}", origin="explore")
            broken = case.expected.get(name) is Verdict.VIOLATED
            states = "all 1,234,567 states with Pop=2, Put=1, writes=2, restores=1, F=1, S=1, D=1, R=1, T=1, M=1, H=1"
            options = tuple(f"option{n}=choice{n}" for n in range(9))
            explore = Evidence(name, "explore", Verdict.HOLDS_TO_BOUND, states, True, ("whole ticks",), None, 0.25)
            prove = Evidence(name, "prove", Verdict.PROVED, "any number of elements, all values", False, options)
            fuzz = Evidence(name, "fuzz", Verdict.HOLDS_TO_BOUND, "50 runs, 4,000 steps in lockstep", seed=0)
            if broken:
                explore = evolve(explore, verdict=Verdict.VIOLATED, witness=run, exhaustive=False)
                prove = evolve(prove, verdict=Verdict.UNKNOWN, reason="left to the search")
            found.append(conclude(case, name, (explore, prove, fuzz)))
    return found


def test_check_writes_a_page_with_the_plots_of_a_history_if_it_is_asked_to(cli: Run, tmp_path: Path) -> None:
    rude_place = [read(2, 8, 8.1, pop=HOSTILE.replace("\ud800", ""), reader="r2")]
    (tmp_path / "h.jsonl").write_text("".join(text([*clean(), *rude_place])), "utf-8")
    numbers = ("--sync-delay", "1s", "--put-timeout", "1s", "--cache-ttl", "2s")
    assert "report.html" not in cli("check", "h.jsonl", *numbers).out
    outcome = cli("check", "h.jsonl", *numbers, "--html")
    (page,) = re.findall(r"wrote (reports/out/h-jsonl-\w{6}/report\.html)", outcome.out)
    assert Path("reports/out/latest/report.html").samefile(page)
    found = elements(Path(page).read_text("utf-8"))
    pictures = [a for tag, a in found.found if tag == "img"]
    assert [a["alt"].partition(".")[0] for a in pictures if a["class"] == "in-light"] == [
        "Certain staleness, by location",
        "Certain staleness, as time went by",
        "What the time is made of",
        "t-visibility",
        "k-staleness",
    ]
    assert len(pictures) == 10, "each for light and for dark"
    for one in pictures:
        svg = ElementTree.fromstring(b64decode(one["src"].removeprefix("data:image/svg+xml;base64,")))
        assert not [tag for tag in svg.iter() if tag.tag.endswith(("script", "foreignObject", "image", "a"))]
    said = found.said
    assert "of term why time the bound D an older put is in flight 1.000 s" in said
    assert "the stalest read T a location served its cached copy" in said


def test_what_has_no_page_says_what_would_make_one(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeproof.reports.bundle.installed", lambda extra: extra != "report")
    monkeypatch.setattr("edgeproof.reports.judging.installed", lambda extra: extra != "report")
    said = cli("verify", "--case", "inline", "--out", "new").out
    assert "report.html is not written, as the extra `report` is not installed: pip install 'edgeproof[report]'" in said
    assert not Path("new/report.html").exists()
    assert Path("new/report.md").exists()


def test_verify_and_compare_write_their_pages_beside_their_other_reports(cli: Run, calls: Any) -> None:
    calls.ledger = examples.good_ledger()
    assert "wrote new/report.html, new/report.md, " in cli("verify", "--case", "inline", "--out", "new").out
    cli("compare", "--design", "do_kv", "--design", "do_only", "--out", "side")
    said = elements(Path("side/report.html").read_text("utf-8")).said
    assert "Why one over another" in said
    assert "At a glance design level hops per read" in said


def test_a_diagram_for_mermaid_is_made_of_any_design(tmp_path: Path, cli: Run) -> None:
    from edgeproof.model.trace import dump_trace

    instance = Instance.of(load("do_only"))
    first = next(initial_states(instance))
    trace = Trace("do_only", instance.values, (first, apply(instance, first, Event("write"))), (Event("write"),))
    (tmp_path / "t.itf.json").write_text(dump_trace(trace), "utf-8")
    assert "Note over DO: write" in cli("show", "--mermaid", "t.itf.json").out


def test_show_draws_a_run_as_a_file_of_its_own(cli: Run, keep: Keep) -> None:
    svg = ElementTree.fromstring(cli("show", "--svg", keep(examples.overtaken())).out)
    names = {"s": "http://www.w3.org/2000/svg"}
    assert [one.text for one in svg.findall("s:text", names)] == ["clients", "store", "replicator", "KV"]
    assert len(svg.findall("s:rect[@class='break']", names)) == 1
    assert svg.findtext("s:title", namespaces=names) == "monotonic-kv: 4 steps of do_kv"
    assert "prints a picture and nothing else" in cli("show", "--svg", "--mermaid", keep(examples.overtaken())).err
