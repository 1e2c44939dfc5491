# SPDX-License-Identifier: Apache-2.0
"""`report.html`: one file to look at, which asks nothing of a network and works where it lies.

What made it:

* jinja2 writes it, with everything escaped. There is no script at all: what is behind a cell of the scoreboard opens as
  the target of a link, light and dark are a choice among radio buttons, and the rest is CSS. So the content security
  policy allows nothing but the one style sheet, by its hash, and pictures that the file itself has.
* Runs and heat maps are drawn here, as SVG and tables: no library for plots knows what a lane or a message is.
* Plots of measurements are Vega-Lite, rendered by vl-convert when the report is written (`plots.py`). Plotly and
  Vega-Embed would need a megabyte of script in every file, and a policy that lets it run; Altair would only write the
  dictionaries that Vega-Lite takes, and needs longer to be imported than they need to be drawn.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from edgeproof.reports.errors import one_line

__all__ = ["Page", "Section", "Tile", "drawn", "filled", "html_page", "policy", "style_of"]

_HERE: Final = Path(__file__).parent


@frozen
class Tile:
    """A number that stands out, what it counts, and how it is marked."""

    number: str
    label: str
    mark: str = ""


@frozen
class Section:
    """A part of the page: a template, and what it shows."""

    id: str
    title: str
    template: str
    data: Any


@frozen
class Page:
    """A page: what `command` found about what (`subject`), in one sentence, `good` or not, and everything behind it.

    `drawers` are opened by links, each over the page; `made` says on what machine and with what the page was made.
    """

    command: str
    subject: str
    sentence: str
    good: bool
    tiles: Sequence[Tile]
    sections: Sequence[Section]
    drawers: Sequence[Section] = ()
    made: Mapping[str, str] = field(factory=dict)


def html_page(page: Page) -> str:
    """The text of the file; the same page gives the same text."""
    return filled("page", page=page, made={"edgeproof": version("edgeproof"), **page.made}, policy=policy())


def filled(template: str, **shown: Any) -> str:
    """A template with what it shows, and the one style sheet."""
    return drawn(f"{template}.html", **shown, style=Markup(_style()))


def drawn(template: str, **shown: Any) -> str:
    """A template, of a page or of a picture, with what it shows."""
    return _environment().get_template(f"{template}.j2").render(**shown)


def policy(forms: str = "'none'") -> str:
    """Nothing is loaded or run but the style sheet, and pictures that are in the page; `forms` says where forms go."""
    allowed = b64encode(sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{allowed}'; img-src data:; base-uri 'none'; form-action {forms}"


@cache
def _style() -> str:
    return style_of("palette", "style", "run")


def style_of(*sheets: str) -> str:
    """Style sheets of ours, one after the other."""
    return "".join((_HERE / f"{sheet}.css").read_text("utf-8") for sheet in sheets)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    made.globals["number"] = _number
    return made


def _printable(value: object) -> object:
    """Text of others may not hide or turn around what stands beside it."""
    return value if not isinstance(value, str) or isinstance(value, Markup) else _in_line(value)


def _in_line(text: str) -> str:
    calm = text.isprintable() and ":/" not in text
    return text if calm else one_line(text)


def _number(value: float) -> str:
    """A coordinate, as short as it can be."""
    return f"{value:g}"
