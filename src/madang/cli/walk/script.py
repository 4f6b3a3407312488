"""What a walk is told: demo/walk.toml, typed."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Application(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: str
    organisation: str
    requested_microwon: int
    answers: dict[str, str]


class Reviewer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: str
    token: str
    scores: dict[str, list[int | str]]


class Prompt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str
    tokens_max: int
    is_stream: bool = False


class CallWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    programme: str
    title_ko: str
    title_en: str
    budget_microwon: int
    criteria: list[dict[str, str | int]]
    rules: dict[str, int | list[str]]
    terms: dict[str, int]


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    open_s: int
    model: str
    supplier: str
    call: CallWords
    application: list[Application]
    reviewer: list[Reviewer]
    prompt: list[Prompt]


def read_script(path: Path) -> Script:
    return msgspec.toml.decode(path.read_bytes(), type=Script)
