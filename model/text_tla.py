# SPDX-License-Identifier: Apache-2.0
"""An instance as a TLA+ module, and the configuration with which TLC checks it.

Sorts, counts, durations and clock cut-offs are constants, to which the configuration gives the instance's values. A
property of steps becomes `[][...]_vars`. That says nothing of steps that change no variable, which ours are asked of,
too: an invariant beside it (`..._in_place`) is about these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Final

from edgeproof.model.expr import TRUE, Expr, same
from edgeproof.model.kernel import StateForm, StepForm
from edgeproof.model.machine import Action, Variable
from edgeproof.model.post import Store
from edgeproof.model.text import Names, Subject, Tongue, below, changes, comment, heading, render

__all__ = ["tla"]

_TONGUE: Final = Tongue(
    {"add": "+", "sub": "-", "mul": "*", "eq": "=", "ne": "#", "lt": "<", "le": "<=", "and": "/\\", "or": "\\/"},
    "~",
    ("IF ", " THEN ", " ELSE "),
)

_RESERVED: Final = """
ACTION ASSUME ASSUMPTION AXIOM BOOLEAN BY CASE CHOOSE CONSTANT CONSTANTS COROLLARY DEF DEFINE DEFS DOMAIN ELSE
ENABLED EXCEPT EXTENDS FALSE HAVE HIDE IF IN INSTANCE Int LAMBDA LEMMA LET LOCAL MODULE NEW Nat OBVIOUS OMITTED
ONLY OTHER PICK PROOF PROPOSITION PROVE QED RECURSIVE Real STATE STRING SUBSET SUFFICES TAKE TEMPORAL THEN
THEOREM TRUE UNCHANGED UNION USE VARIABLE VARIABLES WITH WITNESS
Calm Cut FairSpec Fairness Init Next Spec TypeOK cap vars value
"""
"""Words of TLA+, and what every module of ours defines."""

Scope = Mapping[str, str]
"""The identifiers of the arguments and bound variables that an expression may speak of, by their names in the model."""


def tla(of: Subject) -> tuple[str, str, str]:
    """The module's name, its text, and the text of its TLC configuration."""
    writer = _Writer(of)
    return writer.module, writer.text(), writer.configuration()


