# SPDX-License-Identifier: Apache-2.0
"""Mutants of the code fit the sources, and each comes to what it is. `make mutants` tries them."""

from __future__ import annotations

import ast
import time
from pathlib import Path
from typing import Final

import pytest
from attrs import evolve

from edgeproof.properties.edits.alone import alone_within
from edgeproof.properties.edits.edit import ROOT, Edit, edited
from tests.edits.configurations import cases
from tests.edits.mutants.elsewhere import Search, first_failure, sought
from tests.edits.mutants.exceptions import EXCEPTIONS, Why, reason_for
from tests.edits.mutants.judge import Fate, Standing, judged
from tests.edits.mutants.kept import Kept
from tests.edits.mutants.made import grammar_of, loud, mutants
from tests.edits.mutants.subjects import SOURCES, chosen, every, source_of
from tests.edits.mutants.table import PAGE, counts, finders, unexplained


@pytest.fixture(scope="module")
def made() -> list[Edit]:
    return [one for of in SOURCES for one in every(of)]


# --- making them


def test_every_mutant_has_a_name_of_its_own_and_cases_that_there_are(made: list[Edit]) -> None:
    assert len({one.name for one in made}) == len(made) > 3_000
    assert {case for one in made for case in one.cases} <= cases().keys()
    assert all(one.cases for one in made)


def test_a_mutant_is_another_source_of_the_same_language(made: list[Edit]) -> None:
    for one in chosen(made, 40, seed=len(made)):
        source = source_of(one.file)
        changed = edited(one, source)
        assert changed != source
        if one.module:
            ast.parse(changed)
        else:
            grammar_of(one.file).parse(changed)


def test_a_part_of_a_sample_is_a_sample_of_the_same_seed(made: list[Edit]) -> None:
    some = chosen(made, 20, seed=1)
    assert chosen(made[::-1], 10, seed=1) == some[:10]
    assert chosen(made, 20, seed=2) != some


def test_the_statement_of_a_mutant_throws_and_a_constant_is_in_none() -> None:
    source = "LIMIT = 1\ndef f(a):\n    b = 2\n    if a:\n        return g(a < b)\n    h()\n"
    throwing = {one.new.strip(): loud(one, source) for one in mutants("x.py", source)}
    assert throwing["LIMIT = 2"] is None
    deep = throwing["return g(a <= b)"]
    assert deep is not None
    assert edited(deep, source) == source.replace("return g(a < b)", 'raise RuntimeError("here")')


# --- what becomes of them


def _edit(old: str, new: str) -> Edit:
    return Edit("impl/edge/remote.py:somewhere: effect: something", "impl/edge/remote.py", old, new, "", ("do-only",))


ASKS: Final = "        self.asked += 1\n        return self._ask()"


@pytest.mark.parametrize(
    ("old", "new", "standing"),
    [
        (ASKS, "        self.asked += 1\n        return self._ask() and Snapshot(1, 0, {})", Standing.FOUND),
        (ASKS, "        self.asked = 1 + self.asked\n        return self._ask()", Standing.PASSES),
        ('__all__ = ["RemoteReader"]', '__all__ = ["RemoteReader"]\n1 / 0', Standing.STILLBORN),
        (
            'raise NetworkError("the Durable Object cannot be reached from here")',
            'raise ValueError("the Durable Object cannot be reached from here")',
            Standing.UNREACHED,  # this case has no partition
        ),
    ],
)
def test_of_a_mutant_is_said_whether_it_is_found(old: str, new: str, standing: Standing) -> None:
    assert judged(_edit(old, new)).standing is standing


@pytest.mark.parametrize(
    ("name", "case"),
    [
        ("impl/manifest/manifest.py:ManifestPublication.put: option: no `timeout=", "manifest-faults"),
        ("impl/manifest/collector.py:Collector._delete: option: no `timeout=", "manifest-no-grace"),
    ],
)
def test_a_call_that_is_waited_for_without_end_is_found(made: list[Edit], name: str, case: str) -> None:
    (mutant,) = [one for one in made if one.name.startswith(name)]
    fate = judged(evolve(mutant, cases=(case,)))
    assert (fate.standing, fate.raised) == (Standing.FOUND, True)
    assert "still waited for" in fate.reason


def test_what_does_not_end_is_given_up() -> None:
    with pytest.raises(TimeoutError, match=r"no answer within 0\.05 s"):
        alone_within(0.05, time.sleep, 60)


# --- what tests find elsewhere

TESTS: Final = """
from edgeproof.impl.alternatives.per_key import key_of

def test_a_key_has_a_prefix():
    assert key_of("a", "b") == "a:b"

def test_that_fails_always():
    assert not key_of("a", "b")
"""


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    (tmp_path / "test_keys.py").write_text(TESTS, encoding="utf-8")
    return tmp_path / "test_keys.py"


def _edit_of_keys(new: str) -> Edit:
    file, old = "impl/alternatives/per_key.py", 'return f"{prefix}:{field}"'
    return Edit("keys", file, old, new, "", ("do-kv-per-key",))


def test_a_mutant_is_found_by_a_test_that_fails_with_it_and_passes_without(keys: Path) -> None:
    one = f"{keys}::test_a_key_has_a_prefix"
    assert sought(_edit_of_keys("return field"), (one,)).by.endswith("test_keys.py::test_a_key_has_a_prefix")


