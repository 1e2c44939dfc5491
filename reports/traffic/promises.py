# SPDX-License-Identifier: Apache-2.0
"""What a history is to be held to, from the numbers of an environment."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import inf
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from edgeproof.reports.durations import in_seconds, spell_duration
from edgeproof.reports.errors import Unusable
from edgeproof.reports.settings import Chosen, Numbers, lacking, option_for, settle

if TYPE_CHECKING:
    from edgeproof.properties.environment import Setting
    from edgeproof.properties.traffic.promise import Promise

__all__ = ["Given", "completed", "promised", "spelled"]

THE_PATTERN: Final = Chosen()
"""As it comes."""

LEARNT: Final = frozenset("SDFRT")
"""The numbers of the pattern that a history shows."""


@frozen
class Given(Numbers):
    """The numbers of an environment, how far clocks lie apart, and what readers promise, as far as that was given."""

    skew: Fraction | None = None
    reader: str | None = None


def completed(given: Given, numbers: Mapping[str, int | Fraction]) -> Given:
    """The same with the numbers that can be learnt, by symbol: S, D, F, R and T."""
    return evolve(
        given,
        sync_delay=Fraction(numbers["S"]),
        put_timeout=Fraction(numbers["D"]),
        retries=int(numbers["F"]),
        retry_delay=Fraction(numbers["R"]),
        cache_ttl=Fraction(numbers["T"]),
    )


def spelled(given: Given) -> list[str]:
    """The numbers as options of the command line."""
    words = []
    for symbol, value in given.known.items():
        words += [option_for(symbol), spell_duration(value) if isinstance(value, Fraction) else str(value)]
    return words


def promised(given: Given, chosen: Chosen = THE_PATTERN) -> Promise:
    """What the proved formula of the design promises for these numbers; no bound at all without any.

    Raises Unusable for numbers that do not make a bound, and for choices of the design with which none is proved.
    """
    from edgeproof.properties.promises import promise_in
    from edgeproof.properties.traffic.promise import Promise

    if given.memo_ttl is not None and given.reader not in (None, "memo"):
        raise Unusable(f"a {given.reader} reader keeps no memo: leave --memo-ttl out, or say --reader memo")
    setting, missing = settle(given.known, chosen, reader=given.reader, failures=0)
    skew = None if given.skew is None else float(given.skew)
    clock = "all times are of one clock" if given.skew is None else f"clocks differ by {in_seconds(given.skew)} at most"
    if missing and not (given.known or chosen.numbers):
        return Promise(
            inf,
            guarded=given.reader == "guarded",
            assumptions=(clock,),
            skew=skew,
            design=setting.instance.machine.name,
        )
    if missing:
        learnt = "; `edgeproof learn` measures them" if chosen == THE_PATTERN and set(missing) <= LEARNT else ""
        raise Unusable(f"{lacking(setting.instance.machine.name, missing)}{learnt}")
    _insist_on_a_proof(setting, chosen)
    promise = promise_in(setting, platform=True)
    memo = None if given.memo_ttl is None else float(given.memo_ttl)
    guarded = promise.guarded or given.reader == "guarded"
    return evolve(promise, guarded=guarded, skew=skew, memo_ttl=memo, assumptions=(*promise.assumptions[:-1], clock))


def _insist_on_a_proof(setting: Setting, chosen: Chosen) -> None:
    """As they come, designs have the bound that is said of them; with other choices that is to be seen."""
    if not (chosen.options or chosen.hazards):
        return
    from edgeproof.properties.evidence import Verdict
    from edgeproof.properties.staleness import prove_bound

    proof = prove_bound(setting.instance)
    if proof.verdict is not Verdict.PROVED:
        words = ", ".join((*chosen.options, *chosen.hazards))
        raise Unusable(f"there is no proof of a bound of {chosen.design} with {words}: {proof.verdict}")
