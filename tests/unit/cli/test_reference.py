"""Every command is documented: the reference page is what the commands say of themselves."""

from __future__ import annotations

from pathlib import Path

import click

from madang.cli.main import VERBS, root
from madang.cli.reference import APART, page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "cli.md"


def commands(command: click.Command, path: str):
    yield path, command
    if isinstance(command, click.Group):
        within = click.Context(command)
        for name in command.list_commands(within):
            inner = command.get_command(within, name)
            yield from commands(inner, f"{path} {name}")


def every_command():
    for name in root.list_commands(None):
        if name not in APART:
            yield from commands(VERBS[name].load(), f"madang {name}")


def test_reference_page_is_fresh():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make docs"


def test_every_command_and_every_option_says_in_both_languages_what_it_does():
    for path, command in every_command():
        assert command.text.ko and command.text.en, path
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.text.ko and parameter.text.en, (path, parameter.name)


def test_every_leaf_answers_in_json():
    for path, command in every_command():
        if not isinstance(command, click.Group):
            names = {parameter.name for parameter in command.params}
            assert "as_json" in names, path


def test_every_option_of_a_command_is_on_the_page():
    text = page()
    for path, command in every_command():
        assert path in text
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.name not in {
                *("as_json", "lang", "data"),
            }:
                assert parameter.opts[0] in text, (path, parameter.name)
