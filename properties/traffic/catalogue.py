# SPDX-License-Identifier: Apache-2.0
"""Every property of recorded traffic, in the order of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edgeproof.properties.traffic.bounded_staleness import BOUNDED_STALENESS
from edgeproof.properties.traffic.changelog_complete import CHANGELOG_COMPLETE
from edgeproof.properties.traffic.check import Check
from edgeproof.properties.traffic.convergence import CONVERGENCE
from edgeproof.properties.traffic.cross_pop_monotonic import CROSS_POP_MONOTONIC
from edgeproof.properties.traffic.durable_ack import DURABLE_ACK
from edgeproof.properties.traffic.idempotent_write import IDEMPOTENT_WRITE
from edgeproof.properties.traffic.immediate_revocation import IMMEDIATE_REVOCATION
from edgeproof.properties.traffic.label_is_content import LABEL_IS_CONTENT
from edgeproof.properties.traffic.local_reads import LOCAL_READS
from edgeproof.properties.traffic.monotonic_kv import MONOTONIC_KV
from edgeproof.properties.traffic.monotonic_reads import MONOTONIC_READS
from edgeproof.properties.traffic.never_ahead import NEVER_AHEAD
from edgeproof.properties.traffic.no_partial_read import NO_PARTIAL_READ
from edgeproof.properties.traffic.read_your_writes import READ_YOUR_WRITES
from edgeproof.properties.traffic.serves_last_good import SERVES_LAST_GOOD
from edgeproof.properties.traffic.single_writer_order import SINGLE_WRITER_ORDER
from edgeproof.properties.traffic.token_expiry import TOKEN_EXPIRY
from edgeproof.properties.traffic.token_revocation_bound import TOKEN_REVOCATION_BOUND
from edgeproof.properties.traffic.token_scope import TOKEN_SCOPE

__all__ = ["CHECKS"]

_ALL: Final = (
    CHANGELOG_COMPLETE,
    SINGLE_WRITER_ORDER,
    DURABLE_ACK,
    IDEMPOTENT_WRITE,
    NEVER_AHEAD,
    NO_PARTIAL_READ,
    MONOTONIC_KV,
    MONOTONIC_READS,
    BOUNDED_STALENESS,
    CONVERGENCE,
    LOCAL_READS,
    SERVES_LAST_GOOD,
    LABEL_IS_CONTENT,
    READ_YOUR_WRITES,
    CROSS_POP_MONOTONIC,
    TOKEN_SCOPE,
    TOKEN_EXPIRY,
    TOKEN_REVOCATION_BOUND,
    IMMEDIATE_REVOCATION,
)

CHECKS: Final[Mapping[str, Check]] = {one.id: one for one in _ALL}
"""By the ids of the catalogue, and in its order; the tokens' come last."""
