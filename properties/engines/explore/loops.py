# SPDX-License-Identifier: Apache-2.0
"""The inner loops of the search, compiled by numba and kept on disk: they are the same for every kernel.

Successors are made in blocks and their table lines are touched before they are compared: the search is bound by
memory, and this lets the misses overlap. `shape` is a tuple with as many elements as a state has words: its length is
part of its type, so that the loops over words are unrolled.

Where elements are alike a state stands for its orbit, and counts as often as that has states. `orbits` are then the
addresses of `canonical` and `orbit` (`model.orbits`), else zeros. The table holds the canonical state of each orbit;
the states themselves are kept as they were first met, so that runs lead from one to the next without being permuted.
As an orbit is first met where a search of all states first meets one of it, both find the same first violations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

__all__ = [
    "BLOCK",
    "Ints",
    "Shape",
    "arrange",
    "canonical_states",
    "compiled",
    "expand_state",
    "insert",
    "level",
    "staying",
    "stuck",
    "truths",
    "without_parallels",
]

Ints = NDArray[np.int64]
Shape = tuple[int, ...]
Orbits = tuple[int, int]

BLOCK: Final = 256
"""States expanded at a time: enough misses in flight, and the block's successors stay in the first-level cache."""


def compiled(function: Callable[..., Any]) -> Any:
    """A loop as machine code that is kept on disk."""
    try:
        return njit(error_model="numpy", cache=True)(function)
    except RuntimeError:
        # There is no folder that numba may write to: it is compiled anew in every process.
        return njit(error_model="numpy")(function)


