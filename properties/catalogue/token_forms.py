# SPDX-License-Identifier: Apache-2.0
"""What the forms of the token properties share: Git requests that present a token.

The words: `token` is what the repo's own table says of it, `writes` that its scope is write, `expired` that its time is
over, `minted_for` and `revoked_for` since when; `admitted[p]` is what became of the last request at a location. The
requests are the actions `fetch` and `push` (of the token's repo) and `fetch_elsewhere`.
"""

from __future__ import annotations

from collections.abc import Callable

from edgeproof.model.expr import FALSE, TRUE, Expr
from edgeproof.model.machine import Instance, State
from edgeproof.properties.catalogue.property import Step

__all__ = ["AT_HOME", "REQUESTS", "Form", "admitted_only_if", "asked", "presents_tokens", "when_asked"]

AT_HOME = ("fetch", "push")
REQUESTS = (*AT_HOME, "fetch_elsewhere")

Form = Callable[[State], Expr]


def presents_tokens(instance: Instance) -> bool:
    """Whether requests present a token at all: a door may be open to everybody."""
    return instance.values.get("door") != "open"


def admitted_only_if(form: Form, requests: tuple[str, ...] = REQUESTS) -> Callable[[Step], Expr]:
    """Nobody is admitted unless `form` holds when the request arrives."""
    return when_asked(lambda before, admitted: ~admitted | form(before), requests)


def when_asked(form: Callable[[State, Expr], Expr], requests: tuple[str, ...]) -> Callable[[Step], Expr]:
    """A form for requests, given the state before and whether the request is admitted."""
    return lambda step: (
        form(step.before, step.after.admitted[step.arguments["pop"]]) if step.action in requests else TRUE
    )


def asked(form: Form, requests: tuple[str, ...] = REQUESTS) -> Callable[[Step], Expr]:
    """Where a request puts a property to the test; other steps do not."""
    return lambda step: form(step.before) if step.action in requests else FALSE
