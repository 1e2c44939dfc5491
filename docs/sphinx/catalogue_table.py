# SPDX-License-Identifier: Apache-2.0
"""The directive `catalogue`: every property with its sentence and its source, read from the catalogue itself."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from edgeproof.properties.catalogue import CATALOGUE, Property


class Catalogue(SphinxDirective):
    """A list with an entry a property, each with an anchor by its id."""

    def run(self) -> list[nodes.Node]:
        """Called by Sphinx."""
        return [nodes.definition_list("", *map(self._entry, CATALOGUE.values()))]

    def _entry(self, one: Property) -> nodes.definition_list_item:
        term = nodes.term("", "", nodes.literal("", one.id), ids=[one.id])
        says = [nodes.paragraph("", text) for text in (one.says, one.source) if text]
        return nodes.definition_list_item("", term, nodes.definition("", *says))


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_directive("catalogue", Catalogue)
    return {"parallel_read_safe": True}
