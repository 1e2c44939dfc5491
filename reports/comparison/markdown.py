# SPDX-License-Identifier: Apache-2.0
"""A comparison in GitHub's Markdown: one page that answers, with a trace behind every "no"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeproof.properties.comparison import Answer, Entry
from edgeproof.properties.evidence import Conclusion
from edgeproof.reports.comparison.costs import MEASURED, parameters_text
from edgeproof.reports.comparison.page import GLANCE, LEGEND, Page, cell
from edgeproof.reports.errors import counted
from edgeproof.reports.markup import text
from edgeproof.reports.view import MEANING, says

__all__ = ["page_markdown"]


def page_markdown(page: Page) -> str:
    """The text."""
    status = page.comparison.exit_status
    lines = ["# Designs compared", "", f"**{MEANING[status]}** (exit status {status})", ""]
    if page.glance:
        lines += _glance(page)
    for answer in page.comparison.answers:
        lines += _answer(page, answer)
    lines += _matrix(page, "What was expected", page.comparison.entries)
    if page.comparison.variations:
        lines += _matrix(page, "One choice and one hazard at a time", page.comparison.variations)
    lines += _legend(page)
    return "\n".join(lines) + "\n"


def _glance(page: Page) -> Iterator[str]:
    yield "## At a glance"
    yield ""
    yield f"| {' | '.join(GLANCE)} |"
    yield "|---" * len(GLANCE) + "|"
    yield from (f"| `{name}` | {' | '.join(text(cell) for cell in cells)} |" for name, *cells in page.glance)
    yield ""
    yield f"{MEASURED}: {parameters_text(page.parameters)}."
    yield ""


def _answer(page: Page, answer: Answer) -> Iterator[str]:
    yield f"## {text(answer.question)}"
    yield ""
    yield text(answer.text)
    yield ""
    if costs := page.costs_of(answer):
        yield f"It costs (in brackets: the pattern): {text(costs)}."
        yield ""
    for together in answer.by_case:
        links = ", ".join(_linked(page, one) for one in together)
        yield f"- no: {text(together[0].case.name)} breaks {links}: {text(together[0].case.because)}"
    yield from (f"- yes: `{one.property}`, {text(one.case.name)}" for one in answer.instead)
    yield ""


def _linked(page: Page, one: Conclusion) -> str:
    steps = f" in {counted(len(one.witness.events), 'step')}" if one.witness is not None else ""
    trace = page.traces.get((one.case.name, one.property))
    return f"`{one.property}`{steps}" if trace is None else f"[`{one.property}`]({trace}){steps}"


def _matrix(page: Page, title: str, entries: Sequence[Entry]) -> Iterator[str]:
    names = page.properties
    yield f"## {title}"
    yield ""
    yield "| design | case | level | " + " | ".join(f"`{name}`" for name in names) + " |"
    yield "|---" * (len(names) + 3) + "|"
    for entry in entries:
        cells = " | ".join(cell(entry, name) for name in names)
        yield f"| `{entry.case.design}` | {text(entry.case.name)} | {entry.level} | {cells} |"
    yield ""


def _legend(page: Page) -> Iterator[str]:
    yield "- " + ", ".join(f"{sign} {meaning}" for sign, meaning in LEGEND.values()) + ", ! not as expected"
    yield from (f"- `{name}`: {text(says(name))}" for name in page.properties)