class _Writer:
    """One instance's module; the names of all its definitions are chosen at the start."""

    def __init__(self, of: Subject) -> None:
        self._of = of
        machine = of.machine
        names = self._names = Names(_RESERVED.split(), ("WF_", "SF_"))
        self._variables = {name: names.take(name) for name in machine.variables}
        numbers = [n for n, r in machine.rigids.items() if r.role in ("sort", "count", "duration")]
        self._constants = {name: names.take(name) for name in numbers}
        self._actions = {action.name: names.take(action.name) for action in machine.actions}
        self._sorts = {
            rigid.type.sort: names.take(f"{rigid.type.sort}Ids")
            for rigid in machine.rigids.values()
            if rigid.role == "sort"
        }
        self._caps = {name: names.take(f"cap_{name}") for name in of.caps}
        self._properties = {name: names.take(name) for name in of.properties}
        self._in_place = {form.name: names.take(f"{self._properties[form.name]}_in_place") for form in of.steps}
        self.module = names.take(machine.name)

    def text(self) -> str:
        of, machine = self._of, self._of.machine
        parts = [
            [f"---- MODULE {self.module} ----"],
            [f"\\* {comment(line)}" for line in heading(of)],
            ["EXTENDS Integers"],
            self._declared("CONSTANTS", self._constant_docs()),
            self._declared("VARIABLES", {self._variables[n]: v.doc for n, v in machine.variables.items()}),
            [f"vars == <<{', '.join(self._variables.values())}>>"],
            [f"{ids} == 0 .. {self._constants[machine.sort_size_name(sort)]} - 1" for sort, ids in self._sorts.items()],
            ["Cut(value, cap) == IF value < cap THEN value ELSE cap"] if of.caps else [],
            ["TypeOK ==", *(f"  /\\ {self._variables[n]} \\in {self._range(n)}" for n in machine.variables)],
            ["Init ==", *(f"  /\\ {self._initial(n, v)}" for n, v in machine.variables.items())],
            *(self._action(action) for action in machine.actions),
            ["Next ==", *(f"  \\/ {self._any(action)}" for action in machine.actions)],
            ["Spec == Init /\\ [][Next]_vars"],
            *self._fairness(),
            *(self._state(form) for form in of.states),
            *chain.from_iterable((self._step(form), self._step_in_place(form)) for form in of.steps),
            *(self._settles(form) for form in of.settles),
            ["===="],
        ]
        return "\n\n".join("\n".join(part) for part in parts if part) + "\n"

    def configuration(self) -> str:
        of = self._of
        invariants = ["TypeOK", *(self._properties[f.name] for f in of.states), *self._in_place.values()]
        properties = [self._properties[f.name] for f in of.steps] + [self._properties[f.name] for f in of.settles]
        values = {name: of.instance.number(constant) for constant, name in self._constants.items()}
        values |= {self._caps[name]: cap for name, cap in of.caps.items()}
        lines = [f"SPECIFICATION {'FairSpec' if of.settles else 'Spec'}"]
        lines += ["CONSTANTS", *(f"  {name} = {value}" for name, value in values.items())] if values else []
        lines += ["INVARIANTS", *(f"  {name}" for name in invariants)]
        lines += ["PROPERTIES", *(f"  {name}" for name in properties)] if properties else []
        return (
            "\n".join([*lines, "\\* A state in which nothing can happen is no error.", "CHECK_DEADLOCK FALSE"]) + "\n"
        )

    # --- declarations

    def _constant_docs(self) -> dict[str, str]:
        docs = {name: self._of.machine.rigids[constant].doc for constant, name in self._constants.items()}
        return docs | {cap: f"where the clock {name} is cut off" for name, cap in self._caps.items()}

    @staticmethod
    def _declared(keyword: str, docs: Mapping[str, str]) -> list[str]:
        names = [f"  {name}{',' if position < len(docs) else ''}" for position, name in enumerate(docs, start=1)]
        told = [f"{name}  \\* {comment(doc)}" if doc else name for name, doc in zip(names, docs.values(), strict=True)]
        return [keyword, *told] if docs else []

    def _range(self, name: str) -> str:
        variable = self._of.machine.variables[name]
        match variable.type.kind:
            case "bool":
                values = "BOOLEAN"
            case "enum":
                values = "{" + ", ".join(_quoted(label) for label in variable.type.labels) + "}"
            case "nat":
                values = f"0 .. {self._constants[variable.limit]}"
            case _:
                values = f"0 .. {self._caps[name]}"
        return f"[{self._sorts[variable.over]} -> {values}]" if variable.over else values

    def _initial(self, name: str, variable: Variable) -> str:
        if variable.initial is None:
            return f"{self._variables[name]} \\in {self._range(name)}"
        value = _literal(Expr("lit", variable.type, value=variable.initial))
        if variable.over:
            element = self._names.free("i", ())
            return f"{self._variables[name]} = [{element} \\in {self._sorts[variable.over]} |-> {value}]"
        return f"{self._variables[name]} = {value}"

    # --- actions

    def _action(self, action: Action) -> list[str]:
        scope = self._scope(action)
        changed = changes(action.post)
        conditions = action.guard.args if action.guard.op == "and" else (action.guard,)
        lines = [f"\\* {comment(action.doc)}"] if action.doc else []
        lines.append(f"{self._applied(action)} ==")
        lines += [f"  /\\ {self._code(one, scope, 5, bare=True)}" for one in conditions]
        lines += [f"  /\\ {self._variables[n]}' = {self._new(n, changed[n], scope)}" for n in changed]
        kept = [name for variable, name in self._variables.items() if variable not in changed]
        return [*lines, f"  /\\ UNCHANGED <<{', '.join(kept)}>>"] if kept else lines

    def _new(self, name: str, change: object, scope: Scope) -> str:
        """The value of a variable after an action, said in terms of the state before."""
        if isinstance(change, Expr):
            return self._assigned(name, change, scope)
        assert isinstance(change, tuple)
        value = self._variables[name]
        for update in change:
            if isinstance(update, Store):
                place = self._code(update.index, scope, 7)
                value = f"[{value} EXCEPT ![{place}] = {self._assigned(name, update.value, scope)}]"
            else:
                inner, bound = self._bind(update.bound, scope)
                element = self._assigned(name, update.value, inner)
                value = f"[{bound} \\in {self._sorts[update.bound.type.sort]} |-> {element}]"
        return value

    def _assigned(self, name: str, value: Expr, scope: Scope) -> str:
        code = self._code(value, scope, 7, bare=value.op in ("add", "sub", "mul"))
        if name in self._caps and not below(name, value):
            return f"Cut({code}, {self._caps[name]})"
        return code

    def _scope(self, action: Action) -> dict[str, str]:
        scope: dict[str, str] = {}
        for argument in action.arguments:
            scope, _ = self._bind(argument, scope)
        return scope

    def _bind(self, bound: Expr, scope: Scope) -> tuple[dict[str, str], str]:
        """A scope with one more variable, and how that is called."""
        wanted = bound.name
        name = self._names.free(wanted.rsplit(maxsplit=1)[-1].lower() if " " in wanted else wanted, scope.values())
        return {**scope, wanted: name}, name

    def _applied(self, action: Action) -> str:
        """An action with its arguments."""
        inside = ", ".join(self._scope(action).values())
        return f"{self._actions[action.name]}({inside})" if inside else self._actions[action.name]

    def _any(self, action: Action) -> str:
        return self._over_arguments("\\E", action, self._applied(action))

    def _over_arguments(self, quantifier: str, action: Action, body: str) -> str:
        names = self._scope(action).values()
        sorts = (self._sorts[argument.type.sort] for argument in action.arguments)
        ranges = ", ".join(f"{name} \\in {sort}" for name, sort in zip(names, sorts, strict=True))
        return f"{quantifier} {ranges} : {body}" if ranges else body

    # --- properties

    def _fairness(self) -> Iterator[list[str]]:
        if not self._of.settles:
            return
        actions = self._of.machine.actions
        fair = [self._over_arguments("\\A", a, f"WF_vars({self._applied(a)})") for a in actions if a.fair]
        yield ["Fairness ==", *(f"  /\\ {one}" for one in fair or ["TRUE"])]
        yield ["FairSpec == Spec /\\ Fairness"]
        if any(action.hazard for action in actions):
            calm = [self._any(action) for action in actions if not action.hazard]
            yield ["\\* A step that is no fault.", "Calm ==", *(f"  \\/ {one}" for one in calm or ["FALSE"])]

    def _state(self, form: StateForm) -> list[str]:
        return [f"{self._properties[form.name]} ==", f"  {self._code(form.holds, {}, 2)}"]

    def _step(self, form: StepForm) -> list[str]:
        lines = self._cases(form, self._applied)
        return [f"{self._properties[form.name]} == [][", *lines, "  ]_vars"]

    def _step_in_place(self, form: StepForm) -> list[str]:
        return [
            "\\* The same for steps that change no variable, of which [][...]_vars says nothing.",
            f"{self._in_place[form.name]} ==",
            *self._cases(form, self._stays),
        ]

    def _cases(self, form: StepForm, happens: Callable[[Action], str]) -> list[str]:
        """What must hold wherever an action `happens`, for each action that the property is about."""
        lines = []
        for name, (holds, _) in form.per_action.items():
            if not same(holds, TRUE):
                action = self._of.machine.action(name)
                code = self._code(holds, self._scope(action), 9)
                claim = self._over_arguments("\\A", action, f"({happens(action)} => {code})")
                lines.append(f"    /\\ {claim}")
        return lines or ["    TRUE"]

    def _stays(self, action: Action) -> str:
        """Where an action can happen and changes nothing."""
        scope, changed = self._scope(action), changes(action.post)
        parts = [self._code(action.guard, scope, 9)]
        parts += [f"{self._new(n, change, scope)} = {self._variables[n]}" for n, change in changed.items()]
        return "(" + " /\\ ".join(parts) + ")"

    def _settles(self, form: StateForm) -> list[str]:
        hazards = any(action.hazard for action in self._of.machine.actions)
        premise = "<>[][Calm]_vars => " if hazards else ""
        return [f"{self._properties[form.name]} ==", f"  {premise}<>[]{self._code(form.holds, {}, 2)}"]

    # --- expressions

    def _code(self, node: Expr, scope: Scope, indent: int, *, bare: bool = False) -> str:
        return render(node, _TONGUE, lambda leaf, at: self._leaf(leaf, scope, at), indent, bare=bare)

    def _leaf(self, node: Expr, scope: Scope, indent: int) -> str:
        match node.op:
            case "lit":
                return _literal(node)
            case "arg":
                return scope[node.name]
            case "prm":
                return self._constants[node.name]
            case "home":
                owners = self._constants[self._of.machine.sort_size_name(node.type.sort)]
                return f"({self._code(node.args[0], scope, indent)} % {owners})"
            case "var":
                index = f"[{self._code(node.args[0], scope, indent)}]" if node.args else ""
                return self._variables[node.name] + index
        bound, body = node.args
        inner, called = self._bind(bound, scope)
        sign = "\\A" if node.op == "forall" else "\\E"
        return f"({sign} {called} \\in {self._sorts[bound.type.sort]} : {self._code(body, inner, indent + 2)})"


def _literal(node: Expr) -> str:
    match node.type.kind:
        case "bool":
            return "TRUE" if node.value else "FALSE"
        case "enum":
            return _quoted(str(node.value))
    return str(node.value) if int(node.value) >= 0 else f"(0 - {-int(node.value)})"


def _quoted(label: str) -> str:
    return '"' + label.encode("ascii", "backslashreplace").decode().replace("\\", "\\\\").replace('"', '\\"') + '"'
