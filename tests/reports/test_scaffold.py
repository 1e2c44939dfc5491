# SPDX-License-Identifier: Apache-2.0
"""`edgeproof scaffold` writes a system that runs at once, says all that the model says, and does not pass."""

from __future__ import annotations

import ast
from typing import Any

import pytest

import edgeproof
from edgeproof.model.designs import DESIGNS, load
from edgeproof.model.machine import Instance, specialise
from edgeproof.properties.engines.fuzz.sight import followed
from tests.reports.conftest import Run


def written(cli: Run, *words: str) -> str:
    outcome = cli("scaffold", *words)
    assert outcome.status == 0
    return outcome.out


def made(text: str) -> Any:
    names: dict[str, Any] = {"__name__": "my_system"}
    exec(compile(text, "my_system.py", "exec"), names)
    return names["MySystem"]


@pytest.mark.parametrize("design", ["do_kv", "do_only", "global_push", "levels"])
def test_a_design_has_a_frame_with_all_its_actions_and_variables(cli: Run, design: str) -> None:
    text = written(cli, design)
    machine = load(design)
    methods = {node.name: node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}
    possible = specialise(machine, Instance.of(machine).values).actions
    assert [name for name in methods if name.startswith("do_")] == [f"do_{action.name}" for action in possible]
    for action in possible:
        method = methods[f"do_{action.name}"]
        assert [one.arg for one in method.args.args[1:]] == [argument.name for argument in action.arguments]
        assert " ".join((ast.get_docstring(method) or "").split()).startswith(action.doc)
    for name in machine.variables.keys() - followed(machine):
        assert f'            # "{name}": ...,\n' in text
    assert max(map(len, text.splitlines())) <= 120


def test_of_a_case_it_has_its_hazards_and_asks_for_it(cli: Run) -> None:
    text = written(cli, "do_kv", "--case", "outbox-faults")
    assert "def do_crash(self) -> None:" in text
    assert "def do_rollback" not in text
    assert '@edgeproof.lockstep("do_kv", case="outbox-faults")' in text
    assert '`pop` is one of range(setup.sizes["Pop"]): locations;' in text
    assert '# the write in progress: acknowledged early, stored, ack lost: one of "none", "taken", "stored",' in text
    chosen = written(cli, "do_kv", "--option", "reader=guarded", "--hazard", "evict")
    assert "@edgeproof.lockstep(\"do_kv\", reader='guarded', evict=True)" in chosen


def test_it_runs_as_it_is_and_does_not_pass(cli: Run) -> None:
    system = made(written(cli, "do_only"))
    few = edgeproof.Budget(examples=3, steps=24)
    with pytest.raises(edgeproof.ConformanceError, match="is VACUOUS: the system shows nothing that the model knows"):
        edgeproof.conforms(system, "do_only", budget=few)


def test_three_actions_later_it_fails_where_it_is_wrong(cli: Run) -> None:
    class Mine(made(written(cli, "do_only"))):  # type: ignore[misc]
        def start(self, setup: edgeproof.Setup) -> None:
            self.version, self.request = 0, "none"

        def do_tick(self) -> None:
            pass

        def do_write(self) -> None:
            self.version += 1

        def do_acknowledge(self) -> None:
            self.request = "none"

        def observe(self) -> edgeproof.Observation:
            return {"config": self.version, "request": self.request}

    with pytest.raises(edgeproof.ConformanceError, match="after write: request is stored in the model, none in the"):
        edgeproof.conforms(Mine, "do_only", budget=edgeproof.Budget(examples=3, steps=24))


def test_every_variable_and_every_action_of_a_design_says_what_it_means() -> None:
    for name in DESIGNS:
        machine = load(name)
        assert [one for one, variable in machine.variables.items() if not variable.doc] == []
        assert [action.name for action in machine.actions if not action.doc] == []


def test_what_there_is_not_is_said_in_one_line(cli: Run) -> None:
    assert "there is no case 'outbox-fault'; did you mean 'outbox-faults'?" in (
        cli("scaffold", "do_kv", "--case", "outbox-fault").err
    )
    assert cli("scaffold", "do_kx").status == 2


def test_as_data_it_is_one_document(cli: Run) -> None:
    document = cli("scaffold", "levels", "--json").document
    assert (document["design"], document["case"]) == ("levels", "ad-hoc")
    assert made(document["text"]).__name__ == "MySystem"
