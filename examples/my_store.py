# SPDX-License-Identifier: Apache-2.0
"""A system of one's own: a small config store, held against the design `do_kv` by a test of three lines.

    pytest examples/my_store.py

`Store` and `Location` are the code under test, and know nothing of edgeproof. `MyStore` lets the design drive them: it
performs its actions by name, and shows its variables by name. Leave `self.arm()` out of `Store.write`, and the test
fails with the one step that shows it.
"""

from __future__ import annotations

from collections.abc import Mapping

import edgeproof


class Store:
    """A config with its changelog, which publishes itself: every write arms an alarm, the alarm puts the newest state.

    The put is under way while `put` is a version; it may fail. A crash loses it, and nothing else: the alarm is leased
    for as long as a put takes, and then rings again.
    """

    def __init__(self) -> None:
        self.changelog: list[tuple[str, str]] = []
        self.alarm = "off"
        self.put = 0

    @property
    def version(self) -> int:
        return len(self.changelog)

    def write(self, field: str, value: str) -> None:
        self.changelog.append((field, value))
        self.arm()

    def arm(self) -> None:
        if self.alarm == "off":
            self.alarm = "sync"

    def begin_put(self) -> None:
        self.put, self.alarm = self.version, "lease"

    def end_put(self, applied: bool) -> None:
        self.alarm = "retry" if not applied else "sync" if self.put != self.version else "off"
        self.put = 0

    def crash(self) -> None:
        self.put = 0


class Location:
    """A location's cache in front of what is published."""

    def __init__(self, ttl: int) -> None:
        self.ttl, self.copy, self.age = ttl, 0, 0

    def fetch(self, published: int) -> None:
        self.copy, self.age = published, 0

    def read(self, published: int) -> int:
        if not self.copy or self.age > self.ttl:
            self.fetch(published)
        return self.copy


class MyStore:
    """The store, the key-value store that it publishes to, its locations, and a client, as `do_kv` speaks of them."""

    def start(self, setup: edgeproof.Setup) -> None:
        pops = setup.sizes["Pop"]
        self.store, self.published, self.applied = Store(), 0, False
        self.locations = [Location(setup.numbers["T"]) for _ in range(pops)]
        self.told, self.request, self.acknowledged = [0] * pops, "none", 0
        # What there never is here: half a write, a failed read, a restore, a put that nothing serialises.
        no_pop, no_put = (0,) * pops, (0,) * setup.sizes["Put"]
        self.nothing: edgeproof.Observation = {
            **dict.fromkeys(("torn", "restored", "sent_era", "kv_era"), 0),
            **{"neighbour_hit": False, "failed": (False,) * pops, "cache_era": no_pop, "served_era": no_pop},
            **{"stray": tuple(map(bool, no_put)), "carries": no_put, "carries_era": no_put},
        }

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        do = getattr(self, f"do_{action}", None)
        if do is None:
            raise edgeproof.ActionUnknown(action)
        do(**arguments)

    def observe(self) -> edgeproof.Observation:
        copies = tuple(location.copy for location in self.locations)
        return {
            "config": self.store.version,
            "alarm": self.store.alarm,
            "logged": len(self.store.changelog),
            "sending": self._sending(),
            "sent": self.store.put,
            "kv": self.published,
            "cached": tuple(copy > 0 for copy in copies),
            "cache": copies,
            "served": tuple(self.told),
            "request": self.request,
            "acked": self.acknowledged,
            **self.nothing,
        }

    def close(self) -> None:
        pass

    def do_tick(self) -> None:
        for location in self.locations:
            location.age += 1

    def do_write(self) -> None:
        self.store.write("colour", f"number {self.store.version + 1}")
        self.request = "stored"

    def do_acknowledge(self) -> None:
        self.acknowledged, self.request = self.store.version, "none"

    do_retry = do_acknowledge

    def do_write_refused(self) -> None:
        pass

    def do_fire(self) -> None:
        if self.store.alarm == "off":
            raise edgeproof.ActionImpossible("no alarm is armed")
        self.store.begin_put()

    def do_put_lands(self) -> None:
        self.published, self.applied = self.store.put, True

    def do_put_confirmed(self) -> None:
        self.store.end_put(applied=True)
        self.applied = False

    def do_put_fails(self) -> None:
        self.store.end_put(applied=False)

    def do_crash(self) -> None:
        self.store.crash()
        self.applied = False
        if self.request == "stored":
            self.request = "lost"

    def do_read(self, pop: int, cache: int) -> None:
        self.told[pop] = self.locations[cache].read(self.published)

    def do_refresh(self, cache: int) -> None:
        self.locations[cache].fetch(self.published)

    def _sending(self) -> str:
        if not self.store.put:
            return "idle"
        return "landed" if self.applied else "flying"


@edgeproof.lockstep("do_kv", crash=True, put_fails=True)
def test_my_store_does_what_the_design_does() -> type[MyStore]:
    return MyStore