def _call(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Call the function at the address that comes first, arrays by the address of their first element."""
    number = ir.IntType(64)
    given = []
    for kind, value in zip(signature.args[1:], arguments[1:], strict=True):
        is_array = isinstance(kind, types.Array)
        given.append(context.make_array(kind)(context, builder, value).data if is_array else value)
    pointer = ir.FunctionType(number, [one.type for one in given]).as_pointer()
    return builder.call(builder.inttoptr(arguments[0], pointer), given)


def _type_expand(context: Any, address: Any, states: Any, i: Any, prm: Any, out: Any, labels: Any, flags: Any) -> Any:
    return types.int64(types.int64, states, types.int64, prm, out, labels, flags), _call


def _type_check(context: Any, address: Any, states: Any, i: Any, prm: Any) -> Any:
    return types.int64(types.int64, states, types.int64, prm), _call


def _type_canonical(context: Any, address: Any, states: Any, i: Any, out: Any) -> Any:
    return types.int64(types.int64, states, types.int64, out), _call


def _type_orbit(context: Any, address: Any, states: Any, i: Any) -> Any:
    return types.int64(types.int64, states, types.int64), _call


# Compiled functions by their addresses. (What these are given is one argument less than they are made of.)
_expand: Any = intrinsic(_type_expand)
_check: Any = intrinsic(_type_check)
_canonical: Any = intrinsic(_type_canonical)
_orbit: Any = intrinsic(_type_orbit)
_arranged: Any = intrinsic(_type_canonical)


@compiled
def _slot_of(shape: Shape, row: Ints, at: int, mask: int) -> int:
    """Where the search for a state begins in the table (a multiply-and-fold hash of its words)."""
    mixed = np.int64(0)
    for w in range(len(shape)):
        mixed = (mixed ^ row[at + w]) * np.int64(-7046029254386353131)
        mixed ^= (mixed >> 32) & np.int64(0xFFFFFFFF)
    return int(mixed & mask)


@compiled
def _note(check: int, state_forms: int, flat: Ints, i: int, prm: Ints, hits: Ints, weight: int) -> None:
    """Ask every state property of state number i, which counts as `weight` states."""
    found = _check(check, flat, i, prm)
    for form in range(state_forms):
        if found >> (2 * form) & 1:
            hits[form, 0] += weight
        if found >> (2 * form + 1) & 1 and hits[form, 1] < 0:
            hits[form, 1] = i


@compiled
def level(
    shape: Shape,
    expand: int,
    check: int,
    orbits: Orbits,
    state_forms: int,
    step_forms: int,
    states: Ints,
    weights: Ints,
    parents: Any,
    labels: Any,
    fanout: Any,
    target: Any,
    via: Any,
    table: Ints,
    places: Any,
    prm: Ints,
    hits: Ints,
    fired: Ints,
    progress: Ints,
    end: int,
) -> None:
    """Expand states up to number `end`, stopping early where the arrays need more room.

    Edges are kept where `target` has room for any: how many each state has, and where and by which label each leads.
    """
    canonical, orbit = orbits
    words, most, kept = len(shape), len(fired), len(target)
    mask = len(places) - 1
    flat = states.ravel()
    cells = table.ravel()
    out = np.empty(BLOCK * most * words, dtype=np.int64)
    keys = np.empty(BLOCK * most * words, dtype=np.int64) if canonical else out
    made = np.empty(BLOCK * most, dtype=np.int64)
    flags = np.empty(BLOCK * most, dtype=np.int64)
    source = np.empty(BLOCK * most, dtype=np.int64)
    slots = np.empty(BLOCK * most, dtype=np.int64)
    count, head, transitions = progress[0], progress[1], progress[2]
    room = len(parents)
    while head < end:
        block = min(BLOCK, end - head)
        if count + block * most > room or (kept and transitions + block * most > kept):
            progress[4] = 1
            break
        n = 0
        for i in range(head, head + block):
            more = _expand(expand, flat, i, prm, out[n * words :], made[n:], flags[n:])
            if more < 0:
                progress[3] = -more
                more = 0
            weight = weights[i] if canonical else 1
            for j in range(n, n + more):
                source[j] = i
                fired[made[j]] += weight
            fanout[i] = more
            n += more
        if canonical:
            for j in range(n):
                _canonical(canonical, out, j, keys)
        touched = np.int64(0)
        for j in range(n):
            slot = _slot_of(shape, keys, j * words, mask)
            slots[j] = slot
            touched += cells[slot * words] + (places[slot] if kept else 0)
        progress[5] = touched
        for j in range(n):
            if step_forms and flags[j]:
                weight = weights[source[j]] if canonical else 1
                for form in range(step_forms):
                    if flags[j] >> (2 * form) & 1:
                        hits[state_forms + form, 0] += weight
                    if flags[j] >> (2 * form + 1) & 1 and hits[state_forms + form, 1] < 0:
                        hits[state_forms + form, 1] = source[j]
                        hits[state_forms + form, 2] = made[j]
            slot = slots[j]
            while True:
                first = cells[slot * words]
                if first == 0:
                    break
                same = first == keys[j * words] + 1
                for w in range(1, words):
                    same = same and cells[slot * words + w] == keys[j * words + w]
                if same:
                    break
                slot = (slot + 1) & mask
            known = cells[slot * words] != 0
            if kept:
                target[transitions + j] = places[slot] if known else count
                via[transitions + j] = made[j]
            if known:
                continue
            cells[slot * words] = keys[j * words] + 1
            flat[count * words] = out[j * words]
            for w in range(1, words):
                cells[slot * words + w] = keys[j * words + w]
                flat[count * words + w] = out[j * words + w]
            places[slot] = count
            parents[count] = source[j]
            labels[count] = made[j]
            weight = np.int64(1)
            if canonical:
                weight = weights[count] = _orbit(orbit, flat, count)
            if state_forms:
                _note(check, state_forms, flat, count, prm, hits, weight)
            count += 1
        head += block
        transitions += n
        if progress[3]:
            break
    progress[0], progress[1], progress[2] = count, head, transitions


@compiled
def insert(
    shape: Shape,
    check: int,
    orbits: Orbits,
    state_forms: int,
    states: Ints,
    weights: Ints,
    begin: int,
    end: int,
    table: Ints,
    places: Any,
    prm: Ints,
    hits: Ints,
) -> None:
    """Put states number begin..end-1, no two of one orbit, into the table; ask the first `state_forms` properties."""
    canonical, orbit = orbits
    words = len(shape)
    mask = len(places) - 1
    flat = states.ravel()
    key = np.empty(words, dtype=np.int64)
    for i in range(begin, end):
        if canonical:
            _canonical(canonical, flat[i * words :], 0, key)
            weights[i] = _orbit(orbit, flat, i)
        else:
            for w in range(words):
                key[w] = flat[i * words + w]
        slot = _slot_of(shape, key, 0, mask)
        while table[slot, 0] != 0:
            slot = (slot + 1) & mask
        table[slot, 0] = key[0] + 1
        for w in range(1, words):
            table[slot, w] = key[w]
        places[slot] = i
        if state_forms:
            _note(check, state_forms, flat, i, prm, hits, weights[i] if canonical else 1)


@compiled
def canonical_states(canonical: int, states: Ints) -> Ints:
    """The state that stands for the orbit of each of `states`."""
    found = np.empty_like(states)
    for i in range(len(states)):
        _canonical(canonical, states.ravel(), i, found.ravel())
    return found


@compiled
def without_parallels(start: Ints, target: Any, label: Any, wanted: Any) -> tuple[Any, Any]:
    """The rows of the graph of the edges with a wanted label, of which parallel ones are one."""
    count = len(start) - 1
    rows, left, n = np.zeros(count + 1, dtype=np.int32), np.empty(len(target), dtype=np.int32), 0
    seen = np.full(count, -1, dtype=np.int32)
    for i in range(count):
        for edge in range(start[i], start[i + 1]):
            to = target[edge]
            if wanted[label[edge]] and seen[to] != i:
                seen[to] = i
                left[n] = to
                n += 1
        rows[i + 1] = n
    return rows, left[:n]


@compiled
def staying(start: Ints, target: Any, label: Any, wanted: Any, member: Any) -> Any:
    """Which edges have a wanted label and do not leave their component, whose number is each state's `member`."""
    inside = np.empty(len(target), dtype=np.bool_)
    for i in range(len(start) - 1):
        for edge in range(start[i], start[i + 1]):
            inside[edge] = wanted[label[edge]] and member[target[edge]] == member[i]
    return inside


@compiled
def stuck(start: Ints, target: Any, label: Any, wanted: Any, onward: Any) -> int:
    """The first state from which no edge with a wanted label can be reached by edges with onward ones; -1 if none."""
    count = len(start) - 1
    able = np.zeros(count, dtype=np.bool_)
    for i in range(count):
        for edge in range(start[i], start[i + 1]):
            if wanted[label[edge]]:
                able[i] = True
                break
    more = True
    while more:
        more = False
        for i in range(count - 1, -1, -1):
            if not able[i]:
                for edge in range(start[i], start[i + 1]):
                    if onward[label[edge]] and able[target[edge]]:
                        able[i] = more = True
                        break
    for i in range(count):
        if not able[i]:
            return i
    return -1


@compiled
def expand_state(expand: int, flat: Ints, i: int, prm: Ints, out: Ints, labels: Ints, flags: Ints) -> int:
    """Write the successors of state number i and their labels to the arrays, and say how many there are."""
    return int(_expand(expand, flat, i, prm, out, labels, flags))


@compiled
def arrange(arranged: int, flat: Ints, at: int, out: Ints) -> None:
    """Write to `out` which elements come to stand where in the canonical state of the one whose words begin at `at`."""
    _arranged(arranged, flat[at:], 0, out)


@compiled
def truths(check: int, states: Ints, count: int, prm: Ints) -> Ints:
    """What `check` says of every state."""
    found = np.empty(count, dtype=np.int64)
    flat = states.ravel()
    for i in range(count):
        found[i] = _check(check, flat, i, prm)
    return found
