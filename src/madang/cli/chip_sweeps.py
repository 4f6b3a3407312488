"""Design sweeps at the command line, with a progress bar on standard error."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from madang.chips.pim import sweep as sweeps
from madang.cli.chip_options import FILE, on_front, option
from madang.cli.console import Answer, Console, Text, command


@command("sweep", ko="설계 공간을 탐색합니다.", en="Explore a design space.", has_data=False)
@click.argument("spec", type=FILE)
@option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    ko="결과 폴더",
    en="Folder for the results",
)
@option("--cluster", ko="Dask 스케줄러 주소", en="Address of a Dask scheduler, tcp://…")
@option(
    "--workers",
    type=click.IntRange(1, 256),
    default=1,
    ko="로컬 프로세스 수",
    en="Local processes",
)
def sweep_(
    console: Console, spec: Path, out: Path, cluster: str | None, workers: int
) -> Answer:
    sweep = sweeps.read(spec)
    mapper: sweeps.Mapper = sweeps.in_turn
    if cluster:
        mapper = sweeps.on_cluster(cluster)
    elif workers > 1:
        mapper = sweeps.on_processes(workers)
    hidden = console.as_json or not sys.stderr.isatty()
    with click.progressbar(length=len(sweep), file=sys.stderr, hidden=hidden) as bar:
        found = sweeps.run(sweep, out, mapper, lambda: bar.update(1))
    front = found["front"]
    assert isinstance(front, list)
    ran, refused = Text("설계점", "points"), Text("거절", "refused")
    words = f"{found['ran']} {ran}, {found['refused']} {refused}"
    return Answer(found, [words, *on_front(front), str(out)])
