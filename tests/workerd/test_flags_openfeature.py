# SPDX-License-Identifier: Apache-2.0
"""The standard client in front of the real runtime: whatever dies, it is answered, and told how old the answer may be.

The provider reads an app's definitions from a location over HTTP. Its metadata promises how long the config that it
used may have been superseded; here the promise is compared with when the writes were acknowledged.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from threading import Event
from typing import Any, Final

import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagEvaluationDetails, Reason
from openfeature.provider import ProviderStatus

from edgeproof.impl.flags.provider import EdgeFlagProvider
from edgeproof.impl.flags.sources import Heard, HttpSource
from edgeproof.impl.workerd.adversary import Answer, Fault
from edgeproof.impl.workerd.client import asked
from edgeproof.properties.promises import promise_of
from tests.workerd.flags_deployment import PATIENCE, TOKEN, FlagDeployment, RealClock
from tests.workerd.flags_rounds import Writer, batch
from tests.workerd.test_flags_faults import OPTIONS, promise

SECONDS: Final = 8.0
REFRESH: Final = 0.05
BOUND: Final = promise().bound_s
"""Seconds, on a machine that is not slower than was allowed for."""
TROUBLES: Final = ("kill the store", "kill the location", "KV answers no reads", "KV takes no writes", "cut off")
SOMEBODY: Final = EvaluationContext("user-1", {"plan": "pro"})


@pytest.fixture(autouse=True)
def nobody_else() -> Iterator[None]:
    yield
    api.clear_providers()
    api.shutdown()


def client_of(deployment: FlagDeployment, bound: float = BOUND, hears_age: bool = True) -> OpenFeatureClient:
    """A client of the location. Its URL changes when the location's process is killed, its provider does not."""
    source = HttpSource("http://127.0.0.1", "a", TOKEN, timeout=1.0)

    def ask() -> Heard:
        source._url = f"http://127.0.0.1:{deployment.edge().port}/apps/a/definitions"
        return source() if hears_age else Heard(source().snapshot)

    api.set_provider(EdgeFlagProvider(ask, "local", refresh=REFRESH, bound=bound, random=Random(0)))
    return api.get_client()


def trouble(deployment: FlagDeployment, random: Random) -> str:
    """Do something to anybody, and leave it so for a while."""
    what = random.choice(TROUBLES)
    if what == "kill the store":
        deployment.processes.kill_store()
    elif what == "kill the location":
        deployment.processes.kill_location(0)
    elif what == "cut off":
        deployment.kv.places[0].reachable = False
    else:
        method = "GET" if "reads" in what else "PUT"
        deployment.kv.inject(method, *[Fault(Answer(random.choice((429, 503)))) for _ in range(3)])
    return what


def broken_promises(
    told: list[tuple[float, FlagEvaluationDetails[Any]]], writer: Writer, more: float = 0.0
) -> list[str]:
    """The answers that were older than their metadata says they may be, by `more` seconds."""
    acknowledged = {one["version"]: one["return"] for one in writer.commits if one["return"] is not None}
    found = []
    for at, details in told:
        version, promised = details.flag_metadata["config_version"], details.flag_metadata["staleness_bound_s"]
        assert isinstance(version, int)
        assert isinstance(promised, float)
        late = at - acknowledged.get(version + 1, at)
        if late > promised + more:
            found.append(f"version {version} was superseded {late:.2f} s ago, more than {promised:.2f} s")
    return found


