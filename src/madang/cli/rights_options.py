"""What the commands of the rights engine share: regimes, days, profiles, folders of scans."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
from click.shell_completion import CompletionItem

from madang.cli.console import Option, Text
from madang.rights import rules
from madang.rights.errors import ScanMissing
from madang.rights.facts import Act
from madang.rights.rules import Profile
from madang.rights.scan.explain import urls_of
from madang.rights.scan.recheck import open_scan

F = TypeVar("F", bound=Callable[..., object])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
SCAN = click.Path(exists=True, file_okay=False, path_type=Path)
ACTS = click.Choice([act.value for act in Act])
SHOWN_URLS_MAX = 500


def option(*names: str, ko: str, en: str, **attributes: object) -> Callable[[F], F]:
    """An option that says in both languages what it does."""
    return click.option(*names, cls=Option, text=Text(ko, en), **attributes)


def _known_regimes(
    ctx: click.Context, param: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Names of rule files, also behind a comma."""
    before, comma, word = begun.rpartition(",")
    return [
        CompletionItem(f"{before}{comma}{name}", help=rules.load(name).head.title.en)
        for name in rules.regimes()
        if name.startswith(word.lower())
    ]


def known_urls(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """Folders first, then addresses of the scan that was named."""
    words = ctx.params.get("words") or ()
    folder = Path(words[0]) if words else ctx.params.get("out") or Path()
    try:
        urls = urls_of(open_scan(folder), SHOWN_URLS_MAX)
    except ScanMissing:
        return [CompletionItem(begun, type="dir")]
    return [CompletionItem(url) for url in urls if url.startswith(begun)]


def regime_option(*names: str, **attributes: object) -> Callable[[F], F]:
    return option(
        "--regime",
        *names,
        ko="법 체계 (laws 명령이 목록을 보입니다)",
        en="The regime; `laws` lists them.",
        shell_complete=_known_regimes,
        **attributes,
    )


as_of_option = option(
    "--as-of",
    "as_of",
    ko="법의 기준일 (YYYY-MM-DD 또는 RFC 3339)",
    en="Day of the law, YYYY-MM-DD or RFC 3339.",
)
profile_option = option(
    "--profile",
    ko="미해결 쟁점의 처리: 사람에게(default), 이용 반대(strict), 문언대로(literal)",
    en="Unsettled points: ask (default), against use (strict), by the letter (literal).",
    type=click.Choice([profile.value for profile in Profile]),
    default=Profile.DEFAULT.value,
)
act_option = option(
    "--act", ko="행위", en="The act.", type=ACTS, default="train", show_default=True
)
purpose_option = option(
    "--purpose",
    ko="이용 목적",
    en="What the use is for.",
    type=click.Choice(["commercial", "noncommercial_research", "scientific_research"]),
    required=True,
)
declaration_option = option(
    "--declaration",
    ko="서명된 사업 선언 파일 (TOML)",
    en="The project's signed declaration (TOML).",
    type=FILE,
)
