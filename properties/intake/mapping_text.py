# SPDX-License-Identifier: Apache-2.0
"""Proposed mappings as the text of a mapping file, in which every line says why it is there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import evolve

from edgeproof.properties.intake.explore import Proposal
from edgeproof.properties.intake.mapping import MAPPED, ColumnMapping

__all__ = ["as_sections", "mapping_text"]


def mapping_text(proposals: Sequence[Proposal]) -> str:
    """A mapping file for all of the files; those that differ get sections of their own."""
    alike = all(one.mapping == proposals[0].mapping for one in proposals)
    if alike:
        return "\n".join([*(_head(one) for one in proposals), *_lines(proposals[0], "")]) + "\n"
    blocks = []
    for one in proposals:
        blocks += [_head(one), *_lines(one, f"files.{_quoted(one.path.name)}."), ""]
    ordered = any(one.mapping.order != "numbers" for one in proposals)
    return "\n".join([*(["[versions]", 'order = "commits"', ""] if ordered else []), *blocks])


def as_sections(mapping: ColumnMapping) -> dict[str, Any]:
    """A mapping as the sections of its file, without those in which nothing is said."""
    ordered = ((column, mapping.columns[column]) for column in MAPPED if column in mapping.columns)
    columns = {column: paths[0] if len(paths) == 1 else list(paths) for column, paths in ordered}
    versions = {"form": mapping.form} if mapping.form != "{}" else {}
    versions |= {"order": mapping.order} if mapping.order != "numbers" else {}
    said = {"columns": columns, "times": mapping.times, "constants": mapping.constants, "versions": versions}
    said |= {f"values.{column}": words for column, words in mapping.values.items()}
    return {name: dict(section) for name, section in said.items() if section}


def _head(one: Proposal) -> str:
    file, records = _shown(one.path.name), f"of {one.records} records {one.events} are events"
    if one.mapping.is_plain:
        return f"# {file}: needs no mapping; {records}"
    said = f"# {file}: {records} with this, {one.skipped} are skipped"
    for problem, count in one.problems:
        said += f"\n#   {count} are malformed: {_shown(problem)}"
    for column in one.missing:
        there = _shown(", ".join(one.columns))
        said += f"\n#   nothing was taken for `{column}`, which is needed: there is {there}"
    return said


def _lines(one: Proposal, prefix: str) -> Iterator[str]:
    mapping = evolve(one.mapping, order="numbers") if prefix else one.mapping  # that is of all files alike
    for name, section in as_sections(mapping).items():
        yield f"[{prefix}{name}]"
        for key, value in section.items():
            why = "" if name == "times" or "." in name else _why(one.reasons, key)
            yield f"{_key(key)} = {_toml(value)}{why}"


def _why(reasons: Mapping[str, str], key: str) -> str:
    said = _shown(reasons.get(key, ""))
    return f"  # {said}" if said else ""


def _shown(text: str) -> str:
    """Text that a comment can hold."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _key(text: str) -> str:
    return text if text.isascii() and text.isidentifier() else _quoted(text)


def _quoted(text: str) -> str:
    return _toml(text)


def _toml(value: Any) -> str:
    """A value of TOML, which is written as JSON is, but for one control character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
