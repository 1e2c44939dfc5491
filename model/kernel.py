# SPDX-License-Identifier: Apache-2.0
"""A machine as integer code: states packed into words, and a function that lists the successors of a state.

`build_kernel` writes one small Python module of integer arithmetic; the same text runs as plain Python and, compiled
by `model.native`, as machine code. Options, hazards and numbers are either literals of that text, which makes the
fastest code, or read from a vector, so that one compilation serves many instances of a design.

Where a variable lives in a state's words, and where its clocks are cut off, `model.layout` says. A natural that leaves
its range makes `expand` answer with a negative number; it never saturates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, Final

from attrs import evolve, field, frozen

from edgeproof.model.emit import Emitter
from edgeproof.model.expr import Expr, Type
from edgeproof.model.interpret import Event, Value
from edgeproof.model.layout import Field, clock_caps, lay_out, room
from edgeproof.model.machine import Action, DesignError, Instance, Machine, Store, fill_in, specialise

__all__ = [
    "MOST_FORMS",
    "Kernel",
    "KernelSource",
    "StateForm",
    "StepForm",
    "build_kernel",
    "build_source",
    "kernel_parameters",
    "load_kernel",
]

MOST_FORMS: Final = 31
"""Of states as of steps: what a kernel says of each takes two bits of a word."""


@frozen
class StateForm:
    """A property of states: `holds` must be true of every reachable one; it is put to the test where `tested` is."""

    name: str
    holds: Expr
    tested: Expr


@frozen
class StepForm:
    """A property of steps: per action, what must hold between before and after, and where it is put to the test.

    The expressions speak of the state before, of the action's arguments, and (through `after`) of the state after.
    """

    name: str
    per_action: Mapping[str, tuple[Expr, Expr]]


@frozen
class KernelSource:
    """The text of a kernel module and what is needed to read its words."""

    text: str
    fields: tuple[Field, ...]
    words: int
    labels: tuple[tuple[str, tuple[int, ...]], ...]
    parameters: tuple[str, ...]
    states: tuple[StateForm, ...]
    steps: tuple[StepForm, ...]
    fixed: Mapping[str, int | str | bool]

    @property
    def forms(self) -> tuple[StateForm | StepForm, ...]:
        """Every property that the kernel asks, in the order of its answers: of states first, then of steps."""
        return (*self.states, *self.steps)

    @property
    def expressions(self) -> list[Expr]:
        """Every expression that the kernel asks."""
        return _expressions(self.states, self.steps)


@frozen
class Kernel:
    """A kernel for one instance.

    `expand(states, i, prm, out, labels, flags)` writes the successors of state number i to `out`, their labels to
    `labels`, and per successor which step properties it tests (bit 2j) and breaks (bit 2j + 1) to `flags`; it returns
    how many there are, or -1 - f where the variable with field number f left its range. `check(states, i, prm)` says
    the same of the state properties.

    `readers` has for each variable the function that reads its value from a state's words. `events` has the event that
    each label stands for, and `touched` the variables that may have another value after it.
    """

    source: KernelSource
    instance: Instance
    expand: Callable[..., int] = field(eq=False)
    check: Callable[..., int] = field(eq=False)
    parameters: tuple[int, ...] = field(eq=False)
    readers: Mapping[str, Callable[[Sequence[int]], Value]] = field(eq=False, repr=False)
    events: tuple[Event, ...] = field(eq=False, repr=False)
    touched: tuple[tuple[str, ...], ...] = field(eq=False, repr=False)

    @readers.default
    def _readers(self) -> dict[str, Callable[[Sequence[int]], Value]]:
        fields = {one.name: one for one in self.source.fields}
        return {name: self._reader(fields[name]) for name in self.instance.machine.variables}

    @events.default
    def _events(self) -> tuple[Event, ...]:
        arguments = {action.name: action.arguments for action in self.instance.machine.actions}
        return tuple(
            Event(name, tuple((a.name, value) for a, value in zip(arguments[name], values, strict=True)))
            for name, values in self.source.labels
        )

    @touched.default
    def _touched(self) -> tuple[tuple[str, ...], ...]:
        posts = {action.name: tuple(action.post) for action in self.instance.machine.actions}
        return tuple(posts[name] for name, _ in self.source.labels)

    @property
    def most_successors(self) -> int:
        return len(self.source.labels)

    def pack(self, state: Mapping[str, Value]) -> list[int]:
        """The words of a state; clocks beyond their cap are cut off."""
        words = [0] * self.source.words
        for one in self.source.fields:
            whole = state[one.name]
            values = whole if isinstance(whole, tuple) else (whole,)
            cap = self.cap(one.name)
            for position, value in enumerate(values):
                raw = one.encode(value)
                raw = min(raw, cap) if one.type.kind == "time" else raw
                if not 0 <= raw < 1 << one.bits:
                    raise DesignError(f"{one.name} = {value} does not fit the kernel's {one.bits} bits")
                words[one.word] |= raw << (one.shift + position * one.bits)
        return words

    def unpack(self, words: Sequence[int]) -> dict[str, Value]:
        """The state that words stand for, in the order of the machine's variables."""
        return {name: read(words) for name, read in self.readers.items()}

    def _reader(self, one: Field) -> Callable[[Sequence[int]], Value]:
        word, mask = one.word, (1 << one.bits) - 1
        values = [one.decode(raw) for raw in range(mask + 1)] if one.type.kind in ("bool", "nat") else None
        if one.type.kind == "enum":
            values = list(one.type.labels)
        over = self.instance.machine.variables[one.name].over
        if not over:
            shift = one.shift
            if values is None:
                return lambda words: (int(words[word]) >> shift) & mask
            return lambda words: values[(int(words[word]) >> shift) & mask]
        # The kernel may have room for more elements than this instance has.
        shifts = [one.shift + k * one.bits for k in range(len(self.instance.domain(Type("index", sort=over))))]
        if values is None:
            return lambda words: tuple([(int(words[word]) >> shift) & mask for shift in shifts])
        return lambda words: tuple([values[(int(words[word]) >> shift) & mask] for shift in shifts])

    def with_hazards(self, struck: Sequence[str]) -> Kernel:
        """The same kernel with exactly the hazards `struck` switched on."""
        hazards = self.instance.of_role("hazard")
        parameters = [*self.parameters]
        for name in hazards:
            parameters[self.source.parameters.index(name)] = name in struck
        instance = self.instance.with_(**{name: name in struck for name in hazards})
        return evolve(self, instance=instance, parameters=tuple(parameters))

    def cap(self, name: str) -> int:
        """The value at which a clock is cut off (0 for other variables)."""
        place = self.source.parameters.index(f"cap {name}") if f"cap {name}" in self.source.parameters else -1
        return self.parameters[place] if place >= 0 else 0


