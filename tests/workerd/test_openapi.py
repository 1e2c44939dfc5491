# SPDX-License-Identifier: Apache-2.0
"""Requests that schemathesis makes of the Worker's OpenAPI document, good and bad ones, to all operations of it.

So many are enough for whatever is broken on purpose here to be caught; `long_openapi` makes far more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from edgeproof.impl.edge.kv import KVNamespace, Limits
from edgeproof.impl.workerd.adversary import Adversary, SuiteClock
from edgeproof.impl.workerd.adversary_http import Door
from edgeproof.impl.workerd.client import Client
from edgeproof.impl.workerd.config import Bindings
from edgeproof.impl.workerd.processes import Edits, Processes
from tests.workerd.openapi import OPENAPI

TOKEN: Final = "a-token"
REQUESTS: Final = 600
EPISODE: Final = 50
"""Requests to one unit and one app, before others take their place."""
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
"""Not `positive_data_acceptance`: what rules say of each other (names in both of two lists) no schema can tell."""
OPERATIONS: Final = [
    found.ok() for found in schemathesis.openapi.from_dict(OPENAPI).get_all_operations() if isinstance(found, Ok)
]
CASES: Final = st.one_of(
    [operation.as_strategy(generation_mode=mode) for operation in OPERATIONS for mode in GenerationMode]
)


class Deployed:
    """The Worker, and what its store holds of the unit and the app that requests go to."""

    def __init__(self, edits: Edits | None = None) -> None:
        clock = SuiteClock()
        self._door = Door(Adversary(KVNamespace(clock, limits=Limits(write_spacing=0)), clock, 1))
        self.headers = {"Authorization": f"Bearer {TOKEN}"}
        bindings = Bindings({}, TOKEN, main="index.js")
        self._processes = Processes(bindings, 0, self._door.address, self.headers, edits)
        self._requests = count()
        self._name = ""
        self._known: Any = None
        self.statuses: Counter[tuple[str, int]] = Counter()

    @property
    def _front(self) -> Client:
        return self._processes.store

    def send(self, case: Case[Any]) -> None:
        """Send a request. Raises AssertionError, or what schemathesis raises, where the reply is none that may be."""
        self._aim(case)
        reply = case.call(base_url=f"http://127.0.0.1:{self._front.port}", headers=self.headers)
        self.statuses[case.operation.label, reply.status_code] += 1
        # Paths and bodies that the document does not have must be refused; more query and headers are passed over.
        bad = is_bad(case, ParameterLocation.BODY) or is_bad(case, ParameterLocation.PATH)
        more = [negative_data_rejection] if bad else []
        case.validate_response(reply, checks=[*CHECKS, *more])
        before, self._known = self._known, self._state()
        if case.method == "GET" or reply.status_code >= 400:
            # Not asserted as an equation: pytest would look for minutes where two such states differ.
            unchanged = self._known == before
            assert unchanged, f"{case.method} answered {reply.status_code}, and has changed something"

    def close(self) -> None:
        """Kill the processes."""
        self._processes.close()
        self._door.close()

    def _aim(self, case: Case[Any]) -> None:
        """Let the path lead to where others have been, unless it is what is bad."""
        number = next(self._requests)
        if number % EPISODE == 0:
            self._name = f"s{number // EPISODE}"
            flag = {"key": "a", "enabled": True, "default_variation": "x", "variations": {"x": 1}, "rules": []}
            who = {**self.headers, "Edgeproof-Actor": "me"}
            assert Client(self._front.port, who).do("POST", f"/apps/{self._name}/flags", flag).status == 201
            self._known = self._state()
        if is_bad(case, ParameterLocation.PATH) and not is_bad(case, ParameterLocation.BODY):
            return
        names = {"unit": self._name, "app": self._name, "key": "ab"[number % 2]}
        case.path_parameters = {part: names[part] for part in case.path_parameters or {}}

    def _state(self) -> Any:
        paths = (f"/units/{self._name}", f"/units/{self._name}/changelog?limit=1000", f"/apps/{self._name}/flags")
        return [self._front.get(path).said for path in paths]


def is_bad(case: Case[Any], part: ParameterLocation) -> bool:
    """Whether schemathesis meant this part of the request not to be as the document has it."""
    meant = case.meta.components.get(part) if case.meta else None
    return meant is not None and meant.mode is GenerationMode.NEGATIVE


@pytest.fixture(scope="module")
def deployed(workerd: Path) -> Iterator[Deployed]:
    one = Deployed()
    yield one
    one.close()
    print(dict(one.statuses))


@given(case=CASES)
@settings(max_examples=REQUESTS, suppress_health_check=list(HealthCheck))
def test_every_request_is_answered_as_the_document_says_and_none_is_done_by_half(
    deployed: Deployed, case: Case[Any]
) -> None:
    deployed.send(case)


NEXT: Final = "const version = this.next(expectedVersion);"
MORE: Final = """this.sql.exec("UPDATE field SET json = json_insert(json, '$.x' || random(), 1)");"""
BROKEN: Final[Mapping[str, tuple[Edits, str]]] = {
    "a write that is refused has changed something": (
        {
            "store.js": [
                ("this.ctx.storage.transactionSync(commit);", "commit();"),
                (NEXT, f'this.sql.exec("UPDATE meta SET era = era + 1"); {MORE} {NEXT}'),
            ]
        },
        "answered 4.., and has changed something",
    ),
    "a body that is no JSON is a failure inside": (
        {"validation.js": [('throw new Problem(400, "the body is not JSON in UTF-8");', 'throw new Error("?");')]},
        "Server error",
    ),
    "a unit may have any name": (
        {"validation.js": [("test(unit)) {", "test(unit) && false) {")]},
        "Schema-violating request accepted",
    ),
    "a problem is told as if it were none": (
        {"validation.js": [('"Content-Type": "application/problem+json"', '"Content-Type": "application/json"')]},
        "Undocumented Content-Type",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_worker_that_answers_otherwise_is_caught(what: str, workerd: Path) -> None:
    edits, says = BROKEN[what]
    deployed = Deployed(edits)

    @given(case=CASES)
    @settings(
        max_examples=REQUESTS,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        report_multiple_bugs=False,
    )
    def answered(case: Case[Any]) -> None:
        deployed.send(case)

    try:
        with pytest.raises((AssertionError, FailureGroup), match=says):
            answered()
    finally:
        deployed.close()
