# SPDX-License-Identifier: Apache-2.0
"""OpenTelemetry's events of feature flags as reads: whoever evaluates a flag was told a version of its rules.

Source: OpenTelemetry's semantic conventions for feature flags in events, `feature_flag.evaluation`: `feature_flag.key`,
`.version` (of the rule set, as text), `.set.id`, `.result.reason`, `error.type`. The unit is the flag set, where there
is one, or the flag. The reader is the instance of the service, not the user that a flag was evaluated for: users move
from instance to instance, and nobody promises these anything together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from edgeproof.properties.intake.mapping import OTHERS, ColumnMapping

__all__ = ["FLAG_EVENTS", "is_flag_event"]

FLAG_EVENTS: Final = ColumnMapping(
    columns={
        "unit": ("feature_flag.set.id", "feature_flag.key"),
        "version": ("feature_flag.version",),
        "pop": ("cloudflare.colo", "cloud.availability_zone", "cloud.region"),
        "reader": ("service.instance.id", "k8s.pod.uid", "k8s.pod.name", "container.id", "host.id", "host.name"),
        "outcome": ("error.type",),
        "source": ("feature_flag.result.reason",),
        "note": ("feature_flag.error.message", "error.message", "error.type"),
    },
    constants={"kind": "read"},
    values={
        "outcome": {"": "ok", OTHERS: "fail"},
        "pop": {"": "everywhere"},
        "source": {"cached": "memo", "CACHED": "memo", "stale": "fallback", "STALE": "fallback", OTHERS: ""},
    },
)
"""What such an event says, besides its time."""


def is_flag_event(record: Mapping[str, Any]) -> bool:
    """Whether a record of OpenTelemetry says how a feature flag was evaluated."""
    return "feature_flag.key" in record
