# SPDX-License-Identifier: Apache-2.0
"""Tiny designs, one per thing that an engine has to get right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgeproof.model.machine import Design, Instance, read_design
from edgeproof.properties.catalogue import Property

__all__ = ["instance", "settles", "state", "step"]


def instance(design: type[Design], **chosen: Any) -> Instance:
    """The design read, with constants chosen."""
    return Instance.of(read_design(design), **chosen)


def state(form: Callable[[Any], Any], tested: Callable[[Any], Any] | None = None, name: str = "always") -> Property:
    """A property of states."""
    return Property(name, "", "a test", state=form, tested=tested)


def step(form: Callable[[Any], Any], tested: Callable[[Any], Any] | None = None, name: str = "stepwise") -> Property:
    """A property of steps."""
    return Property(name, "", "a test", step=form, tested_step=tested)


def settles(form: Callable[[Any], Any], tested: Callable[[Any], Any] | None = None, name: str = "settles") -> Property:
    """A property that comes to hold for ever."""
    return Property(name, "", "a test", settles=form, tested=tested)
