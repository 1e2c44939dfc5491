# SPDX-License-Identifier: Apache-2.0
"""What pytest loads at its start, by the entry point `edgeproof`: options, the fixture, and the summary.

Nothing here imports an engine, nor Hypothesis: a project that does not use edgeproof pays for reading this file.
"""

from __future__ import annotations

import json
import os
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from edgeproof.reports.pytest_plugin.drive import Lockstep

__all__ = ["carried", "edgeproof_lockstep", "pytest_addoption", "pytest_configure", "pytest_terminal_summary"]

RECORD: Final = "edgeproof"
FAULT: Final = "edgeproof-fault"
"""Under these names a test's report carries what its runs covered, and why it failed, as JSON; xdist and JUnit pass it
on."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, all of which begin with --edgeproof."""
    group = parser.getgroup("edgeproof", "lockstep with a design (edgeproof)")
    group.addoption(
        "--edgeproof-profile",
        choices=["ci", "night"],
        help="how much each test tries: ci 50 runs of 80 steps, night 10,000 of 200; both report their full coverage",
    )
    group.addoption("--edgeproof-examples", type=_some, metavar="N", help="runs per test, whatever else says so")
    group.addoption("--edgeproof-seed", type=_natural, metavar="N", help="what chance starts from; 0 unless given")
    group.addoption(
        "--edgeproof-replay", metavar="TRACE", help="only this recorded run, in the tests of its design; others skip"
    )
    group.addoption(
        "--edgeproof-coverage",
        action="store_true",
        help="also say how many of all abstract transitions were driven; searches the design, which takes a second",
    )
    group.addoption(
        "--edgeproof-traces", metavar="DIR", help="where runs that fail are kept; .edgeproof beside pytest's root"
    )
    group.addoption(
        "--edgeproof-sarif",
        metavar="FILE",
        help="write what failed as SARIF 2.1.0, for a code host to show at its line",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Have a SARIF file written, if there is to be one, by the process that hears of every test.

    Raises pytest.UsageError for a trace that is not there, and for a file that cannot be written.
    """
    replay = config.getoption("edgeproof_replay")
    if replay is not None and not (there := config.invocation_params.dir / replay).is_file():
        raise pytest.UsageError(f"--edgeproof-replay: there is no file {there}")
    path = config.getoption("edgeproof_sarif")
    if path is None or hasattr(config, "workerinput"):
        return
    from edgeproof.reports.pytest_plugin.code_hosts import SarifFile

    config.pluginmanager.register(SarifFile(config.invocation_params.dir / path))


@pytest.fixture
def edgeproof_lockstep(request: pytest.FixtureRequest) -> Lockstep:
    """Drives a system in lockstep with a design, and fails the test unless both do the same.

    def test_my_store(edgeproof_lockstep):
        edgeproof_lockstep(MyStore, "do_kv", case="outbox-faults")
    """
    from edgeproof.reports.pytest_plugin.drive import Lockstep
    from edgeproof.reports.pytest_plugin.options import options_of

    return Lockstep(request.node, options_of(request.config))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say of every test in lockstep what its runs covered, and what they left out; on GitHub, annotate what failed."""
    reports = [one for outcome in ("passed", "failed") for one in terminalreporter.getreports(outcome)]
    if covered := [document for report in reports for document in carried(report, RECORD)]:
        from edgeproof.reports.pytest_plugin.texts import coverage_lines

        terminalreporter.section("edgeproof: what was driven in lockstep")
        for document in covered:
            for line in coverage_lines(document):
                terminalreporter.line(line)
    if found := [document for report in reports for document in carried(report, FAULT)]:
        from edgeproof.reports.pytest_plugin.code_hosts import faults_in
        from edgeproof.reports.workflow_commands import wants_workflow_commands, workflow_commands

        for line in workflow_commands(faults_in(found)) if wants_workflow_commands(os.environ) else ():
            terminalreporter.line(line)


def carried(report: Any, name: str) -> list[dict[str, Any]]:
    """The documents of that name that the report of a test carries."""
    if getattr(report, "when", "") != "call":
        return []
    return [json.loads(value) for one, value in report.user_properties if one == name]


def _some(text: str) -> int:
    if _natural(text) == 0:
        raise ArgumentTypeError("0 runs show nothing: a whole number from 1 is needed")
    return int(text)


def _natural(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ArgumentTypeError(f"a whole number from 0 is needed, not {text!r}")
    return int(text)
