# SPDX-License-Identifier: Apache-2.0
"""Plain functions that stand still wherever they call out, as coroutines do wherever they await.

Deployed, a cache that fetches, a provider that looks and a location that pulls run on threads. Here each runs on a
thread of its own, which goes on only while its driver waits for it: nothing ever runs at the same time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from threading import Lock, Thread, local
from typing import Any, TypeVar

from edgeproof.impl.runtime import Instance, Runtime

__all__ = ["Beside", "Suspending"]

T = TypeVar("T")


class _Abandoned(BaseException):
    """The run is over, and what stands still will never go on."""


class _Strand:
    """One function that runs beside its driver; each has the turn in turn."""

    def __init__(self, work: Callable[[], Any], here: local) -> None:
        self._work, self._here = work, here
        self._mine, self._drivers = Lock(), Lock()
        self._mine.acquire()
        self._drivers.acquire()
        self._begun = self._abandoned = False
        self._asked: tuple[str, Callable[[], Any]] | None = None
        self._answer: Any = None
        self.result: Any = None
        self.error: BaseException | None = None

    # --- the driver's side

    def go_on(self, answer: Any = None, error: Exception | None = None) -> tuple[str, Callable[[], Any]] | None:
        """Give it the turn; what it calls out for next, None at its end."""
        self._answer, self.error = answer, error
        if not self._begun:
            self._begun = True
            # A daemon: what still stands when the process ends does not keep it.
            Thread(target=self._run, daemon=True).start()
        else:
            self._mine.release()
        self._drivers.acquire()
        return self._asked

    def abandon(self) -> None:
        """End it where it stands."""
        if self._begun and self._asked is not None:
            self._abandoned = True
            self.go_on()

    # --- the thread's side

    def call_out(self, label: str, effect: Callable[[], Any]) -> Any:
        """Stand still until there is an answer."""
        if self._abandoned:
            raise _Abandoned
        self._asked = (label, effect)
        self._drivers.release()
        self._mine.acquire()
        if self._abandoned:
            raise _Abandoned
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return self._answer

    def _run(self) -> None:
        self._here.strand = self
        try:
            self.result = self._work()
        except BaseException as error:
            self.error = error
        finally:
            self._here.strand = self._asked = None
            self._drivers.release()


class Beside:
    """The threads of one driver."""

    def __init__(self) -> None:
        self._here = local()

    async def run(self, runtime: Runtime, work: Callable[[], T]) -> T:
        """What `work` gives or raises; whatever it calls out for is a call of the runtime."""
        strand = _Strand(work, self._here)
        try:
            asked = strand.go_on()
            while asked is not None:
                label, effect = asked
                try:
                    answer = await runtime.call(label, effect)
                except Exception as error:
                    asked = strand.go_on(error=error)
                else:
                    asked = strand.go_on(answer)
        finally:
            strand.abandon()
        if strand.error is not None:
            raise strand.error
        result: T = strand.result
        return result

    def call_out(self, label: str, effect: Callable[[], T]) -> T:
        """For plain code: stand still until the call is answered. Outside of `run` it is answered at once."""
        strand: _Strand | None = getattr(self._here, "strand", None)
        if strand is None:
            return effect()
        answer: T = strand.call_out(label, effect)
        return answer


class Suspending:
    """A runtime whose calls run beside: what they call out for is under way, instead of the call itself."""

    def __init__(self, beside: Beside, inner: Instance) -> None:
        self._beside, self._inner = beside, inner

    def now(self) -> float:
        """Virtual seconds."""
        return self._inner.now()

    def call(
        self, label: str, effect: Callable[[], T], *, payload: object = None, timeout: float | None = None
    ) -> Awaitable[T]:
        """Run the effect beside, from when it is awaited."""
        return self._beside.run(self._inner, effect)

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Park a wait."""
        return self._inner.sleep(seconds)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> object:
        """Run beside what runs already."""
        return self._inner.spawn(work)
