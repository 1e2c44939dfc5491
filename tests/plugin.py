# SPDX-License-Identifier: Apache-2.0
"""Runs of pytest inside of our own: how they get our plugin, and what they leave loaded."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from typing import Any, Final

import pytest

__all__ = ["HOOKS", "PLUGIN", "keep_what_is_ours"]

HOOKS: Final = "edgeproof.reports.pytest_plugin.hooks"

PLUGIN: Final = () if any(one.value == HOOKS for one in entry_points(group="pytest11")) else ("-p", HOOKS)
"""The arguments that it takes, in an environment that was made before there was the entry point."""


def keep_what_is_ours(monkeypatch: pytest.MonkeyPatch, temporary: str) -> None:
    """Let pytester unload what lies in the temporary folder, and nothing else: it would unload all that a run imports,
    and numba and its like cannot be imported twice. To be called before there is a pytester.
    """

    class Snapshot:
        def __init__(self, preserve: Any = None) -> None:
            self.before = set(sys.modules)

        def restore(self) -> None:
            for name in set(sys.modules) - self.before:
                if str(getattr(sys.modules[name], "__file__", "")).startswith(temporary):
                    del sys.modules[name]

    monkeypatch.setattr("_pytest.pytester.SysModulesSnapshot", Snapshot)
