# SPDX-License-Identifier: Apache-2.0
"""An instance as a Promela model for SPIN: one process, one loop, one indivisible step per action and arguments.

Arguments and quantifiers are written out. An action's new values are all computed from the state before it: the
assignments are put into an order in which no value is overwritten that is still to be read, and where there is no such
order the values wait in variables that are 0 again after the step. SPIN (with `-o2`, lest it hide what is only
written) then stores exactly our states; where a variable has several initial values it stores one more, the one before
they are chosen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Final

from edgeproof.model.expr import TIME, TRUE, Expr, Type, all_of, any_of, ite, lift, rebuild, same
from edgeproof.model.kernel import StateForm
from edgeproof.model.machine import Action, DesignError, Machine, Variable
from edgeproof.model.post import Post, read_array
from edgeproof.model.text import Names, Subject, Tongue, below, changes, comment, heading, render

__all__ = ["promela"]

MOST_EVENTS: Final = 4096
LARGEST: Final = 10_000

_TONGUE: Final = Tongue(
    {"add": "+", "sub": "-", "mul": "*", "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "and": "&&", "or": "||"},
    "!",
    ("", " -> ", " : "),
)

_RESERVED: Final = """
active always assert atomic bit bool break byte c_code c_decl c_expr c_state c_track chan d_step do else empty enabled
end equivalent eval eventually false fi for full get_priority goto hidden if implies in init inline int len local ltl
mtype nempty never next nfull notrace np_ od of pc_value pid print printf printm priority proctype provided release run
select set_priority short show skip STDIN stronguntil timeout trace true typedef unless unsigned until weakuntil
D_proctype U W X xr xs
asm auto break case char const continue default defined double else enum errno extern float goto i386 linux long main
now register restrict return signed sizeof static stderr stdin stdout struct switch typeof uchar uint ulong union unix
void volatile while
"""
"""Words of Promela, and of C, in which SPIN's verifiers are."""

Place = tuple[str, int]
"""A variable, or an element of an array; the number is -1 for what is no array."""


def promela(of: Subject) -> tuple[str, str]:
    """The model's name and its text. Raises DesignError for an instance that is too large to be written out."""
    numbers = {**of.instance.of_role("sort"), **of.instance.of_role("count"), **of.instance.of_role("duration")}
    for name, value in numbers.items():
        if int(value) > LARGEST:
            raise DesignError(f"{name}={value} is too large for Promela's numbers; nothing above {LARGEST} is written")
    if (events := sum(_instances(of, action) for action in of.machine.actions)) > MOST_EVENTS:
        raise DesignError(f"{events} events are too many to be written out in Promela, {MOST_EVENTS} are the most")
    writer = _Writer(of)
    return writer.name, writer.text()


def _instances(of: Subject, action: Action) -> int:
    total = 1
    for argument in action.arguments:
        total *= of.instance.number(of.machine.sort_size_name(argument.type.sort))
    return total


