# SPDX-License-Identifier: Apache-2.0
"""A history of one's own: recorded commits, puts and reads, held against what the pattern promises for one's numbers.

    python examples/my_history.py

`my_history.jsonl` beside this file has a line per event; `properties/HISTORY.md` has the format. In it one location
goes on serving a copy for longer than its cacheTtl: the promise takes for granted that it does not, so the design is
not blamed. Without that limit, a reader was told something too old, and the line that shows it is named.
"""

from __future__ import annotations

from pathlib import Path

from attrs import evolve

import edgeproof

HISTORY = Path(__file__).with_suffix(".jsonl")

# Alarms fire within 2 s, puts take 5 s at most, locations cache for 60 s; all times are in seconds.
PROMISE = edgeproof.promise("do_kv", S=2, D=5, T=60)


if __name__ == "__main__":
    print(f"A read is at most {PROMISE.bound_s:g} s stale, which is {PROMISE.formula}.")
    print(edgeproof.check_history(HISTORY, PROMISE))
    print()
    print("Whatever the cache is configured to do:")
    print(edgeproof.check_history(HISTORY, evolve(PROMISE, cache_ttl=None), properties=["bounded-staleness"]))
