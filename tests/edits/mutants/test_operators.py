# SPDX-License-Identifier: Apache-2.0
"""What each operator does, on a line or two of either language."""

from __future__ import annotations

import pytest

from tests.edits.mutants.made import OPERATORS, mutants, operator_of

PYTHON = {
    "order": [
        ("def f(self):\n    self.put()\n    self.ack()\n", "def f(self):\n    self.ack()\n    self.put()\n"),
        ("def f(self):\n    self.now = 1\n    self.put()\n", "def f(self):\n    self.put()\n    self.now = 1\n"),
    ],
    "effect": [
        ("def f(self):\n    self.arm()\n", "def f(self):\n    pass\n"),
        ("def f(self):\n    self.kept = None\n", "def f(self):\n    pass\n"),
        ("async def f(self):\n    await self.put()\n", "async def f(self):\n    pass\n"),
    ],
    "transaction": [("with self._transaction:\n    pass\n", "if True:\n    pass\n")],
    "exit": [("def f():\n    if a:\n        return 1\n    b()\n", "def f():\n    if a:\n        pass\n    b()\n")],
    "catching": [
        ("try:\n    f()\nexcept (A, B):\n    pass\n", "try:\n    f()\nexcept ():\n    pass\n"),
        ("try:\n    f()\nexcept (A, B):\n    pass\n", "try:\n    f()\nexcept Exception:\n    pass\n"),
        ("try:\n    f()\nexcept (A, B):\n    pass\n", "try:\n    f()\nexcept (B,):\n    pass\n"),
    ],
    "guard": [
        ("if a:\n    f()\n", "if True:\n    f()\n"),
        ("if a:\n    f()\n", "if False:\n    f()\n"),
        ("if a:\n    f()\n", "if not (a):\n    f()\n"),
        ("x = f() if a else g()\n", "x = f() if True else g()\n"),
    ],
    "part": [("x = a and b and c\n", "x = (b) and c\n"), ("x = a and b and c\n", "x = (a and b)\n")],
    "comparison": [
        ("x = a < b\n", "x = a <= b\n"),
        ("x = a >= b\n", "x = a > b\n"),
        ("x = a is not b\n", "x = a is b\n"),
        ("x = a == b\n", "x = a != b\n"),
    ],
    "as text": [("x = version < kept.version\n", "x = str(version) < str(kept.version)\n")],
    "constant": [("x = f(1)\n", "x = f(0)\n"), ("x = f(1)\n", "x = f(2)\n"), ("f(new=True)\n", "f(new=False)\n")],
    "sum": [("x = a + b\n", "x = a - b\n"), ("x = a + b\n", "x = (a)\n")],
    "extreme": [("x = max(a, b)\n", "x = min(a, b)\n")],
    "time": [
        ("arm(now + lease)\n", "arm(now + (2 * lease))\n"),
        ("get(key, cache_ttl=ttl)\n", "get(key, cache_ttl=(0 * ttl))\n"),
        ("arm(self.now())\n", "arm((self.now()) + 1)\n"),
    ],
    "another": [
        ("def f(era, version):\n    g(version)\n", "def f(era, version):\n    g(era)\n"),
        ("x = a.era\ny = f(a.version)\n", "x = a.era\ny = f(a.era)\n"),
    ],
    "word": [('arm(1, "sync")\narm(2, "lease")\n', 'arm(1, "lease")\narm(2, "lease")\n')],
    "option": [("f(a, key=b)\n", "f(a)\n"), ("f(key=b, era=c)\n", "f( era=c)\n")],
    "sql": [
        ('q("SELECT a FROM b WHERE c > ? AND d = 1")\n', 'q("SELECT a FROM b WHERE c >= ? AND d = 1")\n'),
        ('q("SELECT a FROM b WHERE c > ? AND d = 1")\n', 'q("SELECT a FROM b WHERE c > ?")\n'),
        ('q("UPDATE a SET b = 0, c = c + 1")\n', 'q("UPDATE a SET b = 0")\n'),
        ('q("UPDATE a SET b = 0, c = c + 1")\n', 'q("UPDATE a SET b = 0, c = c")\n'),
        ('q("SELECT a FROM b ORDER BY a")\n', 'q("SELECT a FROM b ORDER BY CAST(a AS TEXT)")\n'),
    ],
}  # fmt: skip

