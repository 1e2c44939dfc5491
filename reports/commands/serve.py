# SPDX-License-Identifier: Apache-2.0
"""`edgeproof flags serve`: the flag service over HTTP on loopback, to try it with one's own flags."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeproof.reports.commands.common import DURATION, command
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import Unusable, one_line
from edgeproof.reports.files import make_bearer, read_bearer
from edgeproof.reports.signals import stopped_by_signals

if TYPE_CHECKING:
    from edgeproof.impl.flags.service import FlagOptions

__all__ = ["serve"]


@command("serve")
@click.option("--directory", type=click.Path(), default="reports/out/flags", show_default=True, help="Keeps the apps.")
@click.option("--port", type=click.IntRange(0, 65535), default=8787, show_default=True, help="On loopback; 0 is any.")
@click.option("--pop", "pops", metavar="NAME", multiple=True, default=("pop-1",), help="A location; repeatable.")
@click.option("--account", default="local", show_default=True, help="Whose buckets people are in.")
@click.option(
    "--cache-ttl", type=DURATION, default="2s", help="A location serves its copy so long; KV's least is 30 s."
)
@click.option("--blind", is_flag=True, help="Let a flag be replaced by who has not seen its version, as documented.")
@click.option("--changelog-cap", type=click.IntRange(1), help="Tell so many changes of a flag; 200 is documented.")
def serve(
    terminal: Terminal,
    directory: str,
    port: int,
    pops: tuple[str, ...],
    account: str,
    cache_ttl: Fraction,
    blind: bool,
    changelog_cap: int | None,
    seed: int,
) -> int:
    """Serve flags over HTTP on this machine, until Ctrl-C.

    The routes are those of the Worker, and `POST /apps` to make an app. Apps are kept in SQLite files below the
    directory, and are there again next time. The control plane needs the bearer token in the file `bearer` there; it
    is made if it is missing. A request is for the location that its header Edgeproof-Pop names, else for the first.
    KV's smallest cacheTtl is 30 s on the platform; here it may be shorter.

    \b
    Examples:
      edgeproof flags serve
      edgeproof flags serve --pop ams --pop gru --cache-ttl 60s --directory ~/flags
    """
    from edgeproof.impl.edge.kv import Limits
    from edgeproof.impl.flags.http import FlagServer
    from edgeproof.impl.flags.service import CannotKeep, FlagOptions
    from edgeproof.impl.pattern.deployment import Choices

    limits = Limits(min_cache_ttl=0)
    choices = Choices(reader="guarded", epoch=True, cache_ttl=float(cache_ttl), limits=limits)
    options = FlagOptions(account=account, pops=pops, blind=blind, changelog_cap=changelog_cap, choices=choices)
    place = Path(directory)
    bearer = make_bearer(place, "apps")
    try:
        with (
            stopped_by_signals() as stop,
            FlagServer(read_bearer(bearer), options, place, seed, port=port) as server,
        ):
            _announce(terminal, server.url, options, bearer)
            stop.wait()
    except CannotKeep as error:
        raise Unusable(f"cannot keep apps in {directory}: {one_line(error)}") from error
    except OSError as error:
        raise Unusable(f"cannot serve on port {port}: {one_line(error.strerror or error)}") from error
    return 0


def _announce(terminal: Terminal, url: str, options: FlagOptions, bearer: Path) -> None:
    if terminal.as_json:
        terminal.document({"url": url, "pops": list(options.pops), "bearer_file": str(bearer)})
        terminal.stream.flush()
        return
    control = f'curl -H "Authorization: Bearer $(cat {bearer})" -H "Edgeproof-Actor: me" {url}/apps'
    flag = (
        '{"key": "new-checkout", "enabled": true, "variations": {"on": true, "off": false}, "default_variation": "off",'
        ' "rules": [{"priority": 1, "conditions": [], "serve_variation": "on", "rollout": {"percentage": 50}}]}'
    )
    for line in (
        f"{url} serves flags at {', '.join(options.pops)}, until Ctrl-C. A change is seen once the copies there, of "
        f"{options.choices.cache_ttl:g} s at most, have expired. For example:",
        f"""  {control} -d '{{"name": "shop"}}'""",
        f"  {control}/shop/flags -d '{flag}'",
        f"  curl '{url}/apps/shop/evaluate?flagKey=new-checkout&targetingKey=user-9'",
    ):
        terminal.out.print(line, soft_wrap=True)
    terminal.out.file.flush()
