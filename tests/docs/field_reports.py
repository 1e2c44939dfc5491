# SPDX-License-Identifier: Apache-2.0
"""What docs/field-reports.toml says, and the page made of it: `python -m tests.docs.field_reports` writes it anew."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from attrs import field, frozen

from edgeproof.reports.markup import text

__all__ = ["FACTS", "PAGE", "Report", "page", "reports"]

DOCS: Final = Path(__file__).parents[2] / "docs"
FACTS: Final = DOCS / "field-reports.toml"
PAGE: Final = DOCS / "field-reports.md"

HEAD: Final = """\
<!-- Made of field-reports.toml by `make docs`. -->
# Field reports

Public reports by people who run systems of this kind, and what of each the models say. {expressed} are expressed by a
case of the scoreboard; {missing} are not, and stand at the end.

A row names the property that the case breaks, how many steps the shortest run takes that shows it, the code on which it
shows as well, and a case in which the property holds. `tests/docs/test_field_reports.py` finds that run anew and
replays it on the reference implementation, where it breaks the same property. To see one:

    edgeproof verify --case inline --property monotonic-kv
    edgeproof show reports/out/latest/traces/inline.monotonic-kv.explore.itf.json
    edgeproof replay reports/out/latest/traces/inline.monotonic-kv.explore.itf.json --on reference

A thread's date is that of the first post that was read, or of the incident; its standing is that of the day of reading.
"""

MISSING: Final = """\
## Not expressed yet

What no design can say. Where code shows something of it, the tests are named.
"""


def _pairs(given: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(pair) for pair in given)


@frozen(kw_only=True)
class Report:
    """A public thread, and what of it a case or a test expresses. Cases are written design/case."""

    kind: str
    theme: str
    title: str
    source: str
    url: str
    date: str
    status: str
    symptom: str
    also: tuple[tuple[str, ...], ...] = field(default=(), converter=_pairs)
    case: str = ""
    property: str = ""
    steps: int = 0
    holds: str = ""
    how: str = ""
    missing: str = ""
    before: tuple[str, ...] = field(default=(), converter=tuple)
    after: tuple[str, ...] = field(default=(), converter=tuple)


def reports() -> tuple[Report, ...]:
    """All of them, in their order. Raises TypeError for a field that there is not, or that is left out."""
    return tuple(Report(**entry) for entry in tomllib.loads(FACTS.read_text(encoding="utf-8"))["report"])


def page(of: tuple[Report, ...]) -> str:
    """The page, in GitHub's Markdown."""
    expressed = [one for one in of if one.case]
    missing = [one for one in of if not one.case]
    lines = [HEAD.format(expressed=len(expressed), missing=len(missing)), *_table(expressed)]
    for theme in dict.fromkeys(one.theme for one in expressed):
        lines += [f"## {theme}", ""]
        for one in expressed:
            if one.theme == theme:
                lines += _entry(one)
    if missing:
        lines += [MISSING]
        for one in missing:
            lines += _entry(one)
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(expressed: list[Report]) -> Iterator[str]:
    yield "| report | thread | broken | case | steps | on code | holds in |"
    yield "|---|---|---|---|---:|---|---|"
    for one in expressed:
        design, case = one.case.split("/")
        holds = f"`{_named(one.holds, design)}`" if one.holds else "nowhere"
        thread = f"[{one.source}]({one.url})"
        code = "reference, workerd" if any("/workerd/" in name for name in one.before) else "reference"
        yield f"| {one.kind} | {thread} | `{one.property}` | `{design}`, `{case}` | {one.steps} | {code} | {holds} |"
    yield ""


def _entry(one: Report) -> Iterator[str]:
    yield f"### {one.kind}"
    yield ""
    yield f"[{text(one.title)}]({one.url}): {one.source}, {one.date}, {one.status}."
    if one.also:
        yield "See also " + ", ".join(f"[{text(title)}]({url})" for title, url in one.also) + "."
    yield ""
    yield one.symptom
    yield ""
    yield from _expressed(one) if one.case else (one.missing,)
    yield ""
    for when, names in (("before", one.before), ("after", one.after)):
        yield from (f"* {when}: `{name}`" for name in names)
    if one.before or one.after:
        yield ""


def _expressed(one: Report) -> Iterator[str]:
    design, case = one.case.split("/")
    steps = "1 step" if one.steps == 1 else f"{one.steps} steps"
    yield f"**`{design}`, case `{case}`: `{one.property}` is VIOLATED in {steps}.** {one.how}"
    yield f"It holds in `{_named(one.holds, design)}`." if one.holds else "It holds in no case of this design."


def _named(case: str, beside: str) -> str:
    """A case by its name, after its design's where that is another one."""
    design, name = case.split("/")
    return name if design == beside else case


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(reports()), encoding="utf-8")


if __name__ == "__main__":
    main()
