"""The reference page of the command line, written from the commands themselves.

`make docs` writes it to docs/reference/cli.md; a test says when that page is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from madang.cli.console import Text, language
from madang.cli.main import VERBS, root

APART: set[str] = set()
"""Rooms with a reference page of their own: none today."""

HEAD = """\
# The `madang` command

This page is generated from the commands themselves (`make docs`); do not edit it.

Every command takes `--json` and `--lang ko|en`.
With `--json` it prints one JSON object on standard output and nothing else.
Exit codes: 0 done, 1 refused, 2 wrong usage, 3 the platform is unwell.
A refusal prints `{"error": {…}}` with `code message message_ko fields file line field`.
Money is an integer number of micro-won in a key that ends in `_microwon`.
Times are RFC 3339.
Commands of the platform take `--data DIR`, else `MADANG_DATA`, else `./var`.
They work with the platform up or down.
"""


def page() -> str:
    """The whole page, in English."""
    token = language.set("en")
    try:
        parts = [HEAD]
        for name in root.list_commands(click.Context(root)):
            if name not in APART:
                parts += _section(VERBS[name].load(), f"madang {name}")
        return "\n".join(parts)
    finally:
        language.reset(token)


def _section(command: click.Command, path: str) -> Iterator[str]:
    text = getattr(command, "text", None)
    assert isinstance(text, Text), path
    if isinstance(command, click.Group):
        yield f"## `{path}`\n\n{text.en}\n"
        within = click.Context(command)
        for name in sorted(command.list_commands(within)):
            inner = command.get_command(within, name)
            assert inner is not None, name
            yield from _section(inner, f"{path} {name}")
        return
    level = "##" if path.count(" ") == 1 else "###"
    yield f"{level} `{_usage(command, path)}`\n\n{text.en}\n{text.ko}\n"
    rows = [row for parameter in command.params if (row := _row(parameter))]
    if rows:
        yield "| Option | Meaning |\n|---|---|\n" + "\n".join(rows) + "\n"


def _usage(command: click.Command, path: str) -> str:
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    words = [one.make_metavar(click.Context(command)) for one in arguments]
    return " ".join([path, *words])


def _row(parameter: click.Parameter) -> str | None:
    if not isinstance(parameter, click.Option) or parameter.name in {"as_json", "lang", "data"}:
        return None
    text = getattr(parameter, "text", None)
    assert isinstance(text, Text), parameter.name
    needed = " (required)" if parameter.required else ""
    return f"| `{', '.join(parameter.opts)}` | {text.en}{needed} |"


if __name__ == "__main__":
    sys.stdout.write(page())
