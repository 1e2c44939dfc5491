# SPDX-License-Identifier: Apache-2.0
"""A page that is open in a browser, and everything that it asked for and complained of meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias

from attrs import field, frozen
from playwright.sync_api import Browser, Dialog, Page

__all__ = ["Colours", "Opened", "opened"]

Colours: TypeAlias = Literal["light", "dark"]


@frozen
class Opened:
    """The page, and what it asked for, said on its console, and popped up."""

    page: Page
    asked: list[str] = field(factory=list)
    console: list[str] = field(factory=list)
    dialogs: list[str] = field(factory=list)

    def dismiss(self, dialog: Dialog) -> None:
        """Note what popped up, and go on."""
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def colour(self) -> str:
        """The page's background."""
        return str(self.page.evaluate("getComputedStyle(document.body).backgroundColor"))

    def focused(self) -> str:
        """The id of what has the keyboard."""
        return str(self.page.evaluate("document.activeElement.id"))

    def serious(self, axe: str) -> list[str]:
        """What axe-core finds that is serious or critical, with the first element of each."""
        # The page lets no script run; the browser's own tools may.
        self.page.evaluate(axe)
        found: list[Any] = self.page.evaluate("axe.run().then(found => found.violations)")
        return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in ("serious", "critical")]


@contextmanager
def opened(browser: Browser, what: Path | str, colours: Colours = "light") -> Iterator[Opened]:
    """Open a file as whoever clicks on it does, or an address."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, color_scheme=colours)
    one = Opened(context.new_page())
    one.page.on("request", lambda request: one.asked.append(request.url))
    one.page.on("console", lambda message: one.console.append(message.text))
    one.page.on("pageerror", lambda error: one.console.append(str(error)))
    one.page.on("dialog", lambda dialog: one.dismiss(dialog))  # of a bound method it would set an attribute of ours
    one.page.goto(what if isinstance(what, str) else what.as_uri())
    yield one
    context.close()
