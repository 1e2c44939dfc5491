# SPDX-License-Identifier: Apache-2.0
"""`import edgeproof`: the names are there for programs, people and type checkers alike, and cost nothing until used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import edgeproof
import edgeproof.model

HEAVY = ("attr", "duckdb", "hypothesis", "ibis", "llvmlite", "numba", "numpy", "pandas", "pyarrow", "scipy", "z3")


def loaded_after(statement: str) -> set[str]:
    """The packages that a fresh interpreter has loaded after a statement."""
    code = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def names_for_type_checkers() -> list[str]:
    """What the module imports where only type checkers look."""
    tree = ast.parse(Path(edgeproof.__file__).read_text(encoding="utf-8"))
    (guarded,) = (node for node in tree.body if isinstance(node, ast.If))
    return [name.name for node in guarded.body if isinstance(node, ast.ImportFrom) for name in node.names]


def test_importing_edgeproof_loads_nothing_but_itself() -> None:
    assert loaded_after("import edgeproof") & set(HEAVY) == set()


@pytest.mark.parametrize(
    ("name", "light_of"),
    [
        ("Verdict", {"numpy", "numba", "z3", "hypothesis", "duckdb"}),
        ("load", {"numpy", "numba", "z3", "hypothesis", "duckdb"}),
        ("Trace", {"numpy", "numba", "z3", "hypothesis", "duckdb"}),
        ("conforms", {"numba", "z3", "duckdb"}),
        ("bound", {"numba", "hypothesis", "duckdb"}),
    ],
)
def test_a_name_loads_only_what_it_is_made_of(name: str, light_of: set[str]) -> None:
    assert loaded_after(f"import edgeproof; edgeproof.{name}") & light_of == set()


def test_every_name_is_there_and_is_the_same_for_programs_and_for_type_checkers() -> None:
    assert sorted(names_for_type_checkers()) == sorted(edgeproof.__all__)
    assert set(edgeproof.__all__) <= set(dir(edgeproof))
    for name in edgeproof.__all__:
        assert getattr(edgeproof, name) is not None


def test_every_function_and_class_says_what_it_is() -> None:
    undocumented = [n for n in edgeproof.__all__ if callable(one := getattr(edgeproof, n)) and not one.__doc__]
    assert undocumented == []


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'edgeproof' has no attribute 'chekc'"):
        edgeproof.chekc  # type: ignore[attr-defined]


def test_the_words_of_the_language_are_all_that_our_own_designs_take() -> None:
    designs = Path(edgeproof.model.__file__).parent / "designs"
    taken = {
        name.name
        for path in designs.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module in ("edgeproof.model.expr", "edgeproof.model.machine")
        for name in node.names
    }
    # The registry of designs reads them; a design does not.
    assert taken - {"Machine", "read_design"} <= set(edgeproof.model.__all__)
