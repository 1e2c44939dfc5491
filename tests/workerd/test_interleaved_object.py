# SPDX-License-Identifier: Apache-2.0
"""The engine `interleave` on the Worker's Durable Object, in workerd, whose answers and puts wait."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import pytest

from edgeproof.impl.interleaved.publication import PublicationSubject
from edgeproof.impl.interleaved.subjects import subject
from edgeproof.impl.interleaved.worker_publication import WorkerPublicationSubject
from edgeproof.properties.engines.interleave.engine import Effort, interleave
from edgeproof.properties.engines.interleave.schedule import replay
from tests.workerd.interleaved import compare

pytestmark = pytest.mark.xdist_group("workerd-flags")

STORE: Final = "store.js"
LOOKS_AGAIN_AFTER_THE_PUT: Final = ("    this.end(snapshot);\n", "    this.end(this.copy());\n")
"""What was published is read again once the put is confirmed."""


def test_in_every_order_the_workers_object_and_the_references_show_the_same(workerd: Path) -> None:
    with closing(subject("worker-publication", 2)) as worker, closing(PublicationSubject(2)) as reference:
        for seed in range(25):
            compare(worker, reference, Random(seed))


def test_what_is_read_again_after_a_put_is_found_and_its_schedule_shows_it_again(workerd: Path) -> None:
    faulty = partial(WorkerPublicationSubject, 2, {STORE: [LOOKS_AGAIN_AFTER_THE_PUT]})
    shown = interleave("faulty", faulty, Effort(200)).witnesses
    assert shown.keys() == {"convergence"}
    with closing(faulty()) as system, closing(WorkerPublicationSubject(2)) as mended:
        assert replay(shown["convergence"], system).broken["convergence"] == shown["convergence"].why
        assert not replay(shown["convergence"], mended).broken
