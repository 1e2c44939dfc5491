# SPDX-License-Identifier: Apache-2.0
"""What the forms of the properties of content share: `x_content` says of a copy `x` whether it is good."""

from __future__ import annotations

from edgeproof.model.expr import Expr
from edgeproof.model.machine import Instance, State

__all__ = ["comes_to_harm", "harmed_at", "may_be_poison", "may_be_relabelled"]


def may_be_poison(instance: Instance) -> bool:
    """Whether a version may be bad."""
    return "poison_write" in instance.hazards


def may_be_relabelled(instance: Instance) -> bool:
    """Whether a copy may come to have another content under its label."""
    return "corrupt" in instance.hazards


def comes_to_harm(instance: Instance) -> bool:
    """Whether a copy may be anything but good."""
    return may_be_poison(instance) or may_be_relabelled(instance)


def harmed_at(s: State, p: Expr) -> Expr:
    """Something is wrong with the config, or with a copy that a read at the location may find."""
    wrong: Expr = (s.content != "good") | (s.kv_content != "good") | (s.cache_content[p] != "good")
    return wrong
