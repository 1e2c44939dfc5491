# SPDX-License-Identifier: Apache-2.0
"""Every run of the tests is the same run: examples are derived from the tests themselves, nothing is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    import pytest

settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("ci")


def pytest_configure(config: pytest.Config) -> None:
    """On several processes, tests that share an expensive fixture (`xdist_group`) share a process."""
    if getattr(config.option, "dist", "no") == "load":
        config.option.dist = "loadgroup"
