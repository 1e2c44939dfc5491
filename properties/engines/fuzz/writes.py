# SPDX-License-Identifier: Apache-2.0
"""What clients write in lockstep runs: documents as awkward as JSON allows, from a number and nothing else.

Two texts that look alike are here as well as two numbers whose texts sort otherwise than they do. There is no float
that is a whole number, as JavaScript does not tell it from an integer, and no integer beyond 2^53.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, Final
from zlib import crc32

from edgeproof.impl.system import MARKS, Write
from edgeproof.model.interpret import State

__all__ = ["ACTORS", "seed_of", "write_number", "write_of_part", "write_of_parts"]

_LONG: Final = "a long text, " * 40

_NAMES: Final = (
    *("a", "flag-2", "flag-10", "9", "10", "__proto__", "constructor", "with space", "a/b?c#d%20", 'quote"back\\slash'),
    # Composed and decomposed; beyond the BMP, which sorts after U+FF5E as UTF-8 and before it as UTF-16.
    *("caf\u00e9", "cafe\u0301", "\U0001d54f", "\uff5e", "line\nbreak\u2028", "n" * 300),
)

_VALUES: Final[tuple[Any, ...]] = (
    *(0, 1, 9, 10, -1, 2**53 - 1, 1 - 2**53, 0.1, -1e-7, 1.5e300, 5e-324, True, False, None, "", "9", "10", "true"),
    *("caf\u00e9", "cafe\u0301", '\U0001f600 \u2028 \\ " </script>', _LONG, [], {}, [10, 9], [[], [{}]]),
    *({"__proto__": {"x": 1}, "constructor": None}, {"deep": {"deeper": [1, {"deepest": _LONG[:40]}]}}),
    *({"10": 10, "9": 9, "a": {"b": None}}, {"\U0001d54f": 1, "\uff5e": 2, "": 3}),
)

ACTORS: Final = (
    "client",
    "ops@example.com",
    "Zo\u00eb \U0001f9d1\u200d\U0001f680",
    "10",
    "9",
    "r\u00f4le/" + "x" * 200,
)
"""Who writes."""


def seed_of(first: State) -> int:
    """What a run's first state decides of what is written."""
    return crc32(repr(sorted((name, str(value)) for name, value in first.items())).encode())


def write_of_parts(seed: int, number: int) -> Write:
    """Write number `number` upon a unit whose fields are the marks, each with a value of its own, and no others."""
    dice = Random(f"{seed}:{number}")
    return Write({name: dice.choice(_VALUES) for name in MARKS}, actor=dice.choice(ACTORS))


def write_of_part(seed: int, number: int) -> Write:
    """Write number `number` upon a unit of one field, whose value is the same in all writes: a list of all."""
    return Write({"part": Random(seed).sample(_VALUES, len(_VALUES))}, actor=Random(f"{seed}:{number}").choice(ACTORS))


def write_number(seed: int, number: int, config: Mapping[str, Any], *, marked: bool) -> Write:
    """Write number `number`, upon a unit that holds `config`, without key and expected version.

    With `marked` it sets the marks to its number; without, it may also leave them, remove them, or set every field that
    it names to what it holds already, which makes a version with the config of the one before.
    """
    dice = Random(f"{seed}:{number}")
    mood = 0.0 if marked else dice.random()
    actor = dice.choice(ACTORS)
    if mood > 0.85 and config:
        held = [name for name in config if name not in MARKS] or list(config)
        chosen = dice.sample(held, min(len(held), 2))
        return Write({name: config[name] for name in chosen}, actor=actor)
    # JavaScript puts names that are numbers before all others, and half a write is what comes first.
    names = [name for name in dice.sample(_NAMES, dice.randrange(5)) if not (marked and name.isdigit())]
    changes: dict[str, Any] = dict.fromkeys(MARKS, number) if mood < 0.7 else {}
    removed = MARKS if mood > 0.8 else ()
    # What was written is mostly written again or removed: fields that come and go are what a changelog is for.
    for name in names:
        if name in config and dice.random() < 0.5:
            removed = (*removed, name)
        else:
            changes[name] = dice.choice(_VALUES)
    if dice.random() < 0.1:
        removed = (*removed, f"never-{number}")
    return Write(changes, removed, actor) if changes or removed else Write({"a": number}, actor=actor)
