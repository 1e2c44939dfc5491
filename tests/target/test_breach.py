# SPDX-License-Identifier: Apache-2.0
"""A copy that outlives its promise: found, made short, and shown as requests that anybody can repeat."""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import frozen

from edgeproof.impl.target.programs import Budget
from edgeproof.reports.cli import main
from tests.outside.front import BEARER, Answer, Front, served
from tests.target.driving import describe

CURL: Final = """import json, sys, urllib.request
words, headers, data, method = sys.argv[1:], {}, None, "GET"
while len(words) > 1:
    word = words.pop(0)
    if word == "-X": method = words.pop(0)
    elif word == "-H": headers.__setitem__(*words.pop(0).split(": ", 1))
    elif word == "--data-raw": data = words.pop(0).encode()
    else: assert word in ("-sS", "-i"), word
asked = urllib.request.Request(words[0], data, headers, method=method)
print(method, json.load(urllib.request.urlopen(asked)).get("version"))
"""
"""What `curl` does with the words that a script may have."""


class KeepsItsCopies(Front):
    """Whatever was read once is told for ten seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.copies: dict[str, tuple[float, Answer]] = {}

    def read(self, name: str) -> Answer:
        since, copy = self.copies.get(name, (-10.0, super().read(name)))
        if time.monotonic() - since >= 10:
            self.copies[name] = since, copy = time.monotonic(), super().read(name)
        return copy


@frozen
class Found:
    folder: Path
    status: int
    said: str

    def written(self, name: str) -> Path:
        return self.folder / "out" / "target" / name


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    """What the command says of such a deployment, which goes on running."""
    folder = tmp_path_factory.mktemp("breach")
    with served(KeepsItsCopies()) as address, pytest.MonkeyPatch.context() as patched:
        patched.setattr("edgeproof.reports.target.verifying.BUDGETS", {"quick": Budget(1, 2)})
        file = describe(folder, address, **{'"3s"': '"150ms"'})
        out = folder / "said"
        with out.open("w", encoding="utf-8") as stream:
            patched.setattr(sys, "stdout", stream)
            words = ["--property", "bounded-staleness", "--out", str(folder / "out")]
            status = main(["verify", "--target", str(file), *words])
        patched.undo()
        yield Found(folder, status, out.read_text(encoding="utf-8"))


def test_it_is_a_violation_with_the_requests_that_show_it(found: Found) -> None:
    assert found.status == 1
    assert "bounded-staleness: violated" in found.said
    *_, shown = found.said.split("breach 1: bounded-staleness")
    put, get = shown.split(": PUT ")[1], shown.split(": GET /edge/")[-1]
    assert "answered 200: version 1" in put
    assert "answered 200: version 0" in get
    assert "had committed something newer; the bound is 0.15 s" in get
    assert len(shown.split("\n  line ")) <= 10, "all that the violation does not need is left out"


def test_code_hosts_show_it_at_the_file_that_describes_the_deployment(found: Found) -> None:
    document = json.loads((found.folder / "out" / "report.sarif").read_text(encoding="utf-8"))
    (result,) = document["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (result["ruleId"], result["level"]) == ("bounded-staleness", "error")
    assert Path(place["artifactLocation"]["uri"].removeprefix("file://")) == found.folder / "edgeproof.toml"
    assert place["region"] == {"startLine": 1}


def test_the_script_does_it_again_by_itself(found: Found, tmp_path: Path) -> None:
    (tmp_path / "curl.py").write_text(CURL, encoding="utf-8")
    # The first line of a script cannot name a program in a folder with a space.
    called = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(tmp_path / "curl.py"))} "$@"\n'
    (tmp_path / "curl").write_text(called, encoding="utf-8")
    (tmp_path / "curl").chmod(0o755)
    script = found.written("breach-1.sh")
    assert BEARER not in script.read_text(encoding="utf-8")
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", str(script)], env=environment, capture_output=True, text=True, check=True)
    told = done.stdout.splitlines()
    assert "PUT 1" in told, done.stderr
    reads = [line for line in told[told.index("PUT 1") :] if line == "GET 0"]
    assert reads, "after the change, the copy from before it"


def test_the_test_fails_with_the_fault_and_passes_without(found: Found, tmp_path: Path) -> None:
    text = found.written("breach-1_test.py").read_text(encoding="utf-8")
    assert BEARER not in text
    with pytest.raises(AssertionError, match="the bound is"):
        generated(found.written("breach-1_test.py"))
    with served(Front()) as address, pytest.MonkeyPatch.context() as environment:
        mended = describe(tmp_path, address, **{'"3s"': '"150ms"'})
        environment.setenv("EDGEPROOF_TARGET", str(mended))
        generated(found.written("breach-1_test.py"))


def generated(path: Path) -> None:
    """Run the tests in a file that was written."""
    spec = importlib.util.spec_from_file_location("generated", path)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.test_bounded_staleness("bounded-staleness")
