# SPDX-License-Identifier: Apache-2.0
"""The fixture: one test that drives a system in lockstep, or replays a run on it, and says what came of it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

import pytest
from attrs import asdict, frozen

from edgeproof.impl.system import System
from edgeproof.model.kernel import build_kernel
from edgeproof.model.machine import DesignError, Instance
from edgeproof.model.trace import Trace, TraceError, dump_trace, load_trace
from edgeproof.properties.blame import broken_by
from edgeproof.properties.cases import with_room
from edgeproof.properties.catalogue import Property
from edgeproof.properties.conforms import conformance
from edgeproof.properties.coverage import Required
from edgeproof.properties.engines.fuzz.run import LOCKSTEP, Tally
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Ledger, Verdict
from edgeproof.properties.extras import missing
from edgeproof.properties.own import known
from edgeproof.properties.replay import replay
from edgeproof.properties.searching import can_search
from edgeproof.properties.subject import AnyDesign, Subject, subject_of
from edgeproof.reports.errors import Unusable
from edgeproof.reports.faults import Fault
from edgeproof.reports.files import read_pieces, remove_file, write_text
from edgeproof.reports.inputs import LARGEST_TRACE, read_trace
from edgeproof.reports.pytest_plugin.code_hosts import fault_of
from edgeproof.reports.pytest_plugin.hooks import FAULT, RECORD
from edgeproof.reports.pytest_plugin.options import Options, budget_for
from edgeproof.reports.pytest_plugin.texts import Abstract, coverage_document, failure_text

if TYPE_CHECKING:
    import hypothesis

__all__ = ["Lockstep"]

_METHODS: Final = ("start", "perform", "observe", "close")


@frozen
class Lockstep:
    """What the fixture gives to a test. The arguments are those of `edgeproof.conforms`; it fails the test itself."""

    node: pytest.Item
    options: Options

    def __call__(
        self,
        system: Callable[[], System | type[System]],
        design: AnyDesign,
        /,
        *,
        case: str | None = None,
        require: Required | None = None,
        properties: Iterable[Property | str] | None = None,
        expected: Mapping[str, Verdict] | None = None,
        settings: hypothesis.settings | None = None,
        **constants: int | str | bool,
    ) -> Ledger | None:
        """Drive the system; the ledger says what was found. None where a trace was replayed instead."""
        try:
            with known(self._beside(design), case) as asked:
                subject = subject_of(asked, constants, properties=properties, expected=expected, case=case)
                makes = _Makes(system)
                if self.options.replay is None:
                    return self._drive(subject, makes, require, settings)
                self._replay(self.options.replay, subject, makes)
                return None
        except (DesignError, TraceError, Unusable) as error:
            self._note(fault_of(self.node, str(error)))
            raise pytest.fail.Exception(f"edgeproof: {error}", pytrace=False) from None
        except Exception as error:
            self._note(fault_of(self.node, f"{type(error).__name__}: {error}"))
            raise

    def _beside(self, design: AnyDesign) -> AnyDesign:
        """A file that a design is in is looked for beside the test, then from pytest's root."""
        if not isinstance(design, str):
            return design
        file, colon, name = design.rpartition(":") if ":" in design else (design, "", "")
        if not file.endswith(".py"):
            return design
        folders = (self.node.path.parent, self.node.config.rootpath)
        there = next((folder / file for folder in folders if (folder / file).is_file()), file)
        return f"{there}{colon}{name}"

    def _drive(
        self, subject: Subject, makes: _Makes, require: Required | None, settings: hypothesis.settings | None
    ) -> Ledger:
        budget, tally = budget_for(self.options, settings, self.node.nodeid), Tally()
        found = conformance(makes.name, subject, makes, budget, require, tally)
        kept = self.options.traces / _file_name(self.node.nodeid)
        if found.trace is not None:
            write_text(kept, dump_trace(found.trace))
            self._tell(found.failure, subject, found.trace, makes, kept)
        remove_file(kept)
        # Of runs that end early it says nothing what they covered.
        document = coverage_document(self.node.nodeid, subject, found, _abstract(subject, tally, self.options.coverage))
        self.node.user_properties.append((RECORD, json.dumps(document)))
        if found.failure:
            said = "\n".join((found.failure, *found.details))
            self._fail(said, fault_of(self.node, said, subject))
        return found.ledger

    def _replay(self, path: Path, subject: Subject, makes: _Makes) -> None:
        """Fail while the run shows what it was kept for, and where it cannot be told."""
        machine = subject.instance.machine
        try:
            design = load_trace(read_pieces(path, LARGEST_TRACE)).design
        except TraceError as error:
            raise Unusable(f"{error} ({self._shown(path)})") from error
        if design != machine.name:
            pytest.skip(f"{self._shown(path)} is a run of {design}")
        trace, _ = read_trace(path, machine, [one.id for one in subject.properties])
        outcome = replay(trace, on=makes, design=machine, properties=subject.properties)
        if outcome.undecided:
            said = f"{makes.name}: undecided: {outcome.undecided}"
            self._fail(said, fault_of(self.node, said, subject, trace))
        does, design = f"{makes.name} does", machine.name
        if outcome.mismatch:
            self._tell(f"{does} not do what {design} does: {outcome.mismatch}", subject, trace, makes, path)
        if outcome.confirmed and subject.case.expected.get(trace.about) is not Verdict.VIOLATED:
            self._tell(f"{does} what {design} does, and that breaks {trace.about}", subject, trace, makes, path)

    def _tell(self, why: str, subject: Subject, trace: Trace, makes: _Makes, kept: Path) -> NoReturn:
        """Fail with all that is known of a run: its steps, what differs, what that breaks, and how to see it again."""
        broken: tuple[str, ...] = (trace.about,)
        if trace.about in ("", LOCKSTEP):
            instance = Instance.of(subject.instance.machine, **trace.constants)
            broken = broken_by(trace, instance, subject.properties, makes)
        again = self._again(kept)
        events = ", ".join(map(str, trace.events))
        fault = fault_of(self.node, f"{why}. The run: {events}. Again: {again}", subject, trace, broken)
        here = str(self.node.config.invocation_params.dir)
        self._fail(failure_text(why, subject, trace, broken, self._shown(kept), again, here), fault)

    def _fail(self, said: str, fault: Fault) -> NoReturn:
        self._note(fault)
        pytest.fail(said, pytrace=False)

    def _note(self, fault: Fault) -> None:
        """Let the report of the test carry what it found, also from one process of xdist to another."""
        self.node.user_properties.append((FAULT, json.dumps(asdict(fault))))

    def _shown(self, path: Path) -> str:
        """A path as it is typed where pytest was started."""
        return os.path.relpath(path, self.node.config.invocation_params.dir)

    def _again(self, kept: Path) -> str:
        """The one command that replays a trace in this test."""
        _, _, inside = self.node.nodeid.partition("::")
        words = ("pytest", f"{self._shown(self.node.path)}::{inside}", "--edgeproof-replay", self._shown(kept))
        return " ".join(map(shlex.quote, words))


