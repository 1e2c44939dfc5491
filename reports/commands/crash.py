# SPDX-License-Identifier: Apache-2.0
"""`edgeproof crash`: what a power cut would leave of a store of one's own, whatever it is written in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from edgeproof.reports.commands.common import DURATION, command
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import Unusable, counted, one_line, refused
from edgeproof.reports.files import read_text, write_text
from edgeproof.reports.folders import LATEST, REPORTS, folder_of

if TYPE_CHECKING:
    from edgeproof.properties.engines.crash.syscalls.engine import Commands
    from edgeproof.properties.engines.crash.syscalls.witness import Witness
    from edgeproof.properties.evidence import Evidence

__all__ = ["crash"]

_SHOWS: Final = ("all", "any-order", "newest")
_SHOWN: Final = 12
"""Operations that were not sure, of a power cut that is shown."""

_EXITS: Final = """\b
Exit status:
  0    after every power cut that was tried, all that was acknowledged is there, and nothing else is wrong
  1    something is lost, torn or does not recover, and a power cut shows it
  2    unusable input; one line on standard error says why
  3    undecided: the command cannot be recorded here, or wrote or acknowledged nothing
"""


@command("crash", _EXITS)
@click.option("--command", "program", metavar="COMMAND", help="The store at work, run once: it says `ACK token` lines.")
@click.option("--recover", metavar="COMMAND", help="Opens the store after a power cut: it says `HAS token` lines.")
@click.option(
    "--workload",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="What the command reads on its standard input.",
)
@click.option(
    "--from",
    "begin",
    type=click.Path(exists=True, file_okay=False),
    metavar="FOLDER",
    help="What the store's folder begins as, a copy of this; else it is empty.",
)
@click.option(
    "--shows",
    type=click.Choice(_SHOWS),
    default="all",
    show_default=True,
    help="What a recovery shows: all tokens, in the order in which they were first said or in any; or the newest only.",
)
@click.option(
    "--images",
    type=click.IntRange(1),
    default=1_000,
    show_default=True,
    help="All images are tried if there are no more than this, else so many by chance.",
)
@click.option("--timeout", type=DURATION, default="60s", show_default=True, help="How long the command may take.")
@click.option(
    "--recover-timeout", type=DURATION, default="10s", show_default=True, help="How long a recovery may take."
)
@click.option("--save", type=click.Path(), metavar="FILE", help="Write the first power cut that shows something wrong.")
@click.option(
    "--keep", type=click.Path(), metavar="FOLDER", help="Leave the files of that power cut here, to be looked at."
)
@click.option("--html", is_flag=True, help=f"Write report.html as well: see {REPORTS}/{LATEST}.")
@click.option("--out", type=click.Path(), metavar="FOLDER", help="With --html: write the page into this folder.")
@click.option("--replay", "again", type=click.Path(), metavar="FILE", help="Recover from a power cut that was saved.")
def crash(
    terminal: Terminal,
    program: str | None,
    recover: str | None,
    workload: str | None,
    begin: str | None,
    shows: str,
    images: int,
    timeout: Fraction,
    recover_timeout: Fraction,
    save: str | None,
    keep: str | None,
    html: bool,
    out: str | None,
    again: str | None,
    seed: int,
) -> int:
    """Cut the power of a store of your own, after every single write, and see what its recovery finds.

    The command is run once, and the kernel tells what it and all that it starts do to the files of one folder (ptrace:
    nothing is installed, nothing is linked in). The folder is in $EDGEPROOF_FOLDER, and in the place of {folder} in a
    command. Then the files are made that a disk may hold if the power goes after each of these operations: what was
    synced is sure, of the rest anything may be kept, lost, torn between sectors or come in another order. The recovery
    is run on each.

    \b
    What the two have to say, one line each on standard output:
      ACK token    the command: what this token stands for is durable from now on
      SENT token   the command, if it likes: this is on its way, and may be found before it is acknowledged
      HAS token    the recovery, for each that it finds, in their order
    A token is any text, such as a key with its value. Other lines mean nothing. Flush each line.

    \b
    After every power cut, this has to be so:
      the recovery ends, with status 0
      every token that was acknowledged by then is there
      nothing is there that was never said, or twice: a torn value is no token
      none is missing before one that is there (but with --shows any-order)

    \b
    Examples:
      edgeproof crash --command "python store.py {folder}" --recover "python store.py {folder} --check"
      edgeproof crash --command "./load.sh" --recover "./check.sh" --workload writes.txt --save cut.json
      edgeproof crash --replay cut.json --recover "./check.sh" --keep image
    """
    if recover is None:
        raise Unusable("name the recovery: --recover COMMAND")
    if out is not None and not html:
        raise Unusable("--out is for --html")
    if keep is not None and Path(keep).exists():
        raise Unusable(f"{keep} is there already: --keep makes a folder of its own")
    if again is not None:
        if program is not None or save is not None or html:
            raise Unusable("--replay takes its files from a power cut that was saved: no --command, --save or --html")
        return _replay(terminal, again, recover, float(recover_timeout), keep)
    if program is None:
        raise Unusable("name the command that writes: --command COMMAND, or --replay FILE")
    from edgeproof.properties.engines.crash.syscalls.engine import Commands, Effort, cut_power
    from edgeproof.properties.engines.crash.syscalls.recovery import CommandError

    paths = [None if one is None else Path(one) for one in (begin, workload)]
    commands = Commands(program, recover, shows, *paths)  # type: ignore[arg-type] # click knows the choices
    effort = Effort(images, seconds=float(timeout), recovery_seconds=float(recover_timeout), seed=seed)
    with refused(CommandError, OSError), _progress(terminal) as notify:
        evidence, witness = cut_power(commands, effort, notify)
    if witness is not None and save is not None:
        from edgeproof.properties.engines.crash.syscalls.witness import dump_witness

        write_text(save, dump_witness(witness))
    _keep(witness, keep)
    page = _page(program, commands, evidence, witness, out) if html else None
    if terminal.as_json:
        terminal.document(_document(evidence, witness))
    else:
        _print(terminal, evidence, witness)
        if page is not None:
            terminal.out.print(f"wrote {page}", soft_wrap=True)
    return _status(evidence)


def _page(program: str, commands: Commands, evidence: Evidence, witness: Witness | None, out: str | None) -> str:
    from edgeproof.reports.html.cut import cut_page
    from edgeproof.reports.html.writing import write_page

    return write_page(out or folder_of(["crash"], (commands, evidence.seed)), cut_page(program, evidence, witness))


def _replay(terminal: Terminal, path: str, recover: str, seconds: float, keep: str | None) -> int:
    from edgeproof.properties.engines.crash.syscalls.engine import look_again
    from edgeproof.properties.engines.crash.syscalls.recovery import CommandError
    from edgeproof.properties.engines.crash.syscalls.witness import WitnessError, load_witness

    try:
        witness = load_witness(read_text(path))
    except WitnessError as error:
        raise Unusable(f"{path}: {one_line(error)}") from error
    with refused(CommandError, OSError):
        wrong = look_again(witness, recover, seconds)
    _keep(witness, keep)
    if terminal.as_json:
        terminal.document({"wrong": wrong or None, "power cut": _power_cut(witness)})
    elif wrong:
        terminal.out.print(f"VIOLATED: {one_line(wrong)}", style="bold red", soft_wrap=True)
        _print_cut(terminal, witness)
    else:
        terminal.out.print("nothing is wrong", style="green")
    return 1 if wrong else 0


def _keep(witness: Witness | None, folder: str | None) -> None:
    if witness is not None and folder is not None:
        from edgeproof.properties.engines.crash.syscalls.recovery import lay_out

        with refused(OSError):
            lay_out(witness.files, Path(folder))


def _status(evidence: Evidence) -> int:
    from edgeproof.properties.evidence import HOLDS, Verdict

    return 1 if evidence.verdict is Verdict.VIOLATED else 0 if evidence.verdict in HOLDS else 3


def _print(terminal: Terminal, evidence: Evidence, witness: Witness | None) -> None:
    console = terminal.out
    style = {0: "green", 1: "bold red"}.get(_status(evidence), "yellow")
    why = f": {one_line(evidence.reason)}" if evidence.reason else ""
    console.print(f"{evidence.verdict} {evidence.property}{why}", style=style, soft_wrap=True)
    if witness is not None:
        _print_cut(terminal, witness)
    if evidence.bound:
        console.print(f"  {evidence.bound}", soft_wrap=True)
        done = evidence.measures
        console.print(
            f"  {counted(int(done['operations']), 'operation')} on files, "
            f"{counted(int(done['acknowledged']), 'acknowledgement')}; "
            f"{counted(int(done['images']), 'image')} tried, {done['images/s']}/s",
            soft_wrap=True,
        )


def _print_cut(terminal: Terminal, witness: Witness) -> None:
    console = terminal.out
    where = f"after operation {witness.done:,} of {witness.of:,}, {witness.after}" if witness.done else "at the start"
    console.print(f"  the power goes {one_line(where)}", soft_wrap=True)
    last = witness.acknowledged[-1] if witness.acknowledged else "nothing"
    console.print(
        f"  acknowledged by then: {len(witness.acknowledged):,}, the last of them {one_line(last)}", soft_wrap=True
    )
    for one in witness.fates[:_SHOWN]:
        console.print(f"    {one.number:4} {one_line(one.operation)}: {one_line(one.fate)}", soft_wrap=True)
    if len(witness.fates) > _SHOWN:
        console.print(f"    and {len(witness.fates) - _SHOWN:,} more that were not sure", soft_wrap=True)


def _document(evidence: Evidence, witness: Witness | None) -> dict[str, Any]:
    return {
        "property": evidence.property,
        "verdict": str(evidence.verdict),
        "reason": evidence.reason or None,
        "bound": evidence.bound or None,
        "seed": evidence.seed,
        "seconds": round(evidence.seconds, 3),
        "measures": dict(evidence.measures),
        "power cut": None if witness is None else _power_cut(witness),
    }


def _power_cut(witness: Witness) -> dict[str, Any]:
    return {
        "after operation": witness.done,
        "of": witness.of,
        "operation": witness.after or None,
        "acknowledged": list(witness.acknowledged),
        "not sure": [{"number": one.number, "operation": one.operation, "fate": one.fate} for one in witness.fates],
        "files": {name: len(content) for name, content in witness.files.items()},
    }


@contextmanager
def _progress(terminal: Terminal) -> Iterator[Callable[[int, int], None]]:
    """A line on standard error that is written over, where that is a terminal."""
    if not terminal.err.is_terminal:
        yield lambda done, most: None
        return
    with terminal.err.status("recording the command") as status:
        yield lambda done, most: status.update(f"{done:,} of {most:,} images")
