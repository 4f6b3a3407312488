"""How a journal becomes a hash. Pure: a change here changes every hash ever published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from madang.ledger.draft import canonical_json, sha256_hex

Fact: TypeAlias = "str | int | list[Fact] | Mapping[str, Fact] | None"
GENESIS = "0" * 64
"""What stands before the first journal of a chain."""


def hash_of(previous: str, journal: Mapping[str, Fact]) -> str:
    """SHA-256 of the hash before and the canonical JSON of the journal."""
    return sha256_hex(canonical_json({"previous": previous, "journal": journal}))


def root_of(heads: Mapping[str, tuple[int, str]]) -> str:
    """One hash over the heads of all chains: what is published each day."""
    listed: list[Fact] = [
        [chain, number, hash] for chain, (number, hash) in sorted(heads.items())
    ]
    return sha256_hex(canonical_json(listed))
