# SPDX-License-Identifier: Apache-2.0
"""`edgeproof list`: what there is to choose from, with its documentation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from edgeproof.reports.commands.common import command
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.designs import OWN_DESIGN, design_named

__all__ = ["listing"]

_EXITS = """\b
Exit status:
  0    listed
  2    no such design
"""


@command("list", _EXITS)
@click.option("--design", metavar="NAME", help=f"Only this design: its name, or {OWN_DESIGN}.")
def listing(terminal: Terminal, design: str | None, seed: int) -> int:
    """List the designs with their options, hazards, numbers and cases, and the properties.

    Of one --design its actions and variables are listed as well: what a system of your own performs and shows.
    `edgeproof scaffold` writes such a system.

    \b
    Examples:
      edgeproof list
      edgeproof list --design do_kv
      edgeproof list --design do_kv --json | jq '.designs[0].hazards[].name'
    """
    from edgeproof.model.designs import DESIGNS

    if design is not None:
        design = design_named(design)
    document = {"designs": [_design(name) for name in DESIGNS if design in (None, name)], "properties": _properties()}
    if terminal.as_json:
        terminal.document(document)
    else:
        _print(terminal, document)
    return 0


def _design(name: str) -> dict[str, Any]:
    from edgeproof.model.designs import load
    from edgeproof.properties.cases import scoreboard
    from edgeproof.reports.described import actions_of, variables_of

    machine = load(name)
    rigids = machine.rigids.items()
    return {
        "name": name,
        "doc": " ".join(machine.doc.split()),
        "options": [
            {"name": n, "choices": list(r.type.labels), "default": r.default, "doc": r.doc}
            for n, r in rigids
            if r.role == "option"
        ],
        "hazards": [{"name": n, "doc": r.doc} for n, r in rigids if r.role == "hazard"],
        "numbers": [
            {"name": n, "kind": r.role, "default": r.default, "doc": r.doc}
            for n, r in rigids
            if r.role in ("sort", "count", "duration")
        ],
        "actions": [
            {
                "name": one.name,
                "arguments": [{"name": name, "of": of, "doc": doc} for name, of, doc in one.arguments],
                "hazard": one.hazard or None,
                "doc": one.says,
            }
            for one in actions_of(machine)
        ],
        "variables": [
            {"name": v.name, "type": v.type, "of": v.over or None, "initial": v.initial, "kept": v.kept, "doc": v.says}
            for v in variables_of(machine)
        ],
        "cases": [
            {
                "name": case.name,
                "constants": dict(case.constants),
                "expected": {one: str(verdict) for one, verdict in case.expected.items()},
                "because": case.because,
            }
            for case in scoreboard(name)
        ],
    }


def _properties() -> list[dict[str, Any]]:
    from edgeproof.properties.catalogue import CATALOGUE

    return [{"id": p.id, "says": p.says, "source": p.source, "anomaly": p.anomaly} for p in CATALOGUE.values()]


def _print(terminal: Terminal, document: dict[str, Any]) -> None:
    console = terminal.out
    for design in document["designs"]:
        console.print(f"{design['name']}: {design['doc']}", style="bold", soft_wrap=True)
        options = [(o["name"], ", ".join(o["choices"]), o["doc"]) for o in design["options"]]
        title = "--option NAME=CHOICE, the first one is the default"
        _section(console, title, ("option", "choices", "what"), options)
        hazards = [(hazard["name"], hazard["doc"]) for hazard in design["hazards"]]
        _section(console, "--hazard NAME, off unless named", ("hazard", "what"), hazards)
        numbers = [(n["name"], n["kind"], str(n["default"]), n["doc"]) for n in design["numbers"]]
        _section(console, "--set NAME=NUMBER", ("number", "kind", "default", "what"), numbers)
        if len(document["designs"]) == 1:
            _print_interface(console, design)
        cases = [
            (c["name"], _constants(c["constants"]), ", ".join(c["expected"]), c["because"]) for c in design["cases"]
        ]
        _section(console, "--case NAME", ("case", "differs by", "must be violated", "because"), cases)
    properties = [(p["id"], p["says"], p["source"]) for p in document["properties"]]
    _section(console, "--property ID", ("property", "says", "source"), properties)


def _print_interface(console: Console, design: dict[str, Any]) -> None:
    """What a system performs and shows."""
    actions = [
        (one["name"], ", ".join(f"{a['name']} of {a['of']}" for a in one["arguments"]), one["hazard"] or "", one["doc"])
        for one in design["actions"]
    ]
    _section(console, "actions: what a system performs", ("action", "arguments", "hazard", "what"), actions)
    variables = [
        (one["name"], f"each {one['of']}: {one['type']}" if one["of"] else one["type"], one["doc"])
        for one in design["variables"]
        if not one["kept"]
    ]
    _section(console, "variables: what a system shows", ("variable", "type", "what"), variables)


def _constants(constants: dict[str, Any]) -> str:
    return ", ".join(name if value is True else f"{name}={value}" for name, value in constants.items())


def _section(console: Console, title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    table = Table(header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=number == 0, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print()
    console.print(title, style="italic", soft_wrap=True)
    console.print(table)
