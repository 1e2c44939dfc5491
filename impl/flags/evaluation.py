# SPDX-License-Identifier: Apache-2.0
"""What a flag is worth in a context: a pure function of config, flag key, context, account and draws.

The order is the documented one: a flag that is disabled, then one without rules, then the rules as they stand in the
list (the control plane keeps them in the order of their priorities), then the default. Nothing raises: what is wrong
with the context makes a condition false, what is wrong with the flag is an error code.

Surprises that are documented, and kept:

- `missing-is-false`: an attribute that is missing satisfies no operator, not even `not_equals` or `not_in`.
- `null-is-unequal`: an attribute that is null satisfies `not_equals` and `not_in`, and no other.
- `random-per-rule`: without its attribute a rollout draws a bucket anew, for every rule and every evaluation.
- `whole-is-no-split`: a rollout of 100 % is no split, hashes nothing, and its reason is TARGETING_MATCH.
- `app-is-no-seed`: see `impl.flags.bucketing`.
- `disabled-is-default`: a disabled flag has the value of its default variation; that callers get their own default
  instead, as Cloudflare's SDKs have it, is the affair of the provider.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from attrs import frozen

from edgeproof.impl.flags.bucketing import bucket_of_hash, hash_of, seed_of
from edgeproof.impl.flags.coercion import is_scalar, text_of
from edgeproof.impl.flags.conditions import MISSING, Context, Predicate, both, look_up, nobody, predicate_of

__all__ = ["FLAG_NOT_FOUND", "PARSE_ERROR", "Draw", "ErrorCode", "Evaluation", "Evaluator", "Reason", "evaluate"]

Reason = Literal["STATIC", "TARGETING_MATCH", "SPLIT", "DEFAULT", "DISABLED", "ERROR"]

ErrorCode = Literal["FLAG_NOT_FOUND", "PARSE_ERROR"]

Draw = Callable[[], float]
"""A source of chance: numbers from 0 to below 1."""


@frozen(slots=True)
class Evaluation:
    """What came of it. `value` is the config's own: who changes it changes the config."""

    value: Any
    variant: str | None
    reason: Reason
    error: ErrorCode | None = None


FLAG_NOT_FOUND = Evaluation(None, None, "ERROR", "FLAG_NOT_FOUND")
"""The config has no flag of that key."""

PARSE_ERROR = Evaluation(None, None, "ERROR", "PARSE_ERROR")
"""The flag does not say what to serve."""

_Admission = Callable[[Context, Draw], bool]
_Compiled = Callable[[Context, Draw], Evaluation]


def evaluate(config: Mapping[str, Any], flag_key: str, context: Context, account: str, draw: Draw) -> Evaluation:
    """Evaluate one flag once. Who evaluates more often makes an `Evaluator`."""
    return Evaluator(config, account).evaluate(flag_key, context, draw)


class Evaluator:
    """The flags of one config, which must not change any more. Each is taken apart when it is first asked for."""

    def __init__(self, config: Mapping[str, Any], account: str) -> None:
        self._config, self._account = config, account
        self._compiled: dict[str, _Compiled] = {}

    def evaluate(self, flag_key: str, context: Context, draw: Draw) -> Evaluation:
        """As the function of that name."""
        compiled = self._compiled.get(flag_key)
        if compiled is None:
            if flag_key not in self._config:
                return FLAG_NOT_FOUND
            compiled = self._compiled[flag_key] = _compile(self._config[flag_key], flag_key, self._account)
        return compiled(context, draw)


def _compile(flag: Any, flag_key: str, account: str) -> _Compiled:
    if not isinstance(flag, dict):
        return _always(PARSE_ERROR)
    rules = flag.get("rules")
    default = flag.get("default_variation")
    if flag.get("enabled") is not True:
        return _always(_served(flag, default, "DISABLED"))
    if not isinstance(rules, list) or not rules:
        return _always(_served(flag, default, "STATIC"))
    seed = seed_of(account, flag_key)
    steps = tuple(step for rule in rules for step in _steps(flag, rule, seed))
    return _in_turn(steps, _served(flag, default, "DEFAULT"))


def _always(evaluation: Evaluation) -> _Compiled:
    return lambda context, draw: evaluation


def _in_turn(steps: tuple[tuple[Predicate, _Admission | None, Evaluation], ...], default: Evaluation) -> _Compiled:
    def run(context: Context, draw: Draw) -> Evaluation:
        for holds, admits, served in steps:
            if holds(context) and (admits is None or admits(context, draw)):
                return served
        return default

    return run


def _served(flag: Mapping[str, Any], variant: Any, reason: Reason) -> Evaluation:
    variations = flag.get("variations")
    if not isinstance(variations, dict) or not isinstance(variant, str) or variant not in variations:
        return PARSE_ERROR
    return Evaluation(variations[variant], variant, reason)


def _steps(flag: Mapping[str, Any], rule: Any, seed: int) -> list[tuple[Predicate, _Admission | None, Evaluation]]:
    """What a rule comes to: a step, or none if it never matches."""
    if not isinstance(rule, dict):
        return []
    conditions = rule.get("conditions")
    rollout = rule.get("rollout")
    if not isinstance(conditions, list | None):
        return []
    predicates = tuple(predicate_of(condition) for condition in conditions or ())
    if nobody in predicates:
        return []
    if rollout is None:
        return [(both(predicates), None, _served(flag, rule.get("serve_variation"), "TARGETING_MATCH"))]
    percentage, name = _rollout(rollout)
    if name is None:
        return []
    reason: Reason = "SPLIT" if percentage < 100 else "TARGETING_MATCH"
    return [(both(predicates), _admission(percentage, name, seed), _served(flag, rule.get("serve_variation"), reason))]


def _rollout(rollout: Any) -> tuple[float, str | None]:
    """Percentage and attribute; no attribute where the rollout is none that can be understood."""
    if not isinstance(rollout, dict):
        return 0.0, None
    percentage, name = rollout.get("percentage"), rollout.get("attribute")
    if not isinstance(percentage, int | float) or isinstance(percentage, bool):
        return 0.0, None
    if name is None or name == "":
        name = "targetingKey"
    return percentage, name if isinstance(name, str) else None


def _admission(percentage: float, name: str, seed: int) -> _Admission:
    find = look_up(name)
    if percentage >= 100:

        def admits_who_can_be_told_apart(context: Context, draw: Draw) -> bool:
            found = find(context)
            return found is None or found is MISSING or is_scalar(found)

        return admits_who_can_be_told_apart

    def admits(context: Context, draw: Draw) -> bool:
        found = find(context)
        if found is None or found is MISSING:
            return draw() * 100 < percentage
        return is_scalar(found) and bucket_of_hash(hash_of(text_of(found), seed)) < percentage

    return admits
