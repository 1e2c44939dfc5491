# SPDX-License-Identifier: Apache-2.0
"""Lockstep compares what the Worker's versions stand for: edits that change no version are found by the content."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeproof.impl.workerd.processes import Edits
from edgeproof.impl.workerd.system import WorkerdSystem
from edgeproof.model.machine import Instance
from edgeproof.properties.cases import for_runs, scoreboard
from edgeproof.properties.engines.fuzz import engine
from edgeproof.properties.engines.fuzz.engine import fuzz
from edgeproof.properties.engines.fuzz.run import LOCKSTEP
from edgeproof.properties.engines.kernels import kernel_source
from edgeproof.properties.evidence import Verdict
from tests.properties.test_fuzz import QUICK

STORE = "store.js"


def case(name: str) -> Instance:
    return for_runs(next(one for one in scoreboard("do_kv") if one.name == name))


@pytest.mark.parametrize(
    ("name", "edits", "says"),
    [
        (
            "outbox",
            {STORE: [("version, name, before.get(name), after);", "version, name, null, after);")]},
            "content of logged",
        ),
        (
            "outbox",
            {STORE: [('if (json === null) this.sql.exec("DELETE', 'if (json === undefined) this.sql.exec("DELETE')]},
            "write",
        ),
        (
            "rollback-epoch",
            {STORE: [("undo.toArray()) this.set(field, old);", "undo.toArray()) if (old) this.set(field, old);")]},
            "content of config",
        ),
        (
            "outbox-faults",
            {STORE: [('out")), this.options.putTimeout);', 'out")), 10_000);')]},
            "tick",
        ),
    ],
)
def test_an_edit_that_changes_no_version_is_found_within_the_quick_plan(
    name: str, edits: Edits, says: str, workerd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "shorten_failure", lambda *_: None)
    at = case(name)
    found = fuzz(at, [], kernel_source([at], []), lambda: WorkerdSystem(edits), QUICK)[0]
    assert (found.property, found.verdict) == (LOCKSTEP, Verdict.VIOLATED)
    assert says in found.reason