def wait_for(condition: Callable[[], bool], within: float = PATIENCE) -> None:
    """Raises TimeoutError."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not after {within:g} s")
        time.sleep(0.01)


def run(
    seconds: float, seed: int, bound: float = BOUND, kinds: int = 0
) -> tuple[list[str], Counter[str], Counter[str]]:
    """Trouble for so long, and until it was of so many kinds; gives broken promises, reasons of answers, troubles."""
    over, random = Event(), Random(seed)
    told: list[tuple[float, FlagEvaluationDetails[Any]]] = []
    reasons, troubles = Counter[str](), Counter[str]()
    with FlagDeployment(OPTIONS, 1, clock=RealClock()) as deployment:
        client = client_of(deployment, bound)
        pulse = deployment.pulse()
        writer = Writer(deployment, over)
        writer.start()
        try:
            wait_for(lambda: client.get_boolean_details("risky", True, SOMEBODY).error_code is None)
            until, again = time.monotonic() + seconds, 0.0
            while (now := time.monotonic()) < until or len(troubles) < kinds:
                if now > again:
                    deployment.kv.places[0].reachable = True
                    troubles[trouble(deployment, random)] += 1
                    again = now + random.uniform(0.1, 0.6)
                asked_at = time.monotonic()
                details = client.get_boolean_details("risky", True, SOMEBODY)
                told.append((asked_at, details))
                reasons[str(details.reason)] += 1
                assert details.value in (True, False)
                time.sleep(0.005)
        finally:
            over.set()
            writer.join(5)
        assert writer.failed is None
        deployment.kv.places[0].reachable = True
        last = writer.commits[-1]["version"]
        # The last write may have been given up, so that nobody knows whether it was made.
        wait_for(lambda: client.get_integer_value("left", 0, SOMEBODY) >= last - 1)
        # What the machine took beyond what was allowed for is not the client's to know.
        more = promise(pulse.slowest).bound_s - BOUND if bound else 0.0
    assert client.get_integer_value("left", 0, SOMEBODY) >= last - 1, "it goes on with what it has when all are dead"
    return broken_promises(told, writer, more), reasons, troubles


def test_the_client_always_gets_an_answer_that_is_as_fresh_as_it_says(workerd: Path) -> None:
    broken, reasons, troubles = run(SECONDS, 0, kinds=4)
    assert broken == []
    print(f"{sum(reasons.values())} answers {dict(reasons)} through {dict(troubles)}")
    assert reasons.keys() == {"TARGETING_MATCH", "DISABLED"}, "who has had a config once is never without one"


def test_a_promise_that_is_too_good_is_seen_to_be_broken(workerd: Path) -> None:
    assert run(SECONDS / 2, 0, bound=0.0)[0] != []


def promised_while_cut_off(hears_age: bool) -> tuple[float, float]:
    """How long ago a config was superseded that the client is given by a location without KV, and how long it says."""
    bound = promise_of({"S": 700, "D": 300, "T": 1000, "reader": "guarded"}).bound_s
    with FlagDeployment(OPTIONS, 1, clock=RealClock()) as deployment:
        asked(deployment.ask("POST", "/apps/a/batch", batch(1, 0)))
        deployment.published("a", 1)
        client = client_of(deployment, bound, hears_age)
        wait_for(lambda: client.get_integer_value("left", 0, SOMEBODY) == 1)
        deployment.kv.places[0].reachable = False
        asked(deployment.ask("POST", "/apps/a/batch", batch(2, 1)))
        committed = time.monotonic()
        time.sleep(bound + 1.5)
        late = time.monotonic() - committed
        details = client.get_integer_details("left", 0, SOMEBODY)
        assert details.value == 1, "the location has nothing newer"
        promised = details.flag_metadata["staleness_bound_s"]
        assert isinstance(promised, float)
        return late, promised


def test_a_location_that_is_cut_off_makes_the_promise_weaker_not_wrong(workerd: Path) -> None:
    late, promised = promised_while_cut_off(hears_age=True)
    assert late <= promised


def test_a_client_that_does_not_hear_of_the_age_promises_too_much(workerd: Path) -> None:
    late, promised = promised_while_cut_off(hears_age=False)
    assert late > promised


def test_without_any_config_it_gives_the_callers_default(workerd: Path) -> None:
    with FlagDeployment(OPTIONS, 1) as deployment:
        deployment.kv.places[0].reachable = False
        client = client_of(deployment)
        wait_for(lambda: client.get_provider_status() is ProviderStatus.ERROR)
        details = client.get_string_details("anything", "mine", SOMEBODY)
        assert (details.value, details.reason, details.error_code) == (
            "mine", Reason.ERROR, ErrorCode.PROVIDER_NOT_READY,
        )  # fmt: skip
