# SPDX-License-Identifier: Apache-2.0
"""docs/field-reports.md: what it says of models, code and tests is so, and it says what field-reports.toml says."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from edgeproof.model.kernel import KernelSource
from edgeproof.model.trace import Trace
from edgeproof.properties.cases import instance_of, scoreboard
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Case, Verdict
from tests.docs.field_reports import PAGE, Report, page, reports
from tests.properties import boards

ROOT = Path(__file__).parents[2]
REPORTS = reports()
EXPRESSED = [one for one in REPORTS if one.case]


def case_of(name: str) -> Case:
    """The case that is written design/case."""
    design, case = name.split("/")
    return next(one for one in scoreboard(design) if one.name == case)


@cache
def source_of(design: str) -> KernelSource:
    """One kernel for all that is asked of a design."""
    asked = [one for one in EXPRESSED if one.case.startswith(f"{design}/")]
    properties = [CATALOGUE[name] for name in dict.fromkeys(one.property for one in asked)]
    return kernel_source([instance_of(case_of(one.case)) for one in asked], properties)


@cache
def shortest(name: str, broken: str) -> Trace:
    """The shortest run of a case that breaks a property."""
    case = case_of(name)
    (found,) = explore(instance_of(case), [CATALOGUE[broken]], source_of(case.design))
    assert found.verdict is Verdict.VIOLATED
    assert found.witness is not None
    return found.witness


def test_the_page_is_what_its_facts_make_it() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(REPORTS), "run make docs, and read the difference"


def test_at_least_twenty_reports_are_expressed_and_none_is_told_twice() -> None:
    assert len(EXPRESSED) >= 20
    urls = [url for one in REPORTS for url in (one.url, *(url for _, url in one.also))]
    assert len(set(urls)) == len(urls)
    assert {urlsplit(url).scheme for url in urls} == {"https"}


@pytest.mark.parametrize("one", EXPRESSED, ids=lambda one: one.kind)
def test_the_shortest_run_has_that_many_steps_and_breaks_the_same_on_code(one: Report) -> None:
    trace = shortest(one.case, one.property)
    assert len(trace.events) == one.steps
    boards.shows_on_code(trace)


@pytest.mark.parametrize("one", EXPRESSED, ids=lambda one: one.kind)
def test_the_scoreboard_expects_the_property_to_be_broken_there_and_to_hold_where_it_is_said_to(one: Report) -> None:
    assert case_of(one.case).expected[one.property] is Verdict.VIOLATED
    if one.holds:
        assert one.property in case_of(one.holds).properties
        assert one.property not in case_of(one.holds).expected
    else:
        design, _ = one.case.split("/")
        assert all(one.property in case.expected for case in scoreboard(design) if one.property in case.properties)


@pytest.mark.parametrize("one", REPORTS, ids=lambda one: one.kind)
def test_every_test_that_is_named_is_there(one: Report) -> None:
    assert bool(one.case) != bool(one.missing)
    for name in (*one.before, *one.after):
        path, _, function = name.partition("::")
        function, _, parameter = function.partition("[")
        functions, texts = defined(path)
        assert function in functions, name
        assert parameter.removesuffix("]") in texts | {""}, name


@cache
def defined(path: str) -> tuple[frozenset[str], frozenset[str]]:
    """The functions of a test file, and the texts in it, of which some name parameters."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return frozenset(functions), frozenset(texts)
