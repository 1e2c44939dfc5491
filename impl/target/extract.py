# SPDX-License-Identifier: Apache-2.0
"""Where in an answer something stands: `json:/pointer` (RFC 6901) in its body, or `header:NAME`."""

from __future__ import annotations

import re
from typing import Any, Final
from unicodedata import category

from attrs import frozen

from edgeproof.impl.target.client import Answer, TwiceError, json_of

__all__ = ["MISSING", "Extractor", "NotSaidError", "as_told", "at_pointer", "extractor", "version_in"]

MISSING: Final = object()
"""What a pointer finds where there is nothing."""

_TAG: Final = re.compile(r'(?:W/)?"(.*)"', re.DOTALL)
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_LONGEST: Final = 200
"""Letters of a version."""
_MARK: Final = b"\xef\xbb\xbf"
"""A byte order mark, which JSON must not begin with (RFC 8259, 8.1): some readers take it, some do not."""


class NotSaidError(Exception):
    """An answer does not say what it should where it should; the message says what it is instead."""


@frozen
class Extractor:
    """A place in an answer: `kind` is json or header, `where` a pointer or a name."""

    kind: str
    where: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.where}"

    def of(self, answer: Answer) -> Any:
        """What stands there. Raises NotSaidError where nothing does."""
        if self.kind == "header":
            if self.where.lower() not in answer.headers:
                raise NotSaidError(f"has no header {self.where}")
            if self.where.lower() in answer.unclear:
                raise NotSaidError(f"has the header {self.where} more than once, and not the same each time")
            return _untagged(answer.headers[self.where.lower()])
        found = at_pointer(_document(answer), self.where)
        if found is MISSING:
            raise NotSaidError(f"has nothing at {self.where} of its JSON")
        return found


def extractor(text: str) -> Extractor:
    """The place that a text names. Raises ValueError, saying what a place looks like."""
    kind, colon, where = text.partition(":")
    if colon and kind == "json" and (where in ("", "/") or where.startswith("/")):
        # People write json:/ and mean the whole; a member whose name is empty nobody has.
        return Extractor(kind, "" if where == "/" else where)
    if colon and kind == "header" and _NAME.fullmatch(where):
        return Extractor(kind, where)
    raise ValueError(f"{text!r} is no place in an answer; write json:/pointer or header:NAME")


def at_pointer(document: Any, pointer: str) -> Any:
    """What a JSON pointer finds, MISSING if nothing."""
    found = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isascii() and name.isdigit() and int(name) < len(found):
            found = found[int(name)]
        else:
            return MISSING
    return found


def version_in(found: Any, numbers: bool) -> int | str:
    """A version as it was told: a whole number where versions are such, else a text of which only equality is known.

    Raises NotSaidError for what is neither.
    """
    if isinstance(found, bool) or not isinstance(found, int | str):
        raise NotSaidError(f"has a version that is neither a whole number nor a text, but {_kind(found)}")
    text = str(found)
    if not text or len(text) > _LONGEST:
        raise NotSaidError(f"has a version of {len(text)} letters")
    if any(category(letter) in ("Cc", "Cs") for letter in text):
        raise NotSaidError("has a version with a control character, or half a letter")
    if not numbers:
        return text
    if not (text.isascii() and text.isdigit() and int(text) < 2**53):
        raise NotSaidError('has a version that is no whole number from 0 to 2^53 - 1; versions = "opaque" takes any')
    return int(text)


def as_told(place: Extractor, found: Any, version: int | str) -> int | str:
    """How a version is spelled to whoever told it: in JSON the text "3" is not the number 3, and nowhere is 007 just 7.

    What a header says is a text of necessity, which says nothing of how JSON has it.
    """
    return found if place.kind == "json" or str(found) != str(version) else version


def _kind(found: Any) -> str:
    """What a value of JSON is called, of those that are no version."""
    if isinstance(found, bool):
        return "true or false"
    if isinstance(found, float):
        return "a number with a fraction or an exponent"
    return "null" if found is None else "a list" if isinstance(found, list) else "an object"


def _document(answer: Answer) -> Any:
    try:
        return json_of(answer.body)
    except TwiceError as error:
        raise NotSaidError(f"is JSON that {error}") from None
    except (ValueError, RecursionError):
        if answer.body.startswith(_MARK):
            raise NotSaidError("is no JSON: it begins with a byte order mark, which JSON must not") from None
        kind = answer.headers.get("content-type", "no content type")[:80]
        coding = answer.headers.get("content-encoding", "identity")[:80]
        asked = "" if coding == "identity" else f", encoded as {coding}, which was not asked for"
        raise NotSaidError(f"is no JSON but {len(answer.body):,} bytes of {kind}{asked}") from None


def _untagged(value: str) -> str:
    """What an entity tag says, strong or weak; of any other header all of it."""
    tagged = _TAG.fullmatch(value.strip())
    return tagged[1] if tagged else value.strip()
