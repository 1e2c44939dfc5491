# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import evolve

from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.impl.system import Observation, Value
from edgeproof.model.trace import Trace, TraceError, dump_trace
from edgeproof.properties.engines.fuzz.run import LOCKSTEP
from edgeproof.reports.systems import SYSTEMS
from tests.reports import examples
from tests.reports.conftest import Keep, Run


def test_a_witness_replays_and_shows_what_it_claims(cli: Run, keep: Keep) -> None:
    outcome = cli("replay", keep(examples.overtaken()))
    assert outcome.status == 0
    assert "stray_lands(slot=0)" in outcome.out
    assert "monotonic-kv: broken, as the trace claims" in outcome.out


@pytest.mark.parametrize("on", ["model", "reference"])
def test_replay_answers_with_one_document(cli: Run, keep: Keep, on: str) -> None:
    document = cli("replay", keep(examples.overtaken()), "--on", on, "--json").document
    assert document["on"] == on
    assert (document["replays"], document["confirmed"], document["shows_what_it_claims"]) == (True, True, True)


def test_what_a_system_does_not_show_leaves_a_replay_undecided(
    cli: Run, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hides(ReferenceSystem):
        def observe(self) -> Observation:
            return {name: value for name, value in super().observe().items() if name != "kv"}

    monkeypatch.setitem(SYSTEMS, "reference", Hides)
    outcome = cli("replay", keep(examples.overtaken()), "--on", "reference")
    assert outcome.status == 3
    assert "monotonic-kv: undecided: the system does not show kv" in outcome.out


def test_a_trace_about_nothing_only_has_to_happen(cli: Run, keep: Keep) -> None:
    assert cli("replay", keep(examples.delivered())).status == 0


def test_a_trace_that_claims_what_it_does_not_show_gets_status_1(cli: Run, keep: Keep) -> None:
    outcome = cli("replay", keep(evolve(examples.overtaken(), about="atomic-write")))
    assert outcome.status == 1
    assert "atomic-write: not broken, although the trace claims it" in outcome.out


def test_a_trace_that_does_not_happen_gets_status_1(cli: Run, keep: Keep) -> None:
    trace = examples.overtaken()
    outcome = cli("replay", keep(evolve(trace, states=(*trace.states[:-1], trace.states[0]))))
    assert outcome.status == 1
    assert "does not replay: step 4" in outcome.out


def test_show_prints_what_each_step_changed(cli: Run, keep: Keep) -> None:
    outcome = cli("show", keep(examples.overtaken()))
    assert outcome.status == 0
    (last,) = [line for line in outcome.out.splitlines() if "stray_lands(slot=0)" in line]
    assert "kv 2 -> 1" in last
    assert "✗" in last
    assert "do_kv with publisher=inline: a witness about monotonic-kv, 4 steps" in outcome.out


def test_show_marks_the_loop_of_a_lasso(cli: Run, keep: Keep) -> None:
    text = cli("show", keep(examples.polling())).out
    assert "read(pop=0, cache=0)  loop" in text
    assert "after step 5 it goes on after step 2, for ever" in text
    steps = cli("show", keep(examples.polling()), "--json").document["steps"]
    assert [step["part"] for step in steps] == ["stem", "stem", "stem", "loop", "loop", "loop"]
    assert "the run stops here for ever" in cli("show", keep(examples.abandoned())).out


def test_show_as_data_has_changes_times_and_the_truth_of_every_property(cli: Run, keep: Keep) -> None:
    document = cli("show", keep(examples.delivered()), "--json").document
    assert document["about"] is None
    assert document["loop"] is None
    assert [step["at"] for step in document["steps"]] == [0, 0, 0, 1, 1, 1, 1]
    write = document["steps"][1]
    assert (write["action"], write["hazard"]) == ("write", None)
    assert {"name": "config", "from": 0, "to": 1} in write["changes"]
    assert write["truth"]["atomic-write"] is True
    assert write["truth"]["monotonic-reads"] is None


MERMAID = """\
sequenceDiagram
    participant Client
    participant DO as Durable Object
    participant KV as KV centre
    participant POP0 as POP 0
    participant POP1 as POP 1
    Note over Client,POP1: start with watched = 1
    Client->>DO: write
    Note over DO: version 1 committed, alarm armed
    DO-->>Client: version 1 is written
    Note over Client,POP1: 1 tick passes
    Note over DO: the alarm fires
    DO-)KV: put version 1
    Note over KV: holds version 1
    Client->>POP1: read
    POP1->>KV: get
    KV-->>POP1: version 1
    POP1-->>Client: version 1
"""


def test_mermaid_prints_the_diagram_and_nothing_else(cli: Run, keep: Keep) -> None:
    assert cli("show", "--mermaid", keep(examples.delivered())).out == MERMAID


def test_mermaid_notes_hazards_loops_and_the_broken_property(cli: Run, keep: Keep) -> None:
    lasso = cli("show", "--mermaid", keep(examples.polling())).out.splitlines()
    assert "    Note over DO: hazard crash" in lasso
    assert lasso.index("    loop for ever") < lasso.index("    Client->>POP0: read") < lasso.index("    end")
    assert lasso[-1] == "    Note over Client,POP1: convergence never comes"
    stopped = cli("show", "--mermaid", keep(examples.abandoned())).out
    assert "and nothing more happens, for ever" in stopped
    assert "\n    end\n" not in stopped
    broken = cli("show", "--mermaid", keep(examples.overtaken())).out
    assert broken.endswith("    Note over Client,POP1: monotonic-kv is broken\n")


def test_mermaid_inside_json_is_still_one_document(cli: Run, keep: Keep) -> None:
    assert cli("show", "--mermaid", "--json", keep(examples.delivered())).document["mermaid"] == MERMAID


def edited(change: Callable[[Any], None]) -> str:
    document = json.loads(dump_trace(examples.overtaken()))
    change(document)
    return json.dumps(document)


def with_meta(**changes: object) -> str:
    return edited(lambda d: d["#meta"].update(changes))


def with_constant(**changes: object) -> str:
    return edited(lambda d: d["#meta"]["constants"].update(changes))


NO_TRACES = {
    "not JSON": ("}{", "not JSON"),
    "empty": ("", "not JSON"),
    "another document": ("[1, 2]", "not a trace"),
    "another format": (with_meta(format="tlc"), "not a trace of edgeproof"),
    "another version": (with_meta(version=99), "trace version 99 cannot be read"),
    "no design": (with_meta(design="do_kvv"), "there is no design 'do_kvv'"),
    "no property": (with_meta(about="happiness"), "no property of the catalogue"),
    "no option": (with_constant(publisher="carrier"), "publisher is one of outbox, inline"),
    "no constant": (with_constant(machine=1), "has no option, hazard or parameter 'machine'"),
    "endless counts": (with_constant(writes=10**12), "nothing above 100,000"),
    "endless sorts": (with_constant(Pop=10**30), "nothing above 100,000"),
    "no states": (edited(lambda d: d.update(states=[])), "at least one state"),
    "no variables": (edited(lambda d: d.update(vars=["config"])), "'acked' is not given"),
    "no value": (edited(lambda d: d["states"][1].update(alarm="loud")), "'loud' is no value of alarm"),
    "no array": (edited(lambda d: d["states"][1].update(cache=[0])), "(0,) is no value of cache"),
    "no action": (edited(lambda d: d["states"][1]["#meta"].update(action="fly")), "has no action 'fly'"),
    "no arguments": (edited(lambda d: d["states"][1]["#meta"].update(arguments={})), "takes (slot), not ()"),
    "no index": (edited(lambda d: d["states"][1]["#meta"].update(arguments={"slot": 9})), "slot=9 is not among the 2"),
    "no loop": (edited(lambda d: d.update(loop=9)), "loop 9 is not the number of a state"),
    "endless nesting": ("[" * 100_000, "nested too deeply"),
    "control signs": (with_meta(format="\x1b[2J\n\n"), "not a trace of edgeproof"),
}


@pytest.mark.parametrize("command", ["show", "replay"])
@pytest.mark.parametrize("kind", NO_TRACES)
def test_what_is_no_trace_gets_one_line_and_status_2(cli: Run, tmp_path: Path, command: str, kind: str) -> None:
    text, message = NO_TRACES[kind]
    (tmp_path / "bad.json").write_text(text, encoding="utf-8")
    outcome = cli(command, "bad.json")
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err
    assert outcome.err.count("\n") == 1
    assert "\x1b" not in outcome.err
    assert message in cli(command, "bad.json", "--json").document["error"]


@pytest.mark.parametrize("command", ["show", "replay"])
def test_what_is_no_readable_file_gets_one_line_and_status_2(cli: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "secret").write_text("{}")
    (tmp_path / "secret").chmod(0)
    names = {"missing": "No such file", ".": "cannot read .: . is a folder", "binary": "is not UTF-8"}
    if os.geteuid() != 0:
        names["secret"] = "Permission denied"
    for name, message in names.items():
        outcome = cli(command, name)
        assert (outcome.status, outcome.out) == (2, "")
        assert message in outcome.err
        assert outcome.err.count("\n") == 1


def test_surrogates_and_escapes_in_a_note_do_no_harm(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text(with_meta(note="\ud800 \x1b[31m [bold]"), encoding="utf-8")
    outcome = cli("show", "odd.json")
    assert outcome.status == 0
    assert "\x1b" not in outcome.out
    assert "[bold]" in outcome.out


def written_test(cli: Run, keep: Keep, trace: Trace, *more: str) -> str:
    assert cli("replay", keep(trace), "--pytest", "test_it.py", *more).status == 0
    return Path("test_it.py").read_text(encoding="utf-8")


def call(text: str, **changed: object) -> None:
    """Run the test of a generated file, with some of its names changed."""
    names: dict[str, Any] = {}
    exec(compile(text, "test_it.py", "exec"), names)
    names.update(changed)
    (test,) = [value for name, value in names.items() if name.startswith("test_")]
    test()


@pytest.mark.parametrize("more", [(), ("--on", "reference")])
def test_the_generated_test_passes(cli: Run, keep: Keep, more: tuple[str, ...]) -> None:
    for trace in (examples.overtaken(), examples.polling(), examples.delivered()):
        call(written_test(cli, keep, trace, "--force", *more))


@pytest.mark.parametrize("on", ["model", "reference"])
def test_a_run_that_has_not_settled_is_no_witness_that_it_never_will(cli: Run, keep: Keep, on: str) -> None:
    claims = {
        "it has no loop": evolve(examples.polling(), loop=None),
        "it is not fair: read(pop=1, cache=1) is possible all along its loop": examples.run(
            examples.INLINE, examples.slot("write_inline", 0), examples.read(0), about="convergence", loop=1
        ),
        "it is not fair: read(pop=0, cache=0) is possible all along its loop": examples.abandoned(),
        "its loop does not close": evolve(examples.polling(), loop=0),
        "its loop does not close: state 2 is not state 0": examples.run(
            examples.INLINE,
            examples.slot("write_inline", 0),
            examples.slot("write_inline", 1),
            about="convergence",
            loop=0,
        ),
    }
    for why, trace in claims.items():
        outcome = cli("replay", keep(trace), "--on", on, "--pytest", "test_it.py")
        assert (outcome.status, Path("test_it.py").exists()) == (1, False)
        assert f"convergence: not shown: {why}" in outcome.out


def test_a_loop_is_driven_round_twice(cli: Run, keep: Keep) -> None:
    on_model, on_system = (
        cli("replay", keep(examples.polling()), "--on", on, "--json").document["steps"] for on in ("model", "reference")
    )
    assert on_system == [*on_model, *on_model[2:]]


def test_the_generated_test_passes_by_itself(cli: Run, keep: Keep) -> None:
    written_test(cli, keep, examples.overtaken(), "--on", "reference")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "1 passed" in done.stdout) == (0, True)


@pytest.mark.parametrize("more", [(), ("--on", "reference")])
def test_the_generated_test_fails_when_the_behaviour_changes(cli: Run, keep: Keep, more: tuple[str, ...]) -> None:
    trace = examples.overtaken()
    text = written_test(cli, keep, trace, *more)
    with pytest.raises(AssertionError, match="no longer breaks"):
        call(text, TRACE=dump_trace(evolve(trace, about="atomic-write")))
    elsewhere = (*trace.states[:-1], trace.states[0])
    with pytest.raises((AssertionError, TraceError), match="stray_lands"):
        call(text, TRACE=dump_trace(evolve(trace, states=elsewhere)))


class Muddled(ReferenceSystem):
    """A system that shows another KV content than it has."""

    def observe(self) -> dict[str, Value]:
        return {**super().observe(), "kv": 0}


def test_where_a_system_and_the_model_part_ways_the_test_asks_that_they_agree(
    cli: Run, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = keep(evolve(examples.delivered(), about=LOCKSTEP))
    assert cli("replay", trace).status == 0
    agreeing = cli("replay", trace, "--on", "reference")
    assert agreeing.status == 1
    assert "the system does what the model does, although the trace claims otherwise" in agreeing.out
    monkeypatch.setitem(SYSTEMS, "reference", Muddled)
    parting = cli("replay", trace, "--on", "reference", "--pytest", "test_it.py")
    assert parting.status == 0
    assert "parts ways: after put_lands: kv is 0, recorded as 1" in parting.out
    text = Path("test_it.py").read_text(encoding="utf-8")
    with pytest.raises(AssertionError, match="kv is 0, recorded as 1"):
        call(text)
    monkeypatch.setitem(SYSTEMS, "reference", ReferenceSystem)
    call(text)


def test_a_changed_implementation_no_longer_shows_an_anomaly(
    cli: Run, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = keep(examples.overtaken())
    assert cli("replay", trace, "--on", "reference").status == 0
    monkeypatch.setitem(SYSTEMS, "reference", Muddled)
    assert cli("replay", trace, "--on", "reference").status == 1


def test_a_trace_cannot_bring_code_into_the_generated_test(cli: Run, tmp_path: Path) -> None:
    hostile = "'''\"\"\"\nimport os; os.abort()\n\\"
    (tmp_path / "odd.json").write_text(with_meta(note=hostile, origin=hostile), encoding="utf-8")
    assert cli("replay", "odd.json", "--pytest", "test_it.py").status == 0
    text = Path("test_it.py").read_text(encoding="utf-8")
    call(text)
    assert not [line for line in text.splitlines() if line.startswith("import os")]


def test_no_test_is_written_that_would_fail(cli: Run, keep: Keep) -> None:
    outcome = cli("replay", keep(evolve(examples.overtaken(), about="atomic-write")), "--pytest", "test_it.py")
    assert outcome.status == 1
    assert "not written" in outcome.out
    assert not Path("test_it.py").exists()


def test_an_existing_file_is_only_overwritten_by_force(cli: Run, keep: Keep, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("mine")
    trace = keep(examples.overtaken())
    outcome = cli("replay", trace, "--pytest", "test_it.py")
    assert outcome.status == 2
    assert "test_it.py exists; --force overwrites it" in outcome.err
    assert Path("test_it.py").read_text() == "mine"
    assert cli("replay", trace, "--pytest", "test_it.py", "--force").status == 0
    assert cli("replay", trace, "--pytest", ".").status == 2
    assert not list(tmp_path.glob(".*.tmp"))


OURS: Final = """
from edgeproof.impl.pattern.system import ReferenceSystem

class Sound(ReferenceSystem):
    pass

class Muddled(ReferenceSystem):
    def observe(self):
        return {**super().observe(), "kv": 0}

class Hides(ReferenceSystem):
    def observe(self):
        return {name: value for name, value in super().observe().items() if name != "kv"}
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module `own_store` with systems, in the folder that one works in."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    path = tmp_path / "own_store.py"
    path.write_text(OURS, encoding="utf-8")
    yield path
    sys.modules.pop("own_store", None)


def test_a_test_of_ones_own_system_fails_with_the_bug_and_passes_without(cli: Run, keep: Keep, own: Path) -> None:
    parting = evolve(examples.delivered(), about=LOCKSTEP)
    broken = cli("replay", keep(parting), "--on", "own_store:Muddled", "--pytest", "test_it.py")
    assert (broken.status, "wrote test_it.py" in broken.out) == (0, True)
    text = Path("test_it.py").read_text(encoding="utf-8")
    assert "from own_store import Muddled" in text
    assert "reference" not in text
    with pytest.raises(AssertionError, match="after put_lands: kv is 0, recorded as 1"):
        call(text)
    call(text, Muddled=sys.modules["own_store"].Sound)


def test_a_test_of_a_broken_promise_fails_until_it_is_kept(cli: Run, keep: Keep, own: Path) -> None:
    assert cli("replay", keep(examples.overtaken()), "--on", "own_store:Sound", "--pytest", "test_it.py").status == 0
    text = Path("test_it.py").read_text(encoding="utf-8")
    with pytest.raises(AssertionError, match="monotonic-kv is broken"):
        call(text)
    call(text, Sound=sys.modules["own_store"].Muddled)  # it goes another way than the trace


@pytest.mark.parametrize(
    ("on", "trace", "says"),
    [
        ("own_store:Sound", evolve(examples.delivered(), about=LOCKSTEP), "it would pass at once, as the system"),
        ("own_store:Muddled", examples.overtaken(), "it would pass at once, as the system"),
        ("reference", evolve(examples.delivered(), about=LOCKSTEP), "it would pass at once"),
        ("model", evolve(examples.delivered(), about=LOCKSTEP), "it would pass at once; --on names a system"),
    ],
)
def test_a_test_is_only_written_where_it_was_seen_to_fail(
    cli: Run, keep: Keep, own: Path, on: str, trace: Trace, says: str
) -> None:
    outcome = cli("replay", keep(trace), "--on", on, "--pytest", "test_it.py")
    assert f"test_it.py is not written: {says}" in outcome.out
    assert not Path("test_it.py").exists()
    assert cli("replay", keep(trace), "--on", on, "--pytest", "test_it.py", "--json").document["pytest"] is None


def test_no_test_is_written_that_would_pass_whatever_was_recorded(
    cli: Run, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    class ShowsNothing(ReferenceSystem):
        def observe(self) -> Observation:
            return {}

    monkeypatch.setitem(SYSTEMS, "reference", ShowsNothing)
    outcome = cli("replay", keep(examples.delivered()), "--on", "reference", "--pytest", "test_it.py")
    assert "test_it.py is not written: it would pass whatever was recorded" in outcome.out
    assert not Path("test_it.py").exists()


def test_the_middle_of_a_long_trace_is_left_to_programs(cli: Run, keep: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeproof.reports.stepping.ENDS", 2)
    lines = cli("show", keep(examples.overtaken())).out.splitlines()
    assert ["…", "1 more step, which --json has"] in [[cell.strip() for cell in line.split("│")[1:3]] for line in lines]
    assert "stray_lands(slot=0)" in "".join(lines)
    assert len(cli("show", keep(examples.overtaken()), "--json").document["steps"]) == 5


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"Pop": 50_000}, "5 states of 50,000 elements of a sort are more than is replayed"),
        ({"writes": 10**101}, "a number of more than 100 digits"),
    ],
)
def test_what_would_take_for_ever_is_refused(cli: Run, tmp_path: Path, change: dict[str, int], why: str) -> None:
    (tmp_path / "t.json").write_text(with_constant(**change), encoding="utf-8")
    outcome = cli("replay", "t.json")
    assert (outcome.status, why in outcome.err) == (2, True)


def test_a_system_is_not_told_of_ticks_without_end(cli: Run, tmp_path: Path) -> None:
    text = edited(lambda d: d["states"][1]["#meta"].update(action="tick", arguments={}, delay=10**12))
    (tmp_path / "t.json").write_text(text, encoding="utf-8")
    assert "1,000,000 in one step at most" in cli("replay", "t.json", "--on", "reference").out