def build_source(
    shape: Instance, states: Sequence[StateForm] = (), steps: Sequence[StepForm] = (), fixed: Iterable[str] = ()
) -> KernelSource:
    """Write a kernel for every instance of the shape's machine that is no larger than it in any number.

    The constants named in `fixed` become literals, and what they make impossible is left out: faster code, sooner
    compiled, but only for instances that agree with `shape` on them. Raises DesignError for more forms of a kind than
    it has room for.
    """
    for kind, forms in (("states", states), ("steps", steps)):
        if len(forms) > MOST_FORMS:
            asked = f"{len(forms)} properties and facts are about {kind}"
            raise DesignError(f"{asked}, and a search or a run asks at most {MOST_FORMS} of a kind at once: ask fewer")
    values = {name: shape.values[name] for name in fixed}
    machine = specialise(shape.machine, values)
    states = [StateForm(f.name, fill_in(f.holds, values), fill_in(f.tested, values)) for f in states]
    steps = [StepForm(f.name, _filled_in(f, values, machine)) for f in steps]
    caps = clock_caps(shape, _expressions(states, steps))
    fields, words = lay_out(shape, caps)
    parameters = (*machine.rigids, *(f"cap {name}" for name in caps))
    known = _encode_rigids(shape, caps, parameters)
    emitter = Emitter({f.name: f for f in fields}, machine, parameters, {name: known[name] for name in values})
    labels = tuple(
        (action.name, tuple(int(v) for v in chosen))
        for action in machine.actions
        for chosen in product(*(shape.domain(a.type) for a in action.arguments))
    )
    firsts = {name: position for position, (name, _) in reversed(list(enumerate(labels)))}
    lines: list[str] = []
    for action in machine.actions:
        lines += _action_text(emitter, shape, action, words, firsts[action.name], steps)
    text = "\n".join([*lines, *_expand_text(machine, words), *_check_text(emitter, words, states)])
    return KernelSource(text, fields, words, labels, parameters, tuple(states), tuple(steps), values)


def _filled_in(
    form: StepForm, values: Mapping[str, int | str | bool], machine: Machine
) -> dict[str, tuple[Expr, Expr]]:
    possible = {action.name for action in machine.actions}
    return {
        name: (fill_in(holds, values), fill_in(tested, values))
        for name, (holds, tested) in form.per_action.items()
        if name in possible
    }


@lru_cache(maxsize=16)
def load_kernel(text: str) -> tuple[Any, Any]:
    """The functions `expand` and `check` of a kernel's text, as plain Python."""
    namespace: dict[str, Any] = {}
    exec(compile(text, "<kernel>", "exec"), namespace)
    return namespace["expand"], namespace["check"]


def build_kernel(source: KernelSource, instance: Instance) -> Kernel:
    """A kernel that runs as plain Python, for an instance of the source's machine and sizes."""
    return Kernel(source, instance, *load_kernel(source.text), kernel_parameters(source, instance))


