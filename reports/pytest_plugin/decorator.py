# SPDX-License-Identifier: Apache-2.0
"""`edgeproof.lockstep`: a test that only says which system is to do what which design does."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    import hypothesis

    from edgeproof.impl.system import System
    from edgeproof.properties.catalogue import Property
    from edgeproof.properties.coverage import Required
    from edgeproof.properties.evidence import Verdict
    from edgeproof.properties.subject import AnyDesign

__all__ = ["lockstep"]

_FIXTURE: Final = "edgeproof_lockstep"
_LATER: Final = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
_WITHOUT: Final = (
    "a test in lockstep is run by pytest, with a fixture; unittest gives none to the methods of a TestCase: "
    "call edgeproof.conforms in it, or make it a function"
)

Makes: TypeAlias = "Callable[..., System | type[System]]"


def lockstep(
    design: AnyDesign,
    /,
    *,
    case: str | None = None,
    require: Required | None = None,
    properties: Iterable[Property | str] | None = None,
    expected: Mapping[str, Verdict] | None = None,
    settings: hypothesis.settings | None = None,
    **constants: int | str | bool,
) -> Callable[[Makes], Callable[..., None]]:
    """Make a test of a function that returns a system, or its class: pytest drives it in lockstep with the design.

        @edgeproof.lockstep("do_kv", case="outbox-faults")
        def test_my_store():
            return MyStore

    The function may take fixtures. A design of one's own is given as its class, or by where it is, as on the command
    line: `path/to/design.py` (beside the test, or from pytest's root), `pkg.mod:Class`, or an entry point. By where it
    is, or with one of its `CASES` as `case`, what its module says of it counts: its properties are asked, unless others
    are given, and its ROOM is used. Arguments are as in `edgeproof.conforms`; `settings` are Hypothesis's, of which
    `max_examples`, `stateful_step_count` and `database` count. What fails is shortened and kept as a trace.

    Raises TypeError for a class, which is no test, and for a function that gives its system only when it is awaited or
    iterated.
    """

    def decorate(body: Makes) -> Callable[..., None]:
        if isinstance(body, type) or not callable(body):
            raise TypeError(f"lockstep makes a test of a function that returns a system, not of {body!r}")
        if any(asks(body) for asks in _LATER):
            raise TypeError(
                f"lockstep makes a test of a function that returns a system: {body.__name__} is async or yields"
            )

        @functools.wraps(body)
        def test(*arguments: Any, **fixtures: Any) -> None:
            drive = fixtures.pop(_FIXTURE, None)
            if drive is None:
                raise TypeError(_WITHOUT)
            drive(
                lambda: body(*arguments, **fixtures), design,
                case=case, require=require, properties=properties, expected=expected, settings=settings, **constants,
            )  # fmt: skip

        test.__signature__ = _with_fixture(inspect.signature(body))  # type: ignore[attr-defined]
        return test

    return decorate


def _with_fixture(signature: inspect.Signature) -> inspect.Signature:
    """The same parameters and one more, so that pytest gives the fixture: without the plugin there is none, and the
    test fails.
    """
    names = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
    return inspect.Signature([*names, inspect.Parameter(_FIXTURE, inspect.Parameter.KEYWORD_ONLY)])
