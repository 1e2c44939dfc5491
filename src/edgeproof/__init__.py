# SPDX-License-Identifier: Apache-2.0
"""What a reader at the edge can be told, and how late: proved, searched, tested, and checked on recorded traffic.

    edgeproof.bound("do_kv", S=2, D=5, T=60).bound               # how late a reader can be told, and why
    edgeproof.conforms(MyStore, "do_kv", crash=True)             # raises unless MyStore does what the design does
    edgeproof.check(MyDesign, properties=[FRESH]).of("fresh")    # what every engine says of a property of one's own

A design of one's own is written in the words of `edgeproof.model`. What is named here stays; the rest of the package
may move. Each name is imported when it is first asked for, so that this costs nothing.
"""

from typing import TYPE_CHECKING

__all__ = [
    "CATALOGUE", "ActionImpossible", "ActionUnknown", "Budget", "Conclusion", "ConformanceError", "Design",
    "DesignError", "Effort", "Event", "Evidence", "Instance", "Ledger", "Limits", "Observation", "Plan", "Promise",
    "Property", "ReferenceSystems", "Replay", "Setup", "StalenessAnswer", "Status", "Step", "System",
    "SystemUnavailable", "Trace", "TraceError", "UndecidedWarning", "Verdict", "applicable", "bound", "check",
    "check_history", "conforms", "dump_trace", "explore", "load", "load_trace", "lockstep", "promise", "prove",
    "replay",
]  # fmt: skip

if TYPE_CHECKING:
    from edgeproof.impl.references import ReferenceSystems
    from edgeproof.impl.system import ActionImpossible, ActionUnknown, Observation, Setup, System, SystemUnavailable
    from edgeproof.model import Design, DesignError
    from edgeproof.model.designs import load
    from edgeproof.model.interpret import Event
    from edgeproof.model.machine import Instance
    from edgeproof.model.trace import Trace, TraceError, dump_trace, load_trace
    from edgeproof.properties.catalogue import CATALOGUE, Property, Step, applicable
    from edgeproof.properties.check import check, explore, prove
    from edgeproof.properties.conforms import ConformanceError, UndecidedWarning, conforms
    from edgeproof.properties.engines.explore.limits import Limits
    from edgeproof.properties.engines.fuzz.engine import Budget
    from edgeproof.properties.engines.prove.engine import Effort
    from edgeproof.properties.evidence import Conclusion, Evidence, Ledger, Status, Verdict
    from edgeproof.properties.history import check_history
    from edgeproof.properties.numbers import bound, promise
    from edgeproof.properties.replay import Replay, replay
    from edgeproof.properties.staleness import StalenessAnswer
    from edgeproof.properties.traffic.promise import Promise
    from edgeproof.properties.verify import Plan
    from edgeproof.reports.pytest_plugin.decorator import lockstep
else:
    from importlib import import_module

    _ROOMS = {
        "impl.references": "ReferenceSystems",
        "impl.system": "ActionImpossible ActionUnknown Observation Setup System SystemUnavailable",
        "model": "Design DesignError",
        "model.designs": "load",
        "model.interpret": "Event",
        "model.machine": "Instance",
        "model.trace": "Trace TraceError dump_trace load_trace",
        "properties.catalogue": "CATALOGUE Property Step applicable",
        "properties.check": "check explore prove",
        "properties.conforms": "ConformanceError UndecidedWarning conforms",
        "properties.engines.explore.limits": "Limits",
        "properties.engines.fuzz.engine": "Budget",
        "properties.engines.prove.engine": "Effort",
        "properties.evidence": "Conclusion Evidence Ledger Status Verdict",
        "properties.history": "check_history",
        "properties.numbers": "bound promise",
        "properties.replay": "Replay replay",
        "properties.staleness": "StalenessAnswer",
        "properties.traffic.promise": "Promise",
        "properties.verify": "Plan",
        "reports.pytest_plugin.decorator": "lockstep",
    }
    _HOME = {name: f"{__name__}.{room}" for room, names in _ROOMS.items() for name in names.split()}

    def __getattr__(name):
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals().setdefault(name, getattr(import_module(_HOME[name]), name))

    def __dir__():
        return sorted({*globals(), *__all__})
