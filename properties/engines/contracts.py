# SPDX-License-Identifier: Apache-2.0
"""Claims about pure functions, put to CrossHair: it runs them on symbolic arguments and looks for a counterexample.

Functions are passed in; what they are about is their owner's affair. Modules that pytest rewrites (`test_*.py`) are no
place for claims: rewritten assertions branch where the originals do not, and paths are never exhausted. Nor may this
one be rewritten, as pytest does with packages that bring a plugin: PYTEST_DONT_REWRITE.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from inspect import Signature, signature
from typing import Final, get_type_hints

from attrs import frozen
from crosshair.core_and_libs import AnalysisKind, AnalysisMessage, MessageType, analyze_function, run_checkables
from crosshair.options import AnalysisOptionSet

from edgeproof.properties.evidence import Evidence, Verdict

__all__ = ["ENGINE", "Claim", "check_claims"]

ENGINE: Final = "contracts"


@frozen
class Claim:
    """What `given` says yes to, `then` says yes to as well, and raises nothing.

    Both take the same arguments by position; the parameters of `then` have types, of which CrossHair makes arguments.
    """

    given: Callable[..., bool]
    then: Callable[..., bool]


_UNUSABLE: Final = (MessageType.SYNTAX_ERR, MessageType.IMPORT_ERR)


def check_claims(claims: Mapping[str, Claim], seconds: float) -> list[Evidence]:
    """One evidence per claim, by the claims' names; each is looked at for about so many seconds.

    PROVED where every path was followed to its end, HOLDS_TO_BOUND where none that was followed breaks the claim,
    VACUOUS where no argument was found that is given; the reason of a violation is the call that shows it. Raises
    ValueError for a claim without types.
    """
    return [_checked(name, claim, seconds) for name, claim in claims.items()]


def _checked(name: str, claim: Claim, seconds: float) -> Evidence:
    stats: Counter[str] = Counter()
    reached: Counter[str] = Counter()
    options = AnalysisOptionSet(
        analysis_kind=[AnalysisKind.asserts], per_condition_timeout=seconds, report_all=True, stats=stats
    )
    started = time.perf_counter()
    found = run_checkables(analyze_function(_asserted(name, claim, reached), options))
    took = time.perf_counter() - started
    if not found or any(one.state in _UNUSABLE for one in found):
        raise ValueError(
            f"{name} is no claim: {'; '.join(one.message for one in found) or 'its parameters have no types'}"
        )
    verdict = min((_verdict(one) for one in found), key=_ORDER.index)
    if verdict is not Verdict.VIOLATED and not reached[name]:
        verdict = Verdict.VACUOUS
    paths = stats["num_paths"]
    bound = {
        Verdict.PROVED: "all arguments",
        Verdict.HOLDS_TO_BOUND: f"{paths} paths within {seconds:g} s",
    }.get(verdict, "")
    reason = "; ".join(one.message for one in found if verdict is Verdict.VIOLATED and _verdict(one) is verdict)
    if verdict is Verdict.VACUOUS:
        reason = f"no argument was found that the claim is about, on {paths} paths"
    return Evidence(name, ENGINE, verdict, bound, seconds=took, measures={"paths": paths}, reason=reason)


def _asserted(name: str, claim: Claim, reached: Counter[str]) -> Callable[..., None]:
    """The claim as CrossHair reads one: what is asserted first is taken for granted."""

    def asserted(*arguments: object) -> None:
        assert claim.given(*arguments)
        reached[name] += 1
        # CrossHair takes an AssertionError that it cannot place for one of what is given.
        try:
            holds = claim.then(*arguments)
        except AssertionError as error:
            raise _Refuted(str(error)) from error
        if holds is NotImplemented:
            raise TypeError("the claim answers NotImplemented, which counts as true")
        if not holds:
            raise _Refuted

    hints = get_type_hints(claim.then)
    parameters = [
        one.replace(annotation=hints.get(one.name, one.annotation)) for one in signature(claim.then).parameters.values()
    ]
    if any(one.annotation is one.empty for one in parameters):
        raise ValueError(f"{name} is no claim: its parameters have no types")
    asserted.__name__ = name
    asserted.__annotations__ = {one.name: one.annotation for one in parameters}
    asserted.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return asserted


class _Refuted(Exception):
    """The claim does not hold."""


_ORDER: Final = (Verdict.VIOLATED, Verdict.VACUOUS, Verdict.HOLDS_TO_BOUND, Verdict.PROVED)


def _verdict(message: AnalysisMessage) -> Verdict:
    match message.state:
        case MessageType.CONFIRMED:
            return Verdict.PROVED
        case MessageType.CANNOT_CONFIRM:
            return Verdict.HOLDS_TO_BOUND
        case MessageType.PRE_UNSAT:
            return Verdict.VACUOUS
    return Verdict.VIOLATED
