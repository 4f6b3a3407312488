"""What every command shares: --json, the language, answers, refusals, exit codes.

A command is a function that takes a Console first and returns an Answer. Its data is what
`--json` prints, one object and nothing else; its text is what a person reads. Progress goes
to standard error, so that standard output stays one thing.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from madang.core.errors import Language, MadangError

F = TypeVar("F", bound=Callable[..., object])
language: ContextVar[Language] = ContextVar("language", default="en")


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence of the command line in both languages."""

    ko: str
    en: str

    def __str__(self) -> str:
        return self.ko if language.get() == "ko" else self.en


NOTHING = Text("없습니다.", "Nothing here.")
"""What a list without a line says, so that nobody wonders whether it was asked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found or did. `lines` are for people, `data` for programs."""

    data: Mapping[str, object]
    lines: Sequence[str] = ()
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Console:
    """How this one command was asked to speak, and where the installation's data lies."""

    as_json: bool
    data: Path

    def tell(self, answer: Answer) -> None:
        """Print an answer on standard output: one JSON object, or lines for a person."""
        if self.as_json:
            sys.stdout.write(json.dumps(answer.data, ensure_ascii=False) + "\n")
        else:
            sys.stdout.writelines(line + "\n" for line in answer.lines)
        sys.stdout.flush()

    def write(self, text: str) -> None:
        """Part of an answer for a person, before the rest is known."""
        if not self.as_json:
            sys.stdout.write(text)
            sys.stdout.flush()

    def progress(self, *, ko: str, en: str) -> None:
        """One line about a step that takes longer than a second; never part of the answer."""
        if not self.as_json:
            sys.stderr.write(f"{Text(ko, en)}\n")
            sys.stderr.flush()


def language_from(words: Sequence[str], environment: Mapping[str, str]) -> Language:
    """--lang where given, else MADANG_LANG, else the locale; English when none says Korean."""
    wanted = ""
    for word, following in zip(words, [*words, ""][1:], strict=True):
        if word.startswith("--lang"):
            wanted = word.partition("=")[2] or following
    names = ("MADANG_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    wanted = wanted or next((environment[name] for name in names if environment.get(name)), "")
    return "ko" if wanted.startswith("ko") else "en"


def tell_error(error: MadangError, *, as_json: bool) -> int:
    """Print a refusal where its reader looks, and return its exit code."""
    if as_json:
        sys.stdout.write(json.dumps({"error": error.as_dict()}, ensure_ascii=False) + "\n")
        return error.exit_code
    place = ":".join(
        str(error.fields[name]) for name in ("file", "line") if name in error.fields
    )
    prefix = f"{place}: " if place else ""
    sys.stderr.write(f"{prefix}{error.sentence(language.get())} [{error.code}]\n")
    return error.exit_code


class Option(click.Option):
    """An option whose help is in both languages: `click.option(..., cls=Option, text=…)`."""

    def __init__(self, declarations: Sequence[str], text: Text, **attributes: object) -> None:
        self.text = text
        super().__init__(declarations, **attributes)  # type: ignore[arg-type]  # click's own

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        self.help = str(self.text)
        return super().get_help_record(ctx)


def option(*names: str, ko: str, en: str, **attributes: object) -> Callable[[F], F]:
    """An option that says in both languages what it does."""
    return click.option(*names, cls=Option, text=Text(ko, en), **attributes)


def _shared_options() -> list[click.Parameter]:
    json_text = Text("JSON 하나로 답합니다.", "Answer with one JSON object.")
    language_text = Text("메시지 언어", "Language of messages")
    languages = click.Choice(["ko", "en"])
    return [
        Option(["--json", "as_json"], json_text, is_flag=True),
        Option(["--lang"], language_text, type=languages),
    ]


def _data_option() -> click.Parameter:
    text = Text(
        "데이터 폴더 (기본: MADANG_DATA 또는 ./var)", "Data folder (else MADANG_DATA, ./var)"
    )
    return Option(["--data"], text, type=click.Path(file_okay=False, path_type=Path))


class Command(click.Command):
    """A command that answers with one Answer, in JSON or in sentences."""

    def __init__(
        self, name: str, function: Callable[..., Answer | None], *, text: Text, has_data: bool
    ) -> None:
        own = list(reversed(getattr(function, "__click_params__", [])))
        data = [_data_option()] if has_data else []
        super().__init__(name, params=[*own, *data, *_shared_options()], help=text.en)
        self.text = text
        self.function = function

    def invoke(self, ctx: click.Context) -> int:
        given = dict(ctx.params)
        as_json, _ = given.pop("as_json"), given.pop("lang")
        console = Console(as_json=as_json, data=data_folder(given.pop("data", None)))
        answer = self.function(console, **given)
        if answer is None:
            return 0
        console.tell(answer)
        return answer.exit_code

    def get_short_help_str(self, limit: int = 90) -> str:
        return str(self.text).split("\n", 1)[0]

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.help = str(self.text)
        super().format_help_text(ctx, formatter)


def data_folder(given: Path | None) -> Path:
    """--data, else MADANG_DATA, else ./var."""
    return (given or Path(os.environ.get("MADANG_DATA", "var"))).resolve()


def command(
    name: str, *, ko: str, en: str, has_data: bool = True
) -> Callable[[Callable[..., Answer | None]], Command]:
    """Make a Command of a function that takes a Console first."""

    def decorate(function: Callable[..., Answer | None]) -> Command:
        return Command(name, function, text=Text(ko, en), has_data=has_data)

    return decorate


class Group(click.Group):
    """Commands about one noun."""

    def __init__(self, name: str, text: Text, commands: Iterable[click.Command]) -> None:
        super().__init__(name, commands=list(commands), help=text.en)
        self.text = text

    def get_short_help_str(self, limit: int = 90) -> str:
        return str(self.text)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.help = str(self.text)
        super().format_help_text(ctx, formatter)


def group(name: str, *commands: click.Command, ko: str, en: str) -> Group:
    return Group(name, Text(ko, en), commands)
