# SPDX-License-Identifier: Apache-2.0
"""Building the distributions and installing one, as a stranger would, without a network.

The new environment has what the distribution says that it requires, linked from the environment of the tests, and
nothing else: what the project needs and does not declare is missing there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("impl", "model", "properties", "reports")
_WRITTEN: Final = ("__pycache__", "out")
"""Folders that are no sources, but appear among them."""


def copy_of_the_sources(into: Path) -> Path:
    """What a distribution is made of, links as links, without what earlier builds and runs have left."""
    for name in (*PACKAGES, "src"):
        ignored = shutil.ignore_patterns(*_WRITTEN, "*.egg-info")
        shutil.copytree(ROOT / name, into / name, symlinks=True, ignore=ignored)
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        shutil.copy(ROOT / name, into)
    return into


def build(hook: str, project: Path, into: Path) -> Path:
    """Call a hook of the build backend (PEP 517), as pip does: `build_sdist` or `build_wheel`."""
    code = f"import sys, setuptools.build_meta as b; b.{hook}(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(into)], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (found,) = into.iterdir()
    return found


def unpacked(sdist: Path, into: Path) -> Path:
    """The one folder that is in an sdist."""
    with tarfile.open(sdist) as archive:
        assert not [member.name for member in archive if member.issym() or member.islnk()], "an sdist may hold no links"
        archive.extractall(into, filter="data")
    (found,) = into.iterdir()
    return found


def sources() -> set[str]:
    """The paths of everything that has to be installed, below `edgeproof/`."""
    files = (path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.is_file())
    kept = (path.relative_to(ROOT) for path in files)
    return {str(path) for path in kept if not set(path.parts) & set(_WRITTEN)} | {"__init__.py", "py.typed"}


def installed(wheel: Path, into: Path, extra: str = "", beside: tuple[str, ...] = ()) -> Path:
    """A new environment with the wheel in it, what that requires, with an extra or without, and what its owner has
    `beside` it; the folder of its site-packages.
    """
    venv.create(into, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", str(into / "bin" / "python"), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", "--no-compile", str(wheel)], check=True)
    (site,) = into.glob("lib/python*/site-packages")
    (own,) = distributions(path=[str(site)])
    required = into / "required"
    required.mkdir()
    whole = [
        *_closure(own, extra),
        *(one for name in beside for one in (distribution(name), *_closure(distribution(name)))),
    ]
    for path in {path for one in whole for path in _parts(one)}:
        (required / path.name).symlink_to(path)
    (site / "required.pth").write_text(f"{required}\n", encoding="utf-8")
    return site


def _closure(root: Distribution, extra: str = "") -> list[Distribution]:
    """What a distribution requires here, with an extra or without, and what that requires, and so on."""
    found: dict[tuple[str, str], Distribution] = {}
    waiting = [(root, ""), (root, extra)]
    while waiting:
        one, extra = waiting.pop()
        for requirement in map(Requirement, one.requires or ()):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                for wanted in ("", *requirement.extras):
                    key = (requirement.name.lower(), wanted)
                    if key not in found:
                        found[key] = root if requirement.name == root.name else distribution(requirement.name)
                        waiting.append((found[key], wanted))
    return [one for one in found.values() if one is not root]


def _parts(one: Distribution) -> Iterator[Path]:
    """The files and folders of a distribution directly in site-packages."""
    for name in {path.parts[0] for path in one.files or ()} - {"..", "__pycache__"}:
        yield Path(str(one.locate_file(name)))
