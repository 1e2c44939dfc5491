# SPDX-License-Identifier: Apache-2.0
"""Designs of somebody's own for whoever knows designs by name: adopted, they are known as ours are.

A reference says where one is: `path/to/etag.py` or `path/to/etag.py:Class`, `pkg.mod:Class`, or the name of an entry
point in the group `edgeproof.designs`. It is code, which is run: nothing but a person may give one, and no trace or
other input can. Beside the class, its module may have, by these names, what a dossier is made of: `CASES`, `LEMMAS`,
`TERMS` (of its bound) and `ROOM` (the numbers that random runs need), or a whole `DOSSIER`. Every `Property` in it is
asked of the design, and every class in it with the methods of a `System` can be driven as it, by its name.

What is adopted is known in one process until `part_with_all`; `workers` pass it on to theirs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final, TypeGuard

from attrs import evolve, frozen

from edgeproof.impl.system import System
from edgeproof.model.designs import DESIGNS, adopt_design, load, part_with_designs
from edgeproof.model.machine import Design, DesignError
from edgeproof.properties.catalogue import Property, adopt_properties, check_ids, part_with_properties
from edgeproof.properties.designs import adopt_dossier, part_with_dossiers
from edgeproof.properties.designs.dossier import Dossier
from edgeproof.properties.subject import AnyDesign
from edgeproof.properties.wellformed import check_dossier, check_properties

__all__ = [
    "GROUP",
    "Own",
    "adopt",
    "adopted",
    "has_a_system",
    "is_reference",
    "known",
    "module_named",
    "part_with_all",
]

GROUP: Final = "edgeproof.designs"
"""The group of entry points by which an installed package names its designs."""

_PARTS: Final = {"CASES": "cases", "LEMMAS": "lemmas", "TERMS": "terms", "ROOM": "room"}
_METHODS: Final = ("start", "perform", "observe", "close")


@frozen
class Own:
    """A design of somebody's own, and what its module says of it; properties and systems are by their names there.

    `file` is that of its module, None where that has none.
    """

    reference: str
    file: Path | None
    design: type[Design]
    dossier: Dossier
    properties: Mapping[str, Property]
    systems: Mapping[str, Callable[[], System]]

    @property
    def name(self) -> str:
        """What the design is called: as its class."""
        return self.design.__name__


_ADOPTED: Final[dict[str, Own]] = {}


def is_reference(text: str) -> bool:
    """Whether a text says where a design of somebody's own is."""
    return ":" in text or text.endswith(".py") or "/" in text or text in entry_points(group=GROUP).names


def adopted() -> Mapping[str, Own]:
    """The designs that were adopted, by their names."""
    return _ADOPTED


def adopt(reference: str) -> Own:
    """Make the design known by its name, with its properties and its dossier.

    Raises DesignError with one line where there is none to be had, where it cannot be read, and where it, or a property
    of it, has the name of another.
    """
    if known := next((one for one in _ADOPTED.values() if one.reference == reference), None):
        return known
    own = _own(reference, *_found(reference))
    try:
        machine = load(own.design)
    except (TypeError, ValueError, AttributeError) as error:
        raise DesignError(f"{own.name} cannot be read: {error}") from error
    properties = [_bound_to(own.name, one) for one in own.properties.values()]
    check_ids(properties)
    check_properties(machine, properties)
    check_dossier(machine, own.dossier, properties)
    adopt_properties(properties)
    adopt_design(own.name, own.design)
    adopt_dossier(own.name, own.dossier)
    _ADOPTED[own.name] = own
    return own


def has_a_system(name: str) -> None:
    """From now on runs are made of an adopted design as well, although no system stands beside it."""
    adopt_dossier(name, evolve(_ADOPTED[name].dossier, engines=Dossier().engines))


def part_with_all() -> None:
    """Forget what was adopted."""
    for own in [*_ADOPTED.values()]:
        _part_with(own)


@contextmanager
def known(design: AnyDesign, case: str | None) -> Iterator[AnyDesign]:
    """The design, with what its module says of it: where it is one of somebody's own that is given by where it is, or
    as its class with one of its cases. It is known as long as this lasts. Raises as `adopt` does.
    """
    reference = _reference_to(design, case)
    if reference is None:
        yield design
        return
    before = set(_ADOPTED)
    own = adopt(reference)
    try:
        yield own.name
    finally:
        if own.name not in before:
            _part_with(own)


def _reference_to(design: AnyDesign, case: str | None) -> str | None:
    if isinstance(design, str):
        return design if design not in DESIGNS and is_reference(design) else None
    if not isinstance(design, type) or case is None or design in DESIGNS.values():
        return None
    there = getattr(sys.modules.get(design.__module__), design.__name__, None)
    return f"{design.__module__}:{design.__name__}" if there is design else None


