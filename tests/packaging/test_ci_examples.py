# SPDX-License-Identifier: Apache-2.0
"""What `examples/ci/` gives to copy is YAML, and what it runs and uploads is there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from edgeproof.properties.evidence import Ledger
from edgeproof.reports.bundle import write_bundle
from edgeproof.reports.cli import cli
from edgeproof.reports.view import arrange
from tests.packaging.building import ROOT

EXAMPLES = sorted((ROOT / "examples" / "ci").iterdir(), key=lambda path: path.name)


def texts(document: Any) -> Iterator[str]:
    """Every text of a document of YAML, however deep."""
    if isinstance(document, dict):
        for one in document.values():
            yield from texts(one)
    elif isinstance(document, list):
        for one in document:
            yield from texts(one)
    elif isinstance(document, str):
        yield document


@pytest.mark.parametrize("name", [path.name for path in EXAMPLES])
def test_every_command_of_ours_is_one_that_there_is(name: str) -> None:
    words = [
        shlex.split(line)
        for text in texts(yaml.safe_load((ROOT / "examples" / "ci" / name).read_text(encoding="utf-8")))
        for line in text.splitlines()
        if line.startswith("edgeproof ")
    ]
    assert words
    for _, command, *arguments in words:
        cli.commands[command].make_context(command, arguments)


def test_what_they_show_and_upload_is_what_a_run_writes(tmp_path: Any) -> None:
    write_bundle(arrange(Ledger((), 0, 0.0), str(tmp_path)))
    wanted = {
        name for path in EXAMPLES for name in re.findall(r"reports/out/latest/(\S+\.\w+)", path.read_text("utf-8"))
    }
    assert wanted == {"report.md", "report.sarif", "junit.xml"}
    assert wanted <= {path.name for path in tmp_path.iterdir()}
