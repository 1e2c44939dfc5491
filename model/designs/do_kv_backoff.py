# SPDX-License-Identifier: Apache-2.0
"""The pattern where waits grow with the failures in a row. Everything else is as in `do_kv`."""

from __future__ import annotations

from edgeproof.model.designs.do_kv import DoKv
from edgeproof.model.designs.parts.backoff import Backoff

__all__ = ["DoKvBackoff"]


class DoKvBackoff(Backoff, DoKv):
    """One unit of config as in `do_kv`, published with waits that grow."""
