# SPDX-License-Identifier: Apache-2.0
"""A design of somebody's own, by where it is: every command takes it, and nothing but a command line can name one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, Final

import pytest

from edgeproof.model.designs import DESIGNS
from edgeproof.model.interpret import Event
from edgeproof.model.trace import Trace, load_trace
from edgeproof.properties import own
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.conforms import ConformanceError, conforms
from edgeproof.properties.evidence import Case, Conclusion, Evidence, Ledger, Status, Verdict
from edgeproof.properties.mutation import matrix
from edgeproof.reports import pinning
from edgeproof.reports.errors import Unusable
from tests.reports.conftest import Keep, Run
from tests.reports.standins import Calls

LAMP: Final = """
from edgeproof import ActionUnknown, Property
from edgeproof.model import Design, action, boolean, count, hazard, natural

class Lamp(Design):
    "A lamp, and a fly that sits on it."
    most = count(2, "how often it may surge")
    on = boolean(doc="it is on")
    uses = natural(most, doc="surges so far")

    @action(fair=False)
    def switch(s):
        "Somebody switches it on."
        s.require(~s.on)
        s.on = True

    @hazard()
    def surge(s):
        "A surge while it is on."
        s.require(s.on & (s.uses < s.most))
        s.uses = s.uses + 1

CALM = Property("calm", "There is no surge.", "a test", state=lambda s: s.uses == 0)
CASES = [("quiet", {}, (), "no surge"), ("stormy", {"surge": True}, ("calm",), "it surges")]
LEMMAS = {"dark-is-calm": lambda s: s.on | (s.uses == 0)}

class Socket:
    def start(self, setup):
        self.on, self.uses = False, 0
    def perform(self, action, arguments):
        self.on, self.uses = True, self.uses + (action == "surge")
    def observe(self):
        return {"on": self.on, "uses": self.uses}
    def close(self):
        pass
