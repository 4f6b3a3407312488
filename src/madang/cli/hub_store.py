"""`madang hub gc` and what else works on the store of one's own installation."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from madang.cli.acting import answerable, as_option
from madang.cli.console import Answer, Console, Text, command, option
from madang.cli.hub_check import check_, open_, recall_
from madang.cli.hub_progress import progress
from madang.cli.installation import opened
from madang.datahub.catalogue.importing import import_ckan
from madang.datahub.commits.queries import commit_at
from madang.datahub.contents.collecting import Collected, collect
from madang.datahub.ingest.converting import BRANCH, convert
from madang.datahub.ingest.uploads import ingest_uploads
from madang.datahub.sets.declaring import take_in_folder
from madang.datahub.sets.models import Field
from madang.datahub.sets.queries import data_set_for


def _lines(done: Collected, *, dry_run: bool) -> list[str]:
    head = Text("바꾸지 않고 세기만 했습니다.", "Counted only; nothing was changed.")
    words = Text(
        f"내용 {done.contents}, 블록 {done.blocks}, 묶음: 표시 {done.packs_doomed}, "
        f"되살림 {done.packs_saved}, 다시 씀 {done.packs_rewritten}, "
        f"삭제 {done.packs_deleted} ({done.bytes_deleted:,}바이트); "
        f"주인 없는 객체 {done.strays} ({done.stray_bytes:,}바이트)",
        f"{done.contents} contents, {done.blocks} blocks; packs: {done.packs_doomed} marked, "
        f"{done.packs_saved} saved, {done.packs_rewritten} written anew, "
        f"{done.packs_deleted} deleted "
        f"({done.bytes_deleted:,} bytes); "
        f"{done.strays} stray objects ({done.stray_bytes:,} bytes)",
    )
    return [*([str(head)] if dry_run else []), str(words)]


@command(
    "gc",
    ko="어느 변경도 쓰지 않는 내용을 지웁니다. 28일이 지나지 않은 것은 그대로 둡니다.",
    en="Remove what no commit names and nobody can be using; younger than 28 days stays.",
)
@option("--dry-run", is_flag=True, ko="세기만 합니다", en="Count only")
def gc_(console: Console, dry_run: bool) -> Answer:
    with opened(console.data) as installation:
        done = collect(at=installation.clock.now(), dry_run=dry_run)
    return Answer({"dry_run": dry_run, **asdict(done)}, _lines(done, dry_run=dry_run))


@command(
    "import-ckan",
    ko="CKAN에서 내보낸 목록(ckanapi dump datasets, JSONL)을 데이터셋으로 가져옵니다.",
    en="Import packages of a CKAN (ckanapi dump datasets, JSONL); all lines or none.",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@option("--organisation", required=True, ko="소유 기관 코드", en="Code of the organisation")
@option(
    "--field", type=click.Choice(Field.values), default=Field.OTHER.value, show_default=True,
    ko="분야가 없는 것의 분야", en="Field of packages whose groups name none",
)  # fmt: skip
@as_option
def import_ckan_(
    console: Console, file: Path, organisation: str, field: str, as_: str | None
) -> Answer:
    with opened(console.data) as installation, file.open("rb") as lines:
        actor = answerable(installation, as_, what="import-ckan")
        done = import_ckan(
            actor, lines, organisation=organisation, field=Field(field),
            at=installation.clock.now(),
        )  # fmt: skip
    words = Text(
        f"{len(done.made)}개를 만들었고 {done.known}개는 이미 있었습니다.",
        f"{len(done.made)} made, {done.known} were there.",
    )
    data = {"made": len(done.made), "known": done.known, "codes": done.made}
    return Answer(data, [str(words)])


@command(
    "convert",
    ko="데이터셋의 표를 Parquet으로 바꾸어 convert/parquet 가지에 둡니다.",
    en="Write a set's tables as Parquet on its branch convert/parquet.",
)
@click.argument("data_set", metavar="SET")
@as_option
def convert_(console: Console, data_set: str, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        actor = answerable(installation, as_, what="convert")
        row = data_set_for(actor, data_set)
        head = commit_at(row, "main")
        made = convert(actor, row, head, at=installation.clock.now())
    data = {"set": data_set, "commit": made.id, "files": made.files, "branch": BRANCH}
    return Answer(data, [f"{data_set} {BRANCH}: {made.files} ({made.id[:12]})"])


@command(
    "ingest",
    ko="올라온 압축파일을 풀고, UTF-8이 아닌 글을 UTF-8로 나란히 둡니다.",
    en="Take uploaded archives apart, and give texts in UTF-8 beside their originals.",
)
@click.argument("data_set", metavar="SET")
@as_option
def ingest_(console: Console, data_set: str, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        actor = answerable(installation, as_, what="ingest")
        row = data_set_for(actor, data_set)
        made = ingest_uploads(actor, row, at=installation.clock.now())
    data = {"set": data_set, "commit": made.id, "files": made.files}
    return Answer(data, [f"{data_set} main: {made.files} ({made.id[:12]})"])


@command(
    "take",
    ko="폴더의 파일을 데이터셋의 main으로 들입니다. 중단되면 다시 실행해 이어갑니다.",
    en="Take a folder in as a set's main branch; run it again to go on after a break.",
)
@click.argument("data_set", metavar="SET")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@as_option
def take_(console: Console, data_set: str, folder: Path, as_: str | None) -> Answer:
    """The bytes are durable as they come, the branch moves once at the end."""
    with opened(console.data) as installation:
        actor, at = answerable(installation, as_, what="take"), installation.clock.now()
        row = data_set_for(actor, data_set)
        changed = take_in_folder(actor, row, folder, at=at, tell=progress(console))
        head = commit_at(row, "main")
    data = {"set": data_set, "commit": head.id, "files": head.files, "changed": changed}
    return Answer(data, [f"{data_set} main: {head.files:,} ({head.id[:12]})"])


COMMANDS = {
    "check": check_,
    "convert": convert_,
    "gc": gc_,
    "import-ckan": import_ckan_,
    "ingest": ingest_,
    "open": open_,
    "recall": recall_,
    "take": take_,
}
