# SPDX-License-Identifier: Apache-2.0
"""Candidate invariants per design: one file per design, one line in `LEMMAS`.

Nothing here is trusted: the proof engine keeps the largest part of a list that is inductive for the configuration at
hand and throws the rest away. A lemma that is wrong, or wrong under some hazard, can only cost a proof.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from edgeproof.model.expr import Expr
from edgeproof.model.machine import State
from edgeproof.properties.lemmas import (
    artifacts_tokens,
    do_kv,
    do_kv_manifest,
    do_kv_per_key,
    do_kv_regional,
    do_only,
    flagship,
    global_push,
    kv_only,
    levels,
)

__all__ = ["LEMMAS"]

LEMMAS: Final[Mapping[str, Mapping[str, Callable[[State], Expr]]]] = {
    "do_kv": do_kv.LEMMAS,
    "do_kv_regional": do_kv_regional.LEMMAS,
    "do_kv_per_key": do_kv_per_key.LEMMAS,
    "do_kv_manifest": do_kv_manifest.LEMMAS,
    "do_only": do_only.LEMMAS,
    "kv_only": kv_only.LEMMAS,
    "artifacts_tokens": artifacts_tokens.LEMMAS,
    "flagship": flagship.LEMMAS,
    "global_push": global_push.LEMMAS,
    "levels": levels.LEMMAS,
}
