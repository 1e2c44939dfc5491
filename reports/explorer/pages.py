# SPDX-License-Identifier: Apache-2.0
"""What the explorer answers: the page of a place, the way to what is looked for, and a walk to be taken away."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl

from attrs import frozen

from edgeproof.model.machine import DesignError, Instance, Machine
from edgeproof.model.predicate import predicate
from edgeproof.model.trace import dump_trace
from edgeproof.properties.catalogue import CATALOGUE, applicable
from edgeproof.properties.extras import installed, missing
from edgeproof.properties.own import adopted
from edgeproof.properties.replay import truth_table
from edgeproof.properties.walk import Walk, as_trace
from edgeproof.reports.changes import settling, trace_steps
from edgeproof.reports.errors import Unusable, counted, one_line
from edgeproof.reports.explorer.place import Place, address, instance_at, place_in, place_of, reached
from edgeproof.reports.explorer.shown import shown
from edgeproof.reports.html.page import filled, policy
from edgeproof.reports.mermaid import sequence_diagram
from edgeproof.reports.regression import regression_test

__all__ = ["Answer", "Explorer"]

_HTML: Final = "text/html; charset=utf-8"
_TEXT: Final = "text/plain; charset=utf-8"


@frozen
class Answer:
    """An answer to a request: its status, what it is, where one is sent (`location`), and what a file is called."""

    status: str
    kind: str
    body: str
    location: str = ""
    file: str = ""


class Explorer:
    """Answers for one design. It keeps nothing of anybody; configurations that were read are known again."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._instance = lru_cache(maxsize=32)(self._read)

    def answer(self, path: str, query: str) -> Answer:
        """The answer to what is asked of a `path` below the token."""
        try:
            said = dict(parse_qsl(query))
            place = place_in("&".join(part for part in query.split("&") if not part.startswith("find=")))
            walk, problem = reached(self._instance(place.constants), place)
            if path == "":
                return self._page(walk, place, problem) if "find" not in said else self._find(walk, place, said["find"])
            if path in _EXPORTS:
                kind, make = _EXPORTS[path]
                return Answer("200 OK", kind, make(walk), file=path)
        except (Unusable, DesignError) as error:
            return Answer("400 Bad Request", _TEXT, one_line(error) + "\n")
        return Answer("404 Not Found", _TEXT, "there is nothing here\n")

    def _read(self, constants: tuple[tuple[str, str], ...]) -> Instance:
        return instance_at(self._machine, Place(constants))

    def _page(self, walk: Walk, place: Place, problem: str) -> Answer:
        text = filled("explore", shown=shown(walk, place, problem), policy=policy("'self'"), exports=tuple(_EXPORTS))
        return Answer("200 OK", _HTML, text)

    def _find(self, walk: Walk, place: Place, text: str) -> Answer:
        """Go to the nearest state in which a condition holds, or a property is broken."""
        try:
            found, problem = _nearest(walk, text)
        except (Unusable, DesignError) as error:
            found, problem = None, one_line(error)
        if found is None:
            return self._page(walk, place, problem)
        there = place_of(found)
        return Answer("303 See Other", _TEXT, "", location=f"?{address(there)}")


def _nearest(walk: Walk, text: str) -> tuple[Walk | None, str]:
    if not installed("search"):
        raise DesignError(missing("search"))
    from edgeproof.properties.engines.explore.nearest import nearest, where

    asked = {name: CATALOGUE[name] for name in applicable(walk.instance)}
    way = nearest(walk, asked[text] if text in asked else where(predicate(walk.instance.machine, text)))
    looked = "nowhere from here" if way.whole else "not that near"
    return way.walk, f"{text}: {looked}, in {counted(way.states, 'state')} that were looked at"


def _about(walk: Walk) -> str:
    """The property that the last step breaks, if it breaks one."""
    last = truth_table(as_trace(walk), walk.instance.machine)[-1]
    return next((name for name, holds in last.items() if holds is False and name not in settling()), "")


def _trace(walk: Walk) -> str:
    return dump_trace(as_trace(walk, _about(walk)))


def _test(walk: Walk) -> str:
    if walk.instance.machine.name in adopted():
        raise Unusable("a test of your own design is written by: edgeproof replay TRACE --pytest FILE")
    return regression_test(as_trace(walk, _about(walk)), "model")


def _mermaid(walk: Walk) -> str:
    trace = as_trace(walk, _about(walk))
    truth = truth_table(trace, walk.instance.machine)
    return sequence_diagram(walk.instance, trace, trace_steps(walk.instance.machine, trace, truth))


_EXPORTS: Final = {
    "walk.itf.json": ("application/json", _trace),
    "test_walk.py": (_TEXT, _test),
    "walk.mmd": (_TEXT, _mermaid),
}
"""What a walk can be taken away as: the name of the file, what it is, and what makes it."""
