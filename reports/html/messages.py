# SPDX-License-Identifier: Apache-2.0
"""Who tells whom what: the messages of a step, as arrows between lanes.

An action that is not here has no message: what it changes in one go is tied together in the picture, without a
direction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Final

from attrs import frozen

from edgeproof.model.interpret import Event
from edgeproof.model.machine import Instance
from edgeproof.reports.html.lanes import CLIENT, KV, REPLICATOR, STORE, Lane, element_lane, lane_of

__all__ = ["Message", "messages"]


@frozen
class Message:
    """From one lane to another; it may be `lost`, and never arrive."""

    sender: Lane
    receiver: Lane
    lost: bool = False


_SPOKEN: Final[Mapping[str, str]] = {
    "write poison_write write_without write_refused uncaught retry acknowledge_early edit another raise_draft save "
    "turn_off mint_read mint_write revoke_token change_another release_good release_bad": "client>store",
    "write_by_another": "client>store",
    "acknowledge": "store>client",
    "write_inline": "client>store store>replicator",
    "fire fire_beside": "store>replicator",
    "put_lands stray_lands manifest_put part_stored delete_lands": "replicator>kv",
    "put_confirmed": "kv>replicator",
    "put_fails put_ambiguous inline_put_fails delete_fails delete_ambiguous": "kv!replicator",
    "stray_vanishes": "replicator!kv",
    "refresh fetch look_up lookup fetch_elsewhere": "kv>place",
    "ask renew": "client>place",
    "answer": "place>client",
    "push_arrives pull_due push forward": "store>place",
    "push_lost": "store!place",
    "say_well say_well_late complain": "place>store",
    "begin": "client>kv",
    "entry_lands": "client>kv",
}
"""By names of actions: who speaks to whom. After a `!` it does not arrive."""

_OF_DESIGN: Final[Mapping[str, Mapping[str, str]]] = {
    "artifacts_repo": {
        "begin begin_forced acknowledge fetch download fetch_elsewhere": "store>place",
        "arrive spill push push_rest": "place>store",
        "hear token_returns": "kv>place",
    },
}
"""The same for actions that are called as those of other designs, and say something else."""


def _by_action(spoken: Mapping[str, str]) -> dict[str, list[str]]:
    return {action: ways.split() for actions, ways in spoken.items() for action in actions.split()}


_WAYS: Final = _by_action(_SPOKEN)
_WAYS_OF: Final = {design: _by_action(spoken) for design, spoken in _OF_DESIGN.items()}
_FIXED: Final = {"client": CLIENT, "store": STORE, "replicator": REPLICATOR, "kv": KV}
_PLACES: Final = ("pop", "cache", "read")
"""Arguments that name a location, or something that is at one."""


def messages(instance: Instance, event: Event, changed: Set[str]) -> Iterator[Message]:
    """The messages of an event, by the names of what it `changed`."""
    place = _place(instance, event)
    if event.action == "read" and place is not None:
        yield from _read(instance, event, place, changed)
        return
    own = _WAYS_OF.get(instance.machine.name, {})
    for way in own.get(event.action, _WAYS.get(event.action, ())):
        lost = "!" in way
        sender, receiver = ({**_FIXED, "place": place}.get(end) for end in way.split("!" if lost else ">"))
        if "Writer" in _sorts(instance, event) and receiver is KV:
            sender = CLIENT
        if sender is not None and receiver is not None:
            yield Message(sender, receiver, lost)


def _read(instance: Instance, event: Event, place: Lane, changed: Set[str]) -> Iterator[Message]:
    """A read asks KV where the location's cache changes, or the store where there is no cache; then it is told."""
    source = (
        KV
        if any(
            lane_of(instance, f"{name}{'[0]' if variable.over else ''}") == KV
            for name, variable in instance.machine.variables.items()
        )
        else STORE
    )
    cache = next((element for name, element in event.arguments if name == "cache"), place.number)
    if source is STORE or any(name.startswith(("cache", "age")) and name.endswith(f"[{cache}]") for name in changed):
        yield Message(source, place)
    yield Message(place, CLIENT)


def _place(instance: Instance, event: Event) -> Lane | None:
    """The location of an event, if it has one."""
    sorts = _sorts_by_name(instance, event)
    return next((element_lane(instance, sorts[n], e) for n, e in event.arguments if n in _PLACES and n in sorts), None)


def _sorts(instance: Instance, event: Event) -> Set[str]:
    return set(_sorts_by_name(instance, event).values())


def _sorts_by_name(instance: Instance, event: Event) -> dict[str, str]:
    return {argument.name: argument.type.sort for argument in instance.machine.action(event.action).arguments}
