"""The NPU tutorial runs as written: its Python in one namespace, its commands in one folder."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from madang.cli.main import run

PAGE = Path(__file__).parents[3] / "docs" / "tutorial" / "npu-in-ten-minutes.md"
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_block_of_the_tutorial_runs(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    names: dict[str, object] = {}
    for kind, text in blocks:
        if kind == "python":
            exec(compile(text, str(PAGE), "exec"), names)
            continue
        for line in text.splitlines():
            words = shlex.split(line)
            assert words[0] == "madang"
            assert run(words[1:]) == 0, line
    assert len(blocks) > 10
    for left in (
        *("out/run/utilisation.svg", "out/run/roofline.svg", "out/run/timeline.json"),
        *("out/cores.json", "out/resnet50.json", "out/sweep/pareto.svg"),
    ):
        assert (tmp_path / left).stat().st_size > 500


def test_the_korean_page_has_the_same_blocks() -> None:
    korean = PAGE.parents[1] / "ko" / PAGE.name
    found = [BLOCK.findall(one.read_text(encoding="utf-8")) for one in (PAGE, korean)]
    assert found[0] == found[1]


def test_pages_name_files_that_exist() -> None:
    root = PAGE.parents[2]
    text = (root / "docs" / "explanation" / "npu.md").read_text(encoding="utf-8")
    for name in re.findall(r"`((?:npu|predict|workloads)/[\w/]+\.py)`", text):
        assert (root / "src/madang/chips" / name).is_file()