"""


@pytest.fixture
def lamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The design in a file of its own, in a folder of somebody's."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "designs").mkdir()
    path = tmp_path / "designs" / "lamp.py"
    path.write_text(LAMP, encoding="utf-8")
    before = set(sys.modules)
    yield path
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]


@pytest.fixture
def surged(lamp: Path) -> Trace:
    """A witness about its property."""
    states = ({"on": False, "uses": 0}, {"on": True, "uses": 0}, {"on": True, "uses": 1})
    events = (Event("switch"), Event("surge"))
    return Trace("Lamp", {"most": 2, "surge": True}, states, events, "calm")


FILE: Final = "designs/lamp.py"


def test_verify_takes_its_cases_properties_and_systems(cli: Run, calls: Calls, lamp: Path) -> None:
    assert cli("verify", "--design", FILE).status == calls.ledger.exit_status
    assert [(case.name, case.design, case.properties, dict(case.expected)) for case in calls.cases] == [
        ("quiet", "Lamp", ("calm",), {}),
        ("stormy", "Lamp", ("calm",), {"calm": Verdict.VIOLATED}),
    ]
    cli("verify", "--design", FILE, "--hazard", "surge", "--expect", "calm=VIOLATED", "--system", "Socket")
    assert [dict(case.constants) for case in calls.cases] == [{"surge": True}]
    refused = cli("verify", "--design", FILE, "--system", "Sockte")
    assert (refused.status, "there is no system 'Sockte'" in refused.err) == (2, True)
    assert [one for one in DESIGNS if one == "Lamp"] == [one for one in CATALOGUE if one == "calm"] == []


def test_list_and_scaffold_say_what_a_system_of_it_does_and_shows(cli: Run, lamp: Path) -> None:
    (found,) = cli("list", "--design", FILE, "--json").document["designs"]
    assert [one["name"] for one in found["actions"]] == ["switch", "surge"]
    assert {one["name"]: one["doc"] for one in found["variables"]} == {"on": "it is on", "uses": "surges so far"}
    text = cli("scaffold", FILE, "--case", "stormy").out
    assert "from lamp import Lamp, CALM\n" in text
    assert "@edgeproof.lockstep(Lamp, surge=True, properties=[CALM])" in text
    names: dict[str, Any] = {"__name__": "mine"}
    exec(compile(text, "mine.py", "exec"), names)


def test_its_traces_are_shown_and_replayed_where_it_is_named(cli: Run, keep: Keep, lamp: Path, surged: Trace) -> None:
    kept = keep(surged)
    assert "there is no design 'Lamp'" in cli("show", kept).err
    shown = cli("show", kept, "--design", FILE)
    assert (shown.status, "Lamp with surge=True: a witness about calm, 2 steps" in shown.out) == (0, True)
    for on in ("model", "lamp:Socket", "Socket", "reference"):
        replayed = cli("replay", kept, "--design", FILE, "--on", on)
        assert (replayed.status, "calm: broken, as the trace claims" in replayed.out) == (0, True)
    assert "wrote test_it.py" in (cli("replay", kept, "--design", FILE, "--on", "Socket", "--pytest", "test_it.py").out)
    text = Path("test_it.py").read_text(encoding="utf-8")
    assert "replay(load_trace(TRACE), on=Socket, design=Lamp, properties=[CALM])" in text
    assert load_trace(Path(kept).read_text(encoding="utf-8")) == surged


def test_it_is_exported(cli: Run, lamp: Path) -> None:
    assert cli("export", FILE, "--to", "tla", "--out", "out").status == 0
    assert "surge" in Path("out/Lamp.tla").read_text(encoding="utf-8")


def test_it_is_named_by_its_module_or_by_an_entry_point(cli: Run, lamp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(lamp.parent)])
    assert cli("list", "--design", "lamp:Lamp", "--json").document["designs"][0]["name"] == "Lamp"

    class Points(dict[str, Any]):
        names: ClassVar = {"a-lamp"}

    monkeypatch.setattr(own, "entry_points", lambda group: Points({"a-lamp": SimpleNamespace(value="lamp:Lamp")}))
    assert cli("list", "--design", "a-lamp", "--json").document["designs"][0]["name"] == "Lamp"


_ALTERNATED = f"[e := s.on, {', '.join(['e := (e & (s.uses == 0)) | s.on'] * 90)}][-1]"
_DOUBLED = f"[t := s.uses, {', '.join(['t := t + t'] * 40)}][-1]"
"""Both are little to write; one is deep, and the other endless to write out."""


def said(old: str, new: str) -> Callable[[str], str]:
    """The text with something else in it."""
    assert LAMP.count(old) == 1
    return lambda text: text.replace(old, new)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: "", "lamp has no design in it"),
        (
            lambda text: text + "\nclass Other(Design):\n    x = boolean()\n",
            "lamp has several: name one, as in lamp:Lamp",
        ),
        (lambda text: text.replace("s.on = True", "s.no = True"), "Lamp cannot be read: in switch: 'no' cannot be"),
        (lambda text: text.replace('"surge": True', '"sirge": True'), "the case stormy: Lamp has no option, hazard or"),
        (lambda text: text.replace('Property("calm"', 'Property("never-ahead"'), "there is a property 'never-ahead'"),
        (lambda text: text.replace("class Lamp", "class do_kv"), "there is a design 'do_kv' already"),
        (lambda text: "1 +", "designs/lamp.py cannot be read: SyntaxError: "),
        (lambda text: "import nowhere_at_all", "cannot be read: ModuleNotFoundError: No module named 'nowhere_at_all'"),
        (lambda text: text + "DOSSIER = 3", "lamp has a DOSSIER, and what belongs into it beside that: cases, lemmas"),
        (lambda text: text + "class Other(Socket):\n    pass\n", "there are several systems: name one by --system"),
        (lambda text: text + "import sys; sys.exit(0)\n", "designs/lamp.py cannot be read: SystemExit: 0"),
        (
            said("state=lambda s: s.uses == 0", "state=lambda s: True"),
            "state of the property calm is Python's True, whatever the state",
        ),
        (
            said("state=lambda s: s.uses == 0", "state=lambda s: s.uses"),
            "state of the property calm is no condition, but of type nat",
        ),
        (
            said("state=lambda s: s.uses == 0", "state=lambda s: s.usse == 0"),
            "property calm: the design declares no 'usse'; it has on, uses",
        ),
        (
            said("state=lambda s: s.uses == 0", "state=lambda s: 1 / 0"),
            "state of the property calm: ZeroDivisionError: division by zero",
        ),
        (
            said("state=lambda s: s.uses == 0", f"state=lambda s: {_ALTERNATED}"),
            "state of the property calm is 182 levels deep; 160 levels and 100,000 parts are the most",
        ),
        (
            said("state=lambda s: s.uses == 0", f"state=lambda s: {_DOUBLED} <= s.uses"),
            "state of the property calm is 2,199,023,255,553 parts large, when it is written out",
        ),
        (
            said("s.on = True", f"s.on = {_DOUBLED} <= s.uses"),
            "what switch does is 2,199,023,255,553 parts large, when it is written out",
        ),
        (said(", state=lambda s: s.uses == 0)", ")"), "the property calm has exactly one of state, step, settles, and"),
        (said("s.on | (s.uses == 0)", "s.onn"), "the lemma dark-is-calm: the design declares no 'onn'"),
        (said('{"dark-is-calm": lambda s: s.on | (s.uses == 0)}', "[3]"), "lemmas are given by name"),
        (said('{"dark-is-calm": lambda s: s.on | (s.uses == 0)}', '{"a": 3}'), "the lemma a is a function, such as"),
        (
            said('("calm",), "it', '"calm", "it'),
            "a case is a name, constants by name, the properties that must be violated",
        ),
        (
            said('("calm",), "it', '("clam",), "it'),
            "clam is violated, and there is no such property; did you mean calm?",
        ),
        (said('"stormy"', '"quiet"'), "there are two cases called quiet"),
        (said('"stormy"', '"../stormy"'), "a case is called by letters, digits, and . _ - between them, and not"),
        (lambda text: text + "ROOM = {'mots': 9}\n", "ROOM: Lamp has no option, hazard or parameter 'mots'; did you"),
        (
            lambda text: text + "TERMS = lambda s: s.uses\n",
            "TERMS is a function from the state to the terms of a bound",
        ),
        (
            said("natural(most,", "natural(most, 3,"),
            "uses begins with 3, and its values are from 0 to most, which is 2",
        ),
        (said("def surge(s)", "def switch(s)"), "Lamp says twice what 'switch' is"),
        (
            said("(self, setup):", "(self, setup, more):\n        pass\n    def __init__(self, x):"),
            "Socket makes no system",
        ),
    ],
)
def test_what_is_wrong_with_it_is_said_in_one_line(
    cli: Run, lamp: Path, change: Callable[[str], str], says: str
) -> None:
    lamp.write_text(change(LAMP), encoding="utf-8")
    outcome = cli("verify", "--design", FILE)
    assert (outcome.status, outcome.err.count("\n")) == (2, 1)
    assert says in outcome.err
    assert not {"Lamp", "Other"} & DESIGNS.keys()


def test_what_is_nowhere_is_said_in_one_line(cli: Run) -> None:
    assert "nowhere.py: there is no file nowhere.py" in cli("list", "--design", "nowhere.py").err
    assert "nowhere cannot be read: ModuleNotFoundError" in cli("list", "--design", "nowhere:Lamp").err
    assert "Case in edgeproof.properties.evidence is no design" in (
        cli("list", "--design", "edgeproof.properties.evidence:Case").err
    )
    Path("a.lamp.py").touch()
    assert (
        "a.lamp.py is no module that others can import: there is a dot in" in cli("list", "--design", "a.lamp.py").err
    )


def test_of_a_name_that_is_not_there_the_nearest_is_said(cli: Run, lamp: Path) -> None:
    assert "lamp has no Lmap; did you mean Lamp?" in cli("list", "--design", f"{FILE}:Lmap").err


def test_every_transition_is_taken_on_the_system_that_stands_beside_it(cli: Run, lamp: Path) -> None:
    for on in ((), ("--on", "Socket")):
        covered = cli("cover", FILE, *on)
        assert (covered.status, "compared: on, uses" in covered.out) == (0, True)
    assert "there is no system 'Sockte'" in cli("cover", FILE, "--on", "Sockte").err


def test_where_the_code_of_a_system_ends_the_process_nothing_is_judged(cli: Run, lamp: Path) -> None:
    lamp.write_text(LAMP.replace("self.on, self.uses = False, 0", "raise SystemExit(0)"), encoding="utf-8")
    outcome = cli("cover", FILE, "--on", "lamp:Socket")
    assert outcome.status == 2
    assert "code of your own ended the process (SystemExit: 0): nothing is said" in outcome.err


def test_a_system_that_cannot_be_started_does_not_do_what_the_design_does(lamp: Path) -> None:
    design = own.adopt(str(lamp))
    (socket,) = design.systems.values()

    class NeverStarts(socket):  # type: ignore[misc, valid-type]
        def start(self, setup: object) -> None:
            raise OSError("no such port")

    try:
        with pytest.raises(ConformanceError, match="the system cannot be started: OSError: no such port"):
            conforms(NeverStarts, "Lamp")
    finally:
        own.part_with_all()


def test_it_has_a_bound_where_it_says_what_that_is_made_of(cli: Run, lamp: Path) -> None:
    lamp.with_name("mine.py").write_text(
        "from edgeproof.model.designs.do_kv import DoKv\n"
        "from edgeproof.properties.designs.do_kv import DOSSIER\n"
        "class Mine(DoKv):\n    'The pattern under another name.'\n",
        encoding="utf-8",
    )
    given = ("--sync-delay", "2s", "--put-timeout", "5s", "--retries", "0", "--cache-ttl", "60s", "--json")
    found = cli("bound", "--design", "designs/mine.py", *given).document
    assert (found["design"], found["formula"], found["bound_s"]) == ("Mine", "D + S + D + T", 72)
    assert "DoKv in mine is the design do_kv: give that name" in cli("list", "--design", "designs/mine.py:DoKv").err
    assert "Lamp promises no bound" in cli("bound", "--design", FILE).err


def test_a_trace_cannot_name_code(cli: Run, keep: Keep, lamp: Path, surged: Trace) -> None:
    lamp.write_text("open('was-here', 'w')", encoding="utf-8")
    for design in (FILE, "lamp:Lamp", str(lamp)):
        text = Path(keep(surged)).read_text(encoding="utf-8").replace('"Lamp"', f'"{design}"')
        Path("odd.json").write_text(text, encoding="utf-8")
        for command in ("show", "replay"):
            assert f"there is no design '{design}'" in cli(command, "odd.json").err
    assert not Path("was-here").exists()


def test_its_pins_are_a_file_beside_it(cli: Run, lamp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(*by: Evidence) -> None:
        def run(cases: Sequence[Case], *_: object) -> Ledger:
            return Ledger((Conclusion(cases[0], "calm", by[0].verdict, Status.AS_EXPECTED, by),), 0, 0.0)

        monkeypatch.setattr(pinning, "verify", run)

    pins = lamp.with_name("Lamp.pins.json")
    found(Evidence("calm", "prove", Verdict.PROVED, "any number"))
    assert (cli("pin", "--design", FILE, "--check").status, pins.exists()) == (1, False)
    assert "1 pin, 1 change: written" in cli("pin", "--design", FILE).out
    assert cli("pin", "--design", FILE, "--check").status == 0
    found(Evidence("calm", "explore", Verdict.HOLDS_TO_BOUND, "all 9 states"))
    weaker = cli("pin", "--design", FILE)
    assert (weaker.status, "weaker: quiet, calm: prove decided it before" in weaker.out) == (1, True)
    assert '"PROVED"' in pins.read_text(encoding="utf-8")
    pins.write_text('{"quiet": {"calm": 7}}', encoding="utf-8")
    unread = cli("pin", "--design", FILE)
    assert (unread.status, "Lamp.pins.json is no file of pins" in unread.err) == (2, True)


def test_it_is_mutated_and_the_system_beside_it_is_driven(
    cli: Run, lamp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[str, str]] = []

    def run(asked: Collection[matrix.Asked], judging: matrix.Judging, *_: object) -> None:
        heard.extend((one.design, type(judging.system()).__name__) for one in asked)
        raise Unusable("enough was heard")

    monkeypatch.setattr(matrix, "run", run)
    assert "enough was heard" in cli("mutate", "--design", FILE, "--sample", "2").err
    assert heard == [("Lamp", "Socket")] * 2
    assert "is mutated by itself" in cli("mutate", "--design", FILE, "--design", "do_only").err
    assert "there is no system 'Sockte'" in cli("mutate", "--design", FILE, "--system", "Sockte").err
