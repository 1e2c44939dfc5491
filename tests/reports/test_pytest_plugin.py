# SPDX-License-Identifier: Apache-2.0
"""Lockstep as somebody's own tests have it: in a repository of theirs, with a store of theirs, by pytest alone."""

from __future__ import annotations

import inspect
import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, cast

import hypothesis
import pytest
from jsonschema import Draft4Validator

import edgeproof
from edgeproof.model.designs import DESIGNS
from edgeproof.properties.evidence import Verdict
from edgeproof.reports.pytest_plugin.options import Options, budget_for
from tests.api.test_names import HEAVY, loaded_after
from tests.api.test_own_design import Lamp, Socket
from tests.plugin import HOOKS, PLUGIN, keep_what_is_ours

pytest_plugins = ["pytester"]

SARIF: Final = json.loads(Path(__file__).with_name("sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
EXAMPLE: Final = Path(__file__).resolve().parents[2] / "examples" / "my_store.py"

LAMP: Final = """
from edgeproof import ActionUnknown
from edgeproof.model import Design, action, boolean, count, hazard, natural

class Lamp(Design):
    most = count(3)
    on = boolean()
    uses = natural(most)

    @action(fair=False)
    def switch(s):
        s.require(~s.on)
        s.on = True

    @hazard()
    def surge(s):
        s.require(s.on & (s.uses < s.most))
        s.uses = s.uses + 1

class Socket:
    def start(self, setup):
        self.on, self.uses = False, 0
    def perform(self, action, arguments):
        if action not in ("switch", "surge"):
            raise ActionUnknown(action)
        self.on, self.uses = True, self.uses + (action == "surge")
    def observe(self):
        return {"on": self.on, "uses": self.uses}
    def close(self):
        pass

class BlowsAtTheThird(Socket):
    def observe(self):
        return {"on": self.on and self.uses < 3, "uses": self.uses}
"""

Pytest = Callable[..., pytest.RunResult]


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    keep_what_is_ours(monkeypatch, str(tmp_path_factory.getbasetemp()))


@pytest.fixture
def user(pytester: pytest.Pytester) -> Pytest:
    """Runs pytest in a repository that has a store, and a lamp with its design: `user(tests, *arguments)`."""
    store, _, _ = EXAMPLE.read_text(encoding="utf-8").partition("\n@edgeproof.lockstep")
    pytester.makepyfile(my_store=store, lamp=LAMP)

    def run(tests: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(test_mine=f"import edgeproof\nfrom my_store import MyStore\nfrom lamp import *\n{tests}")
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", *PLUGIN, *arguments)

    return run


def said(result: pytest.RunResult) -> str:
    return result.stdout.str()


def test_a_system_that_does_what_the_design_does_passes_and_what_was_covered_is_told(user: Pytest) -> None:
    result = user(
        """
        @edgeproof.lockstep("do_kv", crash=True, put_fails=True)
        def test_mine():
            return MyStore
        """.replace("\n        ", "\n"),
        "--edgeproof-examples=15",
    )
    result.assert_outcomes(passed=1)
    result.stdout.re_match_lines(
        [
            r"test_mine.py::test_mine \(do_kv, seed 0\)",
            r"  actions     10 of 10 performed; possible in no state of the runs: commit_late, stray_lands, heal",
            r"  hazards     2 of 2 performed",
            r"  variables   22 of 27 compared; not shown: failures, cut, loaded, kept, kept_era",
            r"  properties  \d+ of 16 decided",
            r"    answered-write, convergence: UNKNOWN: a run that ends decides nothing about what happens for ever",
            r"  transitions [\d,]+ different ones",
        ]
    )


ASSURANCES: Final = {
    """
class Faulty(MyStore):
    "It loses its third changelog entry: right for two writes, which is as far as a search goes."
    def observe(self):
        seen = dict(super().observe())
        return {**seen, "logged": seen["logged"] - (seen["logged"] > 2)}
""": [
        "Faulty does not do what do_kv does: after write: logged is 3 in the model, 2 in the system",
        "breaks changelog-complete: Replaying the changelog gives exactly the config",
    ],
    """
class Faulty(MyStore):
    "It performs only ticks, and shows one variable."
    def perform(self, action, arguments):
        if action != "tick":
            raise edgeproof.ActionUnknown(action)
    def observe(self):
        return {"config": 0}
""": ["it does not show logged, ", "it cannot perform write, read", "which leaves open: lockstep, atomic-write, "],
    """
class Faulty(MyStore):
    "One name is misspelt."
    def observe(self):
        seen = dict(super().observe())
        return {"servd": seen.pop("served"), **seen}
""": ["the system shows 'servd', which do_kv does not declare; did you mean 'served'?"],
    """
class Faulty(MyStore):
    "It shows nothing of the changelog, so that nothing can be said of it."
    def observe(self):
        return {name: value for name, value in super().observe().items() if name != "logged"}
""": [
        "it does not show logged\nwhich leaves open: atomic-write, changelog-complete",
        "say how much there has to be: require={'actions': ",
    ],
}  # fmt: skip


@pytest.mark.parametrize("fault", ASSURANCES, ids=["third-entry", "only-ticks", "misspelt", "undecided"])
def test_nothing_holds_that_was_not_shown(user: Pytest, fault: str) -> None:
    enough = "--edgeproof-examples=12" if "third" in fault else "--edgeproof-examples=3"
    result = user(f'{fault}\ndef test_it(edgeproof_lockstep):\n    edgeproof_lockstep(Faulty, "do_kv")', enough)
    result.assert_outcomes(failed=1)
    assert all(text in said(result) for text in ASSURANCES[fault]), said(result)
    assert "Traceback" not in said(result)


BLOWS: Final = """
@edgeproof.lockstep(Lamp, surge=True)
def test_lamp():
    return BlowsAtTheThird()
"""


def test_what_is_no_trace_is_not_replayed(user: Pytest) -> None:
    result = user(BLOWS, "--edgeproof-replay", "lamp.py")
    result.assert_outcomes(failed=1)
    assert "edgeproof: not JSON" in said(result)
    assert "(lamp.py)" in said(result)


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (("--edgeproof-replay", "none.json"), "--edgeproof-replay: there is no file /*/none.json"),
        (("--edgeproof-sarif", "."), "--edgeproof-sarif: cannot write /*: Is a directory"),
        (("--edgeproof-examples", "0"), "*0 runs show nothing: a whole number from 1 is needed"),
    ],
)
def test_an_option_that_makes_no_sense_is_said_before_any_test_runs(
    user: Pytest, option: tuple[str, ...], says: str
) -> None:
    result = user(BLOWS, *option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{says}"])


def test_what_only_looks_like_a_test_in_lockstep_says_what_it_lacks(user: Pytest) -> None:
    result = user(
        """
import unittest

class TestOfOld(unittest.TestCase):
    @edgeproof.lockstep(Lamp, surge=True)
    def test_lamp(self):
        return Socket

@edgeproof.lockstep(Lamp, surge=True, requires={"actions": 1})
def test_misspelt():
    return Socket
"""
    )
    result.assert_outcomes(failed=2)
    assert "unittest gives none to the methods of a TestCase: call edgeproof.conforms in it" in said(result)
    assert "edgeproof: Lamp has no constant 'requires'; did you mean 'require'?" in said(result)


def test_a_system_that_comes_only_later_is_no_system() -> None:
    async def awaited() -> None: ...

    def iterated() -> Iterator[type[Socket]]:
        yield Socket

    for body in (awaited, iterated):
        with pytest.raises(TypeError, match=f"{body.__name__} is async or yields"):
            edgeproof.lockstep(Lamp)(cast(Any, body))


def test_a_failure_is_shown_as_a_table_of_changes_and_its_one_command_replays_it(user: Pytest) -> None:
    failing = user(BLOWS)
    failing.assert_outcomes(failed=1)
    failing.stdout.re_match_lines(
        [
            r"BlowsAtTheThird does not do what Lamp does: after surge: on is True in the model, False in the system",
            r".*1 . switch +. on no -> yes +",
            r".*2 . surge  hazard . uses 0 -> 1 +",
            r".*3 . surge  hazard . uses 1 -> 2 +",
            r".*4 . surge  hazard . uses 2 -> 3 +",
            r"breaks no property that was asked",
            r"trace: \.edgeproof/test-mine-py-test-lamp-[0-9a-f]{8}\.itf\.json",
            r"again: pytest test_mine\.py::test_lamp --edgeproof-replay \.edgeproof/",
            f"in:    {re.escape(str(Path.cwd()))}$",
        ]
    )
    command = re.search(r"^again: pytest (.*)$", said(failing), re.M)
    assert command is not None
    again = shlex.split(command[1])
    replayed = user(BLOWS, *again)
    replayed.assert_outcomes(failed=1)
    assert "after surge: on is False, recorded as True" in said(replayed)
    other = user('@edgeproof.lockstep("do_kv")\ndef test_lamp():\n    return MyStore\n', *again, "-rs")
    other.assert_outcomes(skipped=1)
    assert "is a run of Lamp" in said(other)
    mended = BLOWS.replace("BlowsAtTheThird", "Socket")
    user(mended, *again).assert_outcomes(passed=1)
    user(mended).assert_outcomes(passed=1)
    assert not Path(again[-1]).exists()  # a test that passes keeps no trace of an earlier failure


@pytest.mark.parametrize(
    ("required", "says"),
    [
        ({"actions": ["swich"]}, "'swich' is required, which is none of the actions; did you mean 'switch'?"),
        ({"variables": "us"}, "'us' is required, which is none of the variables; did you mean 'uses'?"),
        ({"action": 1}, "nothing called 'action' can be required; did you mean 'actions'?"),
        ({"variables": 3}, "3 variables are required, and there are 2"),
        ({"properties": ["safe"]}, "'safe' is required, which is none of the properties"),
    ],
)
def test_what_nothing_can_come_to_is_not_required(required: dict[str, Any], says: str) -> None:
    with pytest.raises(edgeproof.DesignError, match=re.escape(says)):
        edgeproof.conforms(Socket, Lamp, surge=True, require=required)


def test_less_than_what_a_test_says_fails_it(user: Pytest) -> None:
    result = user(
        """
class Dark(Socket):
    def observe(self):
        return {"uses": self.uses}
    def perform(self, action, arguments):
        if action == "surge":
            raise ActionUnknown(action)
        super().perform(action, arguments)

@edgeproof.lockstep(Lamp, surge=True, require={"actions": ["surge"], "variables": 2})
def test_lamp():
    return Dark

@edgeproof.lockstep(Lamp, surge=True, require={"actions": 1, "variables": ["uses"]})
def test_what_there_is():
    return Dark
""",
        "--edgeproof-examples=10",
    )
    result.assert_outcomes(failed=1, passed=1)
    assert "Dark does what Lamp does as far as it goes, which is not far enough:" in said(result)
    assert "    surge: not performed, and required\n    2 variables are to be compared, and 1 were" in said(result)
    assert "hazards     0 of 1 performed; the system cannot: surge" in said(result)


AS_XDIST_DOES: Final = """
import json, pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    hook, config = item.config.hook, item.config
    sent = json.dumps(hook.pytest_report_to_serializable(config=config, report=report))
    return hook.pytest_report_from_serializable(config=config, data=json.loads(sent))
"""


def test_what_was_covered_and_what_failed_come_through_between_processes(
    user: Pytest, pytester: pytest.Pytester
) -> None:
    pytester.makeconftest(AS_XDIST_DOES)
    passing = "\n@edgeproof.lockstep(Lamp, surge=True)\ndef test_socket():\n    return Socket\n"
    result = user(BLOWS + passing, "--edgeproof-examples=20")
    result.assert_outcomes(failed=1, passed=1)
    assert "test_mine.py::test_socket (Lamp, seed 0)" in said(result)
    assert "again: pytest test_mine.py::test_lamp" in said(result)


def test_code_hosts_are_shown_what_failed_at_the_users_test_and_at_the_action_of_the_design(
    user: Pytest, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeconftest(AS_XDIST_DOES)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    broken = BLOWS + "\n\ndef test_it(edgeproof_lockstep):\n    edgeproof_lockstep(Socket, Lamp, srge=True)\n"
    failing = user(broken, "--edgeproof-examples=20", "--edgeproof-sarif", "out/lockstep.sarif")
    failing.assert_outcomes(failed=2)
    ran, misspelt = sarif_results(Path("out/lockstep.sarif"))

    assert place(ran["locations"][0]) == ("test_mine.py", "@edgeproof.lockstep(Lamp, surge=True)")
    assert place(ran["relatedLocations"][0]) == ("lamp.py", "@hazard()")
    assert ran["relatedLocations"][0]["message"]["text"] == "The run ends with surge."
    assert "on is True in the model, False in the system. The run: switch, surge, surge" in ran["message"]["text"]
    assert place(misspelt["locations"][0]) == ("test_mine.py", "def test_it(edgeproof_lockstep):")
    assert "did you mean 'surge'?" in misspelt["message"]["text"]
    failing.stdout.fnmatch_lines(["::error file=test_mine.py,line=5,title=lockstep::BlowsAtTheThird does not do *"])

    user(
        BLOWS.replace("BlowsAtTheThird", "Socket"), "--edgeproof-examples=3", "--edgeproof-sarif", "out/lockstep.sarif"
    )
    assert sarif_results(Path("out/lockstep.sarif")) == []  # what another run found is not told again
    Path("file").touch()
    refused = user(BLOWS, "--edgeproof-sarif", "file/lockstep.sarif")
    refused.stderr.re_match_lines([r".*--edgeproof-sarif: cannot write to .*: .*/file is not a folder"])


def sarif_results(path: Path) -> list[dict[str, Any]]:
    document = json.loads(path.read_text(encoding="utf-8"))
    Draft4Validator(SARIF).validate(document)
    found: list[dict[str, Any]] = document["runs"][0]["results"]
    return found


def place(location: dict[str, Any]) -> tuple[str, str]:
    """The file that a location names, and its line there."""
    physical = location["physicalLocation"]
    uri: str = physical["artifactLocation"]["uri"]
    return uri, Path(uri).read_text(encoding="utf-8").splitlines()[physical["region"]["startLine"] - 1].strip()


def test_of_all_abstract_transitions_the_share_that_was_driven_is_told(user: Pytest) -> None:
    tests = "@edgeproof.lockstep(Lamp, surge=True)\ndef test_lamp():\n    return Socket\n"
    assert "2 of 2 abstract ones (100 %)" in said(user(tests, "--edgeproof-coverage", "--edgeproof-examples=10"))
    never = tests.replace("return Socket", "return type('Cannot', (Socket,), {'perform': cannot})()")
    cannot = "def cannot(self, action, arguments):\n    raise ActionUnknown(action)\n"
    assert "0 of 2 abstract ones (0 %)" in said(user(cannot + never, "--edgeproof-coverage", "--edgeproof-examples=10"))


OWN: Final = """
from edgeproof import Property
CALM = Property("calm", "There is no surge.", "a test", state=lambda s: s.uses == 0)
CASES = [("quiet", {}, (), "no surge"), ("stormy", {"surge": True}, ("calm",), "it surges")]
ROOM = {"most": 5}
"""


@pytest.mark.parametrize("design", ["'own.py'", "'own:Lamp'", "own.Lamp"])
def test_a_design_of_ones_own_is_named_with_a_case_of_its_own(
    user: Pytest, pytester: pytest.Pytester, design: str
) -> None:
    pytester.makepyfile(own=LAMP + OWN)
    tests = f"""
import own

@edgeproof.lockstep({design}, case="stormy")
def test_socket():
    return own.Socket

@edgeproof.lockstep({design}, case="stormy")
def test_blows():
    return own.BlowsAtTheThird

@edgeproof.lockstep({design}, case="strmy")
def test_misspelt():
    return own.Socket
"""
    result = user(tests, "--edgeproof-examples=12")
    result.assert_outcomes(passed=1, failed=2)
    assert "test_mine.py::test_socket (Lamp, stormy, seed 0)" in said(result)
    assert "  properties  1 of 1 decided" in said(result)  # the one of its module, which the case says is broken
    assert "BlowsAtTheThird does not do what Lamp does: after surge: on is True in the model" in said(result)
    assert "Lamp has no case 'strmy'; did you mean 'stormy'? it has quiet, stormy" in said(result)
    assert "Lamp" not in DESIGNS  # nothing is left behind for the next test


def test_what_failed_is_kept_in_hypothesis_database_and_tried_first(user: Pytest) -> None:
    tests = """
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase

KEPT = settings(max_examples={examples}, stateful_step_count=6, database={database})

@edgeproof.lockstep(Lamp, surge=True, settings=KEPT)
def test_lamp():
    return BlowsAtTheThird()
"""
    kept = 'DirectoryBasedExampleDatabase("kept")'
    user(tests.format(examples=1, database="None")).assert_outcomes(passed=1)
    user(tests.format(examples=200, database=kept)).assert_outcomes(failed=1)
    user(tests.format(examples=1, database=kept)).assert_outcomes(failed=1)


def options(**chosen: Any) -> Options:
    given = {"profile": None, "examples": None, "seed": 0, "replay": None, "coverage": False, "traces": Path()}
    return Options(**{**given, **chosen})


def test_what_decides_how_much_is_tried() -> None:
    own = hypothesis.settings(max_examples=7, stateful_step_count=11, database=None)
    current = hypothesis.settings()

    def tried(given: Options, settings: hypothesis.settings | None) -> tuple[int, int, int]:
        budget = budget_for(given, settings, "a test")
        return budget.examples, budget.steps, budget.seed

    assert tried(options(), None) == (current.max_examples, current.stateful_step_count, 0)
    assert tried(options(profile="ci"), None) == (50, 80, 0)
    assert tried(options(profile="night"), own) == (7, 11, 0)
    assert tried(options(profile="night", examples=3, seed=5), None) == (3, 200, 5)


def test_without_the_plugin_a_test_in_lockstep_is_an_error_and_never_passes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import edgeproof\n@edgeproof.lockstep('do_kv')\ndef test_it():\n    return object\n")
    result = pytester.runpytest_inprocess("-p", "no:edgeproof", "-p", "no:cacheprovider")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'edgeproof_lockstep' not found"])


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ('"do_vk"', "there is no design 'do_vk'; did you mean 'do_kv'?"),
        ('"do_kv", crsh=True', "do_kv has no option, hazard or parameter 'crsh'; did you mean 'crash'?"),
        ('"do_kv", properties=["monotonic-read"]', "no property 'monotonic-read'; did you mean 'monotonic-reads'?"),
        ('"do_kv", expected={"monotonic-kw": "VIOLATED"}', "is not asked: did you mean 'monotonic-kv'?"),
        ('"do_kv", case="outbox-fautls"', "do_kv has no case 'outbox-fautls'; did you mean 'outbox-faults'?"),
    ],
)
def test_what_is_misspelt_is_an_error_with_the_nearest_right_name(user: Pytest, asked: str, says: str) -> None:
    result = user(f"def test_it(edgeproof_lockstep):\n    edgeproof_lockstep(MyStore, {asked})")
    result.assert_outcomes(failed=1)
    assert says in said(result)


def test_a_system_that_shows_nothing_at_all_fails_in_a_line(user: Pytest) -> None:
    dark = "class Dark(Socket):\n    def observe(self):\n        return None\n"
    result = user(f"{dark}\ndef test_it(edgeproof_lockstep):\n    edgeproof_lockstep(Dark, Lamp)")
    result.assert_outcomes(failed=1)
    assert "Dark does not do what Lamp does: the system cannot be observed: AttributeError: 'NoneType'" in said(result)
    assert "Traceback" not in said(result)


def test_what_is_no_system_is_refused(user: Pytest) -> None:
    result = user("def test_it(edgeproof_lockstep):\n    edgeproof_lockstep(lambda: {}, Lamp)")
    result.assert_outcomes(failed=1)
    assert "{} is no system: it cannot start, perform, observe, close" in said(result)
    with pytest.raises(TypeError, match="a test of a function that returns a system, not of <enum"):
        edgeproof.lockstep("do_kv")(Verdict)  # type: ignore[arg-type]


def test_a_test_in_lockstep_takes_fixtures() -> None:
    @edgeproof.lockstep("do_kv")
    def test_it(self: object, tmp_path: Path, *, folder: Path, **others: Any) -> Any: ...

    assert list(inspect.signature(test_it).parameters) == ["self", "tmp_path", "folder", "edgeproof_lockstep"]


def test_loading_the_plugin_loads_no_engine() -> None:
    assert loaded_after(f"import {HOOKS}") & set(HEAVY) == set()
