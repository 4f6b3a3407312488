"""What the commands of the chip lab share: which device, which profile, which numbers."""

from __future__ import annotations

from pathlib import Path

import click

from madang.chips.pim import spec as specs
from madang.chips.pim.device import Device
from madang.chips.pim.spec import Number
from madang.core.errors import WrongUsage

FILE = click.Path(dir_okay=False, path_type=Path)
device_option = click.option(
    "--device", required=True, help="name of a device, or a .yaml file"
)
compat_option = click.option("--compat", help="pimsimulator | aim_sim | attacc_sim | jedec")
set_option = click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="override a number"
)


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