class _Writer:
    """One instance's model; the names of everything in it are chosen at the start."""

    def __init__(self, of: Subject) -> None:
        self._of = of
        machine = of.machine
        names = Names(_RESERVED.split(), ("_",))
        self._variables = {name: names.take(name) for name in machine.variables}
        numbers = [n for n, r in machine.rigids.items() if r.role in ("sort", "count", "duration")]
        self._constants = {name: names.take(name) for name in numbers}
        self._labels: dict[tuple[Type, str], str] = {}
        for name, variable in machine.variables.items():
            for label in variable.type.labels:
                if (variable.type, label) not in self._labels:
                    self._labels[variable.type, label] = names.take(f"{name}_{label}")
        self._violates = {name: names.take(f"violates_{name}") for name in of.properties}
        self._out_of_range = {
            name: names.take(f"out_of_range_{name}") for name, v in machine.variables.items() if v.limit
        }
        self._scratch = names.take("scratch")
        self._most_scratch = 0
        self.name = names.take(machine.name)

    def text(self) -> str:
        of, machine = self._of, self._of.machine
        body = [line for action in machine.actions for line in self._events(action)]
        body += [line for form in of.states for line in self._watch(form)]
        scratch = f"int {self._scratch}[{self._most_scratch}];  /* values on their way; 0 between steps */"
        raised = "\n".join(body)
        alarms = [a for a in (*self._violates.values(), *self._out_of_range.values()) if f"(!{a})" in raised]
        parts = [
            ["/*", *(f" * {comment(line)}" for line in [*heading(of), *self._notes()]), " */"],
            [f"#define {name} {of.instance.number(constant)}" for constant, name in self._constants.items()],
            [f"#define {name} {of_type.labels.index(label)}" for (of_type, label), name in self._labels.items()],
            [self._declaration(name, variable) for name, variable in machine.variables.items()],
            [
                f"bool {name} = true;" + ("" if n else "  /* never changed: what a failed assertion is called */")
                for n, name in enumerate(alarms)
            ],
            [scratch] if self._most_scratch else [],
            [f"active proctype {self.name}() {{", *self._choice(), "end: do", *body, "  od", "}"],
        ]
        return "\n\n".join("\n".join(part) for part in parts if part) + "\n"

    def _notes(self) -> list[str]:
        lines = []
        if any(v.initial is None for v in self._of.machine.variables.values()):
            lines.append("SPIN counts one state too many: the one before the initial values are chosen.")
        if self._of.settles:
            lines.append(
                f"Not in here, as SPIN's fairness is between processes: {', '.join(f.name for f in self._of.settles)}."
            )
        return lines

    # --- declarations

    def _elements(self, name: str) -> range:
        """The indices of an array; for what is no array, a single -1."""
        variable = self._of.machine.variables[name]
        return range(len(self._domain(variable.over))) if variable.over else range(-1, 0)

    def _domain(self, sort: str) -> range:
        return range(self._of.instance.number(self._of.machine.sort_size_name(sort)))

    def _declaration(self, name: str, variable: Variable) -> str:
        size = f"[{len(self._elements(name))}]" if variable.over else ""
        initial = variable.initial
        if isinstance(initial, str):
            value = self._labels[variable.type, initial]
        else:
            value = str(initial or 0).lower()
        doc = f"  /* {comment(variable.doc)} */" if variable.doc else ""
        return f"{self._kind(name, variable)} {self._variables[name]}{size} = {value};{doc}"

    def _kind(self, name: str, variable: Variable) -> str:
        if variable.type.kind == "bool":
            return "bool"
        most = self._of.caps[name] if variable.type.kind == "time" else self._most(variable)
        return "byte" if most < 1 << 8 else "short" if most < 1 << 15 else "int"

    def _most(self, variable: Variable) -> int:
        return self._of.instance.number(variable.limit) if variable.limit else len(variable.type.labels) - 1

    def _choice(self) -> list[str]:
        """The initial values of the variables that may begin with any."""
        lines = []
        for name, variable in self._of.machine.variables.items():
            for element in self._elements(name) if variable.initial is None else ():
                values = range(2 if variable.type.kind == "bool" else self._most(variable) + 1)
                place = self._place((name, element))
                lines.append("    if " + " ".join(f":: {place} = {value}" for value in values) + " fi;")
        return ["  atomic {", *lines, "  }"] if lines else []

    # --- actions

    def _events(self, action: Action) -> Iterator[str]:
        """The option of the loop for an action with each choice of its arguments."""
        if action.doc:
            yield f"  /* {comment(action.doc)} */"
        for values in product(*(self._domain(argument.type.sort) for argument in action.arguments)):
            chosen = {a.name: value for a, value in zip(action.arguments, values, strict=True)}
            told = ", ".join(f"{name}={value}" for name, value in chosen.items())
            guard = self._ground(action.guard, chosen)
            if same(guard, ~TRUE):
                continue
            yield f"  :: d_step {{ /* {comment(f'{action.name}({told})')} */"
            yield f"      {self._code(guard, 6, bare=True)} ->"
            yield from self._demands(action, chosen)
            assignments = self._assignments(changes(action.post), chosen)
            yield from self._in_range(assignments)
            yield from self._in_order(assignments) if assignments else ["      skip"]
            yield "    }"

    def _demands(self, action: Action, chosen: Mapping[str, int]) -> Iterator[str]:
        """What the properties of steps demand of this one."""
        for form in self._of.steps:
            holds = self._ground(form.per_action.get(action.name, (TRUE, TRUE))[0], chosen)
            if not same(holds, TRUE):
                yield from self._demand(holds, self._violates[form.name])

    def _demand(self, holds: Expr, alarm: str) -> list[str]:
        return [f"      if :: {self._code(holds, 12, bare=True)}", f"         :: else -> assert(!{alarm})", "      fi;"]

    def _watch(self, form: StateForm) -> list[str]:
        """An option of the loop that is there only in states in which a property does not hold."""
        holds = self._ground(form.holds, {})
        if same(holds, TRUE):
            return []
        return [
            f"  :: d_step {{ {self._code(~holds, 6, bare=True)} ->",
            f"      assert(!{self._violates[form.name]})",
            "    }",
        ]

    def _assignments(self, post: Post, chosen: Mapping[str, int]) -> dict[Place, Expr]:
        """The new value of everything that an action may change, said in terms of the state before."""
        found: dict[Place, Expr] = {}
        for name, change in post.items():
            variable = self._of.machine.variables[name]
            for element in self._elements(name):
                index = (_element(variable.over, element),) if variable.over else ()
                old = Expr("var", variable.type, index, name)
                new = self._ground(change if isinstance(change, Expr) else read_array(old, change), chosen)
                if not same(new, old):
                    found[name, element] = new
        return found

    def _in_range(self, assignments: Mapping[Place, Expr]) -> Iterator[str]:
        for (name, _), value in assignments.items():
            limit = self._of.machine.variables[name].limit
            if limit and not _stays(self._of.machine, value, limit):
                bound = Expr("prm", value.type, (), limit)
                yield from self._demand((value <= bound) & (0 <= value), self._out_of_range[name])

    def _in_order(self, assignments: Mapping[Place, Expr]) -> Iterator[str]:
        """Assignments one after the other with the effect of all at once."""
        waiting = dict(assignments)
        read = {place: set(self._read(value)) for place, value in waiting.items()}
        while waiting:
            ready = [p for p in waiting if not any(p in read[other] for other in waiting if other != p)]
            if not ready:
                break
            yield f"      {self._place(ready[0])} = {self._new(ready[0], waiting.pop(ready[0]))};"
        self._most_scratch = max(self._most_scratch, len(waiting))
        for position, (place, value) in enumerate(waiting.items()):
            yield f"      {self._scratch}[{position}] = {self._new(place, value)};"
        for position, place in enumerate(waiting):
            yield f"      {self._place(place)} = {self._scratch}[{position}];"
            yield f"      {self._scratch}[{position}] = 0;"

    def _new(self, place: Place, value: Expr) -> str:
        return self._code(self._cut(place[0], value) if place[0] in self._of.caps else value, 6, bare=True)

    def _cut(self, clock: str, value: Expr) -> Expr:
        """A new value of a clock, cut off."""
        if value.op == "ite":
            condition, *branches = value.args
            return ite(condition, *(self._cut(clock, branch) for branch in branches))
        cap = lift(self._of.caps[clock], TIME)
        return value if below(clock, value) else ite(value < cap, value, cap)

    def _read(self, node: Expr) -> Iterator[Place]:
        """What the value of an expression may depend on."""
        if node.op == "var":
            index = node.args[0] if node.args else None
            if index is None or index.op == "lit":
                yield node.name, -1 if index is None else int(index.value)
            else:
                yield from ((node.name, element) for element in self._elements(node.name))
        for child in node.args:
            yield from self._read(child)

    # --- expressions

    def _ground(self, node: Expr, chosen: Mapping[str, int]) -> Expr:
        """The expression with arguments replaced by elements, and quantifiers written out, and simplified."""
        match node.op:
            case "lit" | "prm":
                return node
            case "arg":
                return _element(node.type.sort, chosen[node.name])
            case "forall" | "exists":
                bound, body = node.args
                every = all_of if node.op == "forall" else any_of
                return every(
                    self._ground(body, {**chosen, bound.name: element}) for element in self._domain(bound.type.sort)
                )
        args = tuple(self._ground(child, chosen) for child in node.args)
        if node.op == "home":
            return _element(node.type.sort, int(args[0].value) % len(self._domain(node.type.sort)))
        return rebuild(node, args)

    def _code(self, node: Expr, indent: int, *, bare: bool = False) -> str:
        return render(node, _TONGUE, self._leaf, indent, bare=bare)

    def _leaf(self, node: Expr, indent: int) -> str:
        match node.op:
            case "lit" if node.type.kind == "bool":
                return "true" if node.value else "false"
            case "lit" if node.type.kind == "enum":
                return self._labels[node.type, str(node.value)]
            case "lit":
                return str(node.value) if int(node.value) >= 0 else f"({node.value})"
            case "prm":
                return self._constants[node.name]
        assert node.op == "var", f"`{node}` was to be written out"
        return self._variables[node.name] + (f"[{self._code(node.args[0], indent)}]" if node.args else "")

    def _place(self, place: Place) -> str:
        name, element = place
        return self._variables[name] + (f"[{element}]" if element >= 0 else "")


def _element(sort: str, number: int) -> Expr:
    return Expr("lit", Type("index", sort=sort), value=number)


def _stays(machine: Machine, value: Expr, limit: str) -> bool:
    """Whether a value is certainly within 0..limit: a variable of the same limit, zero, or a choice of such."""
    match value.op:
        case "lit":
            return value.value == 0
        case "var":
            return machine.variables[value.name].limit == limit
        case "ite":
            return all(_stays(machine, child, limit) for child in value.args[1:])
    return False
