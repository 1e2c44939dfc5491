# SPDX-License-Identifier: Apache-2.0
"""`edgeproof artifacts`: Git repositories with tokens in KV, on the reference implementation."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeproof.reports.commands.common import DURATION, EXITS, command
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import Unusable, one_line
from edgeproof.reports.files import make_bearer, read_bearer
from edgeproof.reports.signals import stopped_by_signals

if TYPE_CHECKING:
    from edgeproof.impl.artifacts.service import ArtifactOptions

__all__ = ["artifacts"]


@click.group("artifacts", short_help="Git repositories on the reference implementation", epilog=EXITS)
def artifacts() -> None:
    """Git repositories with tokens in KV, on the reference implementation.

    A repository is kept by an object of its own. Its tokens are published to KV, and looked up at the location where a
    Git client comes in.
    """


@command("serve")
@click.option(
    "--directory", type=click.Path(), default="reports/out/artifacts", show_default=True, help="Keeps the repositories."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8788, show_default=True, help="On loopback; 0 is any.")
@click.option("--pop", "pops", metavar="NAME", multiple=True, default=("pop-1",), help="A location; repeatable.")
@click.option(
    "--cache-ttl", type=DURATION, default="2s", help="A location serves its copy so long; KV's least is 30 s."
)
@click.option(
    "--revoke",
    type=click.Choice(["mark", "tombstone", "delete"]),
    default="mark",
    show_default=True,
    help="How KV is told that a token is revoked.",
)
@click.option("--no-recheck", is_flag=True, help="Do not check the scope of a push again at the repository's object.")
def serve(
    terminal: Terminal,
    directory: str,
    port: int,
    pops: tuple[str, ...],
    cache_ttl: Fraction,
    revoke: str,
    no_recheck: bool,
    seed: int,
) -> int:
    """Serve Git repositories over HTTP on this machine, until Ctrl-C; any Git client can use them.

    Repositories are made, and tokens minted and revoked, by the routes of Artifacts' REST API. They need the bearer
    token in the file `bearer` in the directory; it is made if it is missing. A Git client presents a token, as a bearer
    token or as its password. It is at the location that its header Edgeproof-Pop names (git -c http.extraHeader=...),
    else at the first. Secrets are drawn by the system, so that the seed changes nothing.

    \b
    Examples:
      edgeproof artifacts serve
      edgeproof artifacts serve --pop ams --pop gru --cache-ttl 60s --revoke delete
    """
    from edgeproof.impl.artifacts.http import ArtifactServer
    from edgeproof.impl.artifacts.service import ArtifactOptions, CannotKeep
    from edgeproof.impl.edge.kv import Limits

    options = ArtifactOptions(
        pops=pops,
        cache_ttl=float(cache_ttl),
        revoke=revoke,
        recheck=not no_recheck,
        kv=Limits(min_cache_ttl=0),
    )
    place = Path(directory)
    bearer = make_bearer(place, "repositories")
    try:
        with (
            stopped_by_signals() as stop,
            ArtifactServer(read_bearer(bearer), options, place, port=port) as server,
        ):
            _announce(terminal, server.url, options, bearer)
            stop.wait()
    except CannotKeep as error:
        raise Unusable(f"cannot keep repositories in {directory}: {one_line(error)}") from error
    except OSError as error:
        raise Unusable(f"cannot serve on port {port}: {one_line(error.strerror or error)}") from error
    return 0


def _announce(terminal: Terminal, url: str, options: ArtifactOptions, bearer: Path) -> None:
    base = f"{url}/v1/api/namespaces/{options.namespace}"
    if terminal.as_json:
        terminal.document({"url": url, "api": base, "pops": list(options.pops), "bearer_file": str(bearer)})
        terminal.stream.flush()
        return
    remote = f"{url}/git/{options.namespace}/mine.git"
    for line in (
        f"{url} serves Git at {', '.join(options.pops)}, until Ctrl-C. A revoked token is refused once the copies "
        f"there, of {options.cache_ttl:g} s at most, have expired. For example:",
        f"""  curl -H "Authorization: Bearer $(cat {bearer})" {base}/repos -d '{{"name": "mine"}}'""",
        f"  git -c http.extraHeader='Authorization: Bearer TOKEN' push {remote} HEAD:refs/heads/main",
        f"  git -c http.extraHeader='Authorization: Bearer TOKEN' clone {remote}",
    ):
        terminal.out.print(line, soft_wrap=True)
    terminal.out.file.flush()


artifacts.add_command(serve)
