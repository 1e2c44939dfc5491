# SPDX-License-Identifier: Apache-2.0
"""How a run of pytest gets our plugin: by its entry point, where the environment was made since there is one."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Final

__all__ = ["HOOKS", "PLUGIN"]

HOOKS: Final = "edgeproof.reports.pytest_plugin.hooks"

PLUGIN: Final = () if any(one.value == HOOKS for one in entry_points(group="pytest11")) else ("-p", HOOKS)
"""The arguments that it takes."""
