# SPDX-License-Identifier: Apache-2.0
"""One call in a process of its own, which knows nothing of the implementation yet and is gone afterwards."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Final, ParamSpec, TypeVar

__all__ = ["alone", "alone_within"]

T = TypeVar("T")
P = ParamSpec("P")

# Forked from a process that has imported the engines and nothing of the implementation: that saves a second each time.
_CONTEXT: Final = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["edgeproof.properties.edits.drive"])


def alone(call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """What the call gives; call, arguments and result are pickled. Raises RuntimeError with what went wrong there."""
    return alone_within(None, call, *arguments, **named)


def alone_within(seconds: float | None, call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """The same. Raises TimeoutError where it has not ended after so many seconds; its process is killed then."""
    here, there = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_answer, args=(there, call, arguments, named))
    process.start()
    there.close()
    try:
        if not here.poll(seconds):
            process.kill()
            raise TimeoutError(f"no answer within {seconds:g} s")
        done, answer = here.recv()
    except EOFError:
        done, answer = False, "its process ended without an answer"
    finally:
        here.close()
        process.join()
    if not done:
        raise RuntimeError(answer)
    result: T = answer
    return result


def _answer(to: Connection, call: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    try:
        to.send((True, call(*arguments, **named)))
    except Exception:
        to.send((False, traceback.format_exc()))
