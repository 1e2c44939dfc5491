# SPDX-License-Identifier: Apache-2.0
"""The words that a design is written in; a design of one's own imports from here and from nowhere else.

    from edgeproof.model import Design, State, action, boolean

    class Light(Design):
        on = boolean()

        @action()
        def flip(s: State) -> None:
            s.on = ~s.on

Constants are `index_sort`, `option`, `count` and `duration`; variables `boolean`, `natural`, `enum` and `clock`;
methods are marked `action`, `hazard`, `deadline` or `definition`. What a method says is symbolic: `& | ~` for and, or,
not, `ite` for a choice between values, `with s.when(c):` for one between statements, `for_all` and `exists` over the
elements of an index sort, `each` to assign all of them. What several designs share is a `Part`; `inherited` says where
in a design it stands.
"""

from edgeproof.model.declare import (
    DesignError,
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
from edgeproof.model.expr import (
    BOOL,
    FALSE,
    NAT,
    TIME,
    TRUE,
    Expr,
    SymbolicTruthError,
    all_of,
    any_of,
    exists,
    for_all,
    implies,
    ite,
    lift,
    maximum,
    minimum,
)
from edgeproof.model.parts import Design, Part, inherited
from edgeproof.model.state import ArrayView, State, each

__all__ = [
    "BOOL",
    "FALSE",
    "NAT",
    "TIME",
    "TRUE",
    "ArrayView",
    "Design",
    "DesignError",
    "Expr",
    "Part",
    "State",
    "SymbolicTruthError",
    "action",
    "all_of",
    "any_of",
    "boolean",
    "clock",
    "count",
    "deadline",
    "definition",
    "duration",
    "each",
    "enum",
    "exists",
    "for_all",
    "hazard",
    "hazard_mode",
    "implies",
    "index_sort",
    "inherited",
    "ite",
    "lift",
    "maximum",
    "minimum",
    "natural",
    "option",
]
