# SPDX-License-Identifier: Apache-2.0
"""Evaluations whose results are stated by hand, out of the documentation, each documented surprise by its name."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["EXAMPLES", "HASHES", "SEEDED", "WRONG_DOCUMENTS", "flag", "rule"]

HASHES: Final = {
    ("", 0): 0,
    ("", 1): 0x514E28B7,
    ("", 0xFFFFFFFF): 0x81F16F39,
    ("Hello, world!", 1234): 0xFAF6CDB3,
    ("Hello, world!", 4321): 0xBF505788,
    ("aaaa", 0x9747B28C): 0x5A97808A,
    ("aaa", 0x9747B28C): 0x283E0130,
    ("aa", 0x9747B28C): 0x5D211726,
    ("a", 0x9747B28C): 0x7FA09EA6,
    ("The quick brown fox jumps over the lazy dog", 0x9747B28C): 0x2FA826CD,
}
"""Published vectors of MurmurHash3 x86_32, by text and seed."""

SEEDED: Final = (
    ("acct-1", "new-checkout", "user-42"),
    ("acct-1", "new-checkout", "user-1"),
    ("acct-1", "dark-mode", "user-42"),
    ("acct-2", "new-checkout", "user-42"),
    ("acct-1", "new-checkout", "true"),
    ("", "", ""),
    ("konto-é", "f", "größe"),
    ("a", "f", "\U0001f600"),
    ("a", "f", "\ud83d"),
    ("a", "f", "\ude00x\ud83d"),
    ("a", "f", "9007199254740992"),
)
"""Account, flag key and text of buckets; test_bucketing.py states what was measured of the first five."""


def rule(conditions: list[Any], serve: str = "y", **rollout: Any) -> dict[str, Any]:
    """A rule with a rollout, if there is one."""
    return {
        "priority": 1,
        "conditions": conditions,
        "serve_variation": serve,
        **({"rollout": rollout} if rollout else {}),
    }


def flag(*rules: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """A flag that serves "d" unless its rules say otherwise."""
    placed = [{**one, "priority": at} for at, one in enumerate(rules, 1)]
    variations = {"d": "default", "y": "yes", "z": "other"}
    return {
        "key": "f",
        "enabled": True,
        "default_variation": "d",
        "variations": variations,
        "rules": placed,
        **changed,
    }


def _when(operator: str, value: Any, attribute: str = "a") -> dict[str, Any]:
    return {"attribute": attribute, "operator": operator, "value": value}


_OUTCOMES: Final = {"d": "default", "y": "yes", "z": "other"}


def _example(
    name: str, one: Any, context: dict[str, Any], variant: str, reason: str, draws: tuple[float, ...] = ()
) -> dict[str, Any]:
    error = variant if reason == "ERROR" else None
    said = {"variant": None, "reason": reason, "error": error}
    return {
        "name": name,
        "config": {} if one is None else {"f": one},
        "flag": "f",
        "context": context,
        "account": "acct-1",
        "draws": list(draws),
        "expected": said if error else {**said, "variant": variant, "value": _OUTCOMES[variant]},
    }


def _asked(name: str, condition: dict[str, Any], context: dict[str, Any], satisfied: bool) -> dict[str, Any]:
    outcome = ("y", "TARGETING_MATCH") if satisfied else ("d", "DEFAULT")
    return _example(name, flag(rule([condition])), context, *outcome)


_ALWAYS, _NEVER = rule([]), rule([_when("equals", "x")], "z")

_ORDER = (
    _example("order: unknown flag", None, {}, "FLAG_NOT_FOUND", "ERROR"),
    _example("order: disabled before rules", flag(_ALWAYS, enabled=False), {}, "d", "DISABLED"),
    _example("order: no rules", flag(), {"a": "x"}, "d", "STATIC"),
    _example("order: first rule", flag(_NEVER, _ALWAYS), {"a": "x"}, "z", "TARGETING_MATCH"),
    _example("order: second rule", flag(_NEVER, _ALWAYS), {}, "y", "TARGETING_MATCH"),
    _example("order: default", flag(_NEVER), {}, "d", "DEFAULT"),
    _example("order: no such variation", flag(rule([], "gone")), {}, "PARSE_ERROR", "ERROR"),
    _example("order: the list decides, not the priority",
             flag(rules=[{**_ALWAYS, "priority": 9}, {**rule([], "z"), "priority": 1}]), {}, "y", "TARGETING_MATCH"),
    _example("order: conditions are ANDed", flag(rule([_when("equals", "1"), _when("equals", "2", "b")])),
             {"a": "1", "b": "3"}, "d", "DEFAULT"),
)  # fmt: skip

_SINGLE = {
    "equals": "1", "not_equals": "1", "greater_than": 0, "less_than": 0, "greater_than_or_equals": 0,
    "less_than_or_equals": 0, "contains": "", "starts_with": "", "ends_with": "", "in": ["1"], "not_in": ["1"],
    "has": "1", "not_has": "1",
}  # fmt: skip

_SURPRISES = (
    *(_asked(f"missing-is-false: {op}", _when(op, value), {}, False) for op, value in _SINGLE.items()),
    *(_asked(f"null-is-unequal: {op}", _when(op, value), {"a": None}, op in ("not_equals", "not_in"))
      for op, value in _SINGLE.items()),
    *(_asked(f"a list is no scalar: {op}", _when(op, value), {"a": ["2"]}, op == "not_has")
      for op, value in _SINGLE.items()),
    _asked("1 equals the text 1", _when("equals", "1"), {"a": 1}, True),
    _asked("1.0 is 1", _when("equals", "1"), {"a": 1.0}, True),
    _asked("true is not 1", _when("equals", 1), {"a": True}, False),
    _asked("true is the text true", _when("equals", "true"), {"a": True}, True),
    _asked("letters are compared case by case", _when("equals", "Pro"), {"a": "pro"}, False),
    _asked("-0 is 0", _when("equals", "0"), {"a": -0.0}, True),
    _asked("1e21 as JavaScript writes it", _when("equals", "1e+21"), {"a": 10**21}, True),
    _asked("1e20 as JavaScript writes it", _when("equals", "100000000000000000000"), {"a": 1e20}, True),
    _asked("1e-7 as JavaScript writes it", _when("equals", "1e-7"), {"a": 1e-7}, True),
    _asked("1e-6 as JavaScript writes it", _when("equals", "0.000001"), {"a": 1e-6}, True),
    _asked("numbers are doubles", _when("equals", "9007199254740992"), {"a": 2**53 + 1}, True),
    _asked("beyond doubles is Infinity", _when("equals", "Infinity"), {"a": 10**400}, True),
    _asked("an empty text is no number", _when("less_than", 1), {"a": ""}, False),
    _asked("a blank text is no number", _when("less_than", 1), {"a": " \t"}, False),
    _asked("a text with blanks around is a number", _when("less_than", 13), {"a": "\xa0 12\n"}, True),
    _asked("hexadecimal is a number", _when("greater_than_or_equals", 16), {"a": "0x10"}, True),
    _asked("-0x10 is none", _when("less_than", 0), {"a": "-0x10"}, False),
    _asked("1_000 is none", _when("greater_than", 0), {"a": "1_000"}, False),
    _asked("digits of other scripts are none", _when("greater_than", 0), {"a": "\uff11"}, False),
    _asked("Infinity is a number", _when("greater_than", 0), {"a": "Infinity"}, True),
    _asked("infinity is none", _when("greater_than", 0), {"a": "infinity"}, False),
    _asked("true is greater than 0", _when("greater_than", 0), {"a": True}, True),
    _asked("an instant in another zone", _when("less_than_or_equals", "2026-01-01T00:00:00Z"),
           {"a": "2026-01-01T01:00:00+01:00"}, True),
    _asked("below a millisecond is cut off", _when("greater_than", "2026-01-01T00:00:00.001Z"),
           {"a": "2026-01-01T00:00:00.0019Z"}, False),
    _asked("and from a time before 1970", _when("greater_than_or_equals", "1969-12-31T23:59:59.999Z"),
           {"a": "1969-12-31T23:59:59.9991Z"}, True),
    _asked("a date alone is its midnight", _when("less_than_or_equals", "2026-01-01T00:00:00Z"),
           {"a": "2026-01-01"}, True),
    _asked("there is no 30 February", _when("greater_than", "2000-01-01T00:00:00Z"), {"a": "2024-02-30"}, False),
    _asked("a number is no instant", _when("greater_than", "2000-01-01T00:00:00Z"), {"a": 1e15}, False),
    _asked("has compares texts", _when("has", "1"), {"a": [1]}, True),
    _asked("has nothing of null", _when("has", "null"), {"a": [None]}, False),
    _asked("in takes texts and numbers alike", _when("in", [1, "b"]), {"a": "1"}, True),
)  # fmt: skip

_LOOKING_UP = (
    _asked("exact name before path", _when("equals", "1", "a.b"), {"a.b": "1", "a": {"b": "2"}}, True),
    _asked("path", _when("equals", "2", "a.b"), {"a": {"b": "2"}}, True),
    _asked("path of five", _when("equals", 1, "a.b.c.d.e"), {"a": {"b": {"c": {"d": {"e": 1}}}}}, True),
    _asked("path of six", _when("equals", 1, "a.b.c.d.e.f"), {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}, False),
    _asked("exact name of six", _when("equals", 1, "a.b.c.d.e.f"), {"a.b.c.d.e.f": 1}, True),
    _asked("no path through a list", _when("equals", 1, "a.0"), {"a": [1]}, False),
    _asked("no path through null", _when("not_equals", 1, "a.b"), {"a": None}, False),
    _asked("null at the end of a path", _when("not_equals", 1, "a.b"), {"a": {"b": None}}, True),
    _asked("what objects inherit is missing", _when("not_equals", "x", "toString"), {}, False),
)  # fmt: skip


def _group(operator: Any, *clauses: Any) -> dict[str, Any]:
    return {"logical_operator": operator, "clauses": list(clauses)}


_TRUE, _FALSE = _when("equals", "1"), _when("equals", "2")
_GROUPS = (
    _asked("AND", _group("AND", _TRUE, _FALSE), {"a": 1}, False),
    _asked("OR", _group("OR", _FALSE, _TRUE), {"a": 1}, True),
    _asked("nested", _group("OR", _FALSE, _group("AND", _TRUE, _group("OR", _TRUE))), {"a": 1}, True),
    _asked("AND of nothing", _group("AND"), {}, True),
    _asked("OR of nothing", _group("OR"), {}, False),
    _asked("neither AND nor OR", _group("XOR", _TRUE), {"a": 1}, False),
    _asked("unknown operator", _when("matches", "1"), {"a": 1}, False),
)

_SPLIT = flag(rule([], "d", percentage=30), rule([], "y", percentage=70), rule([], "z", percentage=100))
_ROLLOUTS = (
    # user-42 of acct-1 has the bucket 98.5 or so for the flag f; test_bucketing.py has those that were measured.
    _example("whole-is-no-split", flag(rule([], percentage=100)), {}, "y", "TARGETING_MATCH"),
    _example("a list is in no rollout", flag(rule([], percentage=100)), {"targetingKey": ["u"]}, "d", "DEFAULT"),
    _example("random-per-rule: first", _SPLIT, {}, "d", "SPLIT", (0.29,)),
    _example("random-per-rule: second", _SPLIT, {}, "y", "SPLIT", (0.31, 0.69)),
    _example("random-per-rule: third", _SPLIT, {}, "z", "TARGETING_MATCH", (0.69, 0.71)),
    _example("null draws as well", _SPLIT, {"targetingKey": None}, "d", "SPLIT", (0.0,)),
    _example("another attribute draws as well", flag(rule([], percentage=50, attribute="a")),
             {"targetingKey": "u"}, "y", "SPLIT", (0.4999,)),
    _example("0 % draws and admits nobody", flag(rule([], percentage=0)), {}, "d", "DEFAULT", (0.0,)),
    _example("at the threshold is out", flag(rule([], percentage=50)), {}, "d", "DEFAULT", (0.5,)),
    _example("conditions come first", flag(rule([_FALSE], percentage=50)), {}, "d", "DEFAULT"),
)  # fmt: skip


def _odd(*values: Any) -> tuple[Any, ...]:
    return values


_BEYOND = (
    *(_example(f"beyond: a flag that is {one!r}", one, {}, "PARSE_ERROR", "ERROR") for one in _odd(0, "f", [], True)),
    _example("beyond: no variations", flag(variations=None), {}, "PARSE_ERROR", "ERROR"),
    _example("beyond: a variation named by a number", flag(default_variation=1), {}, "PARSE_ERROR", "ERROR"),
    *(_example(f"beyond: enabled {one!r}", flag(_ALWAYS, enabled=one), {}, "d", "DISABLED")
      for one in _odd(1, "true", None, [], {})),
    *(_example(f"beyond: rules {one!r}", flag(rules=one), {}, "d", "STATIC") for one in _odd(None, {}, "x", 1)),
    *(_example(f"beyond: a rule {one!r}", flag(rules=[one]), {}, "d", "DEFAULT") for one in _odd(None, [], "x", 1)),
    _example("beyond: conditions null", flag(rules=[{**_ALWAYS, "conditions": None}]), {}, "y", "TARGETING_MATCH"),
    *(_example(f"beyond: conditions {one!r}", flag(rules=[{**_ALWAYS, "conditions": one}]), {}, "d", "DEFAULT")
      for one in _odd({}, "", "x", False, 1)),
    *(_example(f"beyond: condition {one!r}", flag(rule([one])), {}, "d", "DEFAULT") for one in _odd(None, [], "x", 1)),
    _example("beyond: rollout null", flag(rules=[{**_ALWAYS, "rollout": None}]), {}, "y", "TARGETING_MATCH"),
    *(_example(f"beyond: rollout {one!r}", flag(rules=[{**_ALWAYS, "rollout": one}]), {}, "d", "DEFAULT")
      for one in _odd({}, [], False, 50, {"percentage": "100"}, {"percentage": True}, {"percentage": None})),
    _example("beyond: rollout by null", flag(rule([], percentage=50, attribute=None)), {}, "y", "SPLIT", (0.4,)),
    _example("beyond: rollout by nothing", flag(rule([], percentage=50, attribute="")), {}, "y", "SPLIT", (0.4,)),
    *(_example(f"beyond: rollout by {one!r}", flag(rule([], percentage=100, attribute=one)), {}, "d", "DEFAULT")
      for one in _odd(0, False, 1, [], {})),
    _asked("beyond: not_equals a list, of null", _when("not_equals", ["x"]), {"a": None}, True),
    _asked("beyond: not_equals a list", _when("not_equals", ["x"]), {"a": "y"}, False),
    _asked("beyond: not_in a text, of null", _when("not_in", "x"), {"a": None}, False),
    _asked("beyond: equals null is equals the text", _when("equals", None), {"a": "null"}, True),
    _asked("beyond: without a value", {"attribute": "a", "operator": "equals"}, {"a": "null"}, True),
    _asked("beyond: has null is has the text", _when("has", None), {"a": ["null"]}, True),
    _asked("beyond: not_has null", _when("not_has", None), {"a": ["null"]}, False),
    _asked("beyond: lists in lists equal nothing", _when("in", [["1"]]), {"a": "1"}, False),
    _asked("beyond: greater than null", _when("greater_than", None), {"a": 1}, False),
    _asked("beyond: greater than no instant", _when("greater_than", "2026-02-30T00:00:00Z"),
           {"a": "2026-03-30T00:00:00Z"}, False),
)  # fmt: skip

EXAMPLES: Final = (*_ORDER, *_SURPRISES, *_LOOKING_UP, *_GROUPS, *_ROLLOUTS, *_BEYOND)
"""As they stand in vectors.json."""


def _deep(levels: int) -> dict[str, Any]:
    condition = _TRUE
    for _ in range(levels - 1):
        condition = _group("AND", condition)
    return condition


def _ruled(**changed: Any) -> dict[str, Any]:
    return flag(rules=[{**rule([_TRUE]), **changed}])


WRONG_DOCUMENTS: Final[tuple[tuple[Any, list[str]], ...]] = (
    (flag(rule([_TRUE], percentage=12.5, attribute="org.id"), rule([])), []),
    (flag(description=None, type="string", updated_at="x", updated_by="y"), []),
    (flag(variations={"d": [1], "y": {}}, type="json"), []),
    (flag(rule([_deep(6)])), []),
    (flag(key="k" * 64), []),
    (7, [""]),
    ({}, ["/default_variation", "/enabled", "/key", "/rules", "/variations"]),
    (flag(key="a b"), ["/key"]),
    (flag(key="k" * 65), ["/key"]),
    (flag(key=""), ["/key"]),
    (flag(key="größe"), ["/key"]),
    (flag(key="f\n"), ["/key"]),
    (flag(enabled="yes", description=1), ["/description", "/enabled"]),
    (flag(default_variation="gone"), ["/default_variation"]),
    (flag(variations={}), ["/default_variation", "/variations"]),
    (flag(variations={"d": 1, "y": "1", "z": True}), ["/variations/y", "/variations/z"]),
    (flag(variations={"d": 1, "y": 2}, type="string"), ["/variations/d", "/variations/y"]),
    (flag(type="text"), ["/type"]),
    (flag(variations={"d": None}), ["/variations/d"]),
    (flag(variations={"d": "x", "a/b~c": "y"}), ["/variations/a~1b~0c"]),
    (flag(variations={"d": "x" * 10_238}), []),
    (flag(variations={"d": "x" * 10_239}), ["/variations/d"]),
    (flag(variations={"d": "é" * 5_119}), []),
    (flag(variations={"d": "é" * 5_120}), ["/variations/d"]),
    (flag(colour="red"), ["/colour"]),
    (flag(rules={}), ["/rules"]),
    (flag(rules=[1, None]), ["/rules/0", "/rules/1"]),
    (flag(rules=[{}]), ["/rules/0/conditions", "/rules/0/priority", "/rules/0/serve_variation"]),
    (_ruled(priority=0), ["/rules/0/priority"]),
    (_ruled(priority=1.5), ["/rules/0/priority"]),
    (_ruled(priority=True), ["/rules/0/priority"]),
    (flag(rules=[rule([_TRUE]), rule([_FALSE])]), ["/rules/1/priority"]),
    (flag(_ALWAYS, rule([_TRUE])), ["/rules/0/conditions"]),
    (flag(rules=[{**rule([_TRUE]), "priority": 2}, {**_ALWAYS, "priority": 1}]), ["/rules/1/conditions"]),
    (flag(rules=[{**_ALWAYS, "priority": 2}, {**rule([_TRUE]), "priority": 1}]), []),
    (_ruled(serve_variation="gone", when="now"), ["/rules/0/serve_variation", "/rules/0/when"]),
    (_ruled(rollout=None), ["/rules/0/rollout"]),
    (_ruled(rollout={}), ["/rules/0/rollout/percentage"]),
    (_ruled(rollout={"percentage": 100.5, "attribute": "", "x": 1}),
     ["/rules/0/rollout/attribute", "/rules/0/rollout/percentage", "/rules/0/rollout/x"]),
    (flag(rule([{}])), ["/rules/0/conditions/0/attribute", "/rules/0/conditions/0/operator"]),
    (flag(rule([_TRUE, {"attribute": "", "operator": "like", "value": 1, "note": 2}])),
     ["/rules/0/conditions/1/attribute", "/rules/0/conditions/1/note", "/rules/0/conditions/1/operator"]),
    (flag(rule([_when("in", "x")])), ["/rules/0/conditions/0/value"]),
    (flag(rule([_when("not_in", [None])])), ["/rules/0/conditions/0/value"]),
    (flag(rule([_when("in", [])])), []),
    (flag(rule([_when("equals", ["x"])])), ["/rules/0/conditions/0/value"]),
    (flag(rule([_when("equals", None)])), ["/rules/0/conditions/0/value"]),
    (flag(rule([_group("AND")])), ["/rules/0/conditions/0/clauses"]),
    (flag(rule([{"logical_operator": "NOT"}])),
     ["/rules/0/conditions/0/clauses", "/rules/0/conditions/0/logical_operator"]),
    (flag(rule([{**_group("OR", _TRUE), "value": 1}])), ["/rules/0/conditions/0/value"]),
    (flag(rule([_deep(7)])), ["/rules/0/conditions/0" + "/clauses/0" * 6]),
)  # fmt: skip
"""Flags, and the places of all that is wrong with them."""
