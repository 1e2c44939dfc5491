# SPDX-License-Identifier: Apache-2.0
"""What the sources import is the core's, or an extra's by which it can be asked for."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from edgeproof.properties.extras import EXTRAS
from tests.packaging.building import PACKAGES, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def brought(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(one).name) for one in requirements}


def imported() -> set[str]:
    """The packages that any source file names in an import, wherever in it."""
    found: set[str] = set()
    for source in (file for name in PACKAGES for file in (ROOT / name).rglob("*.py")):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {one.name.partition(".")[0] for one in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add((node.module or "").partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"edgeproof"}


def test_each_extra_brings_the_packages_that_are_said_to_be_its() -> None:
    of = packages_distributions()
    for extra, packages in EXTRAS.items():
        named = brought(PROJECT["optional-dependencies"][extra])
        assert all(named & {canonicalize_name(name) for name in of[package]} for package in packages), extra


def test_whatever_is_imported_is_the_cores_or_an_extras() -> None:
    of = packages_distributions()
    core = {
        package
        for package, names in of.items()
        if {canonicalize_name(name) for name in names} & brought(PROJECT["dependencies"])
    }
    extras = {package for packages in EXTRAS.values() for package in packages}
    assert imported() - core - extras <= {"pyspark", "py4j", "pytest"}, "of the extra `spark`, and who loads our plugin"
