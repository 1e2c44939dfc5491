# SPDX-License-Identifier: Apache-2.0
"""What the report on a deployment has beside the properties of the catalogue."""

from __future__ import annotations

from typing import Final

__all__ = ["ANSWERS"]

ANSWERS: Final = "target-answers"
"""The id of the verdict on the answers themselves."""
