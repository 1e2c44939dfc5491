# SPDX-License-Identifier: Apache-2.0
"""`report.html` as people meet it: opened from a file, with a mouse, a keyboard or a screen reader, light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from attrs import evolve
from playwright.sync_api import Browser, expect

from edgeproof.properties.evidence import Ledger
from edgeproof.properties.promises import promise_of
from edgeproof.properties.traffic.course import Course, Moment
from edgeproof.properties.traffic.measure import Staleness
from edgeproof.reports.difference import Change, Direction
from edgeproof.reports.html.staleness import staleness_section
from edgeproof.reports.html.verified import verified_page
from edgeproof.reports.view import arrange
from tests.browser.opened import Colours, opened
from tests.reports import examples
from tests.reports.test_escapes import HOSTILE, rude

LIGHT: Final = "rgb(251, 250, 247)"
DARK: Final = "rgb(20, 23, 28)"

QUANTILES: Final = {"p50": 1.0, "p90": 2.0, "p99": 2.5, "p999": 2.6, "max": 2.7}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with everything on it, in which whatever can be hostile is."""
    place = {"unit": "app", "pop": HOSTILE, "reads": 9, "certain": QUANTILES, "possible": QUANTILES}
    curve = [{"age": 0.1, "n": 4, "fresh": 1}, {"age": 1.0, "n": 5, "fresh": 5}]
    stale = Staleness({**place, "unit": None, "pop": None}, [place], {0: 6, 1: 3}, curve, None)
    course = Course(1.0, [Moment(HOSTILE, 0.0, 4, 1.0, 1.1), Moment(HOSTILE, 1.0, 5, 2.7, 2.8)])
    promise = promise_of({"S": 1000, "D": 1000, "T": 2000, "F": 0})
    changes = [Change(Direction.WEAKER, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)]
    ledger = examples.ledger()
    crowd = [evolve(one, case=evolve(one.case, name=f"{HOSTILE} {n}")) for n in range(2) for one in ledger.conclusions]
    view = arrange(evolve(ledger, conclusions=(*ledger.conclusions, *crowd, rude())), "out")
    page = tmp_path_factory.mktemp("report") / "report.html"
    text = verified_page(view, changes, more=[staleness_section(stale, course, promise)])
    page.write_text(text, "utf-8")
    return page


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("screens")


def test_it_asks_nobody_for_anything_and_nothing_in_it_runs(browser: Browser, report: Path, screens: Path) -> None:
    with opened(browser, report) as one:
        one.page.screenshot(path=screens / "report-light.png", full_page=True)
        assert one.asked[0] == report.as_uri()
        assert [url for url in one.asked[1:] if not url.startswith("data:image/svg+xml")] == []
        assert (one.console, one.dialogs) == ([], [])
        assert one.page.locator("script, [onerror], img:not(.plot img)").count() == 0
        broken = "[...document.images].filter(i => i.checkVisibility() && !i.naturalWidth).length"
        assert one.page.evaluate(broken) == 0, "pictures of the plots are pictures"


def test_a_script_that_came_in_with_data_would_not_run(browser: Browser, report: Path, tmp_path: Path) -> None:
    text = report.read_text("utf-8")
    forged = tmp_path / "forged.html"
    forged.write_text(text.replace("</main>", "<script>alert(1)</script><img src=x onerror=alert(2)></main>"), "utf-8")
    with opened(browser, forged) as one:
        assert one.dialogs == []
        assert len([line for line in one.console if "Content Security Policy" in line]) >= 2


def test_a_cell_opens_its_evidence_and_closes_again_by_the_keyboard_alone(browser: Browser, report: Path) -> None:
    with opened(browser, report) as one:
        cell = one.page.get_by_role("link", name="atomic-write of do_kv").first
        cell.focus()
        id_of_cell = one.focused()
        one.page.keyboard.press("Enter")
        drawer = one.page.locator("aside:target")
        expect(drawer).to_be_visible()
        expect(drawer.get_by_role("heading", name="atomic-write of do_kv")).to_be_visible()
        assert drawer.get_by_role("columnheader").all_inner_texts() == [
            "case", "concluding", "explore", "prove", "fuzz",
        ]  # fmt: skip
        one.page.keyboard.press("Tab")
        expect(drawer.get_by_role("link", name="close")).to_be_focused()
        one.page.keyboard.press("Enter")
        expect(drawer).to_have_count(0)
        assert one.focused() == id_of_cell, "and one goes on where one was"


def test_from_a_case_that_is_violated_a_link_leads_to_the_run_that_shows_it(
    browser: Browser, report: Path, screens: Path
) -> None:
    with opened(browser, report) as one:
        one.page.get_by_role("link", name="monotonic-kv of do_kv").first.click()
        one.page.locator("aside:target").get_by_role("link", name="see how, in 4 steps").first.click()
        run = one.page.locator(":target")
        expect(run.get_by_role("img", name="monotonic-kv breaks: 4 steps")).to_be_visible()
        expect(run.get_by_text("✗ breaks here").first).to_be_visible()
        expect(run.get_by_role("row", name="stray_lands(slot=0)").first).to_contain_text("kv 2 → 1")
        one.page.screenshot(path=screens / "run-light.png")


def test_it_is_dark_where_the_machine_is_and_as_one_chooses(browser: Browser, report: Path, screens: Path) -> None:
    machines: tuple[tuple[Colours, str, str], ...] = (("light", LIGHT, DARK), ("dark", DARK, LIGHT))
    for colours, usual, other in machines:
        with opened(browser, report, colours) as one:
            assert one.colour() == usual
            one.page.get_by_role("radio", name="auto").focus()
            one.page.keyboard.press("ArrowRight")
            if colours == "light":
                one.page.keyboard.press("ArrowRight")
            assert one.colour() == other
            shown = one.page.locator(f".plot img.in-{'dark' if other == DARK else 'light'}").first
            expect(shown).to_be_visible()
            one.page.screenshot(path=screens / f"report-chosen-{colours}.png", full_page=True)


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nothing_keeps_anybody_from_reading_it(browser: Browser, report: Path, axe: str, colours: Colours) -> None:
    with opened(browser, report, colours) as one:
        one.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert one.serious(axe) == []
        for name in ("atomic-write of do_kv", "monotonic-kv of do_kv"):
            one.page.get_by_role("link", name=name).first.click()
            assert one.serious(axe) == []
            one.page.locator("aside:target .close").click()


def test_it_prints_without_what_is_only_for_a_screen(browser: Browser, report: Path) -> None:
    with opened(browser, report, "dark") as one:
        one.page.emulate_media(media="print")
        expect(one.page.locator(".top")).to_be_hidden()
        expect(one.page.locator(".map")).to_be_visible()
        assert one.colour() == LIGHT, "on paper"


def test_what_was_never_put_to_the_test_is_still_a_page(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "empty.html"
    file.write_text(verified_page(arrange(Ledger((), 0, 0.0), "out")), "utf-8")
    with opened(browser, file) as one:
        expect(one.page.get_by_role("heading", level=1)).to_be_visible()
        assert one.console == []
