# SPDX-License-Identifier: Apache-2.0
"""The systems under test that the command line takes by name; each is imported only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final, cast

from edgeproof.reports.errors import Unusable, one_line
from edgeproof.reports.words import unknown

if TYPE_CHECKING:
    from edgeproof.impl.system import MakeStore, System
    from edgeproof.properties.verify import Beside, Stores

__all__ = ["ONLY", "OWN", "SYSTEMS", "beside", "store_named", "stores", "system_for", "system_named", "whole_name"]


def _reference() -> System:
    from edgeproof.impl.references import ReferenceSystems

    return ReferenceSystems()


def _workerd() -> System:
    from edgeproof.impl.workerd.systems import WorkerdSystems

    return WorkerdSystems()


SYSTEMS: Final[dict[str, Callable[[], System]]] = {"reference": _reference, "workerd": _workerd}


ONLY: Final[dict[str, tuple[str, ...]]] = {
    "workerd": ("do_kv", "do_kv_lost_alarms", "do_kv_restores", "do_kv_backoff", "do_kv_in_flight")
}
"""The designs of a system that does not have all of them: where none is named, these are meant."""


def beside() -> Beside:
    """The real runtime, which `verify` drives a little beside the reference: some 6 s of one core."""
    from edgeproof.properties.verify import Beside

    return Beside("workerd", SYSTEMS["workerd"], ("outbox-faults", "recommended", "lost-alarm-faults"), 10, 30)


def stores() -> Stores:
    """The reference's stores, whose power `verify` cuts in a case of each design that has one: some 3 s of one core."""
    from edgeproof.impl.references import STORES, store_of
    from edgeproof.properties.verify import Stores

    return Stores(store_of, tuple(STORES), ("recommended", "tokens-tombstone", "manifest-faults", "flag"))


OWN: Final = "pkg.mod:Class"
"""How a system of one's own is named: its module, and what makes one, a class or a function without arguments."""


def system_for(name: str, designs: Collection[str]) -> Callable[[], System]:
    """What makes the system of that name for these designs, as `system_named`, or one that stands beside one of them.

    Where all of them are somebody's own, and one system stands beside them, it is that one instead of the reference.
    """
    from edgeproof.properties.own import adopted, has_a_system

    own = [adopted()[one] for one in designs if one in adopted()]
    beside_them = {system: makes for one in own for system, makes in one.systems.items()}
    if name in beside_them:
        return _made_once(name, beside_them[name])
    if name == "reference" and beside_them and len(own) == len(designs):
        if len(beside_them) > 1:
            raise Unusable(f"there are several systems: name one by --system: {', '.join(beside_them)}")
        return _made_once(*next(iter(beside_them.items())))
    if name != "reference":
        for one in own:
            has_a_system(one.name)
    if name not in SYSTEMS and ":" not in name:
        unknown("system", name, [*SYSTEMS, OWN, "or an address"])
    return system_named(name)


def whole_name(name: str, design: str) -> str:
    """The name of a system, as `pkg.mod:Class` where it stands beside a design of somebody's own: by its name there,
    or, where it is the only one, instead of the reference, which such a design does not have.
    """
    from edgeproof.properties.own import adopted

    systems = adopted()[design].systems if design in adopted() else {}
    if name == "reference" and len(systems) == 1:
        name = next(iter(systems))
    return f"{systems[name].__module__}:{name}" if name in systems else name


def system_named(name: str) -> Callable[[], System]:
    """What makes a system: one of ours by its name, or of one's own, whose module is run. Raises Unusable."""
    _, colon, attribute = name.partition(":")
    if attribute.startswith("//"):
        raise Unusable(f"an address is for verify --system; here a system is {', '.join(SYSTEMS)} or {OWN}")
    if not colon:
        return SYSTEMS[name] if name in SYSTEMS else unknown("system", name, [*SYSTEMS, f"or {OWN}"])
    return _made_once(name, cast("Callable[[], System]", _loaded(name, "a system")))


def store_named(name: str) -> MakeStore:
    """What makes a store of one's own, whose module is run. Raises Unusable."""
    return cast("MakeStore", _loaded(name, "a store"))


def _loaded(name: str, makes: str) -> object:
    """Something callable of somebody's own. Raises Unusable."""
    from edgeproof.properties.own import module_named

    module, _, attribute = name.partition(":")
    try:
        made = getattr(module_named(module), attribute)
    except (Exception, SystemExit) as error:
        raise Unusable(f"{one_line(name)} cannot be had: {type(error).__name__}: {one_line(error)}") from error
    if not callable(made):
        raise Unusable(f"{one_line(name)} is neither a class nor a function that makes {makes}")
    found: object = made
    return found


def _made_once(name: str, makes: Callable[[], System]) -> Callable[[], System]:
    """The same, seen to make a system. Raises Unusable."""
    try:
        made = makes()
        missing = [method for method in ("start", "perform", "observe", "close") if not hasattr(made, method)]
        if not missing:
            made.close()
    except (Exception, SystemExit) as error:
        raise Unusable(f"{one_line(name)} makes no system: {type(error).__name__}: {one_line(error)}") from error
    if missing:
        raise Unusable(f"{one_line(name)} makes no system: what it makes cannot {', '.join(missing)}")
    return makes
