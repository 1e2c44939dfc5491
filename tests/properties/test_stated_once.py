# SPDX-License-Identifier: Apache-2.0
"""What is stated in the catalogue is stated there alone; whatever else speaks of a property takes its id."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edgeproof import impl, model, properties, reports
from edgeproof.properties import catalogue
from edgeproof.properties.catalogue import CATALOGUE

HERE = Path(next(iter(catalogue.__path__)))


def sources() -> Iterator[tuple[str, str]]:
    """Every text of ours outside the catalogue, its white space and quotes evened out."""
    for package in (impl, model, properties, reports):
        root = Path(next(iter(package.__path__)))
        for path in root.rglob("*.*"):
            if (
                path.suffix in (".py", ".js", ".md", ".json")
                and HERE not in path.parents
                and "out" not in path.relative_to(root).parts
            ):
                yield str(path), " ".join(path.read_text(encoding="utf-8").replace("\\'", "'").split())


def test_a_sentence_of_the_catalogue_stands_once() -> None:
    texts = dict(sources())
    assert len(texts) > 200
    said = [sentence for one in CATALOGUE.values() for sentence in (one.says, one.source)]
    assert [(path, sentence) for path, text in texts.items() for sentence in said if sentence in text] == []
