# SPDX-License-Identifier: Apache-2.0
"""An edited module instead of the one on disk, in this process alone: an import hook that changes the source it reads.

Nothing is written, neither sources nor byte code, and the module has its own name: whoever imports it gets the edit.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

from edgeproof.properties.edits.edit import Edit, EditError, edited

__all__ = ["overlay"]


class _Loader(SourceFileLoader):
    """Reads a module's source with the edit made."""

    def __init__(self, edit: Edit, path: str) -> None:
        super().__init__(edit.module, path)
        self._edit = edit

    def get_data(self, path: str) -> bytes:
        return edited(self._edit, super().get_data(path).decode()).encode()

    def get_code(self, fullname: str) -> CodeType:
        # The byte code on disk is that of the source on disk.
        return self.source_to_code(self.get_data(self.path), self.path)


class _Finder(MetaPathFinder):
    """Finds the edited module, and leaves all others to the finders behind it."""

    def __init__(self, edit: Edit) -> None:
        self._edit = edit

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._edit.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(self._edit, spec.origin)
        return spec


def overlay(edit: Edit) -> None:
    """From now on this process imports the edited module. Raises EditError where it has imported the module already."""
    if edit.module in sys.modules:
        raise EditError(f"{edit.name}: {edit.module} is imported already, and would stay as it is")
    sys.meta_path.insert(0, _Finder(edit))
