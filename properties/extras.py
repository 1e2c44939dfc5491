# SPDX-License-Identifier: Apache-2.0
"""What is installed only if it is asked for: the heavy packages, by the extra of `pyproject.toml` that brings them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Final

__all__ = ["EXTRAS", "extra_of", "installed", "missing"]

EXTRAS: Final[Mapping[str, tuple[str, ...]]] = {
    "search": ("networkx", "llvmlite", "numba", "numpy", "scipy"),
    "check": ("duckdb", "ibis", "numpy", "pyarrow"),
    "flags": ("mmh3", "openfeature", "waitress"),
    "artifacts": ("dulwich", "waitress"),
    "contracts": ("crosshair",),
    "crash": ("apsw",),
    "shell": ("prompt_toolkit",),
    "report": ("jinja2", "markupsafe", "vl_convert", "waitress"),
}
"""By extra, the packages that it brings, by the names that they are imported by."""

_HISTORIES: Final = (
    "edgeproof.properties.traffic",
    "edgeproof.properties.intake",
    "edgeproof.properties.engines.history",
)
"""What needs the extra `check`, also where another one brings the same package."""


def installed(extra: str) -> bool:
    """Whether all packages of an extra are there."""
    return all(find_spec(package) is not None for package in EXTRAS[extra])


def missing(extra: str) -> str:
    """What is missing without an extra, and what would install it."""
    return f"the extra `{extra}` is not installed: pip install 'edgeproof[{extra}]'"


def extra_of(error: ModuleNotFoundError) -> str | None:
    """The extra that would bring what could not be imported; None where no extra does."""
    package = (error.name or "").partition(".")[0]
    extras = [extra for extra, packages in EXTRAS.items() if package in packages]
    if "check" in extras and any(module.startswith(_HISTORIES) for module in _importing(error)):
        return "check"
    return next(iter(extras), None)


def _importing(error: ModuleNotFoundError) -> Iterator[str]:
    """The modules that were being imported."""
    frames = error.__traceback__
    while frames is not None:
        yield frames.tb_frame.f_globals.get("__name__", "")
        frames = frames.tb_next
