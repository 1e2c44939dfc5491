# SPDX-License-Identifier: Apache-2.0
"""An OpenFeature provider: flags evaluated in this process, against the config that the edge tells.

It never raises towards a client: what cannot be evaluated gives the caller's default, a reason and an error code. It
keeps its last good config when the edge cannot be reached or has none that can be read, says so and how old that is,
and says STALE when it is older than it was asked to be. A config that is older than one it has seen is never taken.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from math import inf
from random import Random
from threading import Event, Lock, Thread
from typing import Any, Final, Literal, TypeVar

from attrs import frozen
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEvent, ProviderEventDetails
from openfeature.exception import ErrorCode, ProviderNotReadyError
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType, Reason
from openfeature.provider import AbstractProvider, Metadata

from edgeproof.impl.edge.reader import ConfigUnavailable
from edgeproof.impl.flags.context import ContextError, of_openfeature
from edgeproof.impl.flags.evaluation import Evaluator
from edgeproof.impl.flags.sources import Heard, Source, check_json, checked
from edgeproof.impl.flags.values import TypeMismatch, as_boolean, as_float, as_integer, as_object, as_string
from edgeproof.impl.snapshot import Snapshot, diff

__all__ = ["EdgeFlagProvider", "FlagMetadata"]

T = TypeVar("T")

FlagMetadata = dict[str, bool | int | float | str]

NAME: Final = "edgeproof"

_REASONS: Final[Mapping[str, Reason]] = {str(one): one for one in Reason}

_CODES: Final[Mapping[str, ErrorCode]] = {
    "FLAG_NOT_FOUND": ErrorCode.FLAG_NOT_FOUND,
    "PARSE_ERROR": ErrorCode.PARSE_ERROR,
}


@frozen(slots=True)
class _Held:
    snapshot: Snapshot
    evaluator: Evaluator
    confirmed_at: float
    """When KV said last, by way of the source, that this is the config."""
    source: str
    """What the location served it from."""


class EdgeFlagProvider(AbstractProvider):
    """One app's flags.

    `refresh`: seconds from one look at the source to the next, in a thread; None to look at every evaluation, as an
    isolate at the edge does (its reads are local). `bound`: seconds by which the source may be behind (what `edgeproof
    bound` proves); evaluations then carry it, with the age on top. `stale_after`: seconds without word from the source
    after which the provider is STALE; the bound unless given, never without either. `disabled`: a disabled flag gives
    its "default variation", as documented, or the "caller's default", as Cloudflare's SDKs have it.

    The metadata of evaluations and events say `config_source` where the last look brought no answer of KV's: "fallback"
    where the edge, or KV from there, could not be reached, and "last_good" where what it has is no config.
    """

    def __init__(
        self,
        source: Source,
        account: str,
        *,
        refresh: float | None = None,
        bound: float | None = None,
        stale_after: float | None = None,
        disabled: Literal["default variation", "caller's default"] = "default variation",
        random: Random | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        if refresh is not None and refresh <= 0:
            raise ValueError(f"there are more than {refresh:g} seconds from one look at the source to the next")
        if disabled not in ("default variation", "caller's default"):
            raise ValueError(f"a disabled flag gives its default variation or the caller's default, not {disabled!r}")
        self._source, self._account, self._refresh, self._bound = source, account, refresh, bound
        self._stale_after = bound if stale_after is None else stale_after
        self._disabled, self._clock = disabled, clock
        self._draw = (random or Random()).random
        self._held: _Held | None = None
        self._state: Literal["new", "ready", "stale", "error"] = "new"
        self._heard_at = -inf
        """When the last look that brought something was asked for."""
        self._trouble = ""
        """Why the last look brought nothing: the source says nothing ("fallback"), or no config ("last_good")."""
        self._session: Event | None = None
        """Of this start; it is set once the provider has been shut down."""
        self._lock = Lock()
        """Of all that a look changes."""
        self._untold: deque[tuple[ProviderEvent, ProviderEventDetails]] = deque()
        self._telling = Lock()

    # --- life

    def get_metadata(self) -> Metadata:
        """The provider's name."""
        return Metadata(NAME)

    def initialize(self, evaluation_context: EvaluationContext) -> None:
        """Load the first config. Raises ProviderNotReadyError where there is none to be had; it is tried for again."""
        session = Event()
        self._begin(session)
        error = self._look(session)
        if self._refresh is not None:
            Thread(target=self._look_for_ever, args=(session, self._refresh), daemon=True).start()
        if error is not None:
            raise ProviderNotReadyError(f"no config could be loaded: {error}")

    def shutdown(self) -> None:
        """Stop looking. A look that is under way changes nothing any more."""
        self._begin(None)

    def _begin(self, session: Event | None) -> None:
        """End the session that there is, and begin another, if at all."""
        with self._lock:
            if self._session is not None:
                self._session.set()
            self._session, self._held, self._state = session, None, "new"
            self._heard_at, self._trouble = -inf, ""

    # --- looking

    def _look_for_ever(self, session: Event, seconds: float) -> None:
        while not session.wait(seconds):
            # What would end a thread in silence is heard of in `_look`; here it must not end this one.
            with suppress(BaseException):
                self._look(session)

    def _look(self, session: Event | None) -> Exception | None:
        """Ask the source, once; gives what went wrong. Raises what is no Exception: it is meant for the thread."""
        asked_at = self._clock()
        try:
            self._found(checked(self._source()), asked_at, session)
            return None
        except BaseException as error:
            self._lost(error, asked_at, session)
            if not isinstance(error, Exception):
                raise
            return error
        finally:
            self._tell()

    def _found(self, heard: Heard, asked_at: float, session: Event | None) -> None:
        """Hold what the source says, if it is not older than what is held. Raises ValueError for what is no JSON."""
        snapshot = heard.snapshot
        with self._lock:
            if session is not self._session:
                return  # of a session that has ended
            self._heard_at, self._trouble = max(asked_at, self._heard_at), ""
            # What is held by now, not when the source was asked: looks may overtake each other.
            old = self._held
            if old is not None and not snapshot.at_least(old.snapshot):
                return  # older than what clients were told already
            confirmed_at = asked_at - heard.age if old is None else max(asked_at - heard.age, old.confirmed_at)
            if old is not None and old.snapshot.at_least(snapshot):
                self._hold(_Held(old.snapshot, old.evaluator, confirmed_at, heard.source))
                return
            check_json(snapshot.config)
            changed = None if old is None else sorted(diff(old.snapshot.config, snapshot.config))
            self._hold(_Held(snapshot, Evaluator(snapshot.config, self._account), confirmed_at, heard.source))
            if changed is not None:
                self._note(ProviderEvent.PROVIDER_CONFIGURATION_CHANGED, changed)

    def _hold(self, held: _Held) -> None:
        """The source has just said this; with the lock."""
        self._held = held
        if self._state == "new":
            self._state = "ready"  # the client itself tells the first READY, and what is stale by then is told later
        elif self._is_stale(held):
            self._note_stale(held)
        elif self._state != "ready":
            self._state = "ready"
            self._note(ProviderEvent.PROVIDER_READY)

    def _lost(self, error: BaseException, asked_at: float, session: Event | None) -> None:
        with self._lock:
            if session is not self._session or asked_at < self._heard_at:
                return  # of a session that has ended, or overtaken by a look that was asked for later
            self._trouble = "last_good" if isinstance(error, ValueError) else "fallback"
            if self._held is not None:
                self._note_stale(self._held, f"{type(error).__name__}: {error}")
            elif self._state != "ready":
                self._state = "error"  # a later success is told as READY; the client tells the first failure itself

    def _note_stale(self, held: _Held, why: str = "") -> None:
        """Note that what is held is too old, if it is, and that was not told yet; with the lock."""
        if self._state != "stale" and self._is_stale(held):
            self._state = "stale"
            self._note(ProviderEvent.PROVIDER_STALE, why=why)

    def _is_stale(self, held: _Held) -> bool:
        return self._stale_after is not None and self._age(held) > self._stale_after

    def _note(self, event: ProviderEvent, changed: list[str] | None = None, why: str = "") -> None:
        """Something has happened that clients are to be told; with the lock."""
        metadata = {} if self._held is None else self._metadata(self._held)
        self._untold.append(
            (event, ProviderEventDetails(flags_changed=changed, message=why or None, metadata=metadata))
        )

    def _tell(self) -> None:
        """Tell what has happened, in that order, one thread at a time: the others do not wait for it."""
        while self._untold and self._telling.acquire(blocking=False):
            try:
                while self._untold:
                    self.emit(*self._untold.popleft())
            finally:
                self._telling.release()

    def _age(self, held: _Held) -> float:
        return max(0.0, self._clock() - held.confirmed_at)

    def _metadata(self, held: _Held) -> FlagMetadata:
        age = self._age(held)
        said: FlagMetadata = {
            "config_version": held.snapshot.version,
            "config_era": held.snapshot.era,
            "age_s": age,
        }
        if self._bound is not None:
            said["staleness_bound_s"] = self._bound + age
        source = self._trouble or held.source
        return {**said, "config_source": source} if source in ("fallback", "last_good") else said

    # --- resolving

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        """A truth value."""
        return self._resolve(flag_key, default_value, evaluation_context, as_boolean)

    async def resolve_boolean_details_async(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        """As `resolve_boolean_details`, with the event loop free meanwhile."""
        return await self._aside(self.resolve_boolean_details, flag_key, default_value, evaluation_context)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """A text."""
        return self._resolve(flag_key, default_value, evaluation_context, as_string)

    async def resolve_string_details_async(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """As `resolve_string_details`, with the event loop free meanwhile."""
        return await self._aside(self.resolve_string_details, flag_key, default_value, evaluation_context)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """A whole number; JSON's 1.0 is one."""
        return self._resolve(flag_key, default_value, evaluation_context, as_integer)

    async def resolve_integer_details_async(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """As `resolve_integer_details`, with the event loop free meanwhile."""
        return await self._aside(self.resolve_integer_details, flag_key, default_value, evaluation_context)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """A number, whole or not."""
        return self._resolve(flag_key, default_value, evaluation_context, as_float)

    async def resolve_float_details_async(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """As `resolve_float_details`, with the event loop free meanwhile."""
        return await self._aside(self.resolve_float_details, flag_key, default_value, evaluation_context)

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        """An object or a list, of the caller's own: changing it changes no flag."""
        return self._resolve(flag_key, default_value, evaluation_context, as_object)

    async def resolve_object_details_async(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        """As `resolve_object_details`, with the event loop free meanwhile."""
        return await self._aside(self.resolve_object_details, flag_key, default_value, evaluation_context)

    async def _aside(
        self,
        resolve: Callable[[str, T, EvaluationContext | None], FlagResolutionDetails[T]],
        flag_key: str,
        default: T,
        context: EvaluationContext | None,
    ) -> FlagResolutionDetails[T]:
        """In another thread where the source is asked, which may take its time; an evaluation alone takes none."""
        if self._refresh is not None:
            return resolve(flag_key, default, context)
        return await asyncio.to_thread(resolve, flag_key, default, context)

    def _resolve(
        self, flag_key: str, default: T, context: EvaluationContext | None, typed: Callable[[Any], T]
    ) -> FlagResolutionDetails[T]:
        try:
            return self._resolved(flag_key, default, context, typed)
        except TypeMismatch as error:
            return _failed(default, ErrorCode.TYPE_MISMATCH, str(error))
        except ContextError as error:
            return _failed(default, ErrorCode.INVALID_CONTEXT, str(error))
        except ConfigUnavailable as error:
            return _failed(default, ErrorCode.PROVIDER_NOT_READY, str(error))
        except Exception as error:
            return _failed(default, ErrorCode.GENERAL, type(error).__name__)

    def _resolved(
        self, flag_key: str, default: T, context: EvaluationContext | None, typed: Callable[[Any], T]
    ) -> FlagResolutionDetails[T]:
        held = self._current()
        found = held.evaluator.evaluate(flag_key, of_openfeature(context), self._draw)
        metadata = self._metadata(held)
        if found.error is not None:
            detail = f"{flag_key}, in version {held.snapshot.version} of the config"
            return _failed(default, _CODES[found.error], detail, metadata)
        if found.reason == "DISABLED" and self._disabled == "caller's default":
            return FlagResolutionDetails(default, reason=Reason.DISABLED, flag_metadata=metadata)
        return FlagResolutionDetails(
            typed(found.value), reason=_REASONS[found.reason], variant=found.variant, flag_metadata=metadata
        )

    def _current(self) -> _Held:
        """What to evaluate against. Raises ConfigUnavailable where there was never anything."""
        error = self._look(self._session) if self._refresh is None else None
        held = self._held  # once: another thread's look may exchange it
        if held is None:
            raise ConfigUnavailable(f"no config has been loaded{f': {error}' if error else ''}")
        if self._is_stale(held):
            with self._lock:
                self._note_stale(held)
            self._tell()
        return held


def _failed(
    default: T, code: ErrorCode, message: str, metadata: FlagMetadata | None = None
) -> FlagResolutionDetails[T]:
    return FlagResolutionDetails(
        default, reason=Reason.ERROR, error_code=code, error_message=message, flag_metadata=metadata or {}
    )
