"""The versioned list of AI agents' product tokens."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
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


# A name that says that its agent gathers for models, as in "Acme-AI-Trainer".
_SAYS_AI = re.compile(
    rb"(?:^|[^a-z])(?:gen)?(?:ai|llm|gpt)(?:$|[^a-z]|bot|crawl|scrap|spider|train)"
    rb"|gpt-?bot|train(?:er|ing)|data-?sets?(?:$|[^a-z])|(?:machine|deep)-?learning"
    rb"|(?:text|data)-?mining|(?:^|[^a-z])(?:tdm|xai|grok|bard)(?:$|[^a-z])|chatgpt|openai"
    rb"|anthropic|claude|deepseek|mistral|hyperclova|(?:^|-)gemini|common-?crawl"
)


@lru_cache(maxsize=4096)
def speaks_about_training(token: bytes) -> bool:
    """Whether rules for a token, in small letters, say something about training."""
    known = agents()
    is_said = token in _listed() or _SAYS_AI.search(token) is not None
    return is_said and token not in known.others


@cache
def _listed() -> frozenset[bytes]:
    """As listed, and as RFC 9309 cuts a name where a product token ends."""
    return frozenset(
        name for token in agents().training for name in (token, token.partition(b" ")[0])
    )
