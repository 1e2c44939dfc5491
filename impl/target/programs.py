# SPDX-License-Identifier: Apache-2.0
"""What clients do in a run: programs of a few steps, drawn by Hypothesis from what a deployment can be asked."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Final

from attrs import asdict, frozen
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisWarning

from edgeproof.impl.target.routes import Target, Values, Versions

__all__ = ["Budget", "Program", "Step", "programs", "spell", "spelled_out"]


@frozen
class Step:
    """One thing that a client does.

    `write` sets field number `field` to `value`, based on nothing in particular, on the `current` version, or on an
    `old` one, which must be refused. `again` sends the last write once more, or the `first` one, under its key. `read`
    reads `at` a location. `restore` takes the store back to the version before. `wait` lets `ms` milliseconds pass,
    `fault` runs the command called `at`. `together` takes `steps` at the same time, each as a client of its own.
    """

    do: str
    at: str = ""
    field: int = 0
    value: Any = ""
    base: str = ""
    first: bool = False
    ms: int = 0
    steps: tuple[Step, ...] = ()


Program = tuple[Step, ...]


@frozen
class Budget:
    """How many runs of how many steps, from which seed; `patience` is the seconds that may go by in waiting."""

    runs: int = 20
    steps: int = 12
    seed: int = 0
    patience: float = 20.0


_SPITEFUL: Final = (
    *("", " ", "null", "0", "\\", '"', "'; DROP TABLE config; --", "../../etc/passwd", "<script>", "{{7*7}}"),
    *("%00", "\r\nSet-Cookie: a=b", "__proto__", "constructor", "\u202eabc", "\ufeff", "\u00e9", "e\u0301", "İ", "🏳️‍🌈"),
    *("\x7f", "\u2028", "a" * 4000),
)
"""Texts on which something somewhere has come to grief."""


def programs(target: Target, budget: Budget, bound: float | None, faults: bool = False) -> list[Program]:
    """The programs of a session. As many as `patience` allows end with a wait for `bound` (seconds) and a read."""
    drawn: list[Program] = []
    values = _values(target.write.values)
    more = st.lists(_steps(target, faults), min_size=min(4, budget.steps), max_size=budget.steps)

    @seed(budget.seed)
    @settings(
        max_examples=budget.runs,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.tuples(values, values, values), more)
    def draw(opening: tuple[Any, Any, Any], program: list[Step]) -> None:
        drawn.append((*_opening(target, opening), *program))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HypothesisWarning)
        draw()
    if bound is not None:
        waits = max(1, int(budget.patience / max(bound, 0.001)))
        drawn[-waits:] = [program + _waiting(target, bound) for program in drawn[-waits:]]
    return drawn


def spell(program: Program) -> list[dict[str, Any]]:
    """A program as JSON has it, without what a step leaves as it is."""
    plain = asdict(Step(""))
    return [
        {n: spell(v) if n == "steps" else v for n, v in asdict(one, recurse=False).items() if v != plain[n]}
        for one in program
    ]


def spelled_out(said: list[Mapping[str, Any]]) -> Program:
    """The program that was spelled. Raises TypeError for what is none."""
    return tuple(Step(**{**one, "steps": spelled_out(one.get("steps", []))}) for one in said)


def _opening(target: Target, values: tuple[Any, Any, Any]) -> Program:
    """What every run does, so that nothing is left to chance that must happen: changes with reads after each, one of
    them sent again, one based on an old version, and one on the current one.
    """
    reads = tuple(Step("read", at=name) for name in target.reads)
    first, second, third = (Step("write", value=value) for value in values)
    again = (Step("again"),) if target.has_keys else ()
    based = [Step("write", value=base, base=base) for base in ("old", "current")] if target.can_expect else []
    return (first, *reads, second, *again, *reads, third, *reads, *based, *reads)


def _waiting(target: Target, bound: float) -> Program:
    reads = tuple(Step("read", at=name) for name in target.reads)
    return (Step("wait", ms=int(bound * 1000) + 50), *reads)


def _steps(target: Target, faults: bool) -> st.SearchStrategy[Step]:
    single = _single(target)
    kinds = [single, st.sampled_from([5, 40]).map(lambda ms: Step("wait", ms=ms))]
    pair = _concurrent(target, single)
    kinds += [pair.map(lambda two: Step("together", steps=two))]
    if target.restore is not None:
        kinds.append(st.just(Step("restore")))
    if faults and target.faults:
        kinds.append(st.sampled_from(sorted(target.faults)).map(lambda name: Step("fault", at=name)))
    return st.one_of(single, *kinds)


def _single(target: Target) -> st.SearchStrategy[Step]:
    read = st.sampled_from(sorted(target.reads)).map(lambda name: Step("read", at=name))
    kinds = [read, _writes(target), read]
    if target.has_keys:
        kinds.append(st.booleans().map(lambda first: Step("again", first=first)))
    return st.one_of(*kinds)


def _writes(target: Target, base: str | None = None) -> st.SearchStrategy[Step]:
    bases = [base] if base is not None else ["", "", "current", "old"] if target.can_expect else [""]
    several = target.has_fields and "changes" not in target.write.route.places
    return st.builds(
        Step,
        st.just("write"),
        field=st.integers(0, 1) if several else st.just(0),
        value=_values(target.write.values),
        base=st.sampled_from(bases),
    )


def _concurrent(target: Target, single: st.SearchStrategy[Step]) -> st.SearchStrategy[tuple[Step, Step]]:
    """Two clients at once. Where only the order of commits orders versions, that of two writes has to be seen."""
    if target.versions is Versions.OPAQUE and target.strong is None:
        return st.tuples(single, single.filter(lambda step: step.do == "read"))
    conflicting = _writes(target, "current" if target.can_expect else "")
    return st.one_of(st.tuples(single, single), st.tuples(conflicting, conflicting))


def _values(values: Values) -> st.SearchStrategy[Any]:
    texts = st.one_of(
        st.sampled_from(_SPITEFUL),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    )
    if values is Values.TEXT:
        return texts
    if values is Values.NUMBER:
        return st.just("")
    whole = st.integers(-(2**53) + 1, 2**53 - 1)
    leaves = st.one_of(texts, whole, st.booleans(), st.none())
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
    )
