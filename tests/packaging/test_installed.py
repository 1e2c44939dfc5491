# SPDX-License-Identifier: Apache-2.0
"""What is installed from a distribution works in a stranger's folder, which has packages named as the checkout's are.

The chain is the longest that there is: checkout, sdist, wheel made of the sdist, an environment of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from attrs import frozen

from tests.packaging.building import PACKAGES, ROOT, build, copy_of_the_sources, installed, sources, unpacked


@frozen
class Distributions:
    """The wheel that the checkout makes, and the one that its sdist makes."""

    of_the_checkout: Path
    of_the_sdist: Path


@frozen
class Environment:
    """An environment with the wheel in it, and a folder of somebody's to work in."""

    site: Path
    folder: Path

    @property
    def scripts(self) -> Path:
        return self.site.parents[2] / "bin"

    def run(self, *command: str, status: int = 0) -> str:
        """What a command of this environment prints, run in the folder."""
        inherited = {n: v for n, v in os.environ.items() if not n.startswith(("PYTHON", "EDGEPROOF", "VIRTUAL_ENV"))}
        environment = {**inherited, "PATH": f"{self.scripts}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == status, f"{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    project = copy_of_the_sources(tmp_path_factory.mktemp("checkout"))
    sdist = build("build_sdist", project, tmp_path_factory.mktemp("sdist"))
    again = unpacked(sdist, tmp_path_factory.mktemp("unpacked"))
    return Distributions(
        build("build_wheel", project, tmp_path_factory.mktemp("wheel")),
        build("build_wheel", again, tmp_path_factory.mktemp("wheel-of-the-sdist")),
    )


@pytest.fixture(scope="module")
def theirs(wheels: Distributions, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Somebody's project: it has a `model`, an `impl` and so on of its own, which nobody may import by mistake."""
    folder = tmp_path_factory.mktemp("somebodys project")
    for name in PACKAGES:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("raise ImportError('somebody else was meant')\n", encoding="utf-8")
    site = installed(wheels.of_the_sdist, tmp_path_factory.mktemp("environment"), extra="all", beside=("pytest",))
    return Environment(site, folder)


@pytest.fixture(scope="module")
def lean(wheels: Distributions, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the core alone."""
    site = installed(wheels.of_the_sdist, tmp_path_factory.mktemp("lean"))
    return Environment(site, tmp_path_factory.mktemp("folder"))


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_the_wheel_holds_everything_that_is_no_test_and_nothing_else(wheels: Distributions) -> None:
    wanted = {f"edgeproof/{path}" for path in sources()}
    assert {"edgeproof/impl/worker/store.js", "edgeproof/reports/report.schema.json", "edgeproof/py.typed"} <= wanted
    assert names_in(wheels.of_the_checkout) == wanted


def test_the_sdist_makes_the_same_wheel(wheels: Distributions) -> None:
    assert names_in(wheels.of_the_sdist) == names_in(wheels.of_the_checkout)


def test_nothing_but_edgeproof_is_put_into_site_packages(theirs: Environment) -> None:
    put = {path.name for path in theirs.site.iterdir()} - {"required.pth"}
    assert put == {"edgeproof", next(name for name in put if name.endswith(".dist-info"))}


def test_verify_searches_proves_and_drives_there(theirs: Environment) -> None:
    said = theirs.run("edgeproof", "verify", "--case", "outbox", "--out", "out", "--json")
    report = json.loads(said)
    assert report["exit_status"] == 0
    engines = {found["engine"] for one in report["cases"][0]["properties"] for found in one["evidence"]}
    assert {"explore", "prove", "fuzz"} <= engines
    assert list((theirs.folder / "out" / "traces").glob("*.itf.json"))


def test_the_core_alone_proves_and_drives_and_says_what_the_search_would_take(lean: Environment) -> None:
    said = json.loads(lean.run("edgeproof", "verify", "--case", "outbox", "--out", "out", "--json", status=3))
    evidence = [one for row in said["cases"][0]["properties"] for one in row["evidence"]]
    assert {one["verdict"] for one in evidence if one["engine"] == "prove"} >= {"PROVED", "VIOLATED"}
    assert {one["verdict"] for one in evidence if one["engine"] == "fuzz"} >= {"HOLDS_TO_BOUND"}
    searched = {(one["verdict"], one["reason"]) for one in evidence if one["engine"] == "explore"}
    assert searched == {("UNKNOWN", "the extra `search` is not installed: pip install 'edgeproof[search]'")}


def test_the_core_alone_computes_a_bound(lean: Environment) -> None:
    terms = ("--sync-delay", "2s", "--put-timeout", "5s", "--retries", "3", "--retry-delay", "1s", "--cache-ttl", "60s")
    assert "90 s" in lean.run("edgeproof", "bound", *terms)


@pytest.mark.parametrize(
    ("command", "extra"),
    [(("check", "a.jsonl"), "check"), (("cover", "do_kv"), "search"), (("flags", "walkthrough"), "flags")],
)
def test_a_missing_extra_is_one_line_with_the_command_that_installs_it(
    lean: Environment, command: tuple[str, ...], extra: str
) -> None:
    said = lean.run("sh", "-c", f"{lean.scripts}/edgeproof {' '.join(command)} 2>&1", status=2)
    assert said == f"edgeproof: the extra `{extra}` is not installed: pip install 'edgeproof[{extra}]'\n"


def test_a_lockstep_test_of_their_own_system_runs_there(theirs: Environment) -> None:
    shutil.copy(ROOT / "examples" / "my_store.py", theirs.folder)
    assert "1 passed" in theirs.run("python", "-m", "pytest", "-q", "my_store.py")


def test_their_own_files_pass_mypy_strict(theirs: Environment) -> None:
    examples = sorted((ROOT / "examples").glob("*.py"))
    for one in examples:
        shutil.copy(one, theirs.folder)
    mypy = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(theirs.scripts / "python")]
    said = theirs.run(*mypy, *(one.name for one in examples))
    assert f"Success: no issues found in {len(examples)} source files" in said


def test_mypy_knows_the_names_and_their_types_there(theirs: Environment) -> None:
    text = "import edgeproof\n\nedgeproof.load(3)\nedgeproof.chekc\nreveal_type(edgeproof.prove('do_kv'))\n"
    (theirs.folder / "mistakes.py").write_text(text, encoding="utf-8")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(theirs.scripts / "python")]
    said = theirs.run(*mypy, "mistakes.py", status=1)
    assert 'mistakes.py:3: error: Argument 1 to "load" has incompatible type "int"' in said
    assert 'mistakes.py:4: error: Module has no attribute "chekc"' in said
    assert 'Revealed type is "edgeproof.properties.evidence.Ledger"' in said


def test_the_worker_is_there_and_what_is_missing_for_it_is_named(theirs: Environment) -> None:
    code = (
        "from pathlib import Path\n"
        "from edgeproof.impl.workerd.config import copy_worker\n"
        "from edgeproof.impl.workerd.runtime import RuntimeMissingError, find_workerd\n"
        "print(sorted(path.name for path in copy_worker(Path('worker')).iterdir()))\n"
        "try:\n    find_workerd()\nexcept RuntimeMissingError as error:\n    print(error)\n"
    )
    copied, missing = theirs.run("env", f"PATH={theirs.scripts}", "python", "-c", code).splitlines()
    assert "'openapi.json'" in copied
    assert "npm install workerd" in missing
    assert "$EDGEPROOF_WORKERD" in missing
