# SPDX-License-Identifier: Apache-2.0
"""An OpenFeature provider: flags evaluated in this process, against the config that the edge tells.

It never raises towards a client: what cannot be evaluated gives the caller's default, a reason and an error code. It
keeps its last good config when the edge cannot be reached, says how old that is, and says STALE when it is older than
it was asked to be. A config that is older than one it has seen is never taken.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
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
from edgeproof.impl.flags.sources import Source
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


class _Mismatch(Exception):
    """The flag's value is of another type than the caller asks for."""


class EdgeFlagProvider(AbstractProvider):
    """One app's flags.

    `refresh`: seconds from one look at the source to the next, in a thread; None to look at every evaluation, as an
    isolate at the edge does (its reads are local). `bound`: seconds by which the source may be behind (what `edgeproof
    bound` proves); evaluations then carry it, with the age on top. `stale_after`: seconds without word from the source
    after which the provider is STALE; the bound unless given, never without either. `disabled`: a disabled flag gives
    its "default variation", as documented, or the "caller's default", as Cloudflare's SDKs have it.
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
        self._lock = Lock()
        self._session: Event | None = None

    # --- life

    def get_metadata(self) -> Metadata:
        """The provider's name."""
        return Metadata(NAME)

    def initialize(self, evaluation_context: EvaluationContext) -> None:
        """Load the first config. Raises ProviderNotReadyError where there is none to be had; it is tried for again."""
        error = self._look()
        if self._refresh is not None:
            self._session = Event()
            Thread(target=self._look_for_ever, args=(self._session, self._refresh), daemon=True).start()
        if error is not None:
            raise ProviderNotReadyError(f"no config could be loaded: {error}")

    def shutdown(self) -> None:
        """Stop looking. A look that is under way changes nothing any more."""
        with self._lock:
            if self._session is not None:
                self._session.set()
            self._session, self._held, self._state = None, None, "new"

    # --- looking

    def _look_for_ever(self, session: Event, seconds: float) -> None:
        while not session.wait(seconds):
            self._look(session)

    def _look(self, session: Event | None = None) -> Exception | None:
        """Ask the source, once; gives what went wrong."""
        asked_at = self._clock()
        try:
            heard = self._source()
        except Exception as error:
            self._tell(self._lost(error, session))
            return error
        self._tell(self._found(heard.snapshot, asked_at - heard.age, session))
        return None

    def _found(self, snapshot: Snapshot, said_at: float, session: Event | None) -> list[_Told]:
        with self._lock:
            if session is not None and session.is_set():
                return []  # of a session that has ended
            old = self._held
            if old is not None and not snapshot.at_least(old.snapshot):
                return []  # older than what clients were told already
            same = old is not None and old.snapshot.at_least(snapshot)
            evaluator = old.evaluator if old is not None and same else Evaluator(snapshot.config, self._account)
            kept = old.snapshot if old is not None and same else snapshot
            confirmed_at = said_at if old is None else max(said_at, old.confirmed_at)
            self._held = _Held(kept, evaluator, confirmed_at)
            told = self._fresh_or_stale(self._held)
        if old is not None and not same:
            changed = sorted(diff(old.snapshot.config, snapshot.config))
            told.append(_Told(ProviderEvent.PROVIDER_CONFIGURATION_CHANGED, changed))
        return told

    def _lost(self, error: Exception, session: Event | None) -> list[_Told]:
        with self._lock:
            if session is not None and session.is_set():
                return []
            if self._held is not None:
                return self._stale(self._held)
            if self._state != "ready":
                self._state = "error"  # a later success is told as READY; the client tells the first failure itself
        return []

    def _fresh_or_stale(self, held: _Held) -> list[_Told]:
        """What is to be told of the age of what the source has just said; with the lock."""
        if self._state in ("new", "ready"):
            self._state = "ready"  # the client itself tells the first READY
            return self._stale(held)
        if self._is_stale(held):
            return []
        self._state = "ready"
        return [_Told(ProviderEvent.PROVIDER_READY)]

    def _stale(self, held: _Held) -> list[_Told]:
        """What is to be told of the age of what is held; with the lock."""
        if self._state != "ready" or not self._is_stale(held):
            return []
        self._state = "stale"
        return [_Told(ProviderEvent.PROVIDER_STALE)]

    def _is_stale(self, held: _Held) -> bool:
        return self._stale_after is not None and self._age(held) > self._stale_after

    def _tell(self, events: Sequence[_Told]) -> None:
        for one in events:
            held = self._held
            metadata = {} if held is None else self._metadata(held)
            self.emit(one.event, ProviderEventDetails(flags_changed=one.changed, metadata=metadata))

    def _age(self, held: _Held) -> float:
        return max(0.0, self._clock() - held.confirmed_at)

    def _metadata(self, held: _Held) -> FlagMetadata:
        age = self._age(held)
        said: FlagMetadata = {
            "config_version": held.snapshot.version,
            "config_era": held.snapshot.era,
            "age_s": age,
        }
        return said if self._bound is None else {**said, "staleness_bound_s": self._bound + age}

    # --- resolving

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        """A truth value."""
        return self._resolve(flag_key, default_value, evaluation_context, _boolean)

    async def resolve_boolean_details_async(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        """As `resolve_boolean_details`, with the event loop free meanwhile."""
        return await self._aside(self.resolve_boolean_details, flag_key, default_value, evaluation_context)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """A text."""
        return self._resolve(flag_key, default_value, evaluation_context, _string)

    async def resolve_string_details_async(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """As `resolve_string_details`, with the event loop free meanwhile."""
        return await self._aside(self.resolve_string_details, flag_key, default_value, evaluation_context)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """A whole number; JSON's 1.0 is one."""
        return self._resolve(flag_key, default_value, evaluation_context, _integer)

    async def resolve_integer_details_async(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """As `resolve_integer_details`, with the event loop free meanwhile."""
        return await self._aside(self.resolve_integer_details, flag_key, default_value, evaluation_context)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """A number, whole or not."""
        return self._resolve(flag_key, default_value, evaluation_context, _float)

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
        return self._resolve(flag_key, default_value, evaluation_context, _object)

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
        except _Mismatch as error:
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
        error = self._look() if self._refresh is None else None
        held = self._held
        if held is None:
            raise ConfigUnavailable(f"no config has been loaded{f': {error}' if error else ''}")
        if self._is_stale(held):
            with self._lock:
                told = self._stale(held)
            self._tell(told)
        return held


@frozen(slots=True)
class _Told:
    event: ProviderEvent
    changed: list[str] | None = None


def _failed(
    default: T, code: ErrorCode, message: str, metadata: FlagMetadata | None = None
) -> FlagResolutionDetails[T]:
    return FlagResolutionDetails(
        default, reason=Reason.ERROR, error_code=code, error_message=message, flag_metadata=metadata or {}
    )


def _boolean(value: Any) -> bool:
    return bool(_checked(value, isinstance(value, bool), "truth value"))


def _string(value: Any) -> str:
    return str(_checked(value, isinstance(value, str), "text"))


def _integer(value: Any) -> int:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return int(_checked(value, whole and not isinstance(value, bool), "whole number"))


def _float(value: Any) -> float:
    return float(_checked(value, isinstance(value, int | float) and not isinstance(value, bool), "number"))


def _object(value: Any) -> Any:
    return _own(_checked(value, isinstance(value, dict | list), "object"))


def _own(value: Any) -> Any:
    """A copy of JSON, all the way down."""
    if isinstance(value, dict):
        return {name: _own(one) for name, one in value.items()}
    return [_own(one) for one in value] if isinstance(value, list) else value


def _checked(value: Any, fits: bool, wanted: str) -> Any:
    if not fits:
        raise _Mismatch(f"the flag's value is no {wanted}, but a {type(value).__name__}")
    return value
