# SPDX-License-Identifier: Apache-2.0
"""How the words and numbers of a `Setup` are understood by the system with parts and a manifest."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from edgeproof.impl.driven.setup import UNIT_KEY, check_setup, seconds_of
from edgeproof.impl.manifest.collector import Pace
from edgeproof.impl.manifest.manifest import Layout
from edgeproof.impl.manifest.parts import by_digest, by_place
from edgeproof.impl.system import Setup

__all__ = ["OPTIONS", "ManifestChoices", "manifest_choices"]

OPTIONS: Final = {
    "parts": ("kv", "r2"),
    "names": ("digest", "place"),
    "missing": ("ledger", "probe"),
    "collector": ("none", "eager", "graceful", "checked"),
    "counted": ("committed", "confirmed"),
    "collects": ("in_turn", "beside"),
    "isolate": ("bare", "keeps"),
}
"""The options that there are and their values, the default first."""


@frozen
class ManifestChoices:
    """What the designer decides; times are in seconds."""

    layout: Layout
    parts: str
    probe: bool
    collector: str
    from_write: bool
    """Whether a part's grace runs from the write that dropped it; else from the confirmed put."""
    in_turn: bool
    grace: float
    pace: Pace
    keeps: bool
    """Whether an isolate keeps the parts of what it told last."""
    negative_caching: bool

    @property
    def least_grace(self) -> float:
        """The shortest grace that is safe."""
        after = self.pace.grace_from_write() if self.from_write else self.pace.grace_from_confirmation()
        return after + (self.pace.cache_ttl if self.probe and self.parts == "kv" else 0)


def manifest_choices(setup: Setup) -> ManifestChoices:
    """What the setup asks for. Raises ValueError for what there is not, SystemUnavailable for T=0 or another design."""
    said = check_setup(setup, "do_kv_manifest", OPTIONS)
    seconds = seconds_of(setup, "SUDRTLK")
    may_fail = {"put_fails", "put_ambiguous", "crash"} & set(setup.hazards)
    pace = Pace(
        sync_delay=seconds["S"],
        upload=seconds["U"],
        put=seconds["D"],
        retry=seconds["R"],
        failures=setup.numbers.get("F", 1) if may_fail else 0,
        cache_ttl=seconds["T"],
        load=seconds["L"],
    )
    return ManifestChoices(
        # A target of one byte gives every field a part of its own.
        layout=Layout(UNIT_KEY, names=by_digest if said["names"] == "digest" else by_place, target=1),
        parts=said["parts"],
        probe=said["missing"] == "probe",
        collector=said["collector"],
        from_write=said["counted"] == "committed",
        in_turn=said["collects"] == "in_turn",
        grace=seconds["K"],
        pace=pace,
        keeps=said["isolate"] == "keeps",
        negative_caching="negative_cache" in setup.hazards,
    )
