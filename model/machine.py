# SPDX-License-Identifier: Apache-2.0
"""How a design is declared, read and instantiated, in one place; the words alone are in `edgeproof.model`.

A design is a plain class derived from `Design`: class attributes declare its index sorts, options, parameters and
variables; methods marked `@action` and `@hazard` say what can happen; methods marked `@deadline` say what time may not
overtake. `read_design` runs each method once over symbolic variables and returns a `Machine`: data that every back end
reads. An `Instance` fixes the options, hazards and numbers of one run.

    class Light(Design):
        on = boolean()

        @action()
        def flip(s):
            s.on = ~s.on
"""

from edgeproof.model.declare import (
    TICK,
    DesignError,
    Rigid,
    Variable,
    action,
    boolean,
    clock,
    count,
    deadline,
    definition,
    duration,
    enum,
    hazard,
    hazard_mode,
    index_sort,
    natural,
    option,
)
from edgeproof.model.parts import Design, Part, inherited
from edgeproof.model.post import Each, Post, Store, after, fill_in
from edgeproof.model.read import read_design
from edgeproof.model.state import ArrayView, State, each
from edgeproof.model.structure import Action, Clock, Instance, Machine, advance, specialise

__all__ = [
    "TICK",
    "Action",
    "ArrayView",
    "Clock",
    "Design",
    "DesignError",
    "Each",
    "Instance",
    "Machine",
    "Part",
    "Post",
    "Rigid",
    "State",
    "Store",
    "Variable",
    "action",
    "advance",
    "after",
    "boolean",
    "clock",
    "count",
    "deadline",
    "definition",
    "duration",
    "each",
    "enum",
    "fill_in",
    "hazard",
    "hazard_mode",
    "index_sort",
    "inherited",
    "natural",
    "option",
    "read_design",
    "specialise",
]
