# SPDX-License-Identifier: Apache-2.0
"""The bucket, R2's promises, and the same bucket behind the HTTP door that the real runtime speaks to."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.impl.edge.kv import KVLocation, KVNamespace, KVUnreachable, LocationCache
from edgeproof.impl.manifest.blobs import Bucket, KVParts, PartStore, R2Parts
from edgeproof.impl.runtime import SimulatedRuntime
from edgeproof.impl.workerd.adversary_http import Door
from edgeproof.impl.workerd.adversary_r2 import R2Bucket

keys = st.sampled_from(["a", "b", "c/d"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), keys, st.binary(max_size=5)),
        st.tuples(st.just("delete"), keys),
        st.tuples(st.just("get"), keys),
        st.tuples(st.just("head"), keys),
        st.tuples(st.just("list")),
    ),
    max_size=12,
)


class Direct:
    """The bucket itself, and what a caller gets to know of an object."""

    def __init__(self) -> None:
        self.bucket = Bucket(lambda: 0.0)

    def do(self, act: str, key: str = "", value: bytes = b"") -> Any:
        if act == "put":
            return self.bucket.put(key, value).described()
        if act == "delete":
            return self.bucket.delete(key)
        if act == "list":
            return [one.described() for one in self.bucket.list()[0]]
        found = self.bucket.get(key)
        if found is None:
            return None
        return (found.described(), found.value) if act == "get" else found.described()


class Wired:
    """The same over HTTP, as the binding asks."""

    def __init__(self, door: Door) -> None:
        door.bucket = R2Bucket(lambda: 0.0)
        self.address = door.address

    def do(self, act: str, key: str = "", value: bytes = b"") -> Any:
        asked = json.dumps({"version": 1, "method": act, "object": key}).encode()
        connection = HTTPConnection(self.address, timeout=10)
        if act in ("put", "delete"):
            connection.request("PUT", "/", asked + value, {"cf-r2-metadata-size": str(len(asked))})
        else:
            connection.request("GET", "/", headers={"cf-r2-request": asked.decode()})
        reply = connection.getresponse()
        body, size = reply.read(), int(reply.headers.get("cf-r2-metadata-size") or 0)
        connection.close()
        if reply.status == 404:
            return None
        said: Any = json.loads(body[:size]) if size else None
        if act == "list":
            return said["objects"]
        return (said, body[size:]) if act == "get" else said


@pytest.fixture(scope="module")
def door() -> Any:
    one = Door()
    yield one
    one.close()


@given(sequence=steps)
def test_the_bucket_and_its_http_door_give_the_same_answers(sequence: list[Any], door: Door) -> None:
    direct, wired = Direct(), Wired(door)
    for step in sequence:
        assert direct.do(*step) == wired.do(*step)


@given(steps)
def test_a_read_sees_the_last_write(sequence: list[Any]) -> None:
    bucket, known = Bucket(lambda: 0.0), dict[str, bytes]()
    for act, *given_ in sequence:
        if act == "put":
            bucket.put(*given_)
            known[given_[0]] = given_[1]
        elif act == "delete":
            bucket.delete(*given_)
            known.pop(given_[0], None)
        assert {one.key: one.value for one in bucket.list()[0]} == known


def test_a_key_has_at_most_1024_bytes() -> None:
    bucket = Bucket(lambda: 0.0)
    bucket.put("x" * 1024, b"")
    with pytest.raises(ValueError, match="1024"):
        bucket.put("x" * 1025, b"")


def stores() -> dict[str, tuple[PartStore, Any, SimulatedRuntime]]:
    clock = SimulatedRuntime()
    r2, cache, namespace = R2Parts(Bucket(clock.now)), LocationCache(), KVNamespace(clock)
    kv = KVParts(namespace, KVLocation(namespace, clock, lambda: cache), cache_ttl=60)
    return {"r2": (r2, r2, clock), "kv": (kv, kv, clock)}


@pytest.mark.parametrize("where", ["r2", "kv"])
def test_a_part_is_there_from_its_put_to_its_delete(where: str) -> None:
    store, reader, clock = stores()[where]
    store.put("part/a", b"1")
    assert (store.has("part/a"), reader.get("part/a"), reader.get("part/b")) == (True, b"1", None)
    clock.advance(1)
    store.delete("part/a")
    clock.advance(61)
    assert (store.has("part/a"), reader.get("part/a")) == (False, None)


def test_asking_kv_for_a_part_leaves_the_answer_behind_and_asking_r2_does_not() -> None:
    for where, later in (("r2", True), ("kv", False)):
        store, reader, clock = stores()[where]
        assert not store.has("part/a")
        store.put("part/a", b"1")
        clock.advance(60)
        assert store.has("part/a") is later
        assert (reader.get("part/a") is not None) is later


def test_a_location_that_is_cut_off_reaches_no_bucket() -> None:
    bucket = Bucket(lambda: 0.0)
    bucket.put("part/a", b"1")
    with pytest.raises(KVUnreachable, match="nowhere else"):
        R2Parts(bucket, lambda: False).get("part/a")
