# SPDX-License-Identifier: Apache-2.0
"""Versions as copies carry them: by era first, then by number."""

from __future__ import annotations

from edgeproof.model.expr import Expr

__all__ = ["newer_or_same"]


def newer_or_same(era_a: Expr, version_a: Expr, era_b: Expr, version_b: Expr) -> Expr:
    """Whether copy a is at least as new as copy b: by era first, then by version."""
    return (era_b < era_a) | ((era_a == era_b) & (version_b <= version_a))
