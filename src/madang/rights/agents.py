"""The versioned list of AI agents' product tokens."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

OWN_TOKEN = "MadangBot"


@dataclass(frozen=True, slots=True)
class AgentList:
    version: str
    sha256: str
    training: tuple[bytes, ...]
    others: tuple[bytes, ...]


@cache
def agents() -> AgentList:
    """Training agents and control tokens, whose refusal speaks about training, and the rest."""
    content = resources.files(__package__).joinpath("agents.toml").read_bytes()
    document = tomllib.loads(content.decode("utf-8"))
    token = document["token"]
    return AgentList(
        version=document["version"],
        sha256=hashlib.sha256(content).hexdigest(),
        training=_octets(token["training"] + token["control"]),
        others=_octets(token["search"] + token["user_fetch"]),
    )


def _octets(names: list[str]) -> tuple[bytes, ...]:
    return tuple(name.lower().encode("ascii") for name in names)
