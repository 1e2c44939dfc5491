# SPDX-License-Identifier: Apache-2.0
"""`edgeproof run`: an implementation on the real clock, its history recorded and checked."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from attrs import asdict

from edgeproof.properties.extras import installed
from edgeproof.properties.pattern import PATTERN
from edgeproof.reports.commands.common import DURATION, command
from edgeproof.reports.consoles import Terminal
from edgeproof.reports.errors import Unusable, counted, one_line
from edgeproof.reports.files import check_directory
from edgeproof.reports.signals import SIGNALLED, ended_by_sigterm

if TYPE_CHECKING:
    from edgeproof.impl.live.recording import MakeSite
    from edgeproof.impl.live.run import LiveOptions, LiveResult
    from edgeproof.properties.engines.history.engine import Promise
    from edgeproof.properties.evidence import Evidence
    from edgeproof.reports.view import View

__all__ = ["run"]

HISTORY: Final = "history.jsonl"


@command("run")
@click.option("--for", "duration", type=DURATION, help="How long, such as 30s or 5m.")
@click.option("--kills", type=click.IntRange(1), help="Instead: until so many processes were killed, at any moment.")
@click.option("--recover", metavar="FOLDER", help="Run nothing: report on a run that was killed itself.")
@click.option(
    "--system",
    type=click.Choice(["reference", "workerd"]),
    default="reference",
    show_default=True,
    help="What runs: the reference implementation, or the Worker on the real runtime.",
)
@click.option("--pops", type=click.IntRange(1, 64), default=3, show_default=True, help="Locations, each a process.")
@click.option(
    "--writers", type=click.IntRange(1, 64), default=2, show_default=True, help="Writers of the control plane."
)
@click.option("--flags", type=int, default=200, show_default=True, help="Flags in the config.")
@click.option("--size", type=int, help="Bytes of the whole config; what the flags come to, unless given.")
@click.option("--reader", default="guarded", show_default=True, help="plain, guarded or memo.")
@click.option("--reads", "reads_per_second", type=float, help="Reads per second at each location; 50 unless given.")
@click.option("--writes", "writes_per_second", type=float, help="Writes per second of each writer; 1 unless given.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME",
    help="Strikes now and then; repeatable: crash, evict, put-fails, put-ambiguous, put-slow, put-late.",
)
@click.option(
    "--sync-delay",
    type=DURATION,
    help="S is this, and the second that KV wants between two puts; 1s unless given.",
)
@click.option("--put-timeout", type=DURATION, help="D; 1s unless given.")
@click.option("--retries", type=int, help="F; what the faults need at least, unless given.")
@click.option("--retry-delay", type=DURATION, help="R is this, 1s at least, and the sync delay; 1s unless given.")
@click.option("--cache-ttl", type=DURATION, help="T; 2s unless given. KV's minimum of 30s is lifted for less.")
@click.option("--memo-ttl", type=DURATION, help="M; 1s unless given.")
@click.option("--heartbeat", type=DURATION, help="H; none unless given.")
@click.option("--zombie-window", type=DURATION, help="Z; 1s unless given.")
@click.option("--keep", type=click.Path(path_type=Path), help="An empty directory for what the run leaves behind.")
@click.option("--out", type=click.Path(), default="reports/out", show_default=True, help="Where history.jsonl goes.")
def run(
    terminal: Terminal, duration: Fraction | None, recover: str | None, system: str, out: str, seed: int, **words: Any
) -> int:
    """Run an implementation on the real clock, and check what its readers were told.

    Writers, a replicator and several locations run as processes over real SQLite files. Commits, publishes, reads and
    faults are recorded in history.jsonl, and the record is checked against the properties and the proved bound. Ctrl-C
    ends a run early; what was recorded until then is checked all the same. If the run itself is killed, --recover does
    that, and so does the next run into the same folder, which keeps the history as history-killed.jsonl.

    --kills has no mercy: kill -9 of the store, with its replicator, or of a location, half of them each, and the next
    one perhaps before the last has been started again. Every write that was acknowledged is looked for in the end.

    Beside the history goes report.html, which shows how stale reads were: by location, over time, beside the bound.

    On workerd the store and every location are processes of Cloudflare's runtime with the Worker of impl/worker; its
    HTTP front is written to and read from, and KV is the suite's, where the faults of puts come about.

    \b
    Examples:
      edgeproof run --for 30s
      edgeproof run --for 5m --pops 8 --writers 4 --json
      edgeproof run --for 1m --flags 5000 --size 25000000 --put-timeout 3s --sync-delay 3s
      edgeproof run --for 1m --fault put-late --fault crash --heartbeat 5s
      edgeproof run --for 1m --system workerd --fault crash --fault evict
      edgeproof run --kills 500 --writers 4 --writes 20
      edgeproof run --recover reports/out
    """
    check_directory(out)
    with ended_by_sigterm():
        if recover is not None:
            return _recovered(terminal, recover, out)
        if duration is None and words["kills"] is None:
            raise Unusable("say how long it should run: --for 30s, or --kills 100")
        return _run(terminal, inf if duration is None else float(duration), system, out, seed, words)


def _run(terminal: Terminal, seconds: float, system: str, out: str, seed: int, words: Mapping[str, Any]) -> int:
    from edgeproof.impl.durable.storage_errors import StorageError
    from edgeproof.impl.live.run import LiveError, LiveOptions, run_live
    from edgeproof.properties.promises import promise_of

    try:
        given: dict[str, Any] = {
            name: float(v) if isinstance(v, Fraction) else v for name, v in words.items() if v is not None
        }
        options = LiveOptions(seconds, Path(out) / HISTORY, seed=seed, **given)
        Path(out).mkdir(parents=True, exist_ok=True)
        _keep_earlier(terminal, Path(out))
        promise = promise_of(options.constants(), machine=options.sync_delay)
        if options.seconds <= promise.bound_s:
            terminal.err.print(
                f"edgeproof: a run of {options.seconds:g} s says nothing about a bound of {promise.bound_s:g} s",
                soft_wrap=True,
            )
        result = run_live(options, _say(terminal), _sites()[system])
    except (ValueError, OSError, StorageError) as error:
        raise Unusable(one_line(error)) from error
    except LiveError as error:
        return _undecided(terminal, one_line(error))
    status = _report(terminal, options, promise, result, out)
    if not result.interrupted:
        return status
    asked = signal.Signals(result.signal).name
    terminal.err.print(f"edgeproof: ended by {asked}; the report is on what was recorded until then", soft_wrap=True)
    return SIGNALLED + result.signal


def _sites() -> Mapping[str, MakeSite]:
    from edgeproof.impl.live.site import ReferenceSite
    from edgeproof.impl.workerd.live import WorkerdSite

    return {site.name: site for site in (ReferenceSite, WorkerdSite)}


def _recovered(terminal: Terminal, folder: str, out: str) -> int:
    """Report on what a run that was killed has left in the folder where its history was to be, or was kept."""
    from edgeproof.impl.live.process import LiveError
    from edgeproof.impl.live.recording import recover, unfinished
    from edgeproof.properties.promises import promise_of

    left = unfinished(Path(folder))
    if left is None:
        raise Unusable(f"no run that was killed has left anything in {one_line(folder)}")
    try:
        Path(out).mkdir(parents=True, exist_ok=True)
        options, result = recover(left, Path(out) / HISTORY, _sites())
    except (LiveError, ValueError, OSError) as error:
        raise Unusable(one_line(error)) from error
    return _report(terminal, options, promise_of(options.constants()), result, out)


def _keep_earlier(terminal: Terminal, out: Path) -> None:
    """Keep the history of an earlier run into the same folder, if that was killed."""
    from edgeproof.impl.live.process import LiveError
    from edgeproof.impl.live.recording import recover, unfinished

    left = unfinished(out)
    if left is None:
        return
    try:
        _, result = recover(left, out / "history-killed.jsonl", _sites())
        said = f"what it had recorded is in {result.history}"
    except LiveError as error:
        shutil.rmtree(left)
        said = f"nothing can be made of what it has left: {one_line(error)}"
    terminal.err.print(f"edgeproof: an earlier run into {out} was killed; {said}", soft_wrap=True)


def _report(terminal: Terminal, options: LiveOptions, promise: Promise, result: LiveResult, out: str) -> int:
    from edgeproof.properties.engines.history.engine import check_history
    from edgeproof.properties.evidence import Case, Ledger, conclude
    from edgeproof.reports.matrix import print_sheet, print_summary
    from edgeproof.reports.report import report_document
    from edgeproof.reports.view import arrange, program_name

    found = [
        one
        for one in check_history(result.history, promise, seed=options.seed)
        if options.kills is None or one.property != "bounded-staleness"
    ]
    case = Case("live", PATTERN, options.constants(), tuple(one.property for one in found))
    conclusions = [conclude(case, one.property, (one,)) for one in found]
    view = arrange(Ledger(tuple(conclusions), options.seed, result.seconds), out, program_name())
    page = _page(view, result, promise, out) if installed("report") else None
    if terminal.as_json:
        terminal.document({**_run_document(result), "proved_by": _proved_by(options), "report": report_document(view)})
        return _status(view, result)
    for sheet in view.sheets:
        print_sheet(terminal.out, view, sheet)
    command = _proved_by(options)
    proved = () if command is None else (f"the bound is proved by `{command}`",)
    for line in (*proved, *_measured(found, result, options.sync_delay), *result.remarks):
        terminal.out.print(one_line(line), soft_wrap=True)
    print_summary(terminal.out, view)
    if page is not None:
        terminal.out.print(f"wrote {page}", soft_wrap=True)
    return _status(view, result)


def _page(view: View, result: LiveResult, promise: Promise, out: str) -> str:
    """Write the page of a run, with plots of what its readers were told; returns its path."""
    from edgeproof.properties.intake import load
    from edgeproof.properties.traffic.backends import open_duckdb
    from edgeproof.properties.traffic.course import course
    from edgeproof.properties.traffic.facts import at_once, gather
    from edgeproof.properties.traffic.measure import measure
    from edgeproof.reports.html.staleness import staleness_section
    from edgeproof.reports.html.verified import verified_page
    from edgeproof.reports.html.writing import write_page

    loaded = load(open_duckdb(), [result.history])
    ask = at_once(gather(loaded))
    stale = staleness_section(measure(ask, promise.slack), course(ask, promise.slack), promise)
    return write_page(out, verified_page(view, command="run", more=[stale]))


def _status(view: View, result: LiveResult) -> int:
    """A write that is not as its client was told outweighs everything else."""
    return view.ledger.exit_status if result.writes.sound else 1


def _proved_by(options: LiveOptions) -> str | None:
    """The command that proves the bound that the run is held to, if it is held to one."""
    from edgeproof.reports.traffic.promises import Given, completed, spelled

    if options.kills is not None:
        return None
    constants: Mapping[str, Any] = options.constants()
    seconds = {name: Fraction(constants[name], 1000) for name in "SDRTMHZ" if name in constants}
    numbers: dict[str, int | Fraction] = {**seconds, "F": constants["F"]}
    others = Given(memo_ttl=seconds.get("M"), heartbeat=seconds.get("H"), zombie_window=seconds.get("Z"))
    return " ".join(["edgeproof bound", *spelled(completed(others, numbers))])


def _run_document(result: LiveResult) -> dict[str, Any]:
    return {
        "history": str(result.history),
        "seconds": round(result.seconds, 3),
        "interrupted": result.interrupted,
        "kills": result.kills,
        "counts": dict(result.counts),
        "writes": asdict(result.writes),
        "config_bytes": result.config_bytes,
        "reads_per_second": round(result.reads_per_second, 3),
        "slowest_answer_s": round(result.slowest_answer, 6),
        "remarks": list(result.remarks),
    }


def _measured(found: list[Evidence], result: LiveResult, sync_delay: float) -> Iterator[str]:
    """What the history shows beside the verdicts, a line each."""
    from edgeproof.properties.evidence import Verdict

    for one in found:
        if one.verdict is Verdict.HOLDS_TO_BOUND and one.reason:
            yield f"{one.property}: {one.reason}"
        staleness: Mapping[str, Any] = one.measures
        for word in ("certain", "possible"):
            if f"{word}_p50_s" in staleness:
                half, most, worst = (f"{staleness[f'{word}_{q}_s']:.3f} s" for q in ("p50", "p99", "max"))
                yield f"{word} staleness of reads: at most {half} for half, {most} for 99 in 100, {worst} for all"
        if "headroom_s" in staleness:
            yield f"head-room to the bound: {staleness['headroom_s']:.3f} s of {staleness['bound_s']:g} s"
    counts = ", ".join(f"{count:,} {name}" for name, count in sorted(result.counts.items()))
    early = " (interrupted)" if result.interrupted else ""
    killed = f" with {counted(result.kills, 'kill')}" if result.kills else ""
    yield f"writes{killed}: {result.writes}"
    yield f"in {result.seconds:.1f} s{early}: {result.reads_per_second:.0f} reads/s; {counts}"
    yield f"the machine answered something trivial within {result.slowest_answer:.3f} s; S allows for {sync_delay:g} s"
    yield f"the config has {result.config_bytes:,} bytes"
    yield f"recorded {counted(sum(result.counts.values()), 'event')} in {result.history}"


def _undecided(terminal: Terminal, reason: str) -> int:
    if terminal.as_json:
        terminal.document({"verdict": "UNKNOWN", "reason": reason})
    terminal.err.print(f"edgeproof: undecided: {reason}", soft_wrap=True)
    return 3


def _say(terminal: Terminal) -> Callable[[str], None]:
    """How it goes, on standard error where somebody may be watching."""
    return lambda line: terminal.err.print(one_line(line), soft_wrap=True) if terminal.err.is_terminal else None
