# SPDX-License-Identifier: Apache-2.0
"""`spill-integrity`: what a manifest names is there."""

from __future__ import annotations

from edgeproof.properties.catalogue.forms import on_read, reading
from edgeproof.properties.catalogue.property import Property

__all__ = ["PROPERTY"]


PROPERTY = Property(
    "spill-integrity",
    "No reader follows a manifest to a part that is gone.",
    "Artifacts launch post: large objects spill over into R2; what collects them there must outwait every reader.",
    needs=("gone", "pointed"),
    step=on_read(lambda before, after, p: ~after.gone[p]),
    tested_step=reading(lambda before, after, p: before.pointed[p]),
)
