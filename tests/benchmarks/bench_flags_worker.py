# SPDX-License-Identifier: Apache-2.0
"""Evaluations per second in the isolate for an app of 5,000 flags, beside three evaluators in Python in the same run.

The runtime's clocks stand still while code runs, so the time is taken outside, over whole requests that make many
evaluations each; nothing is subtracted for the way there and back. The last lines are whole requests to a location:
what an evaluation costs where the config comes out of KV every time, and where the isolate keeps it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

from flagship._evaluate import evaluate_flag
from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext

from edgeproof.impl.flags.evaluation import Evaluator
from edgeproof.impl.snapshot import to_json
from tests.benchmarks.bench_flags import CONTEXTS, FLAGD, FLAGS, PAIRS
from tests.workerd.flags_deployment import FlagDeployment
from tests.workerd.flags_evaluator import WorkerEvaluator

CONFIGURATIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "parsed anew for every request": {},
    "parsed if KV's label has changed (epochs)": {"reader": "guarded", "epoch": "on"},
    "taken from the isolate for 10 s (memo)": {"reader": "memo"},
}
ROUNDS: Final = 100
"""Evaluations of every flag in one request."""


def bench_evaluations_in_the_isolate(tmp_path: Path) -> None:
    """Every flag of the app, for one context after the other."""
    worker = WorkerEvaluator(tmp_path)
    try:
        worker.do([{"act": "keep", "flags": FLAGS}])
        given = {"act": "times", "contexts": CONTEXTS, "account": "acct-1", "rounds": ROUNDS}
        isolate = best(lambda: int(worker.do([given])[0]))
    finally:
        worker.close()
    print(f"\n{len(FLAGS):,} flags, {len(to_json(FLAGS)) / 1e6:.1f} MB, {len(CONTEXTS)} contexts; the best of 5 runs")
    print(f"  in the isolate: {isolate:,.0f} evaluations/s in requests of {ROUNDS * len(FLAGS):,}")
    for name, evaluate in in_python().items():
        rate = best(partial(evaluated, evaluate))
        print(f"  {name + ':':35}{rate:9,.0f} evaluations/s; the isolate makes {isolate / rate:.1f} times as many")


def bench_requests_to_a_location() -> None:
    """One flag, or all of them, for one context per request."""
    for name, options in CONFIGURATIONS.items():
        with FlagDeployment(options) as deployment:
            publish(deployment)
            path, body = f"/apps/a/evaluate?flagKey={sorted(FLAGS)[0]}&targetingKey=u", {"context": CONTEXTS[0]}
            one = best(partial(counted, partial(deployment.edge().get, path), 50))
            every = best(partial(counted, partial(deployment.edge().do, "POST", "/apps/a/evaluate", body), 10))
            print(f"  the config is {name}: {one:,.0f} requests/s of one flag, {every:,.0f} of all {len(FLAGS):,}")


def in_python() -> Mapping[str, Callable[[str, int], Any]]:
    """The evaluators in Python: what each makes of a flag and a context. flagd's gets the flags in its own schema,
    and none that is disabled: it raises for those.
    """
    evaluator, draw = Evaluator(FLAGS, "acct-1"), Random(0).random
    core = FlagdCore()
    core.set_flags({"flags": {key: {**flag, "state": "ENABLED"} for key, flag in FLAGD.items()}})
    asked = [EvaluationContext(one["targetingKey"], one) for one in CONTEXTS]
    resolve: Mapping[str, tuple[Callable[..., Any], Any]] = {
        "boolean": (core.resolve_boolean_value, False),
        "string": (core.resolve_string_value, ""),
        "number": (core.resolve_float_value, 0.0),
        "json": (core.resolve_object_value, {}),
    }

    def by_flagd(key: str, at: int) -> Any:
        method, default = resolve[FLAGS[key]["type"]]
        return method(key, default, asked[at])

    return {
        "our evaluator in Python": lambda key, at: evaluator.evaluate(key, CONTEXTS[at], draw),
        "cloudflare-flagship in Python": lambda key, at: evaluate_flag(FLAGS[key], CONTEXTS[at], "acct-1"),
        "openfeature-flagd-core in Python": by_flagd,
    }


def evaluated(evaluate: Callable[[str, int], Any]) -> int:
    for key, at in PAIRS:
        evaluate(key, at)
    return len(PAIRS)


def publish(deployment: FlagDeployment) -> None:
    keys = sorted(FLAGS)
    for start in range(0, len(keys), 500):
        part = keys[start : start + 500]
        changes: dict[str, Any] = {key: FLAGS[key] for key in part}
        reply = deployment.ask("POST", "/apps/a/batch", {"changes": changes, "expected": dict.fromkeys(part, 0)})
        assert reply.status == 200, reply
    deployment.published("a", 10)


def counted(request: Callable[[], Any], times: int) -> int:
    for _ in range(times):
        assert request().status == 200
    return times


def best(run: Callable[[], int]) -> float:
    """Per second, in the best of five runs after one to warm up."""
    run()
    found = 0.0
    for _ in range(5):
        started = time.perf_counter()
        count = run()
        found = max(found, count / (time.perf_counter() - started))
    return found
