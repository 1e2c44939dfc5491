# SPDX-License-Identifier: Apache-2.0
"""The tests here open pages in the machine's own Chromium, without a window; without one each is skipped, and says so.

Where $CI is set they fail instead: a build must not lean on tests that did not run. Screenshots are left in the folder
of the test run, which pytest keeps for its last three.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

ROOT = Path(__file__).parents[2]

expect.set_options(timeout=30_000)  # a busy machine is not the page's fault


def without(why: str) -> NoReturn:
    """What becomes of a test that cannot run."""
    if os.environ.get("CI"):
        pytest.fail(f"{why} ($CI is set, so that this test may not be skipped)")
    pytest.skip(why)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        without("there is no Chromium: install the package `chromium`")
    with sync_playwright() as playwright:
        # In a container there is mostly root alone, for whom Chromium has no sandbox; the pages are our own.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which finds what keeps people from a page."""
    source = ROOT / "node_modules/axe-core/axe.min.js"
    if not source.exists():
        without("there is no axe-core: `make workerd` installs it")
    return source.read_text("utf-8")
