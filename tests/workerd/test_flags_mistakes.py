# SPDX-License-Identifier: Apache-2.0
"""What the faults of `test_flags_faults` would do to a Worker with a mistake in it, step by step."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from math import ceil
from pathlib import Path
from typing import Final

import pytest

from edgeproof.impl.workerd.adversary import Held
from edgeproof.impl.workerd.client import asked
from edgeproof.impl.workerd.processes import Edits
from edgeproof.properties.promises import promise_of
from tests.workerd.flags_deployment import FlagDeployment, RealClock
from tests.workerd.flags_rounds import Told, ask, batch

OPTIONS: Final[Mapping[str, str | float]] = {"put_timeout": 0.3, "retry_base": 0.1, "retry_cap": 0.1, "cache_ttl": 1}
NUMBERS: Final = {"D": 300, "T": 1000, "F": 1, "put_fails": True, "crash": True}


def bound(slowest: float) -> float:
    """Seconds; S is what the machine adds, as in `test_flags_faults`."""
    sync_delay = max(700, ceil(1000 * slowest))
    return promise_of({**NUMBERS, "S": sync_delay, "R": 100 + sync_delay}).bound_s


PUT: Final = "const put = this.env.KV.put(key, value, { metadata: label });"
PUT_BY_FLAG: Final = """const put = (async () => {
      for (const [name, value] of Object.entries(JSON.parse(config))) {
        await this.env.KV.put(`${key}/${name}`, JSON.stringify({ name, value, ...label }));
      }
    })();"""
GET: Final = "found = await this.fetch(unit, mine?.snapshot);"
GET_BY_FLAG: Final = """const { keyOf, cacheTtl } = this.options;
      const get = (name) => this.kv.get(`${keyOf(unit)}/${name}`, { type: "json", cacheTtl });
      const parts = await Promise.all(["left", "right", "risky"].map(get));
      const values = parts.filter(Boolean).map(({ name, value }) => [name, value]);
      found = parts[0] && { ...parts[0], config: Object.fromEntries(values) };"""
BY_FLAG: Final = {"store.js": [(PUT, PUT_BY_FLAG)], "edge.js": [(GET, GET_BY_FLAG)]}

RETRY: Final = (
    'this.ctx.storage.transactionSync(() => this.arm(this.now() + this.backoff(this.meta().attempts), "retry"));'
)
LEASE: Final = 'if (handler === "rearms") {'
NO_RETRY: Final = {"store.js": [(RETRY, "{}"), (LEASE, "if (false) {")]}


def sees_a_mixed_config(edits: Edits | None = None) -> bool:
    """Whether a location that asks between any two puts to KV is told flags of different rounds."""
    with FlagDeployment(OPTIONS, 1, edits) as deployment:
        asked(deployment.ask("POST", "/apps/a/batch", batch(1, 0)))
        while "risky" not in ask(deployment, 0).values:
            deployment.clock.advance(2)
            time.sleep(0.01)
        deployment.kv.holding = True
        asked(deployment.ask("POST", "/apps/a/batch", batch(2, 1)))
        told: list[Told] = []
        while not told or told[-1].values["risky"]:
            deployment.kv.arrival().reply()
            deployment.clock.advance(2)
            told.append(ask(deployment, 0))
        return any(one.mixed for one in told)


def test_a_config_under_one_key_is_never_mixed(workerd: Path) -> None:
    assert not sees_a_mixed_config()


def test_with_a_key_for_each_flag_a_location_tells_a_mixed_config(workerd: Path) -> None:
    assert sees_a_mixed_config(BY_FLAG)


Trouble = Callable[[FlagDeployment, Held], None]


def kill_the_store(deployment: FlagDeployment, put: Held) -> None:
    """In the middle of the put, which never lands."""
    deployment.processes.kill_store()
    put.drop()


def refuse_the_put(deployment: FlagDeployment, put: Held) -> None:
    """As KV does when it is not well."""
    put.fail(503)


def kill_switch_is_seen_in_time(
    trouble: Trouble, options: Mapping[str, str | float] | None = None, edits: Edits | None = None
) -> bool:
    """Whether every location knows of a kill switch within the bound, although its put met with trouble."""
    with FlagDeployment({**OPTIONS, **(options or {})}, 2, edits, RealClock()) as deployment:
        asked(deployment.ask("POST", "/apps/a/batch", batch(1, 0)))
        deployment.published("a", 1)
        while not all(ask(deployment, location).values.get("risky") for location in (0, 1)):
            time.sleep(0.01)
        pulse = deployment.pulse()
        deployment.kv.holding = True
        call = deployment.store.send("POST", "/apps/a/batch", batch(2, 1))
        put = deployment.kv.arrival()
        committed = time.monotonic()
        deployment.kv.holding = False
        trouble(deployment, put)
        call.drop()
        assert asked(deployment.ask("GET", "/apps/a/flags/risky"))["version"] == 2, "the write was committed"
        while (now := time.monotonic()) < committed + bound(pulse.slowest):
            time.sleep(committed + bound(pulse.slowest) - now)
        return not any(ask(deployment, location).values["risky"] for location in (0, 1))


@pytest.mark.parametrize("trouble", [kill_the_store, refuse_the_put])
def test_a_kill_switch_is_seen_within_the_bound(workerd: Path, trouble: Trouble) -> None:
    assert kill_switch_is_seen_in_time(trouble)


@pytest.mark.parametrize(
    ("trouble", "options", "edits"),
    [(kill_the_store, {"publisher": "inline"}, None), (refuse_the_put, {}, NO_RETRY)],
    ids=["it is put inside the request", "a put that failed is not repeated"],
)
def test_a_kill_switch_is_lost_if(
    workerd: Path, trouble: Trouble, options: Mapping[str, str | float], edits: Edits | None
) -> None:
    assert not kill_switch_is_seen_in_time(trouble, options, edits)
