# SPDX-License-Identifier: Apache-2.0
"""What is said of a deployment: how a change is made, how readers read, and where answers say which version it is."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from attrs import field, frozen

from edgeproof.impl.target.client import Limits
from edgeproof.impl.target.extract import Extractor
from edgeproof.impl.target.templates import placeholders

__all__ = ["STRONG", "Changelog", "Read", "Restore", "Route", "Target", "Values", "Versions", "Write"]

STRONG: Final = "strong"
"""The way of reading that is never stale: the store itself is asked."""


class Versions(StrEnum):
    """What is known of versions."""

    COUNTING = "counting"
    """They are numbers that go up by one with every change."""
    INCREASING = "increasing"
    """They are numbers that go up."""
    OPAQUE = "opaque"
    """They are texts: equal ones are one version, and their order is that of the commits."""


class Values(StrEnum):
    """What a field can be set to."""

    JSON = "json"
    TEXT = "text"
    NUMBER = "number"


@frozen
class Route:
    """A request: method, address, path, headers and body with their placeholders, and whether it carries the bearer."""

    method: str
    base: str
    path: str
    headers: Mapping[str, str] = field(factory=dict)
    body: Any = None
    bearer: bool = True

    @property
    def places(self) -> frozenset[str]:
        """What is to be filled in."""
        return frozenset(placeholders([self.path, self.headers, self.body]))


@frozen
class Write:
    """How a change is made, and where the answer says which version it became."""

    route: Route
    version: Extractor
    values: Values = Values.TEXT


@frozen
class Read:
    """One way to read. `content` is where the config stands: an object of fields, or the value that was written.

    `value` is a pointer from a field to its value. `reader` is where the answer names its isolate; one is taken for
    granted otherwise.
    """

    name: str
    route: Route
    version: Extractor
    content: Extractor | None = None
    value: str = ""
    reader: Extractor | None = None
    era: Extractor | None = None
    """Where the answer says how many restores the store had been through, if it does."""


@frozen
class Restore:
    """How the store is taken back to an older version."""

    route: Route


@frozen
class Changelog:
    """Where the entries of the changelog are, and, in each, its version, field and new value."""

    route: Route
    entries: Extractor
    version: str
    field: str
    value: str


@frozen
class Target:
    """A deployment, and what may be asked of it. `faults` are commands by name."""

    base: str
    versions: Versions
    write: Write
    reads: Mapping[str, Read]
    changelog: Changelog | None = None
    restore: Restore | None = None
    faults: Mapping[str, tuple[str, ...]] = field(factory=dict)
    limits: Limits = field(factory=Limits)

    @property
    def strong(self) -> Read | None:
        """How the store itself is asked, if it can be."""
        return self.reads.get(STRONG)

    @property
    def edges(self) -> tuple[Read, ...]:
        """The other ways of reading."""
        return tuple(one for name, one in self.reads.items() if name != STRONG)

    @property
    def numbered(self) -> bool:
        """Whether versions are numbers."""
        return self.versions is not Versions.OPAQUE

    @property
    def has_eras(self) -> bool:
        """Whether copies say how many restores the store had been through."""
        return any(read.era is not None for read in self.reads.values())

    @property
    def has_units(self) -> bool:
        """Whether it has many configs, each of which is a unit of its own."""
        return "unit" in self.write.route.places

    @property
    def has_fields(self) -> bool:
        """Whether a change sets fields of a config, rather than all of it."""
        return bool(self.write.route.places & {"field", "changes"})

    @property
    def has_keys(self) -> bool:
        """Whether a write that is sent again can be known by its key."""
        return "key" in self.write.route.places

    @property
    def can_expect(self) -> bool:
        """Whether a write can say which version it is based on."""
        return "expected" in self.write.route.places
