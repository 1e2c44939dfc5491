# SPDX-License-Identifier: Apache-2.0
"""`edgeproof target`: the file that describes a deployment, written and tried."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeproof.model.strict_json import strict_json
from edgeproof.reports.commands.common import EXITS, UNUSABLE, command
from edgeproof.reports.commands.target_options import ALLOW_HOST
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import Unusable, one_line
from edgeproof.reports.files import read_text, write_text

if TYPE_CHECKING:
    from edgeproof.reports.target.draft import Draft
    from edgeproof.reports.target.trying import Tried

__all__ = ["target"]


@click.group("target", short_help="A deployment of your own, described by a file", epilog=EXITS)
def target() -> None:
    """A deployment of your own, described by a file: edgeproof.toml.

    \b
    The file says how a change is made, how readers read, and where answers say which version it is:
      [target]       base = "http://127.0.0.1:8787", bearer_file = "token.txt",
                     versions = "counting" (or increasing: numbers with gaps; opaque: texts, such as entity tags)
      [write]        request = "POST /flags/{field}", body = "json" (or a table), headers, version = "json:/revision",
                     values = "text" (or json, number): what a field may be set to
      [read.NAME]    request = "GET /config.json", version = "header:ETag", content = "json:/flags",
                     value = "/value" (from a field to its value), reader = "header:X-Isolate", base (of another host);
                     [read.strong] is the store itself, and never stale
      [changelog]    request = "GET /changes?since={since}", entries = "json:/changes", version, field, value
      [restore]      request = "POST /restore", body = { to = "{version}" }: with era = "json:/era" in each [read.NAME]
      [promise]      bound = "90s", or sync_delay, put_timeout, retries, retry_delay, cache_ttl...; reader = "guarded"
      [faults]       kill = ["systemctl", "restart", "store"]: run now and then by `verify --faults`
      [limits]       timeout = "5s", max_bytes, requests, per_second, answers = "2m" (all together)

    \b
    What is filled in: {unit} {field} {value} {changes} (fields and their values) {key} (which write it is) {expected}
    (the version that it is based on) {since} {version}. A header or member without anything to fill in is left out.

    \b
    Then:
      edgeproof target check edgeproof.toml
      edgeproof verify --target edgeproof.toml
    """


@command("check")
@click.argument("file", type=click.Path(path_type=Path), default="edgeproof.toml")
@ALLOW_HOST
def check(terminal: Terminal, file: Path, hosts: tuple[str, ...], seed: int) -> int:
    """Try each line of the file once, and say what was seen, and what can be judged by it.

    It makes two changes, or three, on a unit or on fields of its own. The seed changes nothing. Exit status 2 if the
    deployment does not answer as the file says.

    \b
    Example:
      edgeproof target check edgeproof.toml
    """
    from edgeproof.reports.target.file import read_description
    from edgeproof.reports.target.trying import try_once

    tried = try_once(read_description(file, hosts))
    if terminal.as_json:
        terminal.document(
            {
                "requests": list(tried.requests),
                "wrong": list(tried.wrong),
                "judged": list(tried.judged),
                "cannot_be_judged": tried.beyond,
            }
        )
    else:
        _print(terminal, tried)
    return UNUSABLE if tried.wrong else 0


def _print(terminal: Terminal, tried: Tried) -> None:
    for line in tried.requests:
        terminal.out.print(line, soft_wrap=True, markup=False, highlight=False)
    for line in tried.wrong:
        terminal.out.print(f"wrong: {line}", style="bold red", soft_wrap=True, markup=False)
    terminal.out.print(f"can be judged: {', '.join(tried.judged)}", soft_wrap=True)
    for name, what in tried.beyond.items():
        terminal.out.print(f"cannot be judged: {name}; it would have to be shown {what}", soft_wrap=True, markup=False)


@command("init")
@click.argument("address", metavar="URL")
@click.option("--openapi", type=click.Path(path_type=Path), metavar="FILE", help="An OpenAPI document, in JSON.")
@click.option("--out", type=click.Path(path_type=Path), default="edgeproof.toml", show_default=True, help="The file.")
@ALLOW_HOST
def init(terminal: Terminal, address: str, openapi: Path | None, out: Path, hosts: tuple[str, ...], seed: int) -> int:
    """Write a file to begin with: from an OpenAPI document, or from what you answer.

    Without --openapi the deployment is asked for /openapi.json, and you are asked for what is not found. Nothing is
    overwritten. The seed changes nothing.

    \b
    Examples:
      edgeproof target init http://127.0.0.1:8787
      edgeproof target init http://127.0.0.1:8787 --openapi openapi.json
    """
    from edgeproof.reports.target.draft import text_of
    from edgeproof.reports.target.file import check_base
    from edgeproof.reports.target.openapi import draft_from

    if out.exists():
        raise Unusable(f"{one_line(out)} is there already; name another file by --out")
    base = check_base(address, hosts)
    document = _asked(base) if openapi is None else _document(openapi)
    draft = draft_from(base, document)
    if draft is None and openapi is not None:
        raise Unusable(
            f"{one_line(openapi)} has no operation that writes and answers with a version, or none that reads"
        )
    write_text(out, text_of(draft or _questions(base)))
    said = "what its OpenAPI document suggests" if draft else "what you said"
    if terminal.as_json:
        terminal.document({"file": str(out), "from_openapi": draft is not None})
    else:
        terminal.out.print(f"wrote {out}, from {said}; try it: edgeproof target check {out}", soft_wrap=True)
    return 0


def _document(path: Path) -> Any:
    try:
        return strict_json(read_text(path))
    except ValueError as error:
        raise Unusable(f"{one_line(path)} is no JSON: {one_line(error)}") from error


def _asked(base: str) -> Any:
    """The OpenAPI document of a deployment, None where it has none."""
    from edgeproof.impl.target.client import Client, Limits, NoAnswerError, Request
    from edgeproof.impl.target.extract import NotSaidError, extractor

    try:
        answer = Client(Limits(max_bytes=8_000_000)).send(Request("GET", base, "/openapi.json", {}, None, False))
        return extractor("json:/").of(answer) if answer.status == 200 else None
    except NotSaidError:
        return None
    except NoAnswerError as error:
        if error.sent:
            return None  # it is there, and has no such document
        raise Unusable(f"{base} {one_line(error)}") from error


def _questions(base: str) -> Draft:
    from edgeproof.reports.target.draft import Draft, DraftRead

    write = click.prompt(
        "How is a change made? ({field}, {unit} are filled in)", default="POST /flags/{field}", err=True
    )
    version = click.prompt("Where does its answer say which version it became?", default="json:/version", err=True)
    kind = click.Choice(["counting", "increasing", "opaque"])
    versions = click.prompt("What are versions?", type=kind, default="counting", err=True)
    read = click.prompt("How do readers read?", default="GET /config.json", err=True)
    told = click.prompt("Where does that answer say which version it is?", default=version, err=True)
    content = click.prompt("Where does the config stand in it? (- for nowhere)", default="json:/", err=True)
    bound = click.prompt("How stale may a read be? (- for no promise)", default="-", err=True)
    bearer = click.prompt("Which file has the bearer token? (- for none)", default="-", err=True)
    return Draft(
        base,
        write,
        version,
        {"edge": DraftRead(read, told, _said(content))},
        versions=versions,
        bearer_file=_said(bearer),
        bound=_said(bound),
    )


def _said(answer: str) -> str:
    return "" if answer == "-" else str(answer)


for one in (init, check):
    target.add_command(one)
