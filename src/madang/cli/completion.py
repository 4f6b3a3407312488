"""Shell completion: `eval "$(madang completion bash)"`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from madang.cli.console import Answer, Console, command


@command(
    "completion",
    ko="셸 자동 완성 스크립트를 출력합니다.",
    en='Print a completion script; use it as: eval "$(madang completion bash)"',
    has_data=False,
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(console: Console, shell: str) -> Answer:
    kind = get_completion_class(shell)
    assert kind is not None  # the choices above are click's own
    root = click.get_current_context().find_root().command
    script = kind(root, {}, "madang", "_MADANG_COMPLETE").source()
    return Answer({"shell": shell, "script": script}, [script])
