# SPDX-License-Identifier: Apache-2.0
"""An isolate that validates what it reads before it installs it."""

from __future__ import annotations

from typing import Any, Final

from edgeproof.impl.content.content import is_valid, unsealed
from edgeproof.impl.edge.reader import NO_CONFIG, ConfigUnavailable, EdgeReader, Reading, ServedFrom
from edgeproof.impl.snapshot import Snapshot, from_kv

__all__ = ["BAD_CONFIG", "ValidatingReader"]

BAD_CONFIG: Final = "the config in KV is bad"


class ValidatingReader(EdgeReader):
    """Reads one key, and looks at the config.

    `validate` "keeps": of a bad config nothing is installed, and the last good one is told (a plain reader has none).
    "fails": nothing is told. "serves": nobody looks. With `digest` it has to be in the value, and to be right.
    """

    def __init__(self, *arguments: Any, validate: str = "keeps", digest: bool = True, **options: Any) -> None:
        if validate not in ("keeps", "fails", "serves"):
            raise ValueError(f"a reader keeps the last good config, fails or serves a bad one, not {validate!r}")
        super().__init__(*arguments, **options)
        self._validate, self._digest = validate, digest

    def _open(self, value: bytes) -> Snapshot:
        if self._validate == "serves":
            return super()._open(value)
        try:
            found = unsealed(value) if self._digest else from_kv(value)
        except ValueError as error:
            raise ConfigUnavailable(NO_CONFIG) from error
        if not is_valid(found.config):
            raise ConfigUnavailable(BAD_CONFIG)
        return found

    def _instead(self, source: ServedFrom, why: str) -> Reading:
        if source == "last_good" and self._validate == "fails":
            raise ConfigUnavailable(why)
        return super()._instead(source, why)
