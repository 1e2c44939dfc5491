# SPDX-License-Identifier: Apache-2.0
"""What is installed can do what a checkout can: the wheel holds the Worker, the schemas, and every module."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("model", "properties", "impl", "reports")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the sources, so that nothing of an earlier build gets into it."""
    sources, built = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("wheel")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__", "out"))
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", str(built), str(sources)], check=True)
    (found,) = built.glob("*.whl")
    return found


def test_everything_that_is_not_a_test_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file())
    unwanted = ("__pycache__", "out")
    wanted = {str(path.relative_to(ROOT)) for path in files if not set(path.parts) & set(unwanted)}
    assert wanted - names == set()
    assert {"impl/worker/store.js", "impl/worker/openapi.json", "impl/worker/wrangler.jsonc"} <= wanted
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == set(PACKAGES)


def test_what_was_installed_finds_the_worker_and_says_how_to_get_the_runtime(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    environment = {name: value for name, value in os.environ.items() if name != "EDGEPROOF_WORKERD"}
    environment |= {"PYTHONPATH": str(tmp_path / "site"), "PATH": ""}
    code = (
        "from pathlib import Path\nimport impl\nprint(impl.__path__[0])\n"
        "from impl.workerd_config import copy_worker\nprint(sorted(p.name for p in copy_worker(Path('w')).iterdir()))\n"
        "from impl.workerd import RuntimeMissingError, find_workerd\n"
        "try:\n    find_workerd()\nexcept RuntimeMissingError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    where, copied, missing = done.stdout.splitlines()
    assert where == str(tmp_path / "site" / "impl")
    assert "'openapi.json'" in copied
    assert "npm install workerd" in missing
    assert "$EDGEPROOF_WORKERD" in missing
