# SPDX-License-Identifier: Apache-2.0
"""The matrix of mutants as a page of the documentation: what was judged, who noticed it, and what is left open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from edgeproof.properties.mutation.kill import ENGINES, How, Standing
from edgeproof.reports.markup import text

__all__ = ["page_of"]

_HEAD: Final = """<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Written by `edgeproof mutate --profile full --page docs/mutants.md`. -->
# Mutants of the designs

`edgeproof mutate` makes every mistake of certain kinds in every design, one at a time, and looks whether `edgeproof
verify` would notice. Each mutant is searched and proved in the named cases of its design, small ones first, and the
reference implementation is driven by it; cases of more than 40,000 states are for those that nobody has noticed in
smaller ones. An engine notices by a *verdict*: a property, a fact that must be possible, or the passing of time does
not stand as it should, or implementation and mutant differ; or by a *measure*: a longer trace, or a bound that no run
reaches any more.

A design has most of its text from another one (`do_kv_regional` from `do_kv`) or from a part that others have too. An
edit of that text changes all of them, and `verify` notices it if it notices it in any: it is counted in the first of
these designs, as *shared* in the others, and judged in these again only where nobody has noticed it in the first."""

_ENOUGH: Final = {
    1: "This matrix was made with `--enough 1`: of a mutant that one engine has noticed the others were not asked.",
    2: "Until two engines have noticed a mutant the others are asked.",
    3: "All three engines are asked of every mutant.",
}

_LEGEND: Final = """*Noticed by* says by how many engines. *The one that can*: the mutant is proved to do less than the
design, and then only what must be possible, or must come about, can fail. *The design in other words* is shown by proof
(the same steps from every state of the invariant, for any number of everything), by equal state graphs, or by the same
runs (bisimilar, but for what clocks show while nobody looks at them)."""

_ONLY: Final = {
    "lockstep": "In every case that was looked at all that is promised stands as it should: it is another design, and "
    "not a wrong one. Only who compares it with code can notice.",
    "search": "The reference was driven, or could not be, and does in those runs what the mutant does: what differs is "
    "what must be possible, or come about, or what only watches. No proof is lost, or there is none to lose.",
    "proof": "At the sizes that are searched it does what the design does, or keeps what is promised all the same, and "
    "so does the reference in the runs in which it was driven: what is lost is the proof for any number of everything.",
}
"""Why the others have not noticed what an engine has noticed alone."""

_TIMES: Final = "Which engines noticed how many by a verdict, and how long all took, one process on a busy machine:"

_EQUAL: Final = (Standing.PROVED_EQUAL, Standing.SAME_GRAPHS, Standing.SAME_RUNS)
_COLUMNS: Final = (
    ("two engines", Standing.TWICE),
    ("the one that can", Standing.ALONE),
    ("one of several", Standing.ONCE),
    ("a measure", Standing.MEASURE),
    ("refused", Standing.REFUSED),
)
_REST: Final = (
    ("excepted", Standing.EXCEPTED),
    ("by states alone", Standing.STATES),
    ("open", Standing.OPEN),
    ("unexplained", Standing.UNEXPLAINED),
    ("not judged", "not judged"),
)

_MOST: Final = 160
"""Characters of what is said of a mutant."""

_BY_REASON: Final = (Standing.EXCEPTED,)
_UNSURE: Final = (Standing.STATES, Standing.OPEN, Standing.UNEXPLAINED)
_FOOTNOTES: Final = (
    ("Passes, and nobody knows why it should", (Standing.UNEXPLAINED, Standing.OPEN)),
    ("Has other states, and nothing else was noticed", (Standing.STATES,)),
    ("Excepted", (Standing.EXCEPTED,)),
)


def page_of(document: Mapping[str, Any]) -> str:
    """The page of a matrix."""
    rows = document["designs"]
    lines = [
        _HEAD,
        "",
        _ENOUGH[document["enough"]],
        "",
        *_summary(document),
        "",
        "## By design",
        "",
        _LEGEND,
        "",
        *_designs(rows),
    ]
    if document["enough"] > 1:
        lines += ["", "Of those that one engine of several noticed:", "", *_alone(document["mutants"])]
    lines += ["", _TIMES, "", *_noticed(document["noticed"]), "", "## Shared", "", *_shared(document["shared"])]
    lines += ["", "## By kind of mistake", "", *_operators(document["operators"])]
    for title, standings in _FOOTNOTES:
        told = [one for one in document["mutants"] if one["standing"] in standings]
        if told:
            lines += ["", f"## {title}", "", *_told(told)]
    return "\n".join(lines) + "\n"


def _summary(document: Mapping[str, Any]) -> Iterator[str]:
    rows = document["designs"].values()
    every, shared, left = (sum(row[name] for row in rows) for name in ("mutants", "shared", "not judged"))
    killed = sum(row[name] for row in rows for _, name in _COLUMNS)
    equal = sum(row[name] for row in rows for name in _EQUAL)
    excepted, other = (sum(row[name] for row in rows for name in names) for names in (_BY_REASON, _UNSURE))
    yield (
        f"{every:,} mutants of {len(rows)} designs: {shared:,} are shared, and {every - shared - left:,} were judged. "
        f"Of these {killed:,} are noticed, {equal:,} are the design in other words, {excepted:,} have a reason to "
        f"pass, and {other:,} pass unexplained."
    )
    if before := document["before"]:
        yield ""
        yield (
            f"{before:,} of them were judged when the engines, or something else that their fates depend on, were not "
            "what they are now. Each says the same of its design still, and no fact that must be possible is gone."
        )
    again = document["again"]
    own = {name: row["not judged"] - again.get(name, 0) for name, row in document["designs"].items()}
    for says, counts in (
        ("Not judged yet", own),
        ("Not judged again yet, of those that pass in the first design", again),
    ):
        if any(counts.values()):
            yield ""
            yield f"{says}: {', '.join(f'{count:,} of `{name}`' for name, count in counts.items() if count)}."


def _designs(rows: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    heads = [name for name, _ in (*_COLUMNS, ("in other words: proof / graphs / runs", ""), *_REST)]
    yield _row(["design", "mutants", "shared", *heads])
    yield _row(["---"] * (len(heads) + 3))
    for design, row in (*((f"`{name}`", row) for name, row in rows.items()), ("all", _total(rows.values()))):
        equal = " / ".join(f"{row[name]:,}" for name in _EQUAL)
        noticed, rest = ([row[name] for _, name in columns] for columns in (_COLUMNS, _REST))
        yield _row([design, row["mutants"], row["shared"], *noticed, equal, *rest])


def _alone(mutants: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Which engine noticed how many alone, how many of these the reference was driven by, and why no other did."""
    once = [one for one in mutants if one["standing"] == Standing.ONCE]
    yield _row(["noticed by", "mutants", "driven", "why by no other"])
    yield _row(["---"] * 4)
    for engine, why in _ONLY.items():
        mine = [
            one for one in once if any(kill["engine"] == engine and kill["how"] == How.VERDICT for kill in one["kills"])
        ]
        yield _row([engine, len(mine), sum("lockstep" in one["seconds"] for one in mine), why])


