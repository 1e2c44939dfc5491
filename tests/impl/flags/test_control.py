# SPDX-License-Identifier: Apache-2.0
"""The control plane of one app's flags: nobody undoes what they have not seen, and the changelog accounts for all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.impl.durable.database import connect
from edgeproof.impl.durable.front import WriteRequest
from edgeproof.impl.durable.store import ConfigStore, WriteResult
from edgeproof.impl.flags import control as module
from edgeproof.impl.flags.changes import apply_diff, diff_of, inverse_diff
from edgeproof.impl.flags.control import (
    ANY,
    AppFull,
    FlagConflict,
    FlagControl,
    FlagExists,
    FlagInvalid,
    UnknownFlag,
    Unversioned,
)
from edgeproof.impl.flags.service import FlagOptions, FlagService
from edgeproof.impl.runtime import SimulatedRuntime
from edgeproof.impl.snapshot import to_json
from tests.impl.flags.examples import flag, rule

NOW = 1_767_225_600.0
"""2026-01-01T00:00:00Z"""


class Desk:
    """A store, and a control plane over it."""

    def __init__(self, **options: Any) -> None:
        self.world = SimulatedRuntime()
        self.store = ConfigStore(connect(), self.world)
        self.control = FlagControl(self.store, lambda: NOW, **options)


def named(key: str, **changed: Any) -> dict[str, Any]:
    return flag(key=key, **changed)


def without_stamps(one: Any) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name not in ("updated_at", "updated_by")}


def test_a_flag_is_created_read_replaced_and_deleted() -> None:
    control = Desk().control
    created = control.create(named("dark-mode"), "ana")
    assert created.version == 1
    assert created.flag == {**named("dark-mode"), "updated_at": "2026-01-01T00:00:00.000Z", "updated_by": "ana"}
    assert control.get("dark-mode") == created
    assert control.update("dark-mode", named("dark-mode", enabled=False), "bo", 1).version == 2
    assert control.get("dark-mode").flag["enabled"] is False
    assert control.delete("dark-mode", "bo", 2) == 3
    with pytest.raises(UnknownFlag):
        control.get("dark-mode")


@pytest.mark.parametrize(
    "ask",
    [
        lambda control: control.page(),
        lambda control: control.get("old"),
        lambda control: control.changelog("old"),
        lambda control: control.create(named("new"), "ana"),
    ],
    ids=["page", "get", "changelog", "write"],
)
def test_whoever_asks_has_the_alarm_looked_after(ask: Callable[[FlagControl], object]) -> None:
    world = SimulatedRuntime()
    app = FlagService(world.instance(), FlagOptions()).create("shop")
    app.control.create(named("old"), "ana")
    world.advance(1_000)
    ask(app.control)
    alarm = app.unit.store.alarm()
    assert alarm is not None
    assert alarm.reason == "again"


def test_rules_are_kept_in_the_order_of_their_priorities() -> None:
    first, second = {**rule([]), "priority": 7}, {**rule([], "z"), "priority": 3}
    kept = Desk().control.create(named("f", rules=[first, second]), "ana").flag
    assert [one["priority"] for one in kept["rules"]] == [3, 7]


def test_what_is_wrong_is_told_at_once_and_nothing_has_changed() -> None:
    desk = Desk()
    with pytest.raises(FlagInvalid, match="/enabled: true or false; /default_variation") as caught:
        desk.control.create(named("f", enabled=1, default_variation="gone"), "ana")
    assert [one.path for one in caught.value.problems] == ["/enabled", "/default_variation"]
    with pytest.raises(FlagInvalid, match="/key: g, as in the request"):
        desk.control.update("g", named("f"), "ana", 1)
    assert desk.store.version() == 0


def test_an_editor_who_has_not_seen_the_last_change_is_refused() -> None:
    control = Desk().control
    control.create(named("f"), "ana")
    control.update("f", named("f", description="mine"), "ana", 1)
    with pytest.raises(FlagConflict, match="the current version of f is 2"):
        control.update("f", named("f", description="yours"), "bo", 1)
    for expected in (None, ANY):
        with pytest.raises(Unversioned):
            control.update("f", named("f"), "bo", expected)
    assert control.get("f").flag["description"] == "mine"


def test_the_documented_full_replace_loses_an_update() -> None:
    control = Desk(blind=True).control
    control.create(named("f"), "ana")
    control.update("f", named("f", description="mine"), "ana", None)
    control.update("f", named("f", enabled=False), "bo", None)
    assert "description" not in control.get("f").flag


def test_writers_of_other_flags_are_not_in_each_others_way() -> None:
    control = Desk().control
    control.create(named("a"), "ana")
    control.create(named("b"), "ana")
    assert control.update("a", named("a", enabled=False), "ana", 1).version == 3
    assert control.update("b", named("b", enabled=False), "bo", 2).version == 4


def test_a_write_between_looking_and_writing_is_seen() -> None:
    desk = Desk()
    desk.control.create(named("f"), "ana")
    others = iter([named("f", description="theirs")])

    def late(request: WriteRequest) -> WriteResult:
        for other in others:
            desk.control.update("f", other, "bo", 1)
        return desk.store.write(request.changes, actor=request.actor, expected_version=request.expected_version)

    slow = FlagControl(desk.store, lambda: NOW, write=late)
    with pytest.raises(FlagConflict):
        slow.update("f", named("f", description="mine"), "ana", 1)
    assert desk.control.get("f").flag["description"] == "theirs"


def test_a_write_to_another_flag_in_between_is_no_conflict() -> None:
    desk = Desk()
    others = iter(["b", "c"])

    def late(request: WriteRequest) -> WriteResult:
        for other in others:
            desk.control.create(named(other), "bo")
            break
        return desk.store.write(request.changes, actor=request.actor, expected_version=request.expected_version)

    assert FlagControl(desk.store, lambda: NOW, write=late).create(named("a"), "ana").version == 3


def test_a_write_that_is_repeated_with_its_key_is_made_once() -> None:
    control = Desk().control
    for _ in range(2):
        assert control.create(named("f"), "ana", "k").version == 1
    for _ in range(2):
        assert control.update("f", named("f", enabled=False), "ana", 1, "l").version == 2


def test_flags_are_where_they_should_be_or_the_write_is_refused() -> None:
    control = Desk().control
    control.create(named("f"), "ana")
    with pytest.raises(FlagExists):
        control.create(named("f"), "ana")
    with pytest.raises(UnknownFlag):
        control.update("g", named("g"), "ana", 1)
    with pytest.raises(UnknownFlag):
        control.delete("g", "ana", 1)
    with pytest.raises(FlagConflict):
        control.delete("f", "ana", 7)


def test_a_batch_is_one_version_and_all_or_nothing() -> None:
    desk = Desk()
    both = {"a": named("a"), "b": named("b")}
    assert desk.control.batch(both, {"a": 0, "b": 0}, "ana") == 1
    with pytest.raises(FlagConflict):
        desk.control.batch({"a": None, "b": named("b")}, {"a": 1, "b": 7}, "ana")
    with pytest.raises(Unversioned):
        desk.control.batch({"a": None}, {}, "ana")
    with pytest.raises(UnknownFlag):
        desk.control.batch({"c": None}, {"c": 0}, "ana")
    with pytest.raises(FlagConflict):
        desk.control.batch({"a": None}, {"a": 1, "b": 7}, "ana")
    with pytest.raises(UnknownFlag):
        desk.control.batch({"a": None}, {"a": 1, "c": 1}, "ana")
    with pytest.raises(ValueError, match="a batch has 1 to 1000 flags, not 0"):
        desk.control.batch({}, {}, "ana")
    assert desk.control.batch({"a": None, "c": named("c")}, {"a": 1, "c": 0}, "ana") == 2
    assert list(desk.store.snapshot().config) == ["b", "c"]


def test_pages_follow_the_keys() -> None:
    control = Desk().control
    keys = [f"flag-{n:03}" for n in range(25)]
    control.batch({key: named(key) for key in reversed(keys)}, dict.fromkeys(keys, 0), "ana")
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = control.page(10, cursor)
        found += [one.flag["key"] for one in page.flags]
        cursor = page.cursor
    assert found == keys


def test_the_changelog_says_who_did_what_when_and_what_became_different() -> None:
    desk = Desk()
    desk.control.create(named("f", description="old"), "ana")
    desk.world.advance(60)
    desk.control.update("f", named("f", enabled=False), "bo", 1)
    desk.control.create(named("g"), "cy")
    desk.control.delete("f", "ana", 2)
    told = desk.control.changelog("f")
    assert [(one.event, one.version, one.actor, one.at) for one in told] == [
        ("delete", 4, "ana", 60),
        ("update", 2, "bo", 60),
        ("create", 1, "ana", 0),
    ]
    assert told[1].diff == {"description": {"from": "old"}, "enabled": {"from": True, "to": False}}
    assert without_stamps(told[1].after) == named("f", enabled=False)
    assert (told[0].after, told[0].diff, told[2].before) == (None, None, None)
    assert desk.control.changelog("f", limit=1, before=4) == told[1:2]


def test_the_changelog_tells_all_unless_it_is_capped() -> None:
    desk = Desk()
    desk.control.create(named("f"), "ana")
    for version in range(1, 5):
        desk.control.update("f", named("f", description=str(version)), "ana", version)
    capped = FlagControl(desk.store, lambda: NOW, changelog_cap=2)
    assert [one.version for one in desk.control.changelog("f")] == [5, 4, 3, 2, 1]
    assert [one.version for one in capped.changelog("f")] == [5, 4]


def test_an_app_has_a_limited_number_of_flags_and_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FLAGS", 2)
    desk = Desk()
    desk.control.batch({"a": named("a"), "b": named("b")}, {"a": 0, "b": 0}, "ana")
    with pytest.raises(AppFull, match="at most 2 flags"):
        desk.control.create(named("c"), "ana")
    swap = {"a": None, "c": named("c")}
    assert desk.control.batch(swap, {"a": 1, "c": 0}, "ana") == 2
    monkeypatch.setattr(module, "MAX_BYTES", desk.store.size()[1])
    with pytest.raises(AppFull, match="bytes of JSON"):
        desk.control.update("c", named("c", description="x"), "ana", 2)
    assert desk.store.version() == 2
    assert desk.control.update("c", named("c"), "bo", 2).version == 3, "no byte more"


members = st.dictionaries(
    st.sampled_from(["key", "enabled", "description", "rules", "updated_at"]),
    st.recursive(
        st.none() | st.booleans() | st.integers(0, 2) | st.just("1"), lambda inner: st.lists(inner), max_leaves=3
    ),
)


@given(before=members, after=members)
def test_a_diff_makes_the_one_flag_of_the_other_and_its_inverse_takes_it_back(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    diff = diff_of(before, after)
    there = apply_diff(before, diff)
    assert to_json(without_stamps(there)) == to_json(without_stamps(after))
    assert to_json(apply_diff(there, inverse_diff(diff))) == to_json(before)
    assert (diff == {}) == (to_json(without_stamps(before)) == to_json(without_stamps(after)))


def test_a_diff_that_starts_from_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="enabled is 1, not True"):
        apply_diff({"enabled": 1}, {"enabled": {"from": True, "to": False}})
    with pytest.raises(ValueError, match="key is None"):
        apply_diff({}, {"key": {"from": "f"}})
