# SPDX-License-Identifier: Apache-2.0
"""Deployments on loopback, driven by the files of `examples/target`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from edgeproof.impl.target.driver import Driver
from edgeproof.impl.target.programs import Budget, programs
from edgeproof.impl.target.runs import Run
from edgeproof.reports.target.file import Described, read_description
from tests.outside.front import BEARER

__all__ = ["EXAMPLES", "SMALL", "describe", "described", "taken"]

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples" / "target"
SMALL: Final = Budget(1, 4)
"""One run: what every run does, and little else."""


def describe(folder: Path, address: str, example: str = "worker", bearer: str = BEARER, **edits: str) -> Path:
    """An example's file for a deployment at another address, with texts in it replaced; and a bearer beside it."""
    text = (EXAMPLES / f"{example}.toml").read_text(encoding="utf-8").replace("http://127.0.0.1:8787", address)
    for old, new in edits.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "token.txt").write_text(bearer, encoding="utf-8")
    path = folder / "edgeproof.toml"
    path.write_text(text, encoding="utf-8")
    return path


def described(folder: Path, address: str, bound: str = "150ms", bearer: str = BEARER) -> Described:
    """The same, read: a deployment with the front of `impl/worker`."""
    return read_description(describe(folder, address, bearer=bearer, **{'"3s"': f'"{bound}"'}))


def taken(one: Described, budget: Budget = SMALL, *, bound: bool = True) -> list[Run]:
    """Runs of the programs of a small session, which wait for the bound where they are to."""
    driver = Driver(one.target, one.bearer)
    return [driver.take(program) for program in programs(one.target, budget, one.bound if bound else None)]
