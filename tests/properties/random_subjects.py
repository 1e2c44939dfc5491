# SPDX-License-Identifier: Apache-2.0
"""A random design with what is asked of it, and what searches say of it at several sizes and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from itertools import product
from typing import Any, Final

from attrs import field, frozen

from edgeproof.model.expr import NAT, Expr, Type, exists
from edgeproof.model.interpret import OutOfRangeError, evaluate
from edgeproof.model.kernel import KernelSource
from edgeproof.model.machine import Instance, after
from edgeproof.properties.catalogue import Property, Step
from edgeproof.properties.engines.explore.engine import explore, explore_with_time
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Evidence
from tests.model.agreement import every_event
from tests.model.drawing import SORTS
from tests.model.random_designs import Spec, formula_in, instance_of, state_formula, truth_in
from tests.properties.brute import BruteSearch, TooLargeError

__all__ = ["LARGEST", "Subject", "random_properties"]

LARGEST: Final = 3
"""The most elements of a sort, and the largest number, that a design is searched with."""

_STATES: Final = 10_000
_PLAIN: Final = 1_000


def random_properties(instance: Instance, spec: Spec) -> list[Property]:
    """The random formula as a property of states, of steps (once true it stays true), and as one that settles."""
    formula = state_formula(instance, spec)

    def once(step: Step) -> Any:
        return ~formula | formula_in(step.after, spec)

    return [
        Property("holds", "The formula holds.", "random", state=lambda s: formula),
        Property("stays", "What once holds stays.", "random", step=once),
        Property("settles", "The formula comes to hold for ever.", "random", settles=lambda s: formula),
    ]


@frozen(slots=False)
class Subject:
    """One random design. What was searched is kept: several checks cost one search, and one kernel serves all."""

    spec: Spec
    instance: Instance
    properties: Sequence[Property]
    known: dict[tuple[Any, ...], dict[str, Evidence]] = field(factory=dict, eq=False, repr=False)

    @classmethod
    def of(cls, spec: Spec) -> Subject:
        instance = instance_of(spec)
        return cls(spec, instance, random_properties(instance, spec))

    @property
    def safety(self) -> list[Property]:
        """The properties of states and of steps."""
        return [one for one in self.properties if one.settles is None]

    @property
    def lemmas(self) -> Mapping[str, Callable[[Any], Expr]]:
        """The random formulas that a proof is told to try."""
        return {f"lemma {n}": partial(truth_in, term=term) for n, term in enumerate(self.spec.lemmas)}

    @cached_property
    def source(self) -> KernelSource:
        """The kernel of the design with whatever sizes and numbers, up to the largest."""
        others = (self.instance.with_(**dict.fromkeys("PQND", number)) for number in (1, LARGEST))
        return kernel_source([self.instance, *others], self.properties)

    def sizes(self) -> list[Instance]:
        """The instance with every number of elements."""
        return [self.instance.with_(P=p, Q=q) for p, q in product(range(1, LARGEST + 1), repeat=len(SORTS))]

    def numbers(self) -> list[Instance]:
        """The instance with several counts and durations."""
        spans = product(range(1, LARGEST + 1), range(LARGEST + 1))
        return [self.instance.with_(N=most, D=wait) for most, wait in spans]

    def searched(self, instance: Instance) -> dict[str, Evidence]:
        """What a search of an instance says of the properties, by their names."""
        key = tuple(instance.values.items())
        if key not in self.known:
            found = explore(instance, self.properties, self.source, Limits(states=_STATES))
            self.known[key] = {one.property: one for one in found}
        return self.known[key]

    def searched_with_time(self, instance: Instance, *, symmetry: bool) -> list[Evidence]:
        """What a search says of time, where there are clocks, and of the properties; by orbits, or of all states."""
        return explore_with_time(instance, self.properties, self.source, Limits(states=_STATES), symmetry=symmetry)

    def plain(self, slack: int = 0) -> BruteSearch | None:
        """The plain search of the instance; None where it has too many states. Raises OutOfRangeError."""
        try:
            return self._plain(slack).run()
        except TooLargeError:
            return None

    def _plain(self, slack: int = 0) -> BruteSearch:
        # The forms as the kernel has them: what its constants decide asks no clock, and cuts none off.
        forms = list(kernel_source([self.instance], self.properties).forms)
        return BruteSearch(self.instance, forms, slack, _PLAIN)

    def below_zero(self) -> bool:
        """Whether some step from a state that the plain search met leaves a natural below 0."""
        machine, search = self.instance.machine, self._plain()
        with suppress(OutOfRangeError, TooLargeError):
            search.run()
        naturals = [(name, one.over) for name, one in machine.variables.items() if one.type.kind == "nat"]
        for state, event in product(search.states.values(), every_event(self.instance)):
            action, bound = machine.action(event.action), dict(event.arguments)
            if evaluate(self.instance, action.guard, state, bound):
                for name, over in naturals:
                    left = after(_below_zero(name, over), action.post)
                    if evaluate(self.instance, left, state, bound):
                        return True
        return False


def _below_zero(name: str, over: str) -> Expr:
    """A natural is below 0, or some element of it is."""
    if not over:
        return Expr("var", NAT, (), name) < 0
    return exists(Type("index", sort=over), lambda element: Expr("var", NAT, (element,), name) < 0)