JAVASCRIPT = {
    "order": [("{ this.put(); this.ack(); }", "{ this.ack(); this.put(); }")],
    "effect": [
        ("f(x => { this.arm(); });", "f(x => { ; });"),
        ("function f() { this.kept = null; }", "function f() { ; }"),
    ],
    "transaction": [("this.transactionSync(() => { f(); });", "(() => { f(); })();")],
    "exit": [("function f() { if (a) return 1; g(); }", "function f() { if (a) ; g(); }")],
    "waiting": [("async function f() { await this.put(); }", "async function f() { this.put(); }")],
    "catching": [("try { f(); } catch (e) { g(e); }", "try { f(); } catch (e) { throw e; g(e); }")],
    "guard": [
        ("if (a) f();", "if (true) f();"),
        ("if (a) f();", "if (!(a)) f();"),
        ("x = a ? b : c;", "x = false ? b : c;"),
    ],
    "part": [("x = a || b;", "x = (b);"), ("x = a ?? b;", "x = (a);")],
    "comparison": [("x = a < b;", "x = a <= b;"), ("x = a !== b;", "x = a === b;")],
    "as text": [("x = version < kept.version;", "x = String(version) < String(kept.version);")],
    "constant": [("f(1);", "f(0);"), ("f({ repeated: true });", "f({ repeated: false });")],
    "sum": [("x = a - b;", "x = a + b;")],
    "extreme": [("x = Math.min(a, b);", "x = Math.max(a, b);")],
    "time": [
        ("arm(now + putTimeout);", "arm(now + (0 * putTimeout));"),
        ("arm(this.now());", "arm((this.now()) + 1000);"),
    ],
    "another": [("function f({ era, version }) { g(version); }", "function f({ era, version }) { g(era); }")],
    "word": [('x = a === "on"; y = a === "off";', 'x = a === "off"; y = a === "off";')],
    "option": [("f({ era, unit: u });", "f({ era });"), ("f({ era: e, unit: u });", "f({  unit: u });")],
    "sql": [("q(`SELECT a FROM b WHERE c = ?`);", "q(`SELECT a FROM b WHERE c <> ?`);")],
}  # fmt: skip


@pytest.mark.parametrize(
    ("operator", "before", "after", "file"),
    [
        (operator, before, after, file)
        for file, examples in (("x.py", PYTHON), ("x.js", JAVASCRIPT))
        for operator, pairs in examples.items()
        for before, after in pairs
    ],
)
def test_an_operator_makes_of_a_source(operator: str, before: str, after: str, file: str) -> None:
    made = [one for one in mutants(file, before) if operator_of(one) == operator]
    assert after in [before.replace(one.old, one.new) for one in made]


def test_every_operator_has_an_example_of_each_language_that_it_is_for() -> None:
    assert OPERATORS.keys() == {*PYTHON, "waiting"}
    assert OPERATORS.keys() == JAVASCRIPT.keys()


@pytest.mark.parametrize(
    ("file", "source", "left"),
    [
        ("x.py", '"""A docstring."""\nfrom a import b\n', set()),
        ("x.py", "def f(self):\n    a = self.read()\n    self.put(a)\n", {"effect"}),
        ("x.py", 'def f(self):\n    if a:\n        raise ValueError(f"{1} or 2")\n', {"exit", "guard"}),
        ("x.py", "def f(self):\n    return g(self)\n", set()),
        ("x.py", "@given(1)\ndef f(a: L[1]) -> L[1]:\n    return a\n", set()),
        ("x.js", 'console.log("here", 1);', set()),
    ],
)
def test_what_is_for_people_and_what_cannot_be_otherwise_is_left_alone(file: str, source: str, left: set[str]) -> None:
    assert {operator_of(one) for one in mutants(file, source)} == left