def kernel_parameters(source: KernelSource, instance: Instance) -> tuple[int, ...]:
    """The vector of an instance's constants in the order of the source's parameters.

    Raises DesignError where the instance differs from what the source has fixed, or is too large for it.
    """
    for name, value in source.fixed.items():
        if instance.values[name] != value:
            raise DesignError(f"this kernel was made for {name}={value}, not for {instance.values[name]}")
    caps = clock_caps(instance, _expressions(source.states, source.steps))
    known = _encode_rigids(instance, caps, source.parameters)
    for one in source.fields:
        bits, length = room(instance, caps, one.name)
        if bits > one.bits or length > one.length:
            raise DesignError(
                f"{one.name} needs {length} x {bits} bits; this kernel has {one.length} x {one.bits} for it"
            )
    return tuple(known[name] for name in source.parameters)


def _action_text(
    emitter: Emitter,
    instance: Instance,
    action: Action,
    words: int,
    first: int,
    steps: Sequence[StepForm],
) -> list[str]:
    emitter.begin(_roots(action, steps))
    lines = [f"def do_{action.name}({_words('s', words)}, n, prm, out, labels, flags):"]
    label, depth = "0", 1
    for argument in action.arguments:
        size = len(instance.domain(argument.type))
        bound = emitter.rigid(instance.machine.sort_size_name(argument.type.sort))
        lines.append("    " * depth + f"for {emitter.bind(argument)} in range({bound}):")
        label = emitter.bind(argument) if label == "0" else f"({label}) * {size} + {emitter.bind(argument)}"
        depth += 1
    lines.append("    " * depth + f"if {emitter.value(action.guard, depth, lines)}:")
    emitter.assign(action.post, depth + 1, lines, words)
    flag = _step_flags(emitter, steps, action.name, depth + 1, lines)
    body = [f"out[n * {words} + {w}] = n{w}" for w in range(words)]
    body += [f"labels[n] = {first} + {label}", f"flags[n] = {flag}", "n += 1"]
    lines += ["    " * (depth + 1) + line for line in body]
    return [*emitter.with_constants(lines), "    return n", ""]


def _roots(action: Action, steps: Sequence[StepForm]) -> list[Expr]:
    roots = [action.guard]
    for change in action.post.values():
        # What is assigned to every element at once is computed inside its loop, and shares nothing with the rest.
        roots += [change] if isinstance(change, Expr) else [u.value for u in change if isinstance(u, Store)]
    return roots + [e for form in steps if action.name in form.per_action for e in form.per_action[action.name]]


def _expand_text(machine: Machine, words: int) -> list[str]:
    lines = ["def expand(states, i, prm, out, labels, flags):", *_load(words), "    n = 0"]
    for action in machine.actions:
        lines.append(f"    n = do_{action.name}({_words('s', words)}, n, prm, out, labels, flags)")
        if _can_leave_range(action, machine):
            lines.append("    if n < 0: return n")
    return [*lines, "    return n", ""]


def _can_leave_range(action: Action, machine: Machine) -> bool:
    return any(machine.variables[name].limit for name in action.post)


def _words(letter: str, words: int) -> str:
    return ", ".join(f"{letter}{w}" for w in range(words))


def _step_flags(emitter: Emitter, steps: Sequence[StepForm], action: str, depth: int, lines: list[str]) -> str:
    parts = []
    for position, form in enumerate(steps):
        if action in form.per_action:
            holds, tested = form.per_action[action]
            if tested.op != "lit" or tested.value:
                parts.append(f"({1 << (2 * position)} if {emitter.value(tested, depth, lines)} else 0)")
            if holds.op != "lit" or not holds.value:
                parts.append(f"({1 << (2 * position + 1)} if not ({emitter.value(holds, depth, lines)}) else 0)")
    return " | ".join(parts) or "0"


def _check_text(emitter: Emitter, words: int, states: Sequence[StateForm]) -> list[str]:
    emitter.begin(_expressions(states, ()))
    lines = ["def check(states, i, prm):", *_load(words), "    found = 0"]
    for position, form in enumerate(states):
        lines.append(f"    if {emitter.value(form.tested, 1, lines)}: found |= {1 << (2 * position)}")
        lines.append(f"    if not ({emitter.value(form.holds, 1, lines)}): found |= {1 << (2 * position + 1)}")
    return [*emitter.with_constants(lines), "    return found", ""]


def _load(words: int) -> list[str]:
    return [f"    s{w} = states[i * {words} + {w}]" for w in range(words)]


def _expressions(states: Sequence[StateForm], steps: Sequence[StepForm]) -> list[Expr]:
    return [e for form in states for e in (form.holds, form.tested)] + [
        e for form in steps for pair in form.per_action.values() for e in pair
    ]


def _encode_rigids(instance: Instance, caps: Mapping[str, int], parameters: Sequence[str]) -> dict[str, int]:
    known = {f"cap {name}": cap for name, cap in caps.items()}
    for name, rigid in instance.machine.rigids.items():
        value = instance.values[name]
        known[name] = rigid.type.labels.index(str(value)) if rigid.role == "option" else int(value)
    return {name: known[name] for name in parameters}
