# SPDX-License-Identifier: Apache-2.0
"""How bad content is recognised: by a validator that knows what consumers can take, and by a digest in the label.

The digest is over version, era and config, so that neither another config under a label nor another label over a config
agrees with it. It says that nobody has mixed anything up; against somebody who can write to KV it would have to be
signed.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Final

from edgeproof.impl.snapshot import Config, Snapshot, from_kv, to_json, to_kv

__all__ = ["FEATURES", "MAX_FEATURES", "is_valid", "sealed", "unsealed"]

MAX_FEATURES: Final = 200
"""Features that a consumer has room for; a file with more breaks it, as on 18 November 2025 (Cloudflare's report)."""

FEATURES: Final = "features"
"""The field that lists them."""


def is_valid(config: Config) -> bool:
    """Whether consumers can take a config: its features are a list, if it has any, and not too many."""
    features = config.get(FEATURES, [])
    return isinstance(features, list) and len(features) <= MAX_FEATURES


def sealed(snapshot: Snapshot) -> tuple[bytes, dict[str, int]]:
    """The KV value and metadata of a snapshot, with a digest in the value."""
    value, label = to_kv(snapshot)
    return to_json({**json.loads(value), "digest": _digest(snapshot)}).encode(), label


def unsealed(value: bytes) -> Snapshot:
    """The snapshot in a value with a digest. Raises ValueError where it is none, or its digest is another."""
    snapshot = from_kv(value)
    if json.loads(value).get("digest") != _digest(snapshot):
        raise ValueError(f"the digest of version {snapshot.version} is another")
    return snapshot


def _digest(snapshot: Snapshot) -> str:
    return sha256(to_kv(snapshot)[0]).hexdigest()