def test_a_mutant_is_not_found_by_a_test_that_fails_without_it_as_well(keys: Path) -> None:
    search = sought(_edit_of_keys("return field"), (f"{keys}::test_that_fails_always",))
    assert (search.by, search.note.split("::")[1]) == ("", "test_that_fails_always fails without it as well")


def test_tests_that_do_not_end_find_a_mutant_only_if_they_end_without_it(keys: Path) -> None:
    assert sought(_edit_of_keys("return field"), (str(keys),), within=0.01).by == ""


@pytest.mark.parametrize(
    ("status", "said", "failed"),
    [
        (0, ".\n1 passed", ""),
        (1, "F\nFAILED tests/test_a.py::test_b[1 2] - assert 1\n1 failed", "tests/test_a.py::test_b[1 2]"),
        (1, "E\nERROR tests/test_a.py::test_b - OSError\n1 error", "tests/test_a.py::test_b"),
        (2, "ERROR tests/test_a.py - ZeroDivisionError\n!!! Interrupted", "tests/test_a.py"),
    ],
)
def test_pytest_says_which_test_failed_first(status: int, said: str, failed: str) -> None:
    assert first_failure(status, said) == failed


@pytest.mark.parametrize(("status", "said"), [(4, "ERROR: not found: tests/no.py"), (5, "no tests ran"), (1, "?")])
def test_tests_that_cannot_be_run_find_nothing(status: int, said: str) -> None:
    with pytest.raises(RuntimeError, match="pytest cannot run them"):
        first_failure(status, said)


def test_what_is_kept_comes_back_and_a_test_is_run_again_only_where_another_is_named(
    made: list[Edit], tmp_path: Path
) -> None:
    name = next(one.name for one in made if one.name.startswith("impl/edge/kv.py:KVNamespace._expiry: "))
    kept = Kept(tmp_path / "kept.jsonl")
    kept.hear(_fate(name, Standing.PASSES))
    tests = kept.unsought(name)
    assert tests
    kept.hear(evolve(kept.fates[name], elsewhere=Search(tests, tests[0], "", 1.0)))
    again = Kept(tmp_path / "kept.jsonl")
    assert again.fates == kept.fates
    assert again.unsought(name) == ()
    again.hear(evolve(again.fates[name], elsewhere=Search(tests[1:], "", "", 1.0)))
    assert again.unsought(name) == tests
    again.hear(_fate(name, Standing.FOUND))
    assert again.unsought(name) == ()


# --- the page


def _fate(name: str, standing: Standing, reason: str = "") -> Fate:
    return Fate(name, name.split(":", maxsplit=1)[0], standing, "outbox", reason, 8, 0.1)


def test_what_is_not_found_without_a_reason_fails() -> None:
    for standing in (Standing.PASSES, Standing.UNREACHED):
        assert unexplained(_fate("impl/x.py:f: guard: nobody knows it", standing))
    for standing in (Standing.FOUND, Standing.HUNG, Standing.STILLBORN):
        assert not unexplained(_fate("impl/x.py:f: guard: nobody knows it", standing))


def test_what_is_said_to_be_found_elsewhere_fails_unless_a_test_did_find_it() -> None:
    fate = _fate("impl/edge/kv.py:_key_of: exit: no `raise`", Standing.UNREACHED)
    assert unexplained(fate)
    assert unexplained(evolve(fate, elsewhere=Search(finders(fate), "", "", 1.0)))
    found = evolve(fate, elsewhere=Search(finders(fate), "tests/impl/test_kv.py::test_a_key", "", 1.0))
    assert not unexplained(found)
    assert counts([fate, found])["found elsewhere"] == counts([fate, found])["unexplained"] == 1


def test_the_table_counts_each_mutant_once() -> None:
    fates = [
        _fate("impl/x.py:f: guard: a", Standing.FOUND, "read is possible in the model, but the system says: KeyError"),
        _fate("impl/x.py:f: guard: b", Standing.FOUND, "after read: told is 1 in the model, 2 in the system"),
        _fate("impl/x.py:f: guard: c", Standing.STILLBORN),
        _fate("impl/x.py:f: guard: d", Standing.PASSES),
    ]
    counted = counts(fates)
    assert counted["of these by an error"] == 1
    del counted["of these by an error"]
    assert counted.pop("made") == sum(counted.values()) == 4


def test_a_reason_is_of_mutants_that_there_are(made: list[Edit]) -> None:
    spoken_of = {reason_for(one.name) for one in made}
    for excepted in EXCEPTIONS:
        assert excepted in spoken_of, excepted.names
        assert excepted.reason.endswith(".")
        assert bool(excepted.tests) == (excepted.why is Why.ELSEWHERE)


def test_the_tests_that_are_named_there_are() -> None:
    for file, _, name in (test.partition("::") for excepted in EXCEPTIONS for test in excepted.tests):
        assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text(encoding="utf-8"), name


def test_the_page_has_a_known_reason_for_whatever_was_not_found() -> None:
    known = {excepted.reason for excepted in EXCEPTIONS}
    told = [
        line.split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `` impl/")
    ]
    assert told
    assert {cells[1].removesuffix(" |") for cells in told} <= known
