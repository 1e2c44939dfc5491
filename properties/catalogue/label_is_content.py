# SPDX-License-Identifier: Apache-2.0
"""`label-is-content`: what is told as a version is that version's content."""

from __future__ import annotations

from edgeproof.properties.catalogue.content_forms import may_be_relabelled
from edgeproof.properties.catalogue.forms import answered, reading
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "label-is-content",
    "A copy's version and its digest belong together: what is told as a version is what was committed as it.",
    "Subresource Integrity (W3C): who knows the digest can tell a copy of something else.",
    needs=("failed", "served_content"),
    step=answered(lambda before, after, p: after.served_content[p] != "mislabelled"),
    tested_step=reading(
        lambda before, after, p: (before.kv_content == "mislabelled") | (before.cache_content[p] == "mislabelled")
    ),
    applies=may_be_relabelled,
)
