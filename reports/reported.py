# SPDX-License-Identifier: Apache-2.0
"""`report.json` as input: what an earlier run found, without its times and its environment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final, TypeVar

from attrs import frozen

from edgeproof.model.strict_json import strict_json
from edgeproof.properties.evidence import Status, Verdict
from edgeproof.reports.errors import Unusable
from edgeproof.reports.files import read_text

__all__ = ["Found", "Reported", "ReportedCase", "Standing", "as_reported", "read_report"]

K = TypeVar("K")
V = TypeVar("V")

_LARGEST: Final = 32 * 2**20
_SHOWN: Final = 120
"""Letters of what is wrong with a file, at most: it may be a piece of the file."""


@frozen
class Found:
    """What one engine found about one property; `steps` is the length of its trace."""

    verdict: Verdict
    bound: str
    exhaustive: bool
    assumptions: tuple[str, ...]
    measures: Mapping[str, float | str]
    steps: int | None


@frozen
class Standing:
    """How one property of a case stands, and what each engine found about it."""

    says: str
    expected: Verdict | None
    verdict: Verdict
    status: Status
    engines: Mapping[str, Found]

    @property
    def shortest(self) -> int | None:
        """The steps of the shortest counterexample; None without one."""
        found = [one.steps for one in self.engines.values() if one.verdict is Verdict.VIOLATED]
        return min((steps for steps in found if steps is not None), default=None)


@frozen
class ReportedCase:
    """One configuration of a design, by its properties' ids."""

    constants: Mapping[str, int | str | bool]
    properties: Mapping[str, Standing]


@frozen
class Reported:
    """A report: its seed, and its cases by design and name."""

    seed: int
    cases: Mapping[tuple[str, str], ReportedCase]


def read_report(path: str | Path) -> Reported:
    """Read a report. Raises Unusable for a file that cannot be read, or is none."""
    text = read_text(path, _LARGEST)
    try:
        said = strict_json(text)
        _check(said)
        return as_reported(said)
    except MemoryError as error:
        raise Unusable(f"{path}: there is not enough memory for this report") from error
    except ValueError as error:
        raise Unusable(f"{path}: not a report: {error}") from error


def as_reported(said: Any) -> Reported:
    """The report that a document of `report.json` is. Raises ValueError where a case or a property stands twice."""
    return Reported(said["seed"], _once(((one["design"], one["name"]), _case(one)) for one in said["cases"]))


def _check(said: Any) -> None:
    """Raise ValueError for what the schema does not describe."""
    from jsonschema import Draft202012Validator

    schema = json.loads(resources.files("edgeproof.reports").joinpath("report.schema.json").read_text("utf-8"))
    wrong = next(iter(Draft202012Validator(schema).iter_errors(said)), None)
    if wrong is not None:
        raise ValueError(f"at {wrong.json_path}: {wrong.message[:_SHOWN]}")


def _case(said: Any) -> ReportedCase:
    return ReportedCase(said["constants"], _once((one["id"], _standing(one)) for one in said["properties"]))


def _standing(said: Any) -> Standing:
    expected = None if said["expected"] is None else Verdict(said["expected"])
    engines = _once((one["engine"], _found(one)) for one in said["evidence"])
    return Standing(said["says"], expected, Verdict(said["verdict"]), Status(said["status"]), engines)


def _found(said: Any) -> Found:
    assumptions = tuple(said["assumptions"])
    return Found(
        Verdict(said["verdict"]), said["bound"], said["exhaustive"], assumptions, said["measures"], said["steps"]
    )


def _once(pairs: Iterable[tuple[K, V]]) -> Mapping[K, V]:
    """By name. Raises ValueError for a name that is there twice."""
    found: dict[K, V] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name!r} is there twice")
        found[name] = value
    return found
