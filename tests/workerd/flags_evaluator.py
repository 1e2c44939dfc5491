# SPDX-License-Identifier: Apache-2.0
"""The Worker's evaluator alone, in the real runtime, at the suite's hand: many cases per request."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from edgeproof.impl.workerd.client import Client, asked
from edgeproof.impl.workerd.config import WORKER
from edgeproof.impl.workerd.runtime import Workerd

__all__ = ["WorkerEvaluator"]

_CONFIG: Final = """using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "probe", worker = .probe), (name = "internet", network = (allow = [])) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "probe") ] );
const probe :Workerd.Worker = (modules = [ {modules} ], compatibilityDate = "2026-11-01");
"""
_MODULES: Final = ("document.js", "evaluate.js", "operators.js", "murmur3.js", "shapes.js", "time.js")


class WorkerEvaluator:
    """Started by the constructor, over an empty directory; `edits` (old and new text by module) break it on purpose."""

    def __init__(self, directory: Path, edits: Mapping[str, tuple[str, str]] | None = None) -> None:
        (directory / "flags").mkdir()
        for name in _MODULES:
            text = (WORKER / "flags" / name).read_text(encoding="utf-8")
            if edits is not None and name in edits:
                old, new = edits[name]
                assert text.count(old) == 1, f"{name} has {text.count(old)} of {old!r}"
                text = text.replace(old, new)
            (directory / "flags" / name).write_text(text, encoding="utf-8")
        probe = Path(__file__).with_name("flags_probe.js")
        (directory / probe.name).write_bytes(probe.read_bytes())
        names = (probe.name, *(f"flags/{name}" for name in _MODULES))
        modules = ", ".join(f'(name = "{name}", esModule = embed "{name}")' for name in names)
        config = directory / "probe.capnp"
        config.write_text(_CONFIG.replace("{modules}", modules), encoding="utf-8")
        self._process = Workerd(config, disks={}, externals={})
        self._process.start()
        self._client = Client(self._process.ports["http"], {})

    def do(self, cases: Iterable[Mapping[str, Any]]) -> list[Any]:
        """What the probe says to each case, an object with `act` and what the act needs."""
        body = json.dumps(list(cases)).encode()
        said: list[Any] = asked(self._client.do("POST", "/", body))
        return said

    def close(self) -> None:
        """Kill the process."""
        self._process.kill()
