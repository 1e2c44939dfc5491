# SPDX-License-Identifier: Apache-2.0
"""The explorer as people meet it: from a first step to a violation and back, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from edgeproof.model.designs import load
from edgeproof.reports.explorer.door import Door
from edgeproof.reports.explorer.pages import Explorer
from tests.browser.opened import Colours, opened


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Door(Explorer(load("do_kv"))) as door:
        yield door.url


def test_one_walks_to_a_violation_and_back_and_sees_the_same_steps_under_another_choice(
    browser: Browser, url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with opened(browser, f"{url}?set=publisher%3Dinline") as one:
        page = one.page
        for event in ("write_inline(slot=0)", "write_inline(slot=1)", "stray_lands(slot=1)", "stray_lands(slot=0)"):
            page.get_by_role("link", name=event, exact=True).click()
        expect(page.get_by_text("✗ breaks monotonic-kv")).to_be_visible()
        expect(page.get_by_role("img", name="do_kv after 4 steps")).to_be_visible()
        page.screenshot(path=tmp_path_factory.mktemp("screens") / "explorer.png", full_page=True)
        page.get_by_role("link", name="publisher outbox").click()
        expect(page.get_by_role("alert")).to_contain_text("cannot happen here with this configuration")
        page.go_back()
        page.get_by_role("link", name="back to step 2", exact=True).click()
        expect(page.get_by_text("✗ breaks monotonic-kv")).to_have_count(0)
        assert [asked for asked in one.asked if not asked.startswith(url)] == []
        assert one.console == []


def test_the_keyboard_alone_finds_a_state_that_somebody_typed(browser: Browser, url: str) -> None:
    with opened(browser, url) as one:
        one.page.get_by_label("Go to the nearest state where").focus()
        one.page.keyboard.type("kv > 0")
        one.page.keyboard.press("Enter")
        expect(one.page.get_by_role("row", name="put_lands")).to_be_visible()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nothing_keeps_anybody_from_walking(browser: Browser, url: str, axe: str, colours: Colours) -> None:
    with opened(browser, f"{url}?do=write&do=tick", colours) as one:
        one.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert one.serious(axe) == []
