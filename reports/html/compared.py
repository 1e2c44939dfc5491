# SPDX-License-Identifier: Apache-2.0
"""The page of a comparison: the designs side by side, the questions that it answers, and what its verdicts rest on."""

from __future__ import annotations

from attrs import frozen

from edgeproof.reports.comparison.costs import MEASURED, parameters_text
from edgeproof.reports.comparison.page import GLANCE
from edgeproof.reports.comparison.page import Page as Comparison
from edgeproof.reports.html.page import Section
from edgeproof.reports.html.verified import verified_page

__all__ = ["compared_page"]


@frozen
class Table:
    """Cells with a head, and what the figures are."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


@frozen
class Question:
    """A question, its answer, what that costs, and what speaks against (by case) and for it."""

    question: str
    text: str
    costs: str
    against: tuple[tuple[str, tuple[str, ...], str], ...]
    instead: tuple[tuple[str, str], ...]


def compared_page(page: Comparison) -> str:
    """The file."""
    note = f"{MEASURED}: {parameters_text(page.parameters)}."
    every = (
        (page.glance, Section("glance", "At a glance", "glance", Table(GLANCE, page.glance, note))),
        (page.comparison.answers, Section("answers", "Why one over another", "answers", _questions(page))),
        (page.comparison.entries, Section("levels", "The level of each case", "levels", _levels(page))),
    )
    sections = [section for shown, section in every if shown]
    return verified_page(page.view, command="compare", more=sections)


def _questions(page: Comparison) -> tuple[Question, ...]:
    return tuple(
        Question(
            one.question,
            one.text,
            page.costs_of(one),
            tuple(
                (together[0].case.name, tuple(c.property for c in together), together[0].case.because)
                for together in one.by_case
            ),
            tuple((c.property, c.case.name) for c in one.instead),
        )
        for one in page.comparison.answers
    )


def _levels(page: Comparison) -> tuple[tuple[str, str, str, str], ...]:
    return tuple((one.case.design, one.case.name, one.level, one.case.because) for one in page.comparison.entries)
