# SPDX-License-Identifier: Apache-2.0
"""What must be able to happen in several designs."""

from __future__ import annotations

from edgeproof.properties.designs.dossier import Fact

__all__ = ["acknowledged", "waits_to_retry"]


def acknowledged(case: str) -> Fact:
    """Whoever loses nothing that was acknowledged must acknowledge something."""
    return Fact(case, "A write is acknowledged.", lambda s: s.acked > 0)


def waits_to_retry(case: str) -> Fact:
    """Whoever retries sooner breaks no promise either, and asks too much of KV."""
    return Fact(
        case,
        "A retry waits for all of R.",
        lambda s: (s.alarm == "retry") & (s.sending == "idle") & (s.armed == s.R),
    )
