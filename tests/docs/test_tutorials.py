# SPDX-License-Identifier: Apache-2.0
"""The tutorials are true: each of their blocks is run, in order, and says what it says."""

from __future__ import annotations

import contextlib
import importlib
import io
import shlex
import sys
from pathlib import Path

import pytest

from edgeproof.reports.cli import main
from tests.docs.tutorial import Block, blocks
from tests.plugin import PLUGIN, keep_what_is_ours

pytest_plugins = ["pytester"]

DOCS = Path(__file__).resolve().parents[2] / "docs"
FILES = ("page", "browsers", "my_system", "test_kept")


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    keep_what_is_ours(monkeypatch, str(tmp_path_factory.getbasetemp()))


@pytest.mark.parametrize("page", ["your-code.md", "your-own-design.md"])
def test_every_block_of_a_tutorial_does_what_it_says(
    page: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "path", [str(pytester.path), *sys.path])
    steps, ran = blocks(DOCS / page), 0
    for block, following in zip(steps, [*steps[1:], Block("", "", "")], strict=True):
        for name in FILES:  # a file that was changed is another one
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        if block.about:
            block.apply(pytester.path)
        elif block.language == "python":
            assert following.language == "output", "code that is run says what it prints"
            assert printed_by(block.text) == following.text
        elif block.language == "console":
            for command, lines in block.commands():
                in_order(said_by(command, pytester, capsys), lines)
        ran += 1
    assert ran == len(steps) >= 15


def printed_by(code: str) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(code, "tutorial", "exec"), {"__name__": "tutorial"})
    return out.getvalue()


def said_by(command: str, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> str:
    program, *words = shlex.split(command)
    words, kept = (words[:-2], Path(words[-1])) if words[-2:-1] == [">"] else (words, None)
    if program == "pytest":
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", *PLUGIN, *words).stdout.str()
    assert program == "edgeproof"
    capsys.readouterr()
    main(words)
    said = capsys.readouterr().out
    if kept is not None:
        kept.write_text(said, encoding="utf-8")
    return said


def in_order(said: str, lines: list[str]) -> None:
    at = 0
    for line in lines:
        found = said.find(line.strip(), at)
        assert found >= 0, f"{line!r} is not in, or not after what is before it in:\n{said}"
        at = found + len(line.strip())
