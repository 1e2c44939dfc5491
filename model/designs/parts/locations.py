# SPDX-License-Identifier: Apache-2.0
"""The places at which configs are read: what every part of the edge speaks of."""

from __future__ import annotations

from edgeproof.model.machine import Part, index_sort

__all__ = ["Locations"]


class Locations(Part):
    """Any number of locations."""

    Pop = index_sort(
        "Pop", 2, "locations; each has an isolate that evaluates requests, and its cache where there is KV"
    )
