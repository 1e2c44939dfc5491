# SPDX-License-Identifier: Apache-2.0
"""Exhaustive search, single core, beside plain Python on the same model and the machine's random-insertion rate.

Nothing here fails on a time. Compilation is measured apart: it happens once per kernel and process.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from edgeproof.model.interpret import initial_states
from edgeproof.model.kernel import Kernel, KernelSource, build_kernel, build_source
from edgeproof.model.machine import Instance
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE, applicable
from edgeproof.properties.engines.explore.engine import search_instance
from edgeproof.properties.engines.explore.exchange import Exchange, prepare_exchange
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.explore.search import Search
from edgeproof.properties.engines.kernels import kernel_source
from tests.calibration import calibration

NO_LIMIT = Limits(states=1 << 40)


def bench_calibration_model_against_plain_python_and_the_memory_limit() -> None:
    """M(5,4,3,2), 2,075,245 states: ours, plain Python (tuples and a set) on M(4,3,2,2), random insertion."""
    instance = calibration(5, 4, 3, 2)
    rate, search = measured("M(5,4,3,2)", instance, build_source(instance, fixed=instance.values))
    assert (search.count, search.transitions) == (2_075_245, 14_502_115)
    plain = plain_python_rate(calibration(4, 3, 2, 2))
    memory = random_insertions_per_second(4 * 1024 * 1024)
    print(f"  plain Python with a set: {plain / 1e6:.2f} M transitions/s (ours {rate / plain:.0f} x)")
    print(f"  random insertion into a hash set here: {memory / 1e6:.0f} M/s (ours {rate / memory:.2f} of it)")


def bench_do_kv_with_more_than_two_million_states() -> None:
    """The recommended configuration with three writes, asked all of its properties."""
    case = next(c for c in scoreboard("do_kv") if c.name == "recommended")
    instance = instance_of(case).with_(writes=3, F=2)
    properties = [CATALOGUE[name] for name in applicable(instance)]
    rate, search = measured("do_kv, recommended, writes=3", instance, kernel_source([instance], properties))
    assert search.count > 2_000_000
    memory = random_insertions_per_second(search.count)
    print(f"  random insertion into a hash set of this size: {memory / 1e6:.0f} M/s (ours {rate / memory:.2f} of it)")


def bench_orbits_of_the_calibration_model() -> None:
    """M(5,4,3,2) once by all its states and once by orbits, of caches and of puts, in one run."""
    instance = calibration(5, 4, 3, 2)
    source = build_source(instance, fixed=instance.values)
    everything, every = spent("all states of M(5,4,3,2)", instance, source, None)
    seconds, search = spent("its orbits", instance, source, exchange_of(instance, source))
    assert (search.count, search.found, search.steps) == (69_181, every.found, every.steps)
    print(
        f"  {everything / seconds:.1f} times less processor time, {every.count / search.count:.1f} times fewer states"
    )


def bench_do_kv_with_three_locations_and_three_puts() -> None:
    """Nineteen million states, almost five times what a search may hold, asked all of its properties."""
    case = next(c for c in scoreboard("do_kv") if c.name == "recommended")
    instance = instance_of(case).with_(Pop=3, Put=3)
    properties = [CATALOGUE[name] for name in applicable(instance)]
    source = kernel_source([instance], properties)
    everything, every = spent("do_kv with 3 locations and 3 puts, all states", instance, source, None, runs=1)
    seconds, search = spent("its orbits", instance, source, exchange_of(instance, source))
    assert (search.found, search.steps) == (every.found, every.steps)
    assert search.count < Limits().states < every.count
    print(
        f"  {everything / seconds:.1f} times less processor time, {every.count / search.count:.1f} times fewer states"
    )


def exchange_of(instance: Instance, source: KernelSource) -> Exchange:
    exchange, _ = prepare_exchange(source, instance)
    assert exchange is not None
    return exchange


def spent(
    name: str, instance: Instance, source: KernelSource, exchange: Exchange | None, runs: int = 3
) -> tuple[float, Search]:
    """Search once to compile, then take the best of some runs; prints and answers with the processor time."""
    search_instance(instance, source, Limits(depth=2), exchange)
    times = []
    for _ in range(runs):
        started = time.process_time()
        _, _, search = search_instance(instance, source, NO_LIMIT, exchange)
        times.append(time.process_time() - started)
    words = f"{search.count:,} kept of {search.found:,} states, {search.transitions:,} of {search.steps:,} transitions"
    print(f"\n{name}: {words}, {min(times):.3f} s of processor time")
    return min(times), search


def measured(name: str, instance: Instance, source: KernelSource) -> tuple[float, Search]:
    """Search once to compile, then take the best of three; prints the rates and answers with transitions/s."""
    started = time.perf_counter()
    search_instance(instance, source, Limits(depth=2))
    compiled = time.perf_counter() - started
    seconds, search = best_of_three(lambda: search_instance(instance, source, NO_LIMIT)[2])
    rates = f"{search.count / seconds / 1e6:.2f} M states/s, {search.transitions / seconds / 1e6:.1f} M transitions/s"
    print(
        f"\n{name}: {search.count:,} states, {search.transitions:,} transitions, depth {search.depth}, {seconds:.2f} s:"
    )
    print(f"  {rates} on one core (compiled in {compiled:.1f} s, apart)")
    return search.transitions / seconds, search


def best_of_three(run: Callable[[], Any]) -> tuple[float, Any]:
    best, result = float("inf"), None
    for _ in range(3):
        started = time.perf_counter()
        result = run()
        best = min(best, time.perf_counter() - started)
    return best, result


def plain_python_rate(instance: Instance) -> float:
    """Transitions per second of a breadth-first search with a Python set, on the same kernel run as plain Python."""
    kernel = build_kernel(build_source(instance, fixed=instance.values), instance)
    started = time.perf_counter()
    transitions = plain_search(kernel)
    return transitions / (time.perf_counter() - started)


def plain_search(kernel: Kernel) -> int:
    words, most = kernel.source.words, kernel.most_successors
    out, labels, flags = [0] * (words * most), [0] * most, [0] * most
    queue = [tuple(kernel.pack(state)) for state in initial_states(kernel.instance)]
    seen, transitions = set(queue), 0
    for state in queue:
        count = kernel.expand(state, 0, kernel.parameters, out, labels, flags)
        transitions += count
        for at in range(0, count * words, words):
            successor = tuple(out[at : at + words])
            if successor not in seen:
                seen.add(successor)
                queue.append(successor)
    return transitions


def random_insertions_per_second(keys: int) -> float:
    """How fast this machine puts random 64-bit keys into an open-addressing table that ends up half full."""
    values = np.random.default_rng(0).integers(1, 1 << 62, size=keys, dtype=np.int64)
    table = np.zeros(1 << (2 * keys - 1).bit_length(), dtype=np.int64)
    insert_all(values[:10], np.zeros(64, dtype=np.int64))
    started = time.perf_counter()
    insert_all(values, table)
    return keys / (time.perf_counter() - started)


@njit(error_model="numpy")
def insert_all(values: Any, table: Any) -> None:
    mask = len(table) - 1
    for value in values:
        slot = (value * np.int64(-7046029254386353131)) >> np.int64(20) & mask
        while table[slot] != 0 and table[slot] != value:
            slot = (slot + 1) & mask
        table[slot] = value
