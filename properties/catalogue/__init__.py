# SPDX-License-Identifier: Apache-2.0
"""Every property, stated once, a file each; a new property is one new file here and one line in `_ALL`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from edgeproof.model.machine import DesignError, Instance
from edgeproof.properties.catalogue import (
    answered_write,
    atomic_write,
    blast_radius,
    bounded_staleness,
    changelog_complete,
    convergence,
    cross_pop_monotonic,
    durable_ack,
    evaluation_pure,
    idempotent_write,
    immediate_revocation,
    kill_switch,
    label_is_content,
    local_reads,
    monotonic_kv,
    monotonic_reads,
    never_ahead,
    never_early,
    new_token_delay,
    no_dangling_ref,
    no_lost_push,
    no_lost_update,
    no_partial_read,
    poison_bounded,
    push_atomic,
    push_revocation,
    read_your_writes,
    ref_race,
    repo_isolation,
    rollout_monotone,
    serves_last_good,
    single_writer_order,
    spill_integrity,
    staged_blast_radius,
    token_expiry,
    token_revocation_bound,
    token_scope,
    unit_isolation,
)
from edgeproof.properties.catalogue.property import Property, Step, applies_to, state_form, step_form

__all__ = [
    "CATALOGUE",
    "Property",
    "Step",
    "adopt_properties",
    "applicable",
    "askable",
    "check_ids",
    "part_with_properties",
    "state_form",
    "step_form",
]

_ALL: Final = (
    atomic_write,
    changelog_complete,
    single_writer_order,
    durable_ack,
    idempotent_write,
    answered_write,
    never_early,
    unit_isolation,
    never_ahead,
    no_partial_read,
    spill_integrity,
    monotonic_kv,
    monotonic_reads,
    bounded_staleness,
    convergence,
    local_reads,
    no_lost_update,
    evaluation_pure,
    rollout_monotone,
    kill_switch,
    token_scope,
    token_expiry,
    token_revocation_bound,
    new_token_delay,
    push_revocation,
    push_atomic,
    no_lost_push,
    ref_race,
    no_dangling_ref,
    repo_isolation,
    serves_last_good,
    label_is_content,
    poison_bounded,
    blast_radius,
    staged_blast_radius,
    read_your_writes,
    cross_pop_monotonic,
    immediate_revocation,
)

_KNOWN: Final = {one.PROPERTY.id: one.PROPERTY for one in _ALL}

CATALOGUE: Final[Mapping[str, Property]] = _KNOWN
"""Every property by its id, in the order in which reports show them; those of adopted designs come last."""


def adopt_properties(properties: Sequence[Property]) -> None:
    """Make properties of somebody's own known by their ids: all, or none with DesignError for an id that is taken."""
    check_ids(properties)
    _KNOWN.update({one.id: one for one in properties})


def check_ids(properties: Sequence[Property]) -> None:
    """Raise DesignError for an id that is taken."""
    ids = [one.id for one in properties]
    if taken := [one for number, one in enumerate(ids) if one in _KNOWN or one in ids[:number]]:
        raise DesignError(f"there is a property {taken[0]!r} already: give it another id")


def part_with_properties(ids: Iterable[str]) -> None:
    """Forget properties that were adopted."""
    for one in ids:
        del _KNOWN[one]


def applicable(instance: Instance) -> tuple[str, ...]:
    """The ids of the properties that this instance can put to the test, in catalogue order."""
    return tuple(one.id for one in CATALOGUE.values() if applies_to(instance, one))


def askable(instance: Instance) -> tuple[str, ...]:
    """The ids of the properties that speak of what the design declares, whether or not it puts them to the test."""
    s = instance.machine.state()
    return tuple(one.id for one in CATALOGUE.values() if all(name in s for name in one.needs))
