# SPDX-License-Identifier: Apache-2.0
"""What the proofs of one case notice of mutants: a proof that is lost.

A mutant has one action that is other than the design's. Where that keeps the design's invariant as well, and breaks no
property of steps, everything that was proved of the design is proved of the mutant, and nothing else has to be asked.
Where it does not, the largest part of the invariant that all actions keep is found, as far as something proved is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy

from attrs import define, evolve, field

from edgeproof.model.expr import FALSE, Expr
from edgeproof.model.kernel import StepForm
from edgeproof.model.machine import TICK, Action, Instance, Machine
from edgeproof.model.smt import UnencodableError, possible_actions, with_any_tick
from edgeproof.properties.cases import instance_of
from edgeproof.properties.catalogue import CATALOGUE, Property, state_form, step_form
from edgeproof.properties.designs import dossier_of
from edgeproof.properties.engines.prove.induct import (
    Induction,
    Inductive,
    UndecidedError,
    breaks_step,
    broken_by,
    inductive_part,
    leaves_range,
)
from edgeproof.properties.engines.prove.known import Known
from edgeproof.properties.engines.prove.solver import WORK
from edgeproof.properties.evidence import Case, Status
from edgeproof.properties.mutation.kill import How, Kill
from edgeproof.properties.mutation.mutants import Mutant

__all__ = ["Proofs", "action_of", "lost_first", "lost_without", "proofs_of"]


@define(eq=False)
class Proofs:
    """What is proved of a design in a case, and the invariant that it is proved by."""

    case: Case
    instance: Instance
    kept: Mapping[str, Expr]
    proved: tuple[str, ...]
    known: Known
    induction: Induction = field(init=False)
    universe: int = -1

    def __attrs_post_init__(self) -> None:
        self.again()

    def again(self) -> None:
        """Forget what mutants have added to the solver's formulas."""
        self.induction = Induction(self.instance, dict(self.kept), WORK, self.known)

    def trial(self, actions: Sequence[Action] | None = None) -> Induction:
        """The induction with its invariant, to be asked about other actions."""
        elements = sum(map(len, self.induction.encoder.elements.values()))
        if elements != self.universe:
            # Constants have joined since: the formulas lack the instances at them.
            self.induction.solver, self.universe = None, elements
        one = copy(self.induction)
        one.lemmas = dict(self.kept)
        one.actions = self.induction.actions if actions is None else tuple(actions)
        return one

    def keep(self, one: Induction) -> None:
        """Use the formulas that a trial has made, if they are all of the invariant's."""
        if one.lemmas.keys() == self.kept.keys():
            self.induction.solver, self.induction.switches = one.solver, one.switches
            self.universe = sum(map(len, one.encoder.elements.values()))


def proofs_of(case: Case) -> Proofs:
    """The invariant of a case, and what it proves. Raises UndecidedError where the solver gives up."""
    instance, dossier = instance_of(case), dossier_of(case.design)
    symbolic = instance.machine.state()
    properties = [CATALOGUE[name] for name in case.properties]
    candidates = {name: lemma(symbolic) for name, lemma in dossier.lemmas.items()}
    candidates |= {one.id: state_form(instance.machine, one).holds for one in properties if one.state}
    known = Known()
    part = inductive_part(instance, candidates, known=known)
    proved = () if leaves_range(part) else tuple(one.id for one in properties if _follows(part, instance.machine, one))
    return Proofs(case, instance, dict(part.kept), proved, known)


def _follows(part: Inductive, machine: Machine, one: Property) -> bool:
    if one.state:
        return one.id in part.kept
    return (one.step or one.within) is not None and breaks_step(part, step_form(with_any_tick(machine), one)) is None


def action_of(machine: Machine, name: str, instance: Instance) -> Action:
    """An action as proofs have it: ticks of any length, options and hazards filled in; without a guard where it is
    impossible.
    """
    action = machine.action(name)
    possible = possible_actions(Instance(evolve(machine, actions=(action,)), instance.values))
    return possible[0] if possible else evolve(action, guard=FALSE)


def lost_first(proofs: Proofs, mutant: Mutant) -> Kill | None:
    """The first proof that is found to be lost; None where all that was proved of the design is proved of the mutant.

    A property counts as lost, too, where the solver gives up.
    """
    try:
        lost = _lost_by_action(proofs, mutant) if mutant.action not in ("", TICK) else _lost_by_machine(proofs, mutant)
    except (UndecidedError, UnencodableError) as error:
        lost = (proofs.proved[0], f"the solver gives up {error}") if proofs.proved else None
    if lost is None:
        return None
    property_id, reason = lost
    return Kill("proof", proofs.case.name, property_id, How.VERDICT, Status.WEAKER, reason, 0)


