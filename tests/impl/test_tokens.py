# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.impl.durable.database import connect
from edgeproof.impl.durable.replicator import Replicator
from edgeproof.impl.durable.store import ConfigStore
from edgeproof.impl.edge.kv import KVLocation, KVNamespace, LocationCache
from edgeproof.impl.runtime import Instance, SimulatedRuntime
from edgeproof.impl.tokens.edge import TokenGate, TokenPublication, mark_key
from edgeproof.impl.tokens.table import KEEP, TokenTable
from edgeproof.impl.tokens.tokens import (
    MAX_TTL,
    MIN_TTL,
    Credential,
    Request,
    TokenRecord,
    TokenTtlError,
    authorise,
    credential_of,
    new_credential,
    record_of,
    to_value,
)

SECRET = "art_v1_" + "0123456789abcdef0123456789abcdef01234567"

secrets_ = st.binary(min_size=20, max_size=20).map(lambda raw: f"art_v1_{raw.hex()}")
RECORD: dict[str, Any] = {
    "digest": Credential(SECRET).digest, "repo": "mine", "scope": "write", "expires": 9e9, "minted_at": 0.0,
    "revoked_at": None,
}  # fmt: skip
ALMOST: list[dict[str, Any]] = [
    {"scope": "admin"}, {"expires": "soon"}, {"expires": float("inf")}, {"expires": None}, {"digest": "é"},
    {"revoked_at": []}, {"minted_at": {}},
]  # fmt: skip
UNREADABLE = ["", "{", "null", "5", "[]", '"active"', "{}", "[" * 100_000, "\udcff",
              *(json.dumps({**RECORD, **change}) for change in ALMOST)]  # fmt: skip
"""Values under a token's key that are no record of it."""

credentials = st.builds(Credential, secrets_, st.integers(0, 10**10))
scopes = st.sampled_from(["read", "write"])
operations = st.sampled_from(["fetch", "push"])
times = st.integers(0, 10**10)


def record(credential: Credential, **more: Any) -> TokenRecord:
    said = {"repo": "mine", "scope": "write", "expires": 1000, "minted_at": 0.0, **more}
    return TokenRecord(credential.digest, **said)


# --- the text of a token


@given(credentials)
def test_a_token_is_read_back_from_its_text_and_its_secret_alone_is_enough(credential: Credential) -> None:
    assert credential_of(credential.text) == credential
    alone = credential_of(credential.secret)
    assert alone is not None
    assert (alone.digest, alone.expires) == (credential.digest, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        SECRET[:-1],
        SECRET + "0",
        SECRET.upper(),
        SECRET.replace("v1", "v2"),
        SECRET + "?expires=",
        SECRET + "?expires=soon",
        SECRET + "?expires=-1",
        SECRET + "?expires=٣",
        SECRET + "\n",
        " " + SECRET,
        SECRET + "?expires=1&expires=2",
    ],
)
def test_what_is_no_token_is_not_read_as_one(text: str) -> None:
    assert credential_of(text) is None


def test_a_new_token_has_the_documented_form_and_two_are_never_the_same() -> None:
    first, second = new_credential(1000.5, 60), new_credential(1000.5, 60)
    assert credential_of(first.text) == first
    assert first.text.endswith("?expires=1060"), "a fraction of a second is not given away"
    assert first.secret != second.secret


@pytest.mark.parametrize("ttl", [MIN_TTL, 900, MAX_TTL])
def test_a_token_lasts_from_a_minute_to_a_year(ttl: int) -> None:
    assert new_credential(0, ttl).expires == ttl


@pytest.mark.parametrize("ttl", [0, -1, MIN_TTL - 1, MAX_TTL + 1, float("inf"), float("nan")])
def test_any_other_time_is_refused_with_the_platforms_code(ttl: float) -> None:
    with pytest.raises(TokenTtlError, match="60 to 31536000 seconds") as refused:
        new_credential(0, ttl)
    assert refused.value.code == 10103


# --- what a token opens