def _noticed(rows: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    yield _row(["design", *ENGINES, "seconds"])
    yield _row(["---"] * (len(ENGINES) + 2))
    for design, row in (*((f"`{name}`", row) for name, row in rows.items()), ("all", _total(rows.values()))):
        yield _row([design, *(row[engine] for engine in ENGINES), row["seconds"]])


def _shared(shared: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    yield _row(["design", "shared with"])
    yield _row(["---"] * 2)
    for design, of in shared.items():
        yield _row([f"`{design}`", ", ".join(f"`{other}` {count:,}" for other, count in of.items())])


def _operators(rows: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    yield _row(["kind", "judged", "noticed", "the design in other words", "excepted", "unexplained"])
    yield _row(["---"] * 6)
    for kind, row in rows.items():
        sums = [sum(row[name] for name in names) for names in ([n for _, n in _COLUMNS], _EQUAL, _BY_REASON, _UNSURE)]
        yield _row([kind, row["mutants"], *sums])


def _told(mutants: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Mutants by their reasons, one reason once."""
    ordered = sorted(mutants, key=lambda one: one["because"])
    for because, these in groupby(ordered, key=lambda one: one["because"]):
        if because:
            yield f"{because}"
            yield ""
        yield from (f"- `{one['design']}`: {text(_short(one['says']))}" for one in these)
        yield ""


def _short(says: str) -> str:
    return says if len(says) <= _MOST else f"{says[:_MOST]} ..."


def _total(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        for name, value in row.items():
            found[name] = found.get(name, 0) + round(value)
    return found


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(f"{cell:,}" if isinstance(cell, (int, float)) else str(cell) for cell in cells) + " |"
