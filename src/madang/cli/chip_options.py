"""What the commands of the chip lab share: which device, which profile, which numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import click
from click.shell_completion import CompletionItem

from madang.chips.pim import spec as specs
from madang.chips.pim.device import Device
from madang.chips.pim.spec import Number
from madang.chips.reasons import korean
from madang.chips.workloads.graph import JsonValue
from madang.cli.console import Option, Text, language
from madang.core.errors import MadangError, WrongUsage

VARIED = ("dataflow", "rows", "cols")  # what a space of arrays varies
F = TypeVar("F", bound=Callable[..., object])


def in_words(values: Mapping[str, object]) -> str:
    """`out 4096, in 1024`: names and numbers as a person says them."""
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _cost(name: str, value: float) -> str:
    for ending, unit, size in (("_ns", "us", 1e3), ("_pj", "uJ", 1e6)):
        if name.endswith(ending):
            return f"{value / size:,.3f} {unit}"
    return f"{value:,} {Text('주기', 'cycles') if name == 'cycles' else name}"


def on_front(front: Sequence[JsonValue]) -> list[str]:
    """One line a design point: what was varied, then what it costs."""
    lines = [f"{Text('파레토 경계', 'Pareto front')} ({len(front)}):"]
    for one in front:
        assert isinstance(one, dict)
        varied = one.get("point", {name: one[name] for name in VARIED if name in one})
        assert isinstance(varied, dict)
        cost = [
            _cost(name, value)
            for name, value in one.items()
            if name not in VARIED and isinstance(value, int | float)
        ]
        lines.append(f"  {in_words(varied):32} {', '.join(cost)}")
    return lines


def option(*names: str, ko: str, en: str, **attributes: object) -> Callable[[F], F]:
    """An option that says in both languages what it does."""
    return click.option(*names, cls=Option, text=Text(ko, en), **attributes)


def _words(
    found: Callable[[Device], Iterable[str]],
) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """Completion from the device that is already on the line; nothing where there is none."""

    def complete(
        context: click.Context, _parameter: click.Parameter, begun: str
    ) -> list[CompletionItem]:
        try:
            words = found(Device(specs.load(str(context.params.get("device")))))
        except MadangError:
            return []
        return [CompletionItem(word) for word in words if word.startswith(begun)]

    return complete


def _devices(
    _context: click.Context, _parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    named = [CompletionItem(name) for name in specs.names() if name.startswith(begun)]
    return named or [CompletionItem(begun, type="file")]


kernel_words = _words(lambda device: device.kernels)
FILE = click.Path(dir_okay=False, path_type=Path)
device_option = option(
    "--device",
    required=True,
    ko="장치 이름 또는 .yaml 파일",
    en="A device, or a .yaml file",
    shell_complete=_devices,
)
compat_option = option(
    "--compat",
    ko="재현할 프로필",
    en="Profile to reproduce",
    shell_complete=_words(lambda device: device.spec.profiles),
)
set_option = option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    ko="수치를 바꿉니다",
    en="Override a number",
    shell_complete=_words(lambda device: [f"{name}=" for name in device.spec.numbers]),
)


def told(reason: str) -> str:
    """A reason or a note in the language of the messages."""
    return korean(reason) if language.get() == "ko" else reason


def changes_from(settings: tuple[str, ...]) -> dict[str, Number]:
    found: dict[str, Number] = {}
    for one in (part for setting in settings for part in setting.split(",")):
        name, equals, text = one.partition("=")
        try:
            found[name.strip()] = (
                int(text, 0) if "." not in text and "e" not in text else float(text)
            )
        except ValueError as err:
            raise WrongUsage(reason=f"--set {one}: NAME=NUMBER") from err
        if not equals:
            raise WrongUsage(reason=f"--set {one}: NAME=NUMBER")
    return found


def device_from(name: str, compat: str | None, settings: tuple[str, ...]) -> Device:
    return Device(specs.load(name, compat, changes_from(settings)))
