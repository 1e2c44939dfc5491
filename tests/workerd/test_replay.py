# SPDX-License-Identifier: Apache-2.0
"""`edgeproof replay TRACE --on workerd`: what the search finds in the model happens on the real runtime."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from edgeproof.model.trace import Trace, dump_trace
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.engines.explore.engine import explore
from edgeproof.properties.engines.explore.limits import Limits
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.reports.cli import main
from tests.workerd.traces import case_instance, trace_of

BROKEN: Final[Mapping[str, str]] = {
    "inline": "convergence",
    "throwing-handler": "convergence",
    "bare-statements": "atomic-write",
    "late-put": "monotonic-kv",
    "disjoint-caches": "monotonic-reads",
    "guard-evicted": "monotonic-reads",
    "rollback": "convergence",
    "early-ack": "durable-ack",
    "blind-retry": "idempotent-write",
    "partition": "local-reads",
    "shared-key": "unit-isolation",
}
"""Cases of the scoreboard, and what is broken there."""
TRACE: Final = dump_trace(trace_of("bare-statements", "uncaught", "atomic-write"))


@pytest.fixture(scope="module")
def found() -> Mapping[str, Trace]:
    """The shortest traces, as the exhaustive search finds them."""
    instances = {case: case_instance(case) for case in BROKEN}
    properties = [CATALOGUE[name] for name in dict.fromkeys(BROKEN.values())]
    source = kernel_source(list(instances.values()), properties)
    traces: dict[str, Trace] = {}
    for case, instance in instances.items():
        (evidence,) = explore(instance, [CATALOGUE[BROKEN[case]]], source, Limits())
        assert evidence.witness is not None, evidence
        traces[case] = evidence.witness
    return traces


@pytest.mark.parametrize("case", BROKEN)
def test_the_trace_that_the_search_has_found_happens_on_the_real_runtime(
    case: str, found: Mapping[str, Trace], workerd: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = tmp_path / "trace.itf.json"
    trace.write_text(dump_trace(found[case]), encoding="utf-8")
    assert main(["replay", str(trace), "--on", "workerd"]) == 0
    assert f"{BROKEN[case]}: broken, as the trace claims" in capsys.readouterr().out


def test_without_the_runtime_the_command_line_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGEPROOF_WORKERD", "/nowhere/workerd")
    trace = tmp_path / "trace.itf.json"
    trace.write_text(TRACE, encoding="utf-8")
    assert main(["replay", str(trace), "--on", "workerd"]) == 2
    assert "/nowhere/workerd" in capsys.readouterr().err
