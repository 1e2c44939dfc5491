# SPDX-License-Identifier: Apache-2.0
"""What stands in the pages is so: their links lead somewhere, and their commands and code are such as there are.

`make docs` holds the same links to what the site has of them; this takes no generator. `test_tutorials` runs whole
pages.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from edgeproof.reports.cli import cli

ROOT: Final = Path(__file__).resolve().parents[2]
PAGES: Final = {
    path.relative_to(ROOT).as_posix(): path
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "properties" / "HISTORY.md"])
}


def tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def links(page: Path) -> Iterator[str]:
    """Where it leads to, but for the addresses of others."""
    for token in tokens(page):
        for child in token.children or []:
            target = str(child.attrs.get("href", ""))
            if target and "://" not in target:
                yield target


def anchors(page: Path) -> set[str]:
    """Of the headings, as GitHub and MyST name them."""
    headings = [
        token for before, token in zip(tokens(page), tokens(page)[1:], strict=False) if before.type == "heading_open"
    ]
    return {re.sub(r"[^\w\- ]", "", token.content.lower()).replace(" ", "-") for token in headings}


def code(page: Path) -> Iterator[str]:
    """The blocks of a page."""
    for token in tokens(page):
        if token.type in ("fence", "code_block"):
            yield token.content


def commands(page: Path) -> Iterator[list[str]]:
    """What is typed to call ours, without what is left out (`...`) and where the output goes."""
    for block in code(page):
        for line in block.splitlines():
            typed = re.match(r"(?:\$ )?(?:\.venv/bin/)?edgeproof (.*)", line)
            if typed:
                words = shlex.split(re.sub(r"\s> \S+", "", typed[1]), comments=True)
                yield [word for word in words if word != "..."]


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_to_a_file_a_folder_or_a_heading(name: str) -> None:
    page = PAGES[name]
    for target in links(page):
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        assert there.exists(), target
        assert not path.endswith("/") or there.is_dir(), target
        assert there.is_file() or path.endswith("/"), f"{target}: the link to a folder ends with /"
        assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if [*commands(page)]])
def test_every_command_is_one_that_there_is(name: str) -> None:
    for words in commands(PAGES[name]):
        command: click.Command = cli
        while isinstance(command, click.Group):
            assert words[0] in command.commands, words
            command, words = command.commands[words[0]], words[1:]
        command.make_context(command.name, words)


def test_the_code_of_the_readme_runs() -> None:
    blocks = [block for block in code(ROOT / "README.md") if block.startswith(("import ", "from "))]
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})


def test_every_page_is_in_the_navigation() -> None:
    listed = {
        (ROOT / "docs" / line).with_suffix(".md").resolve()
        for block in code(ROOT / "docs" / "index.md")
        for line in block.splitlines()
        if line and not line.startswith(":")
    }
    assert listed == {page for page in PAGES.values() if page != ROOT / "docs" / "index.md"}