def _part_with(own: Own) -> None:
    part_with_designs([own.name])
    part_with_dossiers([own.name])
    part_with_properties(one.id for one in own.properties.values())
    del _ADOPTED[own.name]


def _bound_to(name: str, one: Property) -> Property:
    """The property, asked of no other design."""
    return evolve(one, applies=lambda instance: instance.machine.name == name and one.applies(instance))


def _found(reference: str) -> tuple[ModuleType, str]:
    """The module that a reference names, and the class in it, "" where it names none."""
    points = entry_points(group=GROUP)
    if reference in points.names:
        reference = points[reference].value
    place, colon, attribute = reference.rpartition(":")
    if not colon:
        place, attribute = reference, ""
    try:
        module = _of_file(Path(place)) if place.endswith(".py") else module_named(place)
    except DesignError:
        raise
    except (Exception, SystemExit) as error:  # a file that ends the process would pass for one that was judged
        raise DesignError(f"{place} cannot be read: {type(error).__name__}: {error}") from error
    return module, attribute


def _of_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise DesignError(f"there is no file {path}")
    name, there = path.stem, path.resolve()
    if "." in name:
        raise DesignError(f"{path} is no module that others can import: there is a dot in its name")
    if name in sys.modules:
        if getattr(sys.modules[name], "__file__", None) == str(there):
            return sys.modules[name]
        raise DesignError(f"{path} has the name of a module that is loaded already: give it another one")
    spec = spec_from_file_location(name, there)
    assert spec is not None, "a name that ends in .py"
    assert spec.loader is not None
    # Under this name its classes are found by other processes as well, and so are the modules beside it.
    module = sys.modules[name] = module_from_spec(spec)
    if (folder := str(there.parent)) not in sys.path:
        sys.path.append(folder)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def module_named(name: str) -> ModuleType:
    """Run and give a module that somebody named; raises whatever importing it raises."""
    # An installed command does not look into the current folder, as `python -m` does. What is installed comes first.
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
    return import_module(name)


def _own(reference: str, module: ModuleType, attribute: str) -> Own:
    names = vars(module)
    parts = {_PARTS[name]: names[name] for name in _PARTS if name in names}
    if parts and "DOSSIER" in names:
        raise DesignError(f"{module.__name__} has a DOSSIER, and what belongs into it beside that: {', '.join(parts)}")
    dossier = names.get("DOSSIER") or Dossier(**parts)
    if not isinstance(dossier, Dossier):
        raise DesignError(f"{module.__name__}: DOSSIER is no Dossier, but {dossier!r}")
    systems = {name: one for name, one in names.items() if _is_system(one, module)}
    if not dossier.cases:
        dossier = evolve(dossier, cases=(("defaults", {}, (), "the design as it is"),))
    if not systems:
        dossier = evolve(dossier, engines=tuple(one for one in dossier.engines if one != "fuzz"))
    properties = {name: one for name, one in names.items() if isinstance(one, Property)}
    file = getattr(module, "__file__", None)
    return Own(
        reference, None if file is None else Path(file), _design_in(module, attribute), dossier, properties, systems
    )


def _design_in(module: ModuleType, attribute: str) -> type[Design]:
    if attribute:
        found = getattr(module, attribute, None)
        if found is None:
            close = get_close_matches(attribute, [n for n, one in vars(module).items() if _is_design(one, module)], n=1)
            raise DesignError(f"{module.__name__} has no {attribute}{f'; did you mean {close[0]}?' if close else ''}")
        if not (isinstance(found, type) and issubclass(found, Design)):
            raise DesignError(f"{attribute} in {module.__name__} is no design: derive it from edgeproof.model.Design")
        if ours := [name for name, one in DESIGNS.items() if one is found]:
            raise DesignError(f"{attribute} in {module.__name__} is the design {ours[0]}: give that name")
        return found
    designs = {name: one for name, one in vars(module).items() if _is_design(one, module)}
    if len(designs) != 1:
        which = f"several: name one, as in {module.__name__}:{next(iter(designs))}" if designs else "no design in it"
        raise DesignError(f"{module.__name__} has {which}")
    return next(iter(designs.values()))


def _is_design(one: object, module: ModuleType) -> TypeGuard[type[Design]]:
    return isinstance(one, type) and issubclass(one, Design) and one.__module__ == module.__name__


def _is_system(one: object, module: ModuleType) -> bool:
    methods = isinstance(one, type) and all(callable(getattr(one, name, None)) for name in _METHODS)
    return methods and getattr(one, "__module__", "") == module.__name__
