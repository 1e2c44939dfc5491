# SPDX-License-Identifier: Apache-2.0
"""What is installed only if it is asked for: the heavy packages, by the extra of `pyproject.toml` that brings them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Final

__all__ = ["EXTRAS", "extra_of", "installed", "missing"]

EXTRAS: Final[Mapping[str, tuple[str, ...]]] = {
    "search": ("networkx", "llvmlite", "numba", "scipy"),
    "check": ("duckdb", "ibis", "numpy", "pyarrow"),
    "flags": ("mmh3", "openfeature"),
    "contracts": ("crosshair",),
}
"""By extra, the packages that it brings, by the names that they are imported by."""


def installed(extra: str) -> bool:
    """Whether all packages of an extra are there."""
    return all(find_spec(package) is not None for package in EXTRAS[extra])


def missing(extra: str) -> str:
    """What is missing without an extra, and what would install it."""
    return f"the extra `{extra}` is not installed: pip install 'edgeproof[{extra}]'"


def extra_of(error: ModuleNotFoundError) -> str | None:
    """The extra that would bring what could not be imported; None where no extra does."""
    package = (error.name or "").partition(".")[0]
    return next((extra for extra, packages in EXTRAS.items() if package in packages), None)