@given(credentials, scopes, operations, st.sampled_from(["mine", "yours"]), times, times, st.booleans())
def test_a_request_is_admitted_exactly_by_the_tokens_own_repo_scope_time_and_standing(
    credential: Credential, scope: str, operation: str, repo: str, expires: int, now: int, revoked: bool
) -> None:
    known = record(credential, scope=scope, expires=expires, revoked_at=5.0 if revoked else None)
    decision = authorise(known, Request(repo, operation, credential), now)
    assert decision.admitted == (
        repo == "mine" and not revoked and now <= expires and (operation == "fetch" or scope == "write")
    )
    assert (decision.reason == "") == decision.admitted


@given(credentials, credentials)
def test_another_tokens_record_opens_nothing(one: Credential, other: Credential) -> None:
    assert authorise(record(other, expires=10**11), Request("mine", "fetch", one), 0).admitted == (
        one.secret == other.secret
    )


@given(times, st.integers(0, 1000))
def test_with_a_margin_a_clock_that_is_behind_by_less_accepts_nothing_that_has_expired(now: int, behind: int) -> None:
    credential = Credential(SECRET)
    told = authorise(record(credential, expires=now - 1), Request("mine", "fetch", credential), now - behind, behind)
    assert told.reason == "expired"


@given(credentials, scopes, times, st.none() | st.floats(0, 1e10))
def test_a_record_survives_json(credential: Credential, scope: str, expires: int, revoked: float | None) -> None:
    one = record(credential, scope=scope, expires=expires, revoked_at=revoked)
    assert record_of(json.loads(json.dumps(to_value(one)))) == one


@pytest.mark.parametrize("change", [{"scope": "admin"}, {"expires": "soon"}, {"revoked_at": []}, {"repo": ...}])
def test_what_is_no_record_is_refused(change: dict[str, Any]) -> None:
    value = {**to_value(record(Credential(SECRET))), **change}
    with pytest.raises(ValueError, match="not the record of a token"):
        record_of({name: one for name, one in value.items() if one is not ...})


# --- a repo's table


@pytest.fixture
def runtime() -> SimulatedRuntime:
    return SimulatedRuntime()


@pytest.fixture
def store(runtime: SimulatedRuntime) -> ConfigStore:
    return ConfigStore(connect(), runtime)


@pytest.fixture
def table(runtime: SimulatedRuntime, store: ConfigStore) -> TokenTable:
    return TokenTable("mine", store, runtime)


def test_tokens_are_listed_by_how_they_stand(runtime: SimulatedRuntime, table: TokenTable) -> None:
    short, long, gone = (table.mint("read", ttl).digest[:16] for ttl in (60, 600, 600))
    assert table.revoke(gone)
    runtime.advance(61)
    listed = {state: [one.id for one in table.list(state)] for state in ("active", "expired", "revoked")}
    assert listed == {"active": [long], "expired": [short], "revoked": [gone]}
    assert len(table.list("all")) == 3
    with pytest.raises(ValueError, match="a token is active, expired, revoked"):
        table.list("lost")


def test_a_token_is_revoked_once_by_its_id_its_secret_or_its_text(table: TokenTable) -> None:
    tokens = [table.mint() for _ in range(3)]
    for which in (tokens[0].digest[:16], tokens[1].secret, tokens[2].text):
        assert table.revoke(which)
        assert not table.revoke(which)
    assert not table.revoke("0" * 16)
    assert [one.state(0) for one in table.list("all")] == ["revoked"] * 3


def test_the_table_itself_forgets_nothing_that_may_still_be_about(runtime: SimulatedRuntime, table: TokenTable) -> None:
    table.mint("read", 60)
    runtime.advance(60 + KEEP)
    assert table.prune() == 0
    runtime.advance(1)
    assert (table.prune(), table.prune()) == (1, 0)
    assert table.list("all") == []


def test_a_scope_that_there_is_not_and_a_time_out_of_range_change_nothing(
    store: ConfigStore, table: TokenTable
) -> None:
    with pytest.raises(ValueError, match="a scope is read or write"):
        table.mint("admin")
    with pytest.raises(TokenTtlError):
        table.mint("read", 1)
    assert store.version() == 0


