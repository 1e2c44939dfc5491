# SPDX-License-Identifier: Apache-2.0
"""Designs made of parts: a design reads as if all that its parts declare were written in it, where it says so."""

from __future__ import annotations

from typing import Any

import pytest

from edgeproof.model.designs import DESIGNS, load
from edgeproof.model.designs.parts.alarm import Alarm
from edgeproof.model.designs.parts.cache import Cache
from edgeproof.model.designs.parts.links import Links
from edgeproof.model.designs.parts.outbox import LatePuts, Outbox
from edgeproof.model.machine import (
    Design,
    DesignError,
    Instance,
    Machine,
    Part,
    State,
    action,
    boolean,
    clock,
    count,
    deadline,
    definition,
    duration,
    hazard,
    index_sort,
    inherited,
    natural,
    option,
    read_design,
)


class Door(Part):
    """A door per house, which somebody opens, and which the wind shuts."""

    House = index_sort("House", 2, "houses in the street")
    most = count(3, "how often doors are opened")
    open = boolean(over=House, doc="the door stands open")
    opened = natural(most, doc="how often a door was opened")

    @action(house=House)
    def unlock(s: Any, house: Any) -> None:
        """Somebody opens a door."""
        s.require(~s.open[house])
        s.open[house] = True
        s.opened = s.opened + 1

    @hazard(house=House)
    def wind(s: Any, house: Any) -> None:
        """The wind shuts a door."""
        s.open[house] = False


class Lamp(Part):
    """A lamp in the street, which does not burn for ever."""

    kind = option("oil", "gas", doc="what burns in the lamp")
    burns = duration(2, "how long it burns")
    lit = boolean(doc="the lamp is lit")
    lit_for = clock(while_=lambda s: s.lit, doc="since it was lit")

    @definition()
    def dark(s: Any) -> Any:
        """Nothing is to be seen."""
        return ~s.lit

    @action()
    def light(s: Any) -> None:
        """Somebody lights the lamp."""
        s.require(s.dark)
        s.lit = True

    @deadline
    def it_goes_out(s: Any) -> Any:
        """The oil runs out."""
        return s.lit_for <= s.burns


class Street(Lamp, Door, Design):
    """A street with everything in a place of its own."""

    House = inherited()
    length = count(7, "how long the street is")
    burns = most = inherited()
    kind = option("oil", "gas", "electric", doc="what burns in the lamp")

    lit = inherited("the lamp of this street is lit")
    walked = natural(length, doc="how far somebody has walked")
    opened = open = inherited()
    lit_for = inherited()

    @action()
    def walk(s: Any) -> None:
        """Somebody walks on."""
        s.walked = s.walked + 1

    @action(house=Door.House)
    def unlock(s: Any, house: Any) -> None:
        """Somebody who sees a door opens it."""
        Door.unlock(s, house)
        s.require(~s.dark)

    wind = inherited("The storm shuts a door.")
    light = dark = it_goes_out = inherited()


class WrittenOut(Design):
    """A street with everything in a place of its own."""

    House = index_sort("House", 2, "houses in the street")
    length = count(7, "how long the street is")
    burns = duration(2, "how long it burns")
    most = count(3, "how often doors are opened")
    kind = option("oil", "gas", "electric", doc="what burns in the lamp")

    lit = boolean(doc="the lamp of this street is lit")
    walked = natural(length, doc="how far somebody has walked")
    opened = natural(most, doc="how often a door was opened")
    open = boolean(over=House, doc="the door stands open")
    lit_for = clock(while_=lambda s: s.lit, doc="since it was lit")

    @action()
    def walk(s: Any) -> None:
        """Somebody walks on."""
        s.walked = s.walked + 1

    @action(house=House)
    def unlock(s: Any, house: Any) -> None:
        """Somebody who sees a door opens it."""
        s.require(~s.open[house])
        s.open[house] = True
        s.opened = s.opened + 1
        s.require(~s.dark)

    @hazard(house=House)
    def wind(s: Any, house: Any) -> None:
        """The storm shuts a door."""
        s.open[house] = False

    @action()
    def light(s: Any) -> None:
        """Somebody lights the lamp."""
        s.require(s.dark)
        s.lit = True

    @definition()
    def dark(s: Any) -> Any:
        """Nothing is to be seen."""
        return ~s.lit

    @deadline
    def it_goes_out(s: Any) -> Any:
        """The oil runs out."""
        return s.lit_for <= s.burns


