# SPDX-License-Identifier: Apache-2.0
"""What mutants of the code came to, as a page for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from tests.edits.mutants.exceptions import Why, reason_for
from tests.edits.mutants.judge import Fate, Standing
from tests.edits.mutants.made import OPERATORS

__all__ = ["PAGE", "counts", "finders", "page", "unexplained"]

PAGE: Final = Path(__file__).resolve().parents[3] / "docs" / "code-mutants.md"
"""Where the page is kept."""

_BEGIN, _END = "<!-- What `make mutants` writes begins here. -->\n", "<!-- It ends here. -->\n"

_HEADINGS: Final = {
    Why.EQUIVALENT: ("mutant", "why nobody sees it"),
    Why.ELSEWHERE: ("mutant", "why lockstep does not see it", "found by"),
}

_FOUND: Final = (Standing.FOUND, Standing.HUNG)


def _is_excepted(why: Why, fate: Fate) -> bool:
    return _why(fate) is why and not unexplained(fate)


_COLUMNS: Final[Mapping[str, Callable[[Fate], bool]]] = {
    "made": lambda one: True,
    "stillborn": lambda one: one.standing is Standing.STILLBORN,
    "found": lambda one: one.standing in _FOUND,
    "of these by an error": lambda one: one.raised,
    **{why.value: partial(_is_excepted, why) for why in Why},
    "unexplained": lambda one: unexplained(one),
}


def unexplained(fate: Fate) -> bool:
    """Whether lockstep does not find a mutant, and nobody has said why, or the tests that are to find it do not."""
    if fate.standing in (*_FOUND, Standing.STILLBORN):
        return False
    why = _why(fate)
    return why is None or (why is Why.ELSEWHERE and not (fate.elsewhere is not None and fate.elsewhere.by))


def finders(fate: Fate) -> tuple[str, ...]:
    """The tests that are to find a mutant, because lockstep does not."""
    excepted = reason_for(fate.name)
    return () if excepted is None or _why(fate) is None else excepted.tests


def counts(fates: Sequence[Fate]) -> dict[str, int]:
    """How many there are of each column of the table."""
    return {name: sum(map(is_one, fates)) for name, is_one in _COLUMNS.items()}


def page(text: str, fates: Sequence[Fate], seed: int) -> str:
    """The page `text` with its figures anew."""
    head, rest = text.split(_BEGIN)
    return head + _BEGIN + "".join(_figures(fates, seed)) + _END + rest.split(_END)[1]


def _figures(fates: Sequence[Fate], seed: int) -> Iterable[str]:
    for title, ending in (("The reference", ".py"), ("The Worker, on workerd", ".js")):
        these = [one for one in fates if one.file.endswith(ending)]
        yield f"\n### {title}\n\nA sample of {len(these)}, seed {seed}.\n\n"
        yield _row(["operator", *_COLUMNS]) + _row(["---"] * (len(_COLUMNS) + 1))
        for operator in OPERATORS:
            if mine := [one for one in these if _operator(one) == operator]:
                yield _row([operator, *counts(mine).values()])
        yield _row(["all", *counts(these).values()])
    for why in Why:
        if mine := [one for one in fates if _is_excepted(why, one)]:
            heading = _HEADINGS[why]
            yield f"\n### {why.value.capitalize()}\n\n" + _row(heading) + _row(["---"] * len(heading))
            yield from (_row([_code(one.name), _reason(one), *_by(one)]) for one in mine)
    yield "\n"


def _why(fate: Fate) -> Why | None:
    excepted = reason_for(fate.name)
    return None if excepted is None or fate.standing in (*_FOUND, Standing.STILLBORN) else excepted.why


def _reason(fate: Fate) -> str:
    excepted = reason_for(fate.name)
    return "" if excepted is None else excepted.reason


def _by(fate: Fate) -> Iterator[str]:
    """The test that found it."""
    if fate.elsewhere is not None and fate.elsewhere.by:
        yield f"`{fate.elsewhere.by}`" + (f" ({fate.elsewhere.note})" if fate.elsewhere.note else "")


def _operator(fate: Fate) -> str:
    return fate.name.split(": ")[1]


def _code(name: str) -> str:
    return "`` " + name.replace("|", "\\|") + " ``"


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |\n"
