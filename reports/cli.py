# SPDX-License-Identifier: Apache-2.0
"""The command line: `edgeproof`, or `main()`."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor
from typing import Final

import click

from edgeproof.properties.extras import extra_of, missing
from edgeproof.reports.commands.artifacts import artifacts
from edgeproof.reports.commands.bound import bound
from edgeproof.reports.commands.check import check
from edgeproof.reports.commands.common import BUG, EXITS, INTERRUPTED, UNDECIDED, UNUSABLE
from edgeproof.reports.commands.compare import compare
from edgeproof.reports.commands.cover import cover
from edgeproof.reports.commands.crash import crash
from edgeproof.reports.commands.diff import diff
from edgeproof.reports.commands.explore import explore
from edgeproof.reports.commands.export import export
from edgeproof.reports.commands.flags import flags
from edgeproof.reports.commands.follow import follow
from edgeproof.reports.commands.interleave import interleave
from edgeproof.reports.commands.learn import learn
from edgeproof.reports.commands.listing import listing
from edgeproof.reports.commands.mutate import mutate
from edgeproof.reports.commands.pin import pin
from edgeproof.reports.commands.replay import replay
from edgeproof.reports.commands.run import run
from edgeproof.reports.commands.scaffold import scaffold
from edgeproof.reports.commands.shell import shell
from edgeproof.reports.commands.show import show
from edgeproof.reports.commands.target import target
from edgeproof.reports.commands.verify import verify
from edgeproof.reports.errors import Unusable, one_line
from edgeproof.reports.signals import SIGNALLED, Terminated

__all__ = ["cli", "main"]


_STARVED: Final = (
    "undecided: a process that did part of the work was ended, as machines do where memory runs out: free some, or "
    "ask for less at once (--case, --design, --profile quick, --processes 1)"
)

_LONGEST: Final = 2_000
"""Letters of an error: it may quote a file."""


@click.group(
    epilog=EXITS,
    no_args_is_help=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name="edgeproof", prog_name="edgeproof")
@click.pass_context
def cli(context: click.Context) -> None:
    """What can a reader at the edge be told, and how late?

    Checks config-distribution designs of the Durable-Object-plus-KV kind: by exhaustive search, by proof, and by
    driving a real implementation in lockstep with the model. Every "no" is a short trace that replays.

    \b
    Examples:
      edgeproof verify                                     every case of the scoreboard, reports in reports/out
      edgeproof verify --option publisher=inline           what changes if the request itself puts to KV
      edgeproof cover do_kv --on my_store:MyStore          every transition of a small instance, on your own code
      edgeproof scaffold do_kv > my_system.py              the frame of a system of your own, with its test
      edgeproof diff OLD NEW                               whether one report.json is weaker than another
      edgeproof compare                                    the designs side by side: why not just KV?
      edgeproof bound --sync-delay 2s --put-timeout 5s --retries 3 --retry-delay 1s --cache-ttl 60s
      edgeproof check HISTORY                              recorded traffic, held against the same properties
      edgeproof learn HISTORY                              the delays that it shows, and the bound that they make
      edgeproof follow FILE                                the same, while it is being written
      edgeproof show TRACE                                 a counterexample, step by step
      edgeproof shell do_kv                                a walk by hand: what can happen, and what breaks
      edgeproof explore do_kv                              the same in a browser, with pictures
      edgeproof replay TRACE --on reference                the same steps on the reference implementation
      edgeproof flags walkthrough                          feature flags, a kill switch, and its record checked
      edgeproof artifacts serve                            Git repositories for the stock client, tokens in KV
      edgeproof interleave                                 what overtakes what, in the code itself
      edgeproof crash --command COMMAND --recover COMMAND  power cuts of a store of your own, in any language
      edgeproof target check edgeproof.toml                a deployment of your own, by a file that describes it
      edgeproof list                                       designs, options, hazards, numbers, properties

    \b
    Completion of what is typed, in bash (zsh_source and fish_source in other shells):
      eval "$(_EDGEPROOF_COMPLETE=bash_source edgeproof)"
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        raise Unusable("name a command")


for one in (
    *(verify, cover, pin, mutate, diff, compare, replay, show, shell, explore, bound, run, interleave, crash),
    *(check, learn, follow, flags, artifacts, target, export, listing, scaffold),
):
    cli.add_command(one)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; the console script hands that to `sys.exit`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a sign shows `?` instead of failing
    try:
        status = cli.main(given, prog_name="edgeproof", standalone_mode=False)
        sys.stdout.flush()
        return int(status or 0)
    except Unusable as error:
        return _refuse(given, UNUSABLE, str(error))
    except click.ClickException as error:
        return _refuse(given, UNUSABLE, error.format_message())
    except (click.Abort, KeyboardInterrupt):
        return _refuse(given, INTERRUPTED, "interrupted")
    except Terminated:
        return _refuse(given, SIGNALLED + signal.SIGTERM, "ended by SIGTERM")
    except (BrokenPipeError, SystemExit) as error:
        if isinstance(error, SystemExit) and not _is_clicks(error):
            return _refuse(
                given, UNUSABLE, f"code of your own ended the process (SystemExit: {error}): nothing is said"
            )
        if isinstance(error, SystemExit) and not error.code:
            return 0  # a shell was told how to complete a line
        # Whoever read our output has had enough. Nothing more can be written, not even when Python flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + 13
    except ModuleNotFoundError as error:
        extra = extra_of(error)
        if extra is None:
            return _bug(given, error)
        return _refuse(given, UNUSABLE, missing(extra))
    except (BrokenExecutor, MemoryError):
        return _refuse(given, UNDECIDED, _STARVED)
    except Exception as error:
        return _bug(given, error)
    finally:
        _forget_own_designs()


def _forget_own_designs() -> None:
    """What a command has adopted is not known to the next one of the same process, as in tests."""
    own = sys.modules.get("edgeproof.properties.own")
    if own is not None:
        own.part_with_all()


def _is_clicks(error: SystemExit) -> bool:
    """Whether click ended the process, which is all over then, and not a file that somebody named."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return str(frame.f_globals.get("__name__", "")).startswith("click.")


def _bug(arguments: Sequence[str], error: Exception) -> int:
    traceback.print_exception(error)
    return _refuse(arguments, BUG, f"a bug in edgeproof: {error!r}")


def _refuse(arguments: Sequence[str], status: int, message: str) -> int:
    line = one_line(message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…")
    print(f"edgeproof: {line}", file=sys.stderr)
    if "--json" in arguments:
        print(json.dumps({"error": line}))
    return status


if __name__ == "__main__":
    sys.exit(main())