def told(machine: Machine) -> list[str]:
    """Everything that a machine holds, in its own order."""
    lines = [machine.doc, *(f"{name}: {rigid}" for name, rigid in machine.rigids.items())]
    lines += [f"{n}: {v.type} {v.over} {v.limit} {v.initial} {v.doc}" for n, v in machine.variables.items()]
    for one in machine.actions:
        arguments = [f"{a}: {a.type}" for a in one.arguments]
        lines.append(f"{one.name} {arguments} {one.guard} {dict(one.post)} {one.fair} {one.hazard} {one.doc}")
    lines += [f"{one.name} while {one.running}" for one in machine.clocks]
    lines += [f"{name}: {condition}" for name, condition in machine.deadlines]
    return lines


def names(design: type[Design]) -> list[str]:
    """A design's variables and actions in their order."""
    machine = read_design(design)
    return [*machine.variables, *(one.name for one in machine.actions)]


def test_a_design_made_of_parts_is_the_design_that_has_everything_written_in_it() -> None:
    assert told(read_design(Street, "street")) == told(read_design(WrittenOut, "street"))


def test_what_a_design_has_from_its_parts_and_does_not_place_stands_before_everything_else() -> None:
    class Unplaced(Lamp, Door, Design):
        walked = boolean()

        @action()
        def walk(s: Any) -> None:
            s.walked = True

    assert names(Unplaced) == [
        "open", "opened", "lit", "lit_for", "walked", "unlock", "wind", "light", "walk", "tick",
    ]  # fmt: skip


def test_what_a_design_says_anew_of_its_parts_stands_where_it_says_it() -> None:
    class Anew(Door, Design):
        walked = boolean()
        open = boolean(True, over=Door.House)

    assert names(Anew)[:3] == ["opened", "walked", "open"]
    assert read_design(Anew).variables["open"].initial is True


class Avenue(Street):
    """A street that is swept: a design derived from a design."""

    swept = boolean()

    @action()
    def light(s: Any) -> None:
        """Somebody lights the lamp, wherever one can see it."""
        Street.light(s)
        s.require(s.swept)


def test_what_a_design_says_anew_of_another_design_keeps_its_place_and_what_is_new_comes_after() -> None:
    assert names(Avenue) == [
        "lit", "walked", "opened", "open", "lit_for", "swept", "walk", "unlock", "wind", "light", "tick",
    ]  # fmt: skip
    assert str(read_design(Avenue).action("light").guard) == "(not lit) and swept"


def test_a_part_that_joins_a_derived_design_stands_after_what_the_other_design_declares() -> None:
    class Bell(Part):
        rung = boolean()

        @action()
        def ring(s: Any) -> None:
            s.rung = True

    class Square(Street, Bell):
        swept = boolean()

    assert names(Square)[5:7] == ["rung", "swept"]
    assert names(Square)[-3:] == ["light", "ring", "tick"]


def test_an_action_extends_a_parts_action_by_calling_it() -> None:
    machine = read_design(Street)
    s: Any = machine.state()
    (house,) = machine.action("unlock").arguments
    assert str(machine.action("unlock").guard) == str(~s.open[house] & s.lit)
    assert str(machine.action("unlock").post["opened"]) == "opened + 1"


def test_a_method_that_a_design_says_anew_takes_the_place_of_its_parts_wherever_a_part_speaks_of_it() -> None:
    class Moonlit(Lamp, Design):
        moon = boolean()

        @definition()
        def dark(s: State) -> Any:
            return ~s.lit & ~s.moon

    assert str(read_design(Moonlit).action("light").guard) == "(not lit) and (not moon)"


def test_the_words_of_a_design_stand_for_those_of_its_parts() -> None:
    machine = read_design(Street)
    assert machine.variables["lit"].doc == "the lamp of this street is lit"
    assert machine.variables["lit_for"].doc == "since it was lit"
    assert machine.action("wind").doc == "The storm shuts a door."
    assert machine.rigids["wind"].doc == "The storm shuts a door."
    assert Lamp.lit.doc == "the lamp is lit"


