# SPDX-License-Identifier: Apache-2.0
"""A location that keeps a config reads it anew only where KV's label differs, which is safe where labels are unique."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from edgeproof.impl.snapshot import Snapshot, to_kv
from edgeproof.impl.workerd.client import asked
from edgeproof.impl.workerd.processes import Edits
from tests.workerd.flags_deployment import FlagDeployment

EPOCHS: Final[Mapping[str, str | float]] = {"reader": "guarded", "epoch": "on"}
PLAIN: Final[Mapping[str, str | float]] = {"reader": "plain", "epoch": "off"}


@pytest.fixture
def deployed(workerd: Path) -> Iterator[FlagDeployment]:
    with FlagDeployment(EPOCHS) as one:
        yield one


def put(deployment: FlagDeployment, value: int) -> None:
    """Write the one field of a unit, and wait until KV has it."""
    asked(deployment.ask("PUT", "/units/u/config", {"changes": {"a": value}, "actor": "me"}))
    deployment.wait_for("config:u", lambda snapshot: snapshot.config["a"] == value)


def told(deployment: FlagDeployment) -> int:
    """What the location says of the field, once its cache is too old to be served."""
    deployment.clock.advance(61)
    return int(asked(deployment.edge().get("/edge/u"))["config"]["a"])


def test_a_config_with_the_label_of_the_one_that_is_kept_is_not_read(deployed: FlagDeployment) -> None:
    put(deployed, 1)
    assert told(deployed) == 1
    other, same_label = to_kv(Snapshot(1, 0, {"a": 7}))
    deployed.kv.put("config:u", other, metadata=same_label)
    assert told(deployed) == 1
    put(deployed, 2)
    assert told(deployed) == 2


def repeats_a_version(options: Mapping[str, str | float], edits: Edits | None = None) -> int:
    """What a location says after version 2 was undone, and another version 2 was written."""
    with FlagDeployment(options, edits=edits) as deployment:
        put(deployment, 1)
        put(deployment, 2)
        assert told(deployment) == 2
        asked(deployment.ask("POST", "/units/u/restore", {"version": 1}))
        put(deployment, 3)
        return told(deployment)


def test_a_version_that_is_repeated_after_a_restore_is_read_all_the_same(workerd: Path) -> None:
    assert repeats_a_version(EPOCHS) == 3
    assert repeats_a_version(PLAIN) == 3


def test_where_labels_are_repeated_the_location_would_stay_on_the_older_config(workerd: Path) -> None:
    always = {"edge.js": [('epoch === "off" || !mine', "!mine")]}
    assert repeats_a_version(PLAIN, always) == 2
