# SPDX-License-Identifier: Apache-2.0
"""What a run knows of the content of copies: everything that the store has committed, by its label."""

from __future__ import annotations

from edgeproof.impl.content.content import is_valid
from edgeproof.impl.snapshot import Snapshot, to_json

__all__ = ["Ledger"]


class Ledger:
    """The configs that were committed under a label. Under one there are several where a restore repeats versions."""

    def __init__(self) -> None:
        self._configs: dict[tuple[int, int], set[str]] = {(0, 0): {to_json({})}}
        self.last_good = 0
        """The version that was good last."""

    def note(self, committed: Snapshot) -> None:
        """The store has this config now, under the label that copies of it carry."""
        self._configs.setdefault((committed.era, committed.version), set()).add(to_json(committed.config))
        if is_valid(committed.config):
            self.last_good = committed.version

    def content_of(self, copy: Snapshot) -> str:
        """Whether a copy is good, poison, or mislabelled: not what was committed under its label."""
        if to_json(copy.config) not in self._configs.get((copy.era, copy.version), ()):
            return "mislabelled"
        return "good" if is_valid(copy.config) else "poison"