def test_the_second_check_is_by_the_tables_own_clock_and_its_own_knowledge(
    runtime: SimulatedRuntime, table: TokenTable
) -> None:
    short, revoked, read = table.mint("write", 60), table.mint("write", 600), table.mint("read", 600)
    assert table.decide(Request("mine", "push", short)).admitted
    table.revoke(revoked.text)
    runtime.advance(61)
    told = [table.decide(Request("mine", "push", one)).reason for one in (short, revoked, read, Credential(SECRET))]
    assert told == ["expired", "revoked", "out of scope", "unknown"]


# --- secrets


def test_a_secret_is_nowhere_but_with_whoever_had_it_minted(
    runtime: SimulatedRuntime, store: ConfigStore, table: TokenTable
) -> None:
    credential = table.mint()
    table.revoke(credential.text)
    request = Request("mine", "push", credential)
    kv = KVNamespace(runtime)
    publish(runtime, store, kv, "tombstone")
    kept = "\n".join(store._connection.iterdump())
    in_kv = [(key, entry.value, entry.metadata) for key, entry in kv.list().keys]
    shown = [repr(credential), str(credential), repr(request), repr(table.list("all")), repr(table.decide(request))]
    with pytest.raises(ValueError, match="not the record") as raised:
        record_of({"digest": credential.secret})
    assert len(in_kv) == 1
    assert repr(request) == "Request(repo='mine', operation='push')", "nothing of the credential, secret or not"
    for text in (kept, repr(in_kv), *shown, str(raised.value), repr(store.changelog())):
        assert credential.secret.removeprefix("art_v1_") not in text


# --- publishing, and the check at the edge


def publish(runtime: SimulatedRuntime, store: ConfigStore, kv: KVNamespace, revoke: str) -> None:
    instance = runtime.instance()
    replicator = Replicator(store, kv, instance, TokenPublication("token:", revoke=revoke))
    task = instance.spawn(replicator.on_alarm())
    runtime.resolve(instance.pending[-1])
    task.outcome()


class Edge:
    def __init__(self, runtime: SimulatedRuntime, kv: KVNamespace, **how: Any) -> None:
        self._runtime, self.cache, self.reachable = runtime, LocationCache(), True
        location = KVLocation(kv, runtime, lambda: self.cache, lambda: self.reachable)
        self._isolate: Instance = runtime.instance()
        self._gate = TokenGate(location, self._isolate, runtime, "token:", **how)

    def reason(self, credential: Credential, operation: str = "fetch", repo: str = "mine", takes: float = 0) -> str:
        """Why a request is refused, "" if it is not; the look-up takes so many seconds."""
        task = self._isolate.spawn(self._gate.decide(Request(repo, operation, credential)))
        self._runtime.advance(takes)
        self._runtime.resolve(self._isolate.pending[-1])
        reason: str = task.outcome().reason
        return reason


@pytest.mark.parametrize("revoke", ["tombstone", "delete", "mark"])
def test_a_token_is_good_once_published_and_refused_a_cache_ttl_after_its_revocation_is(
    runtime: SimulatedRuntime, store: ConfigStore, table: TokenTable, revoke: str
) -> None:
    kv = KVNamespace(runtime)
    edge = Edge(runtime, kv, marks=revoke == "mark")
    credential = table.mint("read", 600)
    assert edge.reason(credential) == "unknown"
    publish(runtime, store, kv, revoke)
    assert edge.reason(credential) == "unknown", "its absence is cached"
    runtime.advance(60.5)
    assert (edge.reason(credential), edge.reason(credential, "push")) == ("", "out of scope")
    assert edge.reason(credential, repo="yours") == "for another repo"
    table.revoke(credential.text)
    publish(runtime, store, kv, revoke)
    assert edge.reason(credential) == "", "its copy is served"
    runtime.advance(60.5)
    assert edge.reason(credential) == ("unknown" if revoke == "delete" else "revoked")


