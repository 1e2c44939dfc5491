# SPDX-License-Identifier: Apache-2.0
"""Percentages of people: where somebody lies on the scale from 0 to 100 of a flag's rollouts.

The seed is of account and flag, and there are a hundred seeds; the hash is MurmurHash3 (x86, 32 bits, by Austin
Appleby) of the attribute's text. App, rule and percentage are in neither: all rules of a flag see the same bucket, so
thresholds can cumulate, and one pair of flags in a hundred splits everybody alike. (Formula of the data plane, which
Cloudflare's own SDK repeats.)
"""

from __future__ import annotations

from math import ceil
from typing import Final

from mmh3 import hash as murmur3

__all__ = ["QUOTIENTS", "SEEDS", "bucket", "bucket_of_hash", "hash_of", "seed_of"]

SEEDS: Final = 100

QUOTIENTS: Final = ceil(2**32 / 100)
"""How many whole hundreds there are in the hashes."""


def seed_of(account: str, flag_key: str) -> int:
    """The seed of a flag's hashes, from 0 to 99."""
    return hash_of(f"{account}:{flag_key}", 0) % SEEDS


def hash_of(text: str, seed: int) -> int:
    """MurmurHash3 of the text's UTF-8, from 0 to 2^32 - 1. A lone surrogate counts as U+FFFD, as in JavaScript."""
    try:
        data = text.encode()  # mmh3 5.3.1 takes texts too, and crashes the process over a lone surrogate
    except UnicodeEncodeError:
        data = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
    return murmur3(data, seed, signed=False)


def bucket_of_hash(hashed: int) -> float:
    """The bucket, from 0 to below 100: the last two decimals of the hash, and the rest of it as a fraction."""
    return hashed % 100 + hashed // 100 / QUOTIENTS


def bucket(account: str, flag_key: str, text: str) -> float:
    """The bucket of whoever has an attribute of this text, for this flag of this account."""
    return bucket_of_hash(hash_of(text, seed_of(account, flag_key)))
