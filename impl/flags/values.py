# SPDX-License-Identifier: Apache-2.0
"""A flag's value as what a caller asks for."""

from __future__ import annotations

from typing import Any

__all__ = ["TypeMismatch", "as_boolean", "as_float", "as_integer", "as_object", "as_string"]


class TypeMismatch(Exception):
    """The flag's value is of another type than the caller asks for."""


def as_boolean(value: Any) -> bool:
    """The truth value that a flag's value is. Raises TypeMismatch."""
    return bool(_checked(value, isinstance(value, bool), "truth value"))


def as_string(value: Any) -> str:
    """The text. Raises TypeMismatch."""
    return str(_checked(value, isinstance(value, str), "text"))


def as_integer(value: Any) -> int:
    """The whole number; JSON's 1.0 is one. Raises TypeMismatch."""
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return int(_checked(value, whole and not isinstance(value, bool), "whole number"))


def as_float(value: Any) -> float:
    """The number, whole or not. Raises TypeMismatch."""
    return float(_checked(value, isinstance(value, int | float) and not isinstance(value, bool), "number"))


def as_object(value: Any) -> Any:
    """The object or list, in a copy of the caller's own. Raises TypeMismatch."""
    return _own(_checked(value, isinstance(value, dict | list), "object"))


def _own(value: Any) -> Any:
    """A copy of JSON, all the way down."""
    if isinstance(value, dict):
        return {name: _own(one) for name, one in value.items()}
    return [_own(one) for one in value] if isinstance(value, list) else value


def _checked(value: Any, fits: bool, wanted: str) -> Any:
    if not fits:
        raise TypeMismatch(f"the flag's value is no {wanted}, but a {type(value).__name__}")
    return value
