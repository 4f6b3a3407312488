"""`madang chips sweep`: a design space of arrays, or of memories, by what the file says."""

from __future__ import annotations

import tomllib
from pathlib import Path

import click

from madang.chips.npu import sweep as arrays
from madang.cli.chip_options import FILE, on_front, option
from madang.cli.chip_sweeps import sweep_ as memories
from madang.cli.console import Answer, Console, Text, command


def is_of_arrays(path: Path) -> bool:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")).get("engine") == "systolic"
    except (OSError, ValueError):
        return False  # the reader of memories refuses it by name


@command("sweep", ko="설계 공간을 탐색합니다.", en="Explore a design space.", has_data=False)
@click.argument("spec", type=FILE)
@option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    ko="결과 폴더",
    en="Folder for the results",
)
def sweep_(console: Console, spec: Path, out: Path) -> Answer:
    if not is_of_arrays(spec):
        answer = memories.function(console, spec=spec, out=out, cluster=None, workers=1)
        assert answer is not None
        return answer
    found = arrays.run(arrays.read(spec), out)
    front = found["front"]
    assert isinstance(front, list)
    head = f"{found['points']} {Text('설계점', 'points')}"
    return Answer(found, [head, *on_front(front), str(out)])
