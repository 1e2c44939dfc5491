# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.impl.documents import draw_change, flag_documents
from edgeproof.impl.manifest import parts as module
from edgeproof.impl.manifest.parts import Manifest, PartCorrupt, PartsError, assemble, by_digest, by_place, split
from edgeproof.impl.snapshot import Snapshot, apply_changes, to_json
from tests.impl.strategies import configs

targets = st.sampled_from([1, 20, 200, 100_000])


@given(configs, st.integers(0, 2**40), st.integers(0, 9), targets)
def test_parts_in_order_are_the_text_byte_for_byte_and_come_back_as_the_config(
    config: dict[str, Any], version: int, era: int, target: int
) -> None:
    manifest, values = split(Snapshot(version, era, config), target=target)
    ordered = [values[name] for name in manifest.parts]
    assert (b"".join(ordered) or b"{}").decode() == to_json(config)
    back = assemble(Manifest.from_kv(manifest.to_kv()[0]), ordered)
    assert (back.version, back.era, to_json(back.config)) == (version, era, to_json(config))


@given(configs, targets)
def test_equal_configs_have_equal_parts_whatever_the_order_of_their_fields(config: dict[str, Any], target: int) -> None:
    turned = dict(reversed(list(config.items())))
    assert split(Snapshot(1, 0, config), target=target)[1] == split(Snapshot(2, 0, turned), target=target)[1]


@given(configs.filter(bool), st.data())
def test_a_part_that_is_not_what_its_name_says_is_refused(config: dict[str, Any], data: st.DataObject) -> None:
    manifest, values = split(Snapshot(1, 0, config), target=20)
    ordered = [values[name] for name in manifest.parts]
    which = data.draw(st.integers(0, len(ordered) - 1))
    at = data.draw(st.integers(0, len(ordered[which]) - 1))
    spoiled = bytearray(ordered[which])
    spoiled[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(PartCorrupt, match="not what its name says"):
        assemble(manifest, [*ordered[:which], bytes(spoiled), *ordered[which + 1 :]])


def test_parts_named_by_their_place_take_any_content_for_their_own() -> None:
    older, _ = split(Snapshot(1, 0, {"a": 1}), names=by_place)
    _, newer = split(Snapshot(2, 0, {"a": 2}), names=by_place)
    mixture = assemble(older, [newer[name] for name in older.parts], names=by_place)
    assert (mixture.version, mixture.config) == (1, {"a": 2})


def test_content_that_comes_back_has_the_names_it_had() -> None:
    first, _ = split(Snapshot(1, 0, {"a": 1}))
    split(Snapshot(2, 0, {"a": 2}))
    third, _ = split(Snapshot(3, 0, {"a": 1}))
    assert first.parts == third.parts


def test_a_field_that_is_larger_than_a_part_is_cut_into_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART_BYTES", 100)
    config = {"large": "x" * 950, "small": 1}
    manifest, values = split(Snapshot(1, 0, config))
    assert max(map(len, values.values())) == 100
    assert assemble(manifest, [values[name] for name in manifest.parts]).config == config


def test_a_config_of_too_many_parts_is_refused() -> None:
    with pytest.raises(PartsError, match="exceeds the limit of 990: use a larger target"):
        split(Snapshot(1, 0, {str(number): number for number in range(991)}), target=1)


def test_a_change_to_one_flag_makes_a_new_part_or_two_and_leaves_the_others_alone() -> None:
    config = flag_documents(3, 1_000)
    _, before = split(Snapshot(1, 0, config), target=4_096)
    assert len(before) > 100
    random = Random(3)
    for _ in range(50):
        changed = apply_changes(config, draw_change(random, config, actor="ann").changes)
        _, after = split(Snapshot(2, 0, changed), target=4_096)
        assert len(set(after) - set(before)) <= 2
        assert len(set(before) - set(after)) <= 2


@pytest.mark.parametrize(
    "value",
    [
        *(b"", b"[]", b'{"version":1,"era":0}', b'{"version":1,"era":0,"parts":[1]}', b"\xff"),
        b'{"version":1e999,"era":0,"parts":[]}',
        b"[" * 100_000,
    ],
    ids=range(7),
)
def test_what_is_no_manifest_is_refused(value: bytes) -> None:
    with pytest.raises(PartsError, match="not a manifest"):
        Manifest.from_kv(value)


def test_parts_that_are_no_config_together_are_refused() -> None:
    value = b"[1]"
    with pytest.raises(PartCorrupt, match="no config together"):
        assemble(Manifest(1, 0, (by_digest.name(0, value),)), [value])