class _Makes:
    """What makes the systems of one test; the first one is made at once, as it says what the system is called."""

    def __init__(self, given: Callable[[], System | type[System]]) -> None:
        self._given = given
        self._ready = [self._made()]
        self.name = type(self._ready[0]).__name__

    def __call__(self) -> System:
        return self._ready.pop() if self._ready else self._made()

    def _made(self) -> System:
        if not callable(self._given):
            raise DesignError(
                f"a system is given as its class, or as a function that makes one, not as {self._given!r}"
            )
        made: Any = self._given()
        made = made() if isinstance(made, type) else made
        if missing := [name for name in _METHODS if not callable(getattr(made, name, None))]:
            raise DesignError(f"{made!r} is no system: it cannot {', '.join(missing)}")
        return cast("System", made)


def _abstract(subject: Subject, tally: Tally, asked: bool) -> Abstract:
    """How many of how many abstract transitions were driven, at which sizes; or why not; None if not asked."""
    if not asked:
        return None
    if not can_search():
        return missing("search")
    from edgeproof.properties.engines.fuzz.kinds import kinds_driven, reachable_kinds

    reachable = reachable_kinds(subject.instance)
    if reachable is None:
        return "too many states to search"
    roomy = with_room(subject.instance)
    kernel = build_kernel(kernel_source([roomy], subject.properties), roomy)
    driven = kinds_driven(kernel, tally.transitions) & reachable.kinds
    return len(driven), len(reachable.kinds), reachable.sizes


def _file_name(node: str) -> str:
    """Where a test keeps its trace: readable, and no two tests in one place."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", node.rpartition("/")[2]).strip("-")
    return f"{readable[:80]}-{hashlib.sha256(node.encode()).hexdigest()[:8]}.itf.json"
