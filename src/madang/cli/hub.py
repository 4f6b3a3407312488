"""`madang hub`: fetch a data set from a hub, and keep the store of one's own in order."""

from __future__ import annotations

import importlib
import os
import time
from pathlib import Path

import click

from madang.cli.console import Answer, Console, Group, Text, command, language, option
from madang.cli.errors import ExtraMissing
from madang.cli.hub_progress import progress
from madang.cli.main import set_up_django
from madang.datahub.client.choosing import Choice
from madang.datahub.client.getting import Got, Wanted, fetch
from madang.datahub.client.wire import Wire

HERE = "http://127.0.0.1:8000"
ENDPOINTS = ("HF_ENDPOINT", "MADANG_PORTAL_URL")
TOKENS = ("HF_TOKEN", "MADANG_TOKEN")
OF_THE_PLATFORM: tuple[str, ...] = (
    *("check", "convert", "gc", "import-ckan", "ingest", "open", "recall", "take"),
)


def _first(names: tuple[str, ...], otherwise: str) -> str:
    return next((os.environ[name] for name in names if os.environ.get(name)), otherwise)


def _lines(got: Got, folder: Path) -> list[str]:
    version = f" {got.version}" if got.version else ""
    words = Text(
        f"파일 {got.files:,}개, {got.size_bytes:,}바이트: 받음 {got.fetched_bytes:,}, "
        f"그대로 {got.kept_bytes:,}",
        f"{got.files:,} files, {got.size_bytes:,} bytes: {got.fetched_bytes:,} fetched, "
        f"{got.kept_bytes:,} were there",
    )
    return [f"{got.data_set}{version} ({got.commit[:12]}) → {folder}", str(words)]


@command(
    "get",
    ko="데이터셋을 받습니다. 블록마다 확인하고, 중단되면 --resume으로 이어받습니다.",
    en="Fetch a data set; every block is checked, and --resume goes on after a break.",
    has_data=False,
)
@click.argument("data_set", metavar="SET")
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@option(
    "--only", multiple=True, metavar="PATTERN", ko="이 무늬에 맞는 파일만 (여러 번 가능)",
    en="Only files that fit a pattern such as 'train/*.parquet' (may be repeated)",
)  # fmt: skip
@option("--split", default="", ko="이 분할만: train, test …", en="Only a split: train, test …")
@option("--class", "kind", default="", ko="이 분류의 폴더만", en="Only a class: its folder")
@option(
    "--version",
    default="",
    ko="버전 번호, 가지, 꼬리표, 변경",
    en="Number, branch, tag, commit",
)
@option(
    "--resume", is_flag=True, ko="폴더에 있는 것에서 이어받기", en="Go on with what is there"
)
@option(
    "--parallel", type=click.IntRange(1, 16), default=4, show_default=True,
    ko="동시에 받는 수", en="How many at a time",
)  # fmt: skip
@option(
    "--endpoint", default="", metavar="URL", ko="허브 주소 (기본: HF_ENDPOINT)",
    en="The hub (else HF_ENDPOINT); a token comes from HF_TOKEN",
)  # fmt: skip
def get_(
    console: Console,
    data_set: str,
    out: Path,
    only: tuple[str, ...],
    split: str,
    kind: str,
    version: str,
    resume: bool,
    parallel: int,
    endpoint: str,
) -> Answer:
    wire = Wire(
        endpoint or _first(ENDPOINTS, HERE),
        _first(TOKENS, ""),
        pause=time.sleep,
        language=language.get(),
    )
    wanted = Wanted(data_set, version, Choice(only, split, kind), resume)
    got = fetch(wire, wanted, out, parallel=parallel, tell=progress(console))
    return Answer({**got.as_data(), "out": str(out)}, _lines(got, out))


class Hub(Group):
    """Fetching needs no platform; its store does: Django is set up for those verbs alone."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*self.commands, *OF_THE_PLATFORM])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in OF_THE_PLATFORM:
            return super().get_command(ctx, cmd_name)
        try:
            set_up_django()
        except ModuleNotFoundError as err:
            raise ExtraMissing(module=err.name or "django", extra="datahub") from err
        found = importlib.import_module("madang.cli.hub_store").COMMANDS[cmd_name]
        assert isinstance(found, click.Command)
        return found


hub = Hub("hub", Text("학습용 데이터 허브", "The training-data hub."), (get_,))