def test_a_late_put_of_the_token_undoes_a_tombstone_and_a_deletion_but_not_a_mark(runtime: SimulatedRuntime) -> None:
    told = {}
    for revoke in ("tombstone", "delete", "mark"):
        kv, store = KVNamespace(runtime), ConfigStore(connect(), runtime)
        table = TokenTable("mine", store, runtime)
        credential = table.mint("read", 600)
        instance = runtime.instance()
        instance.spawn(Replicator(store, kv, instance, TokenPublication("token:", revoke=revoke)).on_alarm())
        late = instance.pending[-1]
        runtime.orphan(late)
        table.revoke(credential.text)
        publish(runtime, store, kv, revoke)
        runtime.advance(5)
        runtime.resolve(late)
        assert late.error is None
        told[revoke] = Edge(runtime, kv, marks=revoke == "mark").reason(credential)
    assert told == {"tombstone": "", "delete": "", "mark": "revoked"}


def test_where_nothing_can_be_looked_up_nobody_is_admitted(runtime: SimulatedRuntime) -> None:
    edge = Edge(runtime, KVNamespace(runtime))
    edge.reachable = False
    assert edge.reason(Credential(SECRET)) == "unavailable"


@pytest.mark.parametrize("value", UNREADABLE, ids=range(len(UNREADABLE)))
@pytest.mark.parametrize("revoke", ["tombstone", "mark"])
def test_a_value_that_is_no_record_opens_nothing(runtime: SimulatedRuntime, value: str, revoke: str) -> None:
    kv, credential = KVNamespace(runtime), Credential(SECRET)
    edge = Edge(runtime, kv, marks=revoke == "mark")
    kv.put("token:" + credential.digest, value.encode(errors="surrogateescape"))
    assert edge.reason(credential) == "unreadable"
    kv.put(mark_key("token:" + credential.digest), b"1")
    runtime.advance(61)
    assert edge.reason(credential) == ("revoked" if revoke == "mark" else "unreadable")


def test_a_token_that_expires_while_it_is_looked_up_is_refused(
    runtime: SimulatedRuntime, store: ConfigStore, table: TokenTable
) -> None:
    kv = KVNamespace(runtime)
    edge = Edge(runtime, kv)
    credential = table.mint("read", 60)
    publish(runtime, store, kv, "mark")
    assert edge.reason(credential, takes=60) == ""
    assert edge.reason(credential, takes=1) == "expired"


def test_a_second_publication_keeps_expired_tokens_out_and_revocations_in(
    runtime: SimulatedRuntime, store: ConfigStore, table: TokenTable
) -> None:
    kv = KVNamespace(runtime)
    short, revoked = table.mint("read", 60), table.mint("read", MAX_TTL)
    table.revoke(revoked.text)
    publish(runtime, store, kv, "mark")
    assert kv.read_centre("token:" + short.digest) is not None
    runtime.advance(60 + KEEP)
    publish(runtime, store, kv, "mark")
    assert kv.read_centre("token:" + short.digest) is None, "KV has let it go by itself"
    assert kv.read_centre(mark_key("token:" + revoked.digest)) is not None


@pytest.mark.parametrize(("since", "told"), [(0, True), (KEEP / 2 - 1, True), (KEEP / 2, False)])
@pytest.mark.parametrize("revoke", ["tombstone", "mark"])
def test_kv_is_told_of_a_token_for_half_a_day_after_its_end_and_keeps_it_for_a_day(
    runtime: SimulatedRuntime, store: ConfigStore, table: TokenTable, revoke: str, since: float, told: bool
) -> None:
    tokens = [table.mint("read", 60) for _ in range(2)]
    table.revoke(tokens[1].text)
    good, revoked = ("token:" + token.digest for token in tokens)
    keys = (good, mark_key(revoked) if revoke == "mark" else revoked)
    runtime.advance(60 + since)
    kv = KVNamespace(runtime)
    publish(runtime, store, kv, revoke)
    assert {key: entry.expires_at for key, entry in kv.list().keys} == (dict.fromkeys(keys, 60 + KEEP) if told else {})


def test_an_unknown_way_to_revoke_is_refused() -> None:
    with pytest.raises(ValueError, match="a revocation is a tombstone, delete, mark"):
        TokenPublication("token:", revoke="shout")
