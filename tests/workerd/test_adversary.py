# SPDX-License-Identifier: Apache-2.0
"""The KV and R2 of the suite, as the real bindings of the real runtime see them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgeproof.impl.edge.kv import KVNamespace
from edgeproof.impl.workerd.adversary import Adversary, Answer, Fault, SuiteClock
from edgeproof.impl.workerd.adversary_http import Door
from edgeproof.impl.workerd.adversary_r2 import R2Bucket
from edgeproof.impl.workerd.client import Client
from edgeproof.impl.workerd.runtime import Workerd

CONFIG = """using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ SERVICES (name = "internet", network = (allow = [])) ], sockets = [ SOCKETS ] );
WORKERS
"""


class Probes:
    """A probe at each of two locations."""

    def __init__(self, directory: Path) -> None:
        self.clock = SuiteClock()
        self.kv = Adversary(KVNamespace(self.clock), self.clock, 2)
        self.r2 = R2Bucket(self.clock.now)
        self.door = Door(self.kv, self.r2)
        services, sockets, workers = "", "", ""
        for place in range(2):
            where = f'http = (injectRequestHeaders = [(name = "edgeproof-place", value = "{place}")])'
            services += f'(name = "probe{place}", worker = .probe{place}),'
            services += f'(name = "kv{place}", external = (address = "{self.door.address}", {where})),'
            services += f'(name = "r2{place}", external = (address = "{self.door.address}", {where})),'
            sockets += f'(name = "{place}", address = "127.0.0.1:0", http = (), service = "probe{place}"),'
            workers += (
                f'const probe{place} :Workerd.Worker = (modules = [(name = "probe.js", esModule = embed "probe.js")],'
                f'compatibilityDate = "2026-11-01", bindings = [(name = "KV", kvNamespace = "kv{place}"),'
                f'(name = "R2", r2Bucket = "r2{place}")]);\n'
            )
        (directory / "probe.js").write_bytes(Path(__file__).with_name("probe.js").read_bytes())
        config = directory / "probe.capnp"
        text = CONFIG.replace("SERVICES", services).replace("SOCKETS", sockets.rstrip(",")).replace("WORKERS", workers)
        config.write_text(text, encoding="utf-8")
        self.process = Workerd(config, disks={}, externals={})
        self.process.start()
        self.clients = [Client(self.process.ports[str(place)], {}) for place in range(2)]

    def do(self, act: str, *given: Any, place: int = 0) -> Any:
        said = self.clients[place].do("POST", "/", [act, *given]).said
        return said.get("value") if "error" not in said else f"error: {said['error']}"

    def get(self, key: str, place: int = 0, ttl: int = 60) -> Any:
        said = self.do("get", key, {"cacheTtl": ttl}, place=place)
        return said if isinstance(said, str) else said["value"]

    def close(self) -> None:
        self.process.kill()
        self.door.close()


@pytest.fixture(scope="module")
def shared(workerd: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probes]:
    one = Probes(tmp_path_factory.mktemp("probe"))
    yield one
    one.close()


@pytest.fixture
def probes(shared: Probes) -> Probes:
    shared.kv = Adversary(KVNamespace(shared.clock), shared.clock, 2)
    shared.r2 = R2Bucket(shared.clock.now)
    shared.door.adversary, shared.door.bucket = shared.kv, shared.r2
    return shared


def test_a_copy_is_served_until_its_time_is_over_and_absence_as_well(probes: Probes) -> None:
    assert probes.get("k") is None
    assert probes.do("put", "k", "one", {"metadata": {"version": 1}}) is None
    assert (probes.get("k"), probes.get("k", place=1)) == (None, "one")
    probes.clock.advance(61)
    assert probes.do("get", "k", {}) == {"value": "one", "metadata": {"version": 1}, "cacheStatus": None}
    assert probes.do("put", "k", "two") is None
    probes.clock.advance(31)
    assert (probes.get("k"), probes.get("k", ttl=30)) == ("one", "two")
    assert probes.do("delete", "k") is None
    probes.clock.advance(61)
    assert probes.get("k") is None


def test_a_location_may_have_several_caches_and_may_be_cut_off(probes: Probes) -> None:
    probes.kv.put("k", b"one")
    assert probes.get("k") == "one"
    probes.clock.advance(1)
    probes.kv.put("k", b"two")
    assert probes.get("k", place=1) == "two"
    probes.kv.places[0].serving = probes.kv.places[1].cache
    assert probes.get("k") == "two"
    probes.kv.places[0].serving = probes.kv.places[0].cache
    assert probes.get("k") == "one"
    probes.kv.places[0].reachable = False
    probes.clock.advance(61)
    assert probes.get("k").startswith("error: KV GET failed: 503")


def test_the_documented_limits_are_enforced(probes: Probes) -> None:
    assert probes.do("fill", "k", 25 * 2**20) is None
    probes.clock.advance(1)
    assert probes.do("fill", "k", 25 * 2**20 + 1).startswith("error: KV PUT failed: 413")
    assert probes.do("put", "n", "v") is None
    assert probes.do("put", "n", "v") == "error: KV PUT failed: 429 Too Many Requests"
    assert probes.do("put", "m", "v", {"metadata": "m" * 1022}) is None
    assert probes.do("put", "l", "v", {"metadata": "m" * 1023}).startswith("error: KV PUT failed: 413")
    assert probes.do("put", "é" * 256, "v") is None
    assert "414" in probes.do("put", "é" * 256 + "x", "v")
    assert probes.do("put", "e", "v", {"expirationTtl": 60}) is None
    assert probes.do("put", "f", "v", {"expirationTtl": 59}).startswith("error:")
    assert probes.get("n", ttl=29).startswith("error: KV GET failed: 400")


def test_keys_are_listed_page_by_page_and_read_in_bulk(probes: Probes) -> None:
    for n in range(5):
        probes.kv.put(f"a/{n} é", b"%d" % n, metadata={"n": n})
    probes.kv.put("b", b"")
    first = probes.do("list", {"prefix": "a/", "limit": 3})
    assert [(one["name"], one["metadata"]) for one in first["keys"]] == [(f"a/{n} é", {"n": n}) for n in range(3)]
    second = probes.do("list", {"prefix": "a/", "cursor": first["cursor"]})
    assert ([one["name"] for one in second["keys"]], second["list_complete"]) == (["a/3 é", "a/4 é"], True)
    assert probes.do("bulk", ["a/0 é", "missing"]) == {"a/0 é": "0", "missing": None}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(429), "error: KV PUT failed: 429 Too Many Requests"),
        (Answer(500), "error: KV PUT failed: 500 Internal Server Error"),
        (Answer(dropped=True), "error: Network connection lost."),
    ],
)
@pytest.mark.parametrize("effect", [False, True])
def test_a_put_fails_as_it_does_in_production_and_may_have_been_applied(
    probes: Probes, answer: Answer, said: str, effect: bool
) -> None:
    probes.kv.inject("PUT", Fault(answer, effect=effect))
    assert probes.do("put", "k", "v") == said
    entry = probes.kv.namespace.read_centre("k")
    assert (None if entry is None else entry.value) == (b"v" if effect else None)


def test_puts_that_are_held_land_in_any_order_or_late_or_never(probes: Probes) -> None:
    probes.kv.holding = True
    calls = [probes.clients[0].send("POST", "/", ["put", "k", value]) for value in ("one", "two", "three")]
    held = {one.value: one for one in (probes.kv.arrival() for _ in calls)}
    held[b"three"].reply()
    probes.clock.advance(1)
    held[b"one"].land()
    held[b"one"].fail(503)
    held[b"two"].drop()
    said = [call.reply().said for call in calls]
    assert said == [
        {"error": "KV PUT failed: 503 Service Unavailable"}, {"error": "Network connection lost."}, {"value": None},
    ]  # fmt: skip
    entry = probes.kv.namespace.read_centre("k")
    assert entry is not None
    assert entry.value == b"one"


def test_r2_keeps_objects_and_a_read_sees_the_last_write(probes: Probes) -> None:
    assert probes.do("r2get", "k") is None
    assert probes.do("r2head", "k") is None
    put = probes.do("r2put", "k", "hello", {"customMetadata": {"of": "us"}})
    assert (put["key"], put["size"], put["custom"]) == ("k", 5, {"of": "us"})
    assert probes.do("r2head", "k", place=1) == put
    assert probes.do("r2get", "k", place=1)["text"] == "hello"
    assert probes.do("r2get", "k", {"range": {"offset": 1, "length": 3}})["text"] == "ell"
    for n in range(3):
        probes.do("r2put", f"part/{n}", "x")
    first = probes.do("r2list", {"prefix": "part/", "limit": 2})
    assert (first["keys"], first["truncated"]) == (["part/0", "part/1"], True)
    assert probes.do("r2list", {"prefix": "part/", "cursor": first["cursor"]})["keys"] == ["part/2"]
    assert probes.do("r2delete", ["k", "part/0", "never"]) is None
    assert sorted(probes.r2.objects) == ["part/1", "part/2"]


def test_r2_fails_on_command_and_may_have_taken_effect(probes: Probes) -> None:
    probes.r2.inject("PUT", Fault(Answer(503)), Fault(Answer(dropped=True), effect=True))
    assert probes.do("r2put", "k", "v").startswith("error: put:")
    assert "k" not in probes.r2.objects
    assert probes.do("r2put", "k", "v").startswith("error:")
    assert probes.r2.objects["k"].value == b"v"


@pytest.mark.parametrize(
    "half", ["PUT /k", "PUT /k HTTP/1.1\r\nHost", "PUT /k HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf"]
)
def test_who_sends_half_a_request_is_cut_off_and_who_only_waits_is_not(
    half: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeproof.impl.workerd.adversary_http._PATIENCE", 0.1)
    clock = SuiteClock()
    door = Door(Adversary(KVNamespace(clock), clock, 1))
    host, _, port = door.address.partition(":")
    with (
        socket.create_connection((host, int(port)), 10) as waits,
        socket.create_connection((host, int(port)), 10) as one,
    ):
        one.sendall(half.encode())
        assert one.recv(1) == b"", "it is cut off"
        waits.sendall(b"GET /k HTTP/1.1\r\nHost: kv\r\n\r\n")
        assert waits.recv(12) == b"HTTP/1.1 404"
    door.close()
