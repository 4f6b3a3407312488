"""`noai`, `noimageai`, `noml` in X-Robots-Tag and meta robots (no text of a standard exists).

A bot's name before a colon scopes what follows it on its line; what another bot is told is a
note and does not bind us. Words about indexing are no reservation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from madang.rights.protocols.near import (
    is_about_training,
    is_like_robots,
    may_be_about_training,
    refuses,
)
from madang.rights.signals import Signal, Value, cut

PROTOCOL = "noai"
NEAR = "near"
WORDS = {"noai": "page", "noimageai": "image", "noml": "page"}
# Directives of the header that themselves contain a colon.
WITH_COLON = ("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview")
_NEAR = re.compile(r"^no[\W_]*(?:image|img)?[\W_]*(?:ai|ml|gpt|llm)(?:[\W_]|$)|^no[\W_]*tdm")
THEMES = ("ai", "genai", "ml", "llm", "tdm", "train", "training")
REFUSALS = ("n", "no", "none", "deny", "disallow", "disallowed", "forbidden", "false", "0")
# Everybody, as nobody is named; and what a directive has that no protocol here knows.
_ALL = re.compile(
    r"(?:all|any|every(?:one|body)?|default|ai)?[-_]?(?:(?:ro)?bots?|crawlers?|agents?)?"
)
_VALUE = re.compile(r"[-+]?\d").match
_BOT = re.compile(r"\s*([A-Za-z0-9_*-]+)\s*:\s*(.*)", re.DOTALL)
_SPLIT = re.compile(r"[,;]")
_PRODUCT = re.compile(r"[A-Za-z_-]*")


def from_header(lines: Iterable[str], own_token: str) -> list[Signal]:
    """All X-Robots-Tag lines of one response."""
    found: list[Signal] = []
    for line in lines:
        found.extend(_directives(line, "", "header", own_token, cut(line)))
    return found


def from_meta(name: str, content: str, own_token: str) -> list[Signal]:
    """One meta element; its name is `robots` or a bot's, or those of several."""
    if is_about_training(name):
        return [Signal(PROTOCOL, "page", Value.MALFORMED, "html", cut(name))]
    names = [part.strip() for part in _SPLIT.split(name)]
    bots = ["" if one.lower() in ("robots", "ai", "ai-robots") else one for one in names]
    if any(_is_ours(bot, own_token) for bot in bots):
        return _directives(content, "", "html", own_token, cut(content))
    if any(is_like_robots(bot) for bot in bots):
        found = _directives(content, "", "html", own_token, cut(content))
        return [Signal(PROTOCOL, "page", Value.MALFORMED, "html", s.raw) for s in found[:1]]
    said = [part for part in _SPLIT.split(content) if part.strip().lower() in WORDS]
    return [_of_another(names[0], "html", cut(content)) for _ in said]


def _of_another(bot: str, carrier: str, raw: str) -> Signal:
    return Signal("note", "noai-other-bot", "yes", carrier, raw, bot[:64])


def _is_ours(bot: str, own_token: str) -> bool:
    named = _PRODUCT.match(bot)
    return bot in ("", "*") or (named is not None and named[0].lower() == own_token.lower())


def _directives(text: str, bot: str, carrier: str, own_token: str, raw: str) -> list[Signal]:
    """Words, each for the bot that was named last before it."""
    found = []
    parts = _SPLIT.split(text)
    alone = (part.strip() for part in parts if ":" not in part)
    is_listed = any(word and _is_ours(word, own_token) for word in alone)  # `ours, other: x`
    for part in parts:
        word, scope = part.strip(), _BOT.match(part)
        if scope is not None and scope[1].lower() not in WITH_COLON and not _VALUE(scope[2]):
            bot, word = scope.groups()
            if bot.lower() in THEMES and word.strip().lower() in REFUSALS:
                found.append(Signal(PROTOCOL, "page", Value.MALFORMED, carrier, raw))
            if is_about_training(bot):  # `noai: true`
                bot, word = "", part.strip()
        label, is_said = _read(word)
        if not is_said:
            continue
        is_all = bool(bot) and _ALL.fullmatch(bot.lower()) is not None
        is_meant = _is_ours(bot, own_token) or is_like_robots(bot)
        if is_listed or is_all or (label is None and is_meant):
            found.append(Signal(PROTOCOL, "page", Value.MALFORMED, carrier, raw))
        elif label is not None and is_meant:
            found.append(Signal(PROTOCOL, label, Value.NO, carrier, raw, word.lower()))
        else:
            found.append(_of_another(bot, carrier, raw))
    return found


def _read(text: str) -> tuple[str | None, bool]:
    """The label of a word, and whether it was meant as one at all. A word that is not in ASCII
    could mean anything."""
    word = text.strip("\"'").strip().lower()
    label = WORDS.get(word)
    is_near = not word.isascii() or _NEAR.match(word) is not None or is_about_training(word)
    return label, label is not None or is_near


def from_near(name: str, lines: Sequence[str], own_token: str) -> list[Signal]:
    """Lines of a header that was meant as a protocol's and is named otherwise."""
    said = is_about_training(name) or any(
        signal.protocol == PROTOCOL for signal in from_header(lines, own_token)
    )
    if may_be_about_training(name):
        said = said or any(refuses(name, line) for line in lines)
    raw = cut(f"{name}: {' | '.join(lines)}")
    return [Signal(NEAR, "train", Value.MALFORMED, "header", raw)] if said else []
