# SPDX-License-Identifier: Apache-2.0
"""In a checkout's root `import model` finds something, too: the same files as a second set of modules. Nothing does so.

The linter bans the bare names. Here every interpreter that a command starts in the root reports what it looks for.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgeproof.model.trace import dump_trace
from tests.packaging.building import PACKAGES, ROOT
from tests.reports.examples import overtaken

_REPORTER = f"""
import os, sys

class Reporter:
    def find_spec(self, name, path=None, target=None):
        with open(os.environ["SEEN"], "a", encoding="utf-8") as seen:
            if name in {PACKAGES} or name == "edgeproof.properties.catalogue":
                seen.write(f"{{os.getpid()}} {{name}}\\n")

sys.meta_path.insert(0, Reporter())
"""


@pytest.fixture
def seen(tmp_path: Path) -> Path:
    return tmp_path / "seen"


def run(seen: Path, *command: str) -> str:
    """Run a command in the root, where every interpreter first of all starts to report."""
    reporter = seen.parent / "reporter"
    reporter.mkdir(exist_ok=True)
    (reporter / "sitecustomize.py").write_text(_REPORTER, encoding="utf-8")
    # As installed: the package is found where it is found now, and the root only by being the folder one stands in.
    path = os.pathsep.join([str(reporter), str(ROOT / "src")])
    environment = {**os.environ, "PYTHONPATH": path, "SEEN": str(seen)}
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def bare(seen: Path) -> list[str]:
    """The bare names that any of the interpreters looked for."""
    return [name for _, name in (line.split() for line in seen.read_text().splitlines()) if name in PACKAGES]


def interpreters(seen: Path) -> int:
    """How many interpreters came to use the package."""
    return len({line.split()[0] for line in seen.read_text().splitlines()})


def test_the_root_is_a_place_where_it_would_show(seen: Path) -> None:
    run(seen, "-c", "import model.expr")
    assert bare(seen) == ["model"]


def test_verify_and_its_workers_have_each_module_once(seen: Path, tmp_path: Path) -> None:
    command = ("-m", "edgeproof.reports.cli", "verify", "--case", "outbox", "--property", "atomic-write")
    run(seen, *command, "--out", str(tmp_path / "out"))
    assert bare(seen) == []
    assert interpreters(seen) == 3


def test_a_generated_regression_test_has_each_module_once(seen: Path, tmp_path: Path) -> None:
    trace, test = tmp_path / "overtaken.itf.json", tmp_path / "test_overtaken.py"
    trace.write_text(dump_trace(overtaken()), encoding="utf-8")
    run(seen, "-m", "edgeproof.reports.cli", "replay", str(trace), "--on", "reference", "--pytest", str(test))
    assert "1 passed" in run(
        seen, "-m", "pytest", "-c", "pyproject.toml", "-q", "--assert=plain", "-p", "no:cacheprovider", str(test)
    )
    assert bare(seen) == []
    assert interpreters(seen) == 2
