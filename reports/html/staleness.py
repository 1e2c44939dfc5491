# SPDX-License-Identifier: Apache-2.0
"""How stale the reads of a history were, in plots: by location, over time, and beside the bound that is proved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any, Final

from edgeproof.reports.errors import one_line
from edgeproof.reports.html.page import Section
from edgeproof.reports.html.plots import Plot, plot

if TYPE_CHECKING:
    from edgeproof.properties.traffic.course import Course
    from edgeproof.properties.traffic.measure import Staleness
    from edgeproof.properties.traffic.promise import Promise

__all__ = ["staleness_section"]

Rows = list[dict[str, Any]]

_WIDTH: Final = 560
_PLACES: Final = 12
"""Units at locations that are shown, the stalest first."""
_LINES: Final = 8
"""Locations that have a line of their own over time, the stalest first."""
_VERSIONS: Final = 30
"""Versions behind that are shown; the table has them all."""
_QUANTILES: Final = {"p50": "half", "p90": "90 %", "p99": "99 %", "p999": "99.9 %", "max": "all"}


def staleness_section(staleness: Staleness, course: Course, promise: Promise) -> Section:
    """The plots of a history; what was not recorded has none."""
    bound = None if promise.bound_s == inf else promise.bound_s
    plots: list[Plot] = []
    if staleness.by_location:
        plots.append(_by_location(staleness.by_location, bound))
    if course.moments:
        plots.append(_over_time(course, bound))
    plots += _terms(staleness, promise)
    plots += _curves(staleness)
    return Section("staleness", "How stale reads were", "plots", tuple(plots))


def _by_location(every: Sequence[Mapping[str, Any]], bound: float | None) -> Plot:
    shown = every[:_PLACES]
    units = {row["unit"] for row in every}
    names = [one_line(row["pop"] or "nowhere") if len(units) == 1 else _place(row) for row in shown]
    values = [{"place": name, **row["certain"]} for name, row in zip(names, shown, strict=True)]
    place = {"field": "place", "type": "nominal", "sort": None, "title": None}
    layers: list[Mapping[str, Any]] = [
        {
            "mark": {"type": mark, **how},
            "encoding": {"y": place, "x": _x(begin), **({"x2": {"field": end}} if end else {})},
        }
        for mark, how, begin, end in (
            ("rule", {"color": "#8a93a0"}, "p50", "max"),
            ("bar", {"height": 12, "opacity": 0.55, "cornerRadius": 3}, "p50", "p99"),
            ("tick", {"thickness": 3, "height": 18}, "p50", ""),
            ("point", {"filled": True, "size": 45, "opacity": 1}, "max", ""),
        )
    ]
    spec = {
        "width": _WIDTH,
        "height": {"step": 28},
        "data": {"values": values},
        "layer": [*layers, *_bound_line(bound, "x")],
    }
    rows = [[name, f"{row['reads']:,}", *_seconds(row["certain"])] for name, row in zip(names, shown, strict=True)]
    more = f", the {_PLACES} stalest of {len(every):,}" if len(every) > _PLACES else ""
    shows = f"A mark at half of the reads, a bar to 99 in 100, a point at the stalest{_and_bound(bound)}{more}."
    return plot("Certain staleness, by location", shows, spec, ["location", "reads", *_QUANTILES.values()], rows)


def _over_time(course: Course, bound: float | None) -> Plot:
    worst: dict[str, float] = {}
    for one in course.moments:
        worst[one.pop] = max(worst.get(one.pop, 0.0), one.certain)
    shown = sorted(worst, key=lambda pop: (-worst[pop], pop))[:_LINES]
    values = [
        {"since": one.since, "stale": one.certain, "place": one_line(one.pop or "nowhere")}
        for one in course.moments
        if one.pop in shown
    ]
    line = {
        "mark": {"type": "line", "strokeWidth": 1.6, "interpolate": "step-after"},
        "encoding": {
            "x": {"field": "since", "type": "quantitative", "title": "seconds since the first read"},
            "y": {"field": "stale", "type": "quantitative", "title": "stalest read, seconds"},
            "color": {"field": "place", "type": "nominal", "title": "location"},
        },
    }
    spec = {
        "width": _WIDTH,
        "height": 220,
        "data": {"values": values},
        "layer": [line, *_bound_line(bound, "y")],
    }
    rows = [[one_line(pop or "nowhere"), f"{worst[pop]:.3f} s"] for pop in shown]
    shows = f"The stalest read of each location in every slice of {course.width:.3g} s{_and_bound(bound)}."
    return plot("Certain staleness, as time went by", shows, spec, ["location", "stalest read"], rows)


def _terms(staleness: Staleness, promise: Promise) -> Iterator[Plot]:
    """The bound and the stalest read, each as the sum of its terms: which one dominates."""
    bars = [("the bound", term, meaning, seconds) for term, meaning, seconds in promise.terms]
    if staleness.worst is not None:
        stages = staleness.worst.stages
        bars += [("the stalest read", one.term, one.meaning, one.seconds) for one in stages]
    if not bars:
        return
    values: Rows = []
    at: dict[str, float] = {}
    for what, term, _, seconds in bars:
        begin = at.get(what, 0.0)
        values.append(
            {"what": what, "term": term, "begin": begin, "end": begin + seconds, "middle": begin + seconds / 2}
        )
        at[what] = begin + seconds
    longest = max(at.values())
    for value in values:
        value["label"] = value["term"] if value["end"] - value["begin"] > 0.04 * longest else ""
    y = {"field": "what", "type": "nominal", "sort": None, "title": None}
    spec = {
        "width": _WIDTH,
        "height": {"step": 52},
        "data": {"values": values},
        "encoding": {"y": y},
        "layer": [
            {
                "mark": {"type": "bar", "height": 30, "cornerRadius": 2},
                "encoding": {
                    "x": {"field": "begin", "type": "quantitative", "title": "seconds"},
                    "x2": {"field": "end"},
                    "color": {"field": "term", "type": "nominal", "title": "term", "sort": None},
                },
            },
            {
                "mark": {"type": "text", "dy": -22},
                "encoding": {"x": {"field": "middle", "type": "quantitative"}, "text": {"field": "label"}},
            },
        ],
    }
    rows = [[what, term, meaning, f"{seconds:.3f} s"] for what, term, meaning, seconds in bars]
    most = {what: max((bar for bar in bars if bar[0] == what), key=lambda bar: bar[3])[1] for what in at}
    shows = f"{', '.join(f'{term} dominates {what}' for what, term in most.items())}."
    yield plot("What the time is made of", shows, spec, ["of", "term", "why", "time"], rows)


def _curves(staleness: Staleness) -> Iterator[Plot]:
    """How likely a read is fresh so long after a commit, and how likely it is at most so many versions behind."""
    curve = [
        (row["age"], row["fresh"] / row["n"], row["n"]) for row in staleness.curve if row["age"] != inf and row["n"]
    ]
    if curve:
        values = [{"age": age, "fresh": fresh} for age, fresh, _ in curve]
        x = {"field": "age", "type": "quantitative", "scale": {"type": "log"}, "title": "seconds after the last commit"}
        spec = _line(values, x, "fresh", "share of reads that are fresh")
        rows = [[f"{age:g} s", f"{n:,}", f"{fresh:.2%}"] for age, fresh, n in curve]
        shows = "How likely a read gives the last acknowledged commit, by how long ago that was."
        yield plot("t-visibility", shows, spec, ["up to", "reads", "fresh"], rows)
    every = sum(staleness.behind.values())
    if every:
        so_far, shares = 0, []
        for versions, reads in sorted(staleness.behind.items()):
            so_far += reads
            shares.append((versions, so_far / every, reads))
        values = [{"k": k, "share": share} for k, share, _ in shares[:_VERSIONS]]
        x = {"field": "k", "type": "ordinal", "title": "versions behind, at most", "axis": {"labelAngle": 0}}
        spec = _line(values, x, "share", "share of reads")
        rows = [[str(k), f"{n:,}", f"{share:.2%}"] for k, share, n in shares]
        shows = "How many reads were at most so many versions behind."
        yield plot("k-staleness", shows, spec, ["at most", "reads that far behind", "share"], rows)


def _line(values: Sequence[Mapping[str, float]], x: Mapping[str, Any], y: str, title: str) -> Mapping[str, Any]:
    share = {"format": "%"}
    return {
        "width": _WIDTH,
        "height": 220,
        "data": {"values": list(values)},
        "mark": {"type": "line", "interpolate": "step-after", "point": {"size": 30}, "strokeWidth": 1.6},
        "encoding": {
            "x": x,
            "y": {"field": y, "type": "quantitative", "title": title, "scale": {"domain": [0, 1]}, "axis": share},
        },
    }


def _bound_line(bound: float | None, way: str) -> Rows:
    """The bound, as a line that nothing crosses, or does."""
    if bound is None:
        return []
    data = {"values": [{"bound": bound, "text": f"bound {bound:g} s"}]}
    at = {way: {"field": "bound", "type": "quantitative"}}
    corner = {**at, ("y" if way == "x" else "x"): {"value": 0 if way == "x" else "width"}}
    text = {"type": "text", "align": "right", "dx": -4, "dy": -8 if way == "y" else 0, "baseline": "middle"}
    return [
        {"data": data, "mark": {"type": "rule", "strokeDash": [5, 4], "strokeWidth": 1.6}, "encoding": at},
        {"data": data, "mark": text, "encoding": {**corner, "text": {"field": "text"}}},
    ]


def _x(name: str) -> Mapping[str, Any]:
    return {"field": name, "type": "quantitative", "title": "seconds"}


def _place(row: Mapping[str, Any]) -> str:
    return one_line(f"{row['unit'] or 'no unit'} at {row['pop'] or 'nowhere'}")


def _seconds(quantiles: Mapping[str, float]) -> list[str]:
    return [f"{quantiles[name]:.3f} s" for name in _QUANTILES]


def _and_bound(bound: float | None) -> str:
    return "" if bound is None else "; the dashed line is the bound"
