# SPDX-License-Identifier: Apache-2.0
"""A deployment on the real runtime that is judged by a file: the TypeScript of `examples/target`, as it is run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from edgeproof.impl.target.driver import Driver
from edgeproof.impl.target.events import recorded
from edgeproof.impl.target.programs import Budget, Step
from edgeproof.impl.workerd.runtime import Workerd
from edgeproof.reports.cli import main
from edgeproof.reports.target.file import read_description
from edgeproof.reports.target.judging import reasons_in
from tests.target.driving import EXAMPLES, describe

JUDGED = ("no-partial-read", "monotonic-reads", "bounded-staleness", "label-is-content")
BEYOND = [
    "changelog-complete",
    "unit-isolation",
    "monotonic-kv",
    "local-reads",
    "serves-last-good",
    "cross-pop-monotonic",
]
READ, WRITE = Step("read", at="edge"), Step("write")


@contextmanager
def flags(folder: Path, edits: Mapping[str, str] | None = None) -> Iterator[str]:
    """The Worker of `examples/target`, at an address on loopback."""
    text = (EXAMPLES / "flags.ts").read_text(encoding="utf-8")
    for old, new in (edits or {}).items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / "flags.ts").write_text(text, encoding="utf-8")
    config = (EXAMPLES / "flags.capnp").read_text(encoding="utf-8").replace("127.0.0.1:8787", "127.0.0.1:0")
    (folder / "flags.capnp").write_text(config, encoding="utf-8")
    process = Workerd(folder / "flags.capnp", disks={}, externals={})
    process.start()
    try:
        yield f"http://127.0.0.1:{process.ports['http']}"
    finally:
        process.kill()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workerd: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_worker_of_another_shape_that_is_sound_ends_with_0_and_a_list_of_what_cannot_be_judged(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("edgeproof.reports.target.verifying.BUDGETS", {"quick": Budget(3, 8, patience=1)})
    with flags(folder) as address:
        file = describe(folder, address, "flags")
        assert main(["target", "check", str(file)]) == 0
        capsys.readouterr()
        asked = [word for name in (*JUDGED, *BEYOND) for word in ("--property", name)]
        status = main(["verify", "--target", str(file), *asked, "--json"])
    document = json.loads(capsys.readouterr().out)
    (case,) = document["report"]["cases"]
    found = {one["id"]: one["status"] for one in case["properties"]}
    assert status == 0, found
    assert [name for name, stands in found.items() if stands == "not decided by runs"] == BEYOND
    assert document["breaches"] == []


@pytest.mark.parametrize(
    ("edit", "broken", "program"),
    [
        (("Date.now() < kept.until", "true"), "bounded-staleness", (READ, WRITE, Step("wait", ms=350), READ)),
        (('expected !== `"${tag}"`', "false"), "single-writer-order", (WRITE, WRITE, Step("write", base="old"))),
        (("const next = crypto.randomUUID()", 'const next = "same"'), "label-is-content", (WRITE, WRITE)),
    ],
    ids=["keeps it for ever", "compares no version", "gives a tag twice"],
)
def test_a_worker_that_is_broken_is_caught(
    edit: tuple[str, str], broken: str, program: tuple[Step, ...], folder: Path
) -> None:
    with flags(folder, dict([edit])) as address:
        one = read_description(describe(folder, address, "flags", **{'"1.5s"': '"300ms"'}))
        run = Driver(one.target, None).take(program)
    assert broken in reasons_in(one.target, one.promise, run, recorded(one.target, run), [broken])
