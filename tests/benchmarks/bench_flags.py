# SPDX-License-Identifier: Apache-2.0
"""Evaluations per second in Python for an app of 5,000 flags, beside two peers in the same run.

Cloudflare's evaluator (PyPI cloudflare-flagship) takes the same flags and contexts. flagd's (openfeature-flagd-core)
gets the same flags in its own schema, and resolves from an OpenFeature context to details: so does our provider then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from flagship._evaluate import evaluate_flag
from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext

from edgeproof.impl.documents import flag_documents
from edgeproof.impl.flags.document import problems
from edgeproof.impl.flags.evaluation import Evaluator
from edgeproof.impl.flags.provider import EdgeFlagProvider
from edgeproof.impl.flags.sources import Heard
from edgeproof.impl.snapshot import Snapshot, to_json

FLAGS: Final = flag_documents(6, 5_000)
CONTEXTS: Final[list[dict[str, Any]]] = [
    {
        "targetingKey": f"user-{number}",
        "accountId": f"account-{number % 7}",
        "plan": ("free", "pro", "enterprise")[number % 3],
        "country": ("DE", "US", "JP")[number % 3],
        "email": f"user-{number}@example.com",
        "accountAge": number * 10,
    }
    for number in range(100)
]
PAIRS: Final = [(key, at % len(CONTEXTS)) for at, key in enumerate(FLAGS)]
ROUNDS: Final = 10


def bench_evaluators() -> None:
    """A flag and a context to a value, a variant and a reason."""
    evaluator, draw = Evaluator(FLAGS, "acct-1"), Random(0).random
    ours = best(lambda: [evaluator.evaluate(key, CONTEXTS[at], draw) for key, at in PAIRS])
    theirs = best(lambda: [evaluate_flag(FLAGS[key], CONTEXTS[at], "acct-1") for key, at in PAIRS], rounds=1)
    print(f"\n{len(FLAGS):,} flags, {len(to_json(FLAGS)) / 1e6:.1f} MB, {len(CONTEXTS)} contexts; the best of 5")
    print(f"  our evaluator:       {ours:,.0f} evaluations/s")
    print(f"  cloudflare-flagship: {theirs:,.0f} evaluations/s; ours makes {ours / theirs:.1f} times as many")


def bench_resolutions() -> None:
    """An OpenFeature context to details, the flag's type checked."""
    provider = EdgeFlagProvider(lambda: Heard(Snapshot(1, 0, FLAGS)), "acct-1", refresh=3600.0)
    provider.initialize(EvaluationContext())
    core = FlagdCore()
    core.set_flags({"flags": {key: in_flagd(flag) for key, flag in FLAGS.items()}})
    contexts = [
        EvaluationContext(one["targetingKey"], {k: one[k] for k in one if k != "targetingKey"}) for one in CONTEXTS
    ]
    resolve = {
        "boolean": (provider.resolve_boolean_details, core.resolve_boolean_value, False),
        "string": (provider.resolve_string_details, core.resolve_string_value, ""),
        "number": (provider.resolve_float_details, core.resolve_float_value, 0.0),
        "json": (provider.resolve_object_details, core.resolve_object_value, {}),
    }
    calls: list[tuple[Callable[..., Any], Callable[..., Any], str, Any, EvaluationContext]] = [
        (*resolve[FLAGS[key]["type"]][:2], key, resolve[FLAGS[key]["type"]][2], contexts[at])  # type: ignore[misc]
        for key, at in PAIRS
        if FLAGS[key]["enabled"]  # flagd raises for a disabled flag
    ]
    ours = best(lambda: [mine(key, default, context) for mine, _, key, default, context in calls])
    theirs = best(lambda: [peer(key, default, context) for _, peer, key, default, context in calls], rounds=1)
    whole = [call for call in calls if not any("rollout" in rule for rule in FLAGS[call[2]]["rules"])]
    same = sum(mine(k, d, c).variant == peer(k, d, c).variant for mine, peer, k, d, c in whole)
    provider.shutdown()
    print(f"\n{len(calls):,} flags; of {len(whole):,} without rollouts both serve {same:,} alike (they hash otherwise)")
    print(f"  our provider:           {ours:,.0f} resolutions/s")
    print(f"  openfeature-flagd-core: {theirs:,.0f} resolutions/s; ours makes {ours / theirs:.1f} times as many")


def bench_taking_a_new_config() -> None:
    """What a location does when a new config has arrived, and the control plane with each flag."""
    taken = best(lambda: [Evaluator(FLAGS, "acct-1").evaluate(key, CONTEXTS[at], lambda: 0.5) for key, at in PAIRS], 1)
    peer = best(lambda: FlagdCore().set_flags_and_get_changed_keys({"flags": FLAGD}), 1)
    checked = best(lambda: [problems(flag) for flag in FLAGS.values()], 1)
    print(f"\n  every flag taken apart and evaluated once: {taken:,.0f} flags/s")
    print(f"  flagd-core takes its config in at:         {peer:,.0f} flags/s")
    print(f"  flags checked:                             {checked:,.0f} flags/s")


def best(work: Callable[[], list[Any]], rounds: int = ROUNDS) -> float:
    """Results per second, of the quickest of five."""
    rates = []
    for _ in range(5):
        started = time.perf_counter()
        made = sum(len(work()) for _ in range(rounds))
        rates.append(made / (time.perf_counter() - started))
    return max(rates)


def in_flagd(flag: Mapping[str, Any]) -> dict[str, Any]:
    """The flag in flagd's schema: its rules as JSON logic, its rollouts as fractions."""
    steps: list[Any] = []
    for rule in flag["rules"]:
        matches = [_logic(one) for one in rule["conditions"]]
        if "rollout" in rule:
            share, name = rule["rollout"]["percentage"], rule["rollout"].get("attribute", "targetingKey")
            split = {"fractional": [{"var": name}, ["in", share], ["out", 100 - share]]}
            matches.append({"==": [split, "in"]})
        steps += [{"and": matches} if matches else True, rule["serve_variation"]]
    return {
        "state": "ENABLED" if flag["enabled"] else "DISABLED",
        "variants": flag["variations"],
        "defaultVariant": flag["default_variation"],
        **({"targeting": {"if": [*steps, flag["default_variation"]]}} if steps else {}),
    }


_COMPARISONS: Final = {
    "equals": "==",
    "not_equals": "!=",
    "greater_than": ">",
    "less_than": "<",
    "greater_than_or_equals": ">=",
    "less_than_or_equals": "<=",
    "in": "in",
    "starts_with": "starts_with",
    "ends_with": "ends_with",
}


def _logic(condition: Mapping[str, Any]) -> Any:
    if "logical_operator" in condition:
        return {condition["logical_operator"].lower(): [_logic(one) for one in condition["clauses"]]}
    attribute, operator, value = {"var": condition["attribute"]}, condition["operator"], condition["value"]
    if operator == "not_in":
        return {"!": {"in": [attribute, value]}}
    if operator == "contains":
        return {"in": [value, attribute]}
    return {_COMPARISONS[operator]: [attribute, value]}


FLAGD: Final = {key: in_flagd(flag) for key, flag in FLAGS.items()}
