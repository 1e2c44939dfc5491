# SPDX-License-Identifier: Apache-2.0
"""A system of one's own to begin with: a class with a method per action of a design, and a test that fails honestly."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from edgeproof.model.machine import Instance
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.engines.fuzz.sight import needs
from edgeproof.properties.evidence import Case
from edgeproof.properties.own import adopted
from edgeproof.reports.described import ActionText, VariableText, possible_actions_of, variables_of

__all__ = ["scaffold"]

_WIDTH: Final = 100

_TEMPLATE: Final = '''\
"""A system of my own, held against the design {design}{in_case}.

    pytest {file}

Fill in the methods `do_...` and `observe`, in any order. What is not there yet is said at the end of the test, and the
test fails until nothing is missing, or until `require=` says how much there has to be.
"""

from __future__ import annotations

from collections.abc import Mapping

import edgeproof
{imports}

class MySystem:
    """What {design} calls by these names, as my code does it."""

    def start(self, setup: edgeproof.Setup) -> None:
        """Begin a new run from nothing.

{setup}
        """
        self.setup = setup

    def perform(self, action: str, arguments: Mapping[str, int]) -> None:
        """Make one action of the model happen: `write` is `do_write`."""
        getattr(self, f"do_{{action}}", self._cannot)(**arguments)

    def close(self) -> None:
        """Release files, processes and ports."""

    def _cannot(self, **arguments: int) -> None:
        raise edgeproof.ActionUnknown("not there yet")

    # --- what can happen; where the model allows what my code cannot do now, raise edgeproof.ActionImpossible

{actions}
    # --- what can be seen

    def observe(self) -> edgeproof.Observation:
        """What my code holds now, by the model's names. What is left out is not compared."""
        return {{
{variables}
        }}


@edgeproof.lockstep({asked})
def test_my_system_does_what_{design}_does() -> type[MySystem]:
    return MySystem
'''


def scaffold(case: Case, instance: Instance, named: bool, file: str = "my_system.py") -> str:
    """The text of the file; `named` says that the case is one of the scoreboard, else it is given by its constants."""
    own = adopted().get(case.design)
    asked = [f'"{case.design}"' if own is None else own.name]
    if named and own is None:
        asked.append(f'case="{case.name}"')
    else:
        asked += [f"{name}={value!r}" for name, value in case.constants.items()]
    imports = ""
    if own is not None:
        asked += [f"properties=[{', '.join(own.properties)}]"] if own.properties else []
        imports = f"from {own.design.__module__} import {', '.join([own.name, *own.properties])}\n"
    return _TEMPLATE.format(
        design=case.design,
        in_case=f" in its case {case.name}" if named else "",
        file=file,
        imports=imports,
        setup=textwrap.indent("\n".join(_setup(instance)), " " * 8),
        actions="\n".join(_method(one) for one in possible_actions_of(instance)),
        variables=textwrap.indent("\n".join(_shown(case, instance)), " " * 12),
        asked=", ".join(asked),
    )


def _setup(instance: Instance) -> Iterator[str]:
    """What a setup holds in this case, an item each."""
    rigids = instance.machine.rigids
    for role, member, unit in (
        ("option", "options", ""),
        ("count", "numbers", ""),
        ("duration", "numbers", " ticks"),
        ("sort", "sizes", ""),
    ):
        for name in instance.of_role(role):
            value = f' is "{instance.values[name]}"' if role == "option" else unit
            yield from _item(f'{member}["{name}"]{value}: {rigids[name].doc}')
    if instance.hazards:
        yield from _item(f"hazards: those of {', '.join(instance.hazards)} that may strike in this run")


def _method(one: ActionText) -> str:
    parameters = "".join(f", {name}: int" for name, _, _ in one.arguments)
    says = [f"{one.says} A fault." if one.hazard else one.says]
    says += [f'`{name}` is one of range(setup.sizes["{of}"]): {doc}' for name, of, doc in one.arguments]
    lines = [line for text in says for line in (*_wrapped(text, _WIDTH), "")][:-1]
    doc = f'"""{lines[0]}"""' if len(lines) == 1 else '"""' + "\n".join(lines) + '\n"""'
    body = textwrap.indent(f'{doc}\nraise edgeproof.ActionUnknown("{one.name}")', " " * 8)
    return f"    def do_{one.name}(self{parameters}) -> None:\n{body}\n"


def _shown(case: Case, instance: Instance) -> Iterator[str]:
    """A comment per variable, those first that the properties speak of; the last are those that need not be shown."""
    wanted = {name for one in case.properties for name in needs(instance, CATALOGUE[one]).variables}
    variables = [one for one in variables_of(instance.machine) if not one.kept]
    groups = (
        ("What the properties speak of:", [one for one in variables if one.name in wanted]),
        ("Compared as well, where it is shown:", [one for one in variables if one.name not in wanted]),
    )
    for title, group in groups:
        if group:
            yield f"# {title}"
            for one in group:
                yield from _variable(one)


def _variable(one: VariableText) -> Iterator[str]:
    first = "" if one.initial == "any" else f"; at first {one.initial}"
    yield from (f"# {line}" for line in _wrapped(f"{one.says}: {one.shape}{first}", _WIDTH))
    yield f'# "{one.name}": ...,'


def _item(text: str) -> list[str]:
    return [f"{'  ' if number else '- '}{line}" for number, line in enumerate(_wrapped(text, _WIDTH))]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
