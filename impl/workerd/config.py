# SPDX-License-Identifier: Apache-2.0
"""The Worker of `impl/worker` as workerd configurations: one for the store's process, one for every location's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from edgeproof.impl.driven.setup import seconds_of
from edgeproof.impl.durable.replicator import ALARM_ATTEMPTS
from edgeproof.impl.pattern.in_flight import INSTALL
from edgeproof.impl.pattern.lost_alarms import WATCHDOG
from edgeproof.impl.pattern.setup import OPTIONS, longest_wait
from edgeproof.impl.system import Setup

__all__ = ["WORKER", "Bindings", "bindings_of", "copy_worker", "location_config", "store_config"]

WORKER: Final = Path(__file__).resolve().parents[1] / "worker"
"""The Worker's sources."""

_COMPATIBILITY: Final = "2026-11-01"
_MODULES: Final = (
    *("driven.js", "held.js"),
    *("index.js", "store.js", "edge.js", "history.js", "options.js", "token.js", "validation.js", "watchdog.js"),
    *sorted(f"flags/{module.name}" for module in (WORKER / "flags").glob("*.js")),
)
_FOR_TESTS: Final = 2
"""So many of them, at the head, are never deployed."""

_CONFIG: Final = """using Workerd = import "/workerd/workerd.capnp";
# The Worker can reach what is bound to it, and nothing else.
const config :Workerd.Config = (
  services = [
    {services},
    (name = "internet", network = (allow = [])) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ] );
const worker :Workerd.Worker = (
  modules = [
    {modules} ],
  compatibilityDate = "{compatibility}",
  durableObjectNamespaces = [
    (className = "ConfigStore", uniqueKey = "config-store", enableSql = true, preventEviction = true),
    (className = "UnitRegistry", uniqueKey = "unit-registry", enableSql = true, preventEviction = true) ],
  durableObjectStorage = {storage},
  bindings = [
    (name = "STORE", durableObjectNamespace = "ConfigStore"),
    (name = "UNITS", durableObjectNamespace = "UnitRegistry"),
    (name = "KV", kvNamespace = "kv"),
    {bindings} ] );
"""


@frozen
class Bindings:
    """What the Worker finds in its environment. `main` is the module that is run: driven.js, or index.js alone.

    Unless its `options` say otherwise it puts as soon as it can: most runs here are on a KV that takes all of it.
    `history` is "log" if the Worker is to log what happens. With `gates` whatever answers the Worker waits at one
    (`held.js`).
    """

    options: Mapping[str, str | float] = field(factory=dict)
    token: str = ""
    alarm_attempts: int | None = None
    main: str = "driven.js"
    history: str = ""
    gates: bool = False


def bindings_of(setup: Setup, token: str) -> Bindings:
    """What the Worker has to find there for a run in lockstep."""
    known = {**OPTIONS, **WATCHDOG, **INSTALL}.keys() - {"retries"}
    words = {name: value for name, value in setup.options.items() if name in known}
    seconds = seconds_of(setup, "DRTMHS")
    timing = {
        "sync_delay": seconds["S"],
        "put_timeout": seconds["D"],
        "retry_base": seconds["R"],
        "retry_cap": longest_wait(setup, seconds["R"]),
        "heartbeat": seconds["H"],
        "cache_ttl": seconds["T"],
        "memo_ttl": seconds["M"],
    }
    attempts = ALARM_ATTEMPTS if "alarm_exhausted" in setup.hazards else None
    return Bindings({**words, **timing}, token, attempts)


def copy_worker(into: Path, edits: Mapping[str, Sequence[tuple[str, str]]] | None = None) -> Path:
    """Copy the sources, with texts replaced in some of them: `edits` has pairs of old and new text by file name.

    Raises ValueError for an old text that does not occur exactly once.
    """
    (into / "flags").mkdir(parents=True, exist_ok=True)
    for source in (*_MODULES, "openapi.json"):
        text = (WORKER / source).read_text(encoding="utf-8")
        for old, new in (edits or {}).get(source, ()):
            if text.count(old) != 1:
                raise ValueError(f"{source} has {text.count(old)} of {old!r}, not one")
            text = text.replace(old, new)
        (into / source).write_text(text, encoding="utf-8")
    return into


def store_config(directory: Path, bindings: Bindings, place: str = "center") -> Path:
    """Write the configuration of a process with the store; its disk service is `disk`, its KV `kv`, which it reads at
    `place`.
    """
    services = '(name = "disk", disk = (path = "/", writable = true))'
    return _write(directory / "store.capnp", bindings, services, '(localDisk = "disk")', place)


def location_config(directory: Path, bindings: Bindings, location: int) -> Path:
    """Write the configuration of a process that is one location: the same Worker, whose KV is the location's."""
    # A location serves no writes; what it would store goes with its process.
    return _write(directory / f"location-{location}.capnp", bindings, "", "(inMemory = void)", str(location))


def _write(path: Path, bindings: Bindings, disk: str, storage: str, place: str) -> Path:
    where = f'http = (injectRequestHeaders = [(name = "edgeproof-place", value = "{place}")])'
    services = [
        '(name = "main", worker = .worker)',
        f'(name = "kv", external = (address = "127.0.0.1:1", {where}))',
        *([disk] if disk else []),
    ]
    variables: dict[str, Any] = {
        "OPTIONS": {"write_spacing": 0, **bindings.options},
        "ALARM_ATTEMPTS": bindings.alarm_attempts,
    }
    names = _MODULES if bindings.main == "driven.js" else _MODULES[_FOR_TESTS:]
    modules = [f'(name = "{name}", esModule = embed "{name}")' for name in names]
    modules.append('(name = "openapi.json", json = embed "openapi.json")')
    said = [f"(name = {json.dumps(k)}, json = {json.dumps(json.dumps(v))})" for k, v in variables.items()]
    said.append(f'(name = "TOKEN", text = {json.dumps(bindings.token)})')
    said.append(f'(name = "HISTORY", text = {json.dumps(bindings.history)})')
    said += ['(name = "GATE", kvNamespace = "kv")'] if bindings.gates else []
    text = (
        _CONFIG.replace("{services}", ",\n    ".join(services))
        .replace("{modules}", ",\n    ".join(modules))
        .replace("{bindings}", ",\n    ".join(said))
        .replace("{compatibility}", _COMPATIBILITY)
        .replace("{storage}", storage)
    )
    path.write_text(text, encoding="utf-8")
    return path