def lost_without(proofs: Proofs, lemma: str) -> tuple[str, str] | None:
    """A property that is not proved any more without a lemma, and why; None where all are that were.

    Every property is asked alone, as `edgeproof bound` asks one: what others say does not stand in for the lemma.
    Raises UndecidedError where the solver gives up.
    """
    machine = proofs.instance.machine
    for name in proofs.proved:
        trial, beside = proofs.trial(), set(proofs.case.properties) - {name}
        trial.lemmas = {one: node for one, node in proofs.kept.items() if one not in beside}
        asked = copy(proofs)
        asked.proved = (name,)
        if (lost := _lost_in_the_end(asked, machine, trial, {lemma: "its absence"})) is not None:
            return lost
    return None


def _lost_by_action(proofs: Proofs, mutant: Mutant) -> tuple[str, str] | None:
    own = action_of(mutant.machine, mutant.action, proofs.instance)
    if own.guard.op == "lit" and not own.guard.value:
        return None
    trial = proofs.trial([own])
    broken = broken_by(trial, own)
    proofs.keep(trial)
    if not broken:
        return _lost_in_steps(proofs, mutant.machine, trial) or _lost_range(trial, proofs)
    others = [own if one.name == own.name else one for one in proofs.induction.actions]
    return _lost_in_the_end(proofs, mutant.machine, proofs.trial(others), dict.fromkeys(broken, own.name))


def _lost_by_machine(proofs: Proofs, mutant: Mutant) -> tuple[str, str] | None:
    """Where time passes otherwise, or all begins otherwise: everything is asked again."""
    instance = Instance(mutant.machine, proofs.instance.values)
    lemmas = {n: e for n, e in proofs.kept.items() if not _of_time(n, proofs.instance.machine)}
    part = inductive_part(instance, lemmas, known=proofs.known if mutant.action else None)
    for name in proofs.proved:
        if CATALOGUE[name].state and name not in part.kept:
            return name, f"{part.dropped[name]} breaks it"
    return _lost_in_steps(proofs, mutant.machine, part.induction) or _lost_range(part.induction, proofs)


def _of_time(lemma: str, machine: Machine) -> bool:
    return lemma in dict(machine.deadlines) or lemma.startswith("idle ")


def _lost_in_the_end(
    proofs: Proofs, machine: Machine, trial: Induction, broken: Mapping[str, str]
) -> tuple[str, str] | None:
    """What is lost of the proofs once the invariant has lost all that does not hold without what is `broken`."""
    states = [name for name in proofs.proved if CATALOGUE[name].state]
    settled: set[str] = set()
    while broken or len(settled) < len(trial.actions):
        for name, by in broken.items():
            if name in states:
                return name, f"{by} breaks it"
            del trial.lemmas[name]
            settled.clear()
        broken = {}
        for action in trial.actions:
            if action.name not in settled:
                broken = dict.fromkeys(broken_by(trial, action), action.name)
                settled.add(action.name)
                if broken:
                    break
    return _lost_in_steps(proofs, machine, trial) or _lost_range(trial, proofs)


def _lost_in_steps(proofs: Proofs, machine: Machine, trial: Induction) -> tuple[str, str] | None:
    about = with_any_tick(machine)
    part = _inductive(trial)
    for name in proofs.proved:
        one = CATALOGUE[name]
        if not one.state and (action := breaks_step(part, _form_of(about, one, trial.actions))) is not None:
            return name, f"{action} may break it"
    return None


def _form_of(machine: Machine, one: Property, actions: Sequence[Action]) -> StepForm:
    names = {action.name for action in actions}
    return step_form(evolve(machine, actions=tuple(a for a in machine.actions if a.name in names)), one)


def _lost_range(trial: Induction, proofs: Proofs) -> tuple[str, str] | None:
    left = leaves_range(_inductive(trial))
    if left is None or not proofs.proved:
        return None
    return proofs.proved[0], f"{left[0]} may become negative by {left[1]}: no proof holds of that"


def _inductive(trial: Induction) -> Inductive:
    return Inductive(trial.lemmas, {}, trial, trial.queries, 0.0)
