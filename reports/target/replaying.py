# SPDX-License-Identifier: Apache-2.0
"""A breach as a test for pytest, which takes the same steps and fails as long as the deployment breaks the property."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from edgeproof.impl.target.driver import Driver
from edgeproof.impl.target.events import recorded
from edgeproof.impl.target.programs import Step, spell, spelled_out
from edgeproof.reports.errors import counted, one_line
from edgeproof.reports.target.file import read_description
from edgeproof.reports.target.judging import NEIGHBOURLY, reasons_in
from edgeproof.reports.target.shortening import Breach

__all__ = ["regression_test", "steps_again"]

_WIDTH: Final = 100

_TEMPLATE: Final = '''\
"""{title}

{steps}

Written by `edgeproof verify --target`. It fails as long as the deployment that the file describes does this, and it was
seen to. $EDGEPROOF_TARGET names another file.
"""

from __future__ import annotations

import os

import pytest

from edgeproof.reports.target.replaying import steps_again

TARGET = os.environ.get("EDGEPROOF_TARGET", {target})
STEPS = (
{program}
)


@pytest.mark.parametrize("name", {names})
def test_{name}(name: str) -> None:
    broken = steps_again(TARGET, STEPS, name, hosts={hosts})
    assert not broken, broken
'''


def regression_test(breach: Breach, target: Path, hosts: Collection[str]) -> str:
    """The text of the test. What comes from answers is not in it; values that were drawn are string literals."""
    program = json.dumps(spell(breach.run.program))
    title = f"{', '.join(breach.reasons)}: broken in {counted(len(breach.run.program), 'step')}."
    return _TEMPLATE.format(
        title=title,
        steps="\n".join(f"    {number}. {_text(step)}" for number, step in enumerate(breach.run.program, start=1)),
        target=repr(str(target.resolve())),
        program="\n".join(f"    {program[at : at + _WIDTH]!r}" for at in range(0, len(program), _WIDTH)),
        names=list(breach.reasons),
        name=re.sub(r"[^a-z0-9]+", "_", next(iter(breach.reasons))),
        hosts=sorted(hosts),
    )


def steps_again(target: str | os.PathLike[str], steps: str, name: str, hosts: Sequence[str] = ()) -> str:
    """Take steps against a deployment, as JSON has them, and say how they break a property; "" where they do not.

    Raises Unusable for a file that is not as it should be, TargetError and EndedError for a deployment that cannot be
    driven.
    """
    described = read_description(Path(target), hosts)
    driver = Driver(described.target, described.bearer)
    run = driver.take(spelled_out(json.loads(steps)), neighbour=name == NEIGHBOURLY)
    made = recorded(driver.target, run)
    return reasons_in(described.target, described.promise, run, made, [name]).get(name, "")


def _text(step: Step) -> str:
    """A step for whoever reads the test, without the value: that may be anything."""
    match step.do:
        case "write":
            return f"write{f', based on the {step.base} version' if step.base else ''}"
        case "again":
            return f"send the {'first' if step.first else 'last'} write again"
        case "wait":
            return f"wait for {step.ms / 1000:g} s"
        case "restore":
            return "restore the version before"
        case "together":
            return "at the same time: " + "; ".join(_text(one) for one in step.steps)
    return one_line(f"{step.do} {step.at!a}")
