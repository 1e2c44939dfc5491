# SPDX-License-Identifier: Apache-2.0
"""`label-is-content`: a version has one content."""

from __future__ import annotations

from edgeproof.properties.catalogue.forms import answered, reading
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "label-is-content",
    "A copy's version and its digest belong together.",
    "Subresource Integrity (W3C): who knows the digest can tell a copy of something else.",
    needs=("failed", "served_content"),
    step=answered(lambda before, after, p: after.served_content[p] != "mislabelled"),
    tested_step=reading(lambda before, after, p: before.cache_content[p] == "mislabelled"),
)