def test_what_is_inherited_is_there_for_whoever_derives_from_the_design() -> None:
    assert Street.most is Door.most

    class Counted(Street):
        steps = natural(Street.most, over=Street.House)

    assert read_design(Counted).variables["steps"].limit == "most"
    assert read_design(Counted).variables["steps"].over == "House"


def test_a_count_that_a_design_says_anew_bounds_what_its_parts_bound_by_it() -> None:
    class Busy(Door, Design):
        most = count(9)

    assert Instance.of(read_design(Busy)).domain(read_design(Busy).variables["opened"].type, "most")[-1] == 9
    assert read_design(Busy).variables["opened"].limit == "most"


class Shutter(Part):
    """Has a name in common with a door."""

    open = boolean()


def test_two_parts_that_declare_one_name_are_refused() -> None:
    says = "Both has 'open' from Shutter and from Door: say in it what is meant, or derive one of them from the other"
    with pytest.raises(DesignError) as caught:

        class Both(Shutter, Door, Design):
            pass

    assert str(caught.value) == says


def test_asking_for_a_name_that_two_parts_declare_is_refused() -> None:
    with pytest.raises(DesignError, match="has 'open' from Shutter and from Door"):

        class Both(Shutter, Door, Design):
            open = inherited()


def test_a_design_may_say_itself_what_a_name_means_that_two_parts_declare() -> None:
    class Both(Shutter, Door, Design):
        open = boolean(over=Door.House)

    assert read_design(Both).variables["open"].over == "House"


def test_a_part_may_say_anew_what_the_part_that_it_derives_from_declares() -> None:
    class Gate(Door):
        opened = natural(Door.most, initial=1)

    class Both(Gate, Door, Design):
        pass

    assert read_design(Both).variables["opened"].initial == 1


def test_one_part_that_two_others_derive_from_is_no_ambiguity() -> None:
    class Front(Door):
        pass

    class Back(Door):
        pass

    class House(Front, Back, Design):
        pass

    assert list(read_design(House).variables) == ["open", "opened"]


def test_what_nothing_declares_cannot_be_inherited() -> None:
    with pytest.raises(DesignError, match="Lane inherits 'moon', which nothing that it is made of declares"):

        class Lane(Lamp, Design):
            moon = inherited()


def test_what_is_no_part_cannot_be_made_part_of_a_design() -> None:
    class Plain:
        lit = boolean()

    with pytest.raises(DesignError, match="Lane is made of Plain, which is no part: derive that from Part"):

        class Lane(Plain, Design):
            pass


def test_a_part_cannot_be_read() -> None:
    with pytest.raises(DesignError, match="Lamp is a part: derive a design from it, and read that"):
        read_design(Lamp)  # type: ignore[arg-type]


# --- the parts that there are


@pytest.mark.parametrize(
    ("part", "name", "others"),
    [
        (Alarm, "alarm", set()),
        (Outbox, "repair", set()),
        (LatePuts, "put_late", set()),
        (Links, "cut", {"global_push"}),
        (Cache, "cached", set()),
    ],
)
def test_what_a_part_says_is_said_by_no_design_for_itself(part: type[Part], name: str, others: set[str]) -> None:
    machines = {design: load(design) for design in DESIGNS}
    having = {design for design, one in machines.items() if name in one.variables or name in one.rigids}
    assert having - others == {design for design in DESIGNS if issubclass(DESIGNS[design], part)}


def test_the_alarm_of_every_design_is_armed_fired_and_late_by_the_rules_of_the_part() -> None:
    for name, labels in {"do_kv_manifest": 4, "do_kv": 5, "artifacts_tokens": 5}.items():
        machine = load(name)
        s: Any = machine.state()
        assert len(machine.variables["alarm"].type.labels) == labels
        assert str((s.alarm != "off") & (s.sending == "idle") & (s.armed >= s.due)) in str(machine.action("fire").guard)
        assert str(s.armed <= s.due + s.slack) in str(dict(machine.deadlines)["alarms_fire_in_time"])


def test_a_design_that_an_outbox_cannot_ask_whether_its_put_is_outdated_is_told_the_name_that_it_lacks() -> None:
    class Mute(Outbox, Design):
        pass

    with pytest.raises(AttributeError, match="the design declares no 'outdated'"):
        read_design(Mute)
