# SPDX-License-Identifier: Apache-2.0
"""The search as one would write it in an afternoon: tuples, a set, the interpreter. What `explore` must agree with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import networkx as nx
from attrs import define, field

from edgeproof.model.interpret import Event, State, evaluate, initial_states, successors
from edgeproof.model.kernel import StateForm, StepForm
from edgeproof.model.layout import clock_caps
from edgeproof.model.machine import Instance

__all__ = ["BruteSearch", "TooLargeError"]


class TooLargeError(Exception):
    """There are more states than were to be looked at."""


@define
class BruteSearch:
    """Every reachable state by its frozen form, with its depth and its edges.

    Clocks are cut off `slack` later than they have to be. Raises TooLargeError beyond `most` states.
    """

    instance: Instance
    forms: list[StateForm | StepForm]
    slack: int = 0
    most: int = 1 << 30
    states: dict[Any, dict[str, Any]] = field(factory=dict)
    depth: dict[Any, int] = field(factory=dict)
    edges: list[tuple[Any, Event, Any]] = field(factory=list)
    violated: dict[str, int] = field(factory=dict)
    tested: set[str] = field(factory=set)

    def run(self) -> BruteSearch:
        caps = clock_caps(self.instance, [e for form in self.forms for e in _expressions(form)])

        latest = {name: cap + self.slack for name, cap in caps.items()}

        def frozen(state: State) -> Any:
            return tuple((name, _cut(value, latest.get(name))) for name, value in state.items())

        queue: list[Any] = []
        for state in initial_states(self.instance):
            self._meet(frozen(state), state, 0, queue)
        for key in queue:
            state = self.states[key]
            for event, following in successors(self.instance, state):
                self._ask_step(state, event, self.depth[key] + 1)
                self._meet(frozen(following), following, self.depth[key] + 1, queue)
                self.edges.append((key, event, frozen(following)))
        return self

    def _meet(self, key: Any, state: State, depth: int, queue: list[Any]) -> None:
        if key in self.states:
            return
        if len(self.states) == self.most:
            raise TooLargeError(f"more than {self.most:,} states")
        # The frozen state is the one that goes on: clocks beyond the cut-off look alike.
        self.states[key], self.depth[key] = dict(key), depth
        queue.append(key)
        for form in self.forms:
            if isinstance(form, StateForm):
                self._note(form.name, depth, evaluate(self.instance, form.holds, state))
                if evaluate(self.instance, form.tested, state):
                    self.tested.add(form.name)

    def _ask_step(self, state: State, event: Event, depth: int) -> None:
        for form in self.forms:
            if isinstance(form, StepForm) and event.action in form.per_action:
                holds, tested = form.per_action[event.action]
                self._note(form.name, depth, evaluate(self.instance, holds, state, dict(event.arguments)))
                if evaluate(self.instance, tested, state, dict(event.arguments)):
                    self.tested.add(form.name)

    def _note(self, name: str, depth: int, holds: bool) -> None:
        if not holds:
            self.violated.setdefault(name, depth)

    def settles(self, holds: Callable[[dict[str, Any]], bool]) -> bool:
        """Whether every fair run is, from some moment on, in states where `holds`: no fair set of states says no.

        A run goes round in a set of states that are connected by steps that are no hazards. It is fair if every fair
        event is impossible in some of them, or happens among them; every set of states is tried.
        """
        machine = self.instance.machine
        hazards = {action.name for action in machine.actions if action.hazard}
        fair = {action.name for action in machine.actions if action.fair}
        graph: nx.DiGraph[Any] = nx.DiGraph()
        graph.add_nodes_from(self.states)
        graph.add_edges_from((a, b) for a, event, b in self.edges if event.action not in hazards)
        possible: dict[Any, set[Event]] = {key: set() for key in self.states}
        for at, event, _ in self.edges:
            if event.action in fair:
                possible[at].add(event)
        if any(not possible[key] and not holds(state) for key, state in self.states.items()):
            return False
        for component in nx.strongly_connected_components(graph):
            inner = [
                (a, e, b) for a, e, b in self.edges if a in component and b in component and e.action not in hazards
            ]
            always = set.intersection(*(possible[key] for key in component))
            if (
                inner
                and always <= {event for _, event, _ in inner}
                and not all(holds(self.states[k]) for k in component)
            ):
                return False
        return True


def _cut(value: Any, cap: int | None) -> Any:
    if cap is None:
        return value
    return tuple(min(v, cap) for v in value) if isinstance(value, tuple) else min(value, cap)


def _expressions(form: StateForm | StepForm) -> list[Any]:
    return (
        [form.holds, form.tested] if isinstance(form, StateForm) else [e for p in form.per_action.values() for e in p]
    )
