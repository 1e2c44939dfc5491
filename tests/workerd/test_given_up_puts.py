# SPDX-License-Identifier: Apache-2.0
"""A put that its handler has given up lands after the one that followed it, on the reference and on the real runtime.

Nothing fences it, whoever wrote the code. What repairs it is the heartbeat, and what hides it from readers their guard.
"""

from __future__ import annotations

from typing import Final

import pytest

from edgeproof.impl.pattern.system import ReferenceSystem
from edgeproof.impl.system import System
from edgeproof.model.trace import Trace
from edgeproof.properties.replay import replay_on
from tests.workerd.traces import trace_of

WAITED: Final = {
    # With D = 1 the code's own time-out strikes.
    "for as long as it may take": "tick; put_given_up",
    "until its connection broke": "put_given_up",
}
GIVEN_UP: Final = (
    "write; acknowledge; fire; write; acknowledge; {waited} slot=0;"
    "tick; fire; put_lands; put_confirmed; read pop=0 cache=0; stray_lands slot=0"
)
"""Two versions; the first one's put is given up, and lands over the second one's, which a reader knows already."""
REPAIRED: Final = "; read pop=0 cache=1; tick; fire; put_lands; put_confirmed; tick; read pop=0 cache=1"
"""The other cache of the location has the first version; then the heart beats, and it has to ask again."""


@pytest.fixture(params=["reference", "workerd"])
def code(request: pytest.FixtureRequest) -> System:
    """Either implementation."""
    if request.param == "reference":
        return ReferenceSystem()
    system: System = request.getfixturevalue("system")
    return system


@pytest.mark.parametrize("waited", WAITED)
def test_a_put_that_was_given_up_takes_kv_back_over_the_one_that_followed_it(waited: str, code: System) -> None:
    trace = trace_of("late-put", GIVEN_UP.format(waited=WAITED[waited]), "monotonic-kv")
    assert path(trace, "kv") == [0, 2, 1]
    outcome = replay_on(trace, code)
    assert (outcome.completed, outcome.mismatch) == (True, "")
    assert outcome.confirmed, "what the code showed does not take KV back"


@pytest.mark.parametrize("waited", WAITED)
def test_the_heartbeat_puts_right_what_it_took_back_and_a_guarded_reader_is_not_told(waited: str, code: System) -> None:
    trace = trace_of("recommended", GIVEN_UP.format(waited=WAITED[waited]) + REPAIRED)
    assert path(trace, "kv") == [0, 2, 1, 2]
    assert path(trace, "served") == [(0, 0), (2, 0)]
    outcome = replay_on(trace, code)
    assert (outcome.completed, outcome.mismatch) == (True, "")


def path(trace: Trace, variable: str) -> list[object]:
    """The values that a variable goes through."""
    values = [state[variable] for state in trace.states]
    return [value for n, value in enumerate(values) if n == 0 or value != values[n - 1]]
