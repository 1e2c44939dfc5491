# SPDX-License-Identifier: Apache-2.0
"""What an HTML page says, taken apart: its elements, and what they refer to."""

from __future__ import annotations

from html.parser import HTMLParser

__all__ = ["Elements", "elements"]


class Elements(HTMLParser):
    """The elements of a page in their order, each with its attributes, and the text between them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        if self.found[-1:] and self.found[-1][0] != "style":
            self.text.append(data)

    @property
    def said(self) -> str:
        """What stands on the page, in one line, with a space wherever an element begins or ends."""
        return " ".join(" ".join(self.text).split())

    def of(self, name: str) -> list[str]:
        """All values of an attribute."""
        return [attributes[name] for _, attributes in self.found if name in attributes]


def elements(page: str) -> Elements:
    """The elements of a page."""
    parser = Elements()
    parser.feed(page)
    parser.close()
    return parser
