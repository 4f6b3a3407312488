"""The tutorial runs as written: its Python in one namespace, its commands in one folder."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from madang.cli.main import run

PAGE = Path(__file__).parents[3] / "docs" / "tutorial" / "pim-in-ten-minutes.md"
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_block_of_the_tutorial_runs(tmp_path: Path, monkeypatch, capsys) -> None:
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
    assert {kind for kind, _ in blocks} == {"python", "sh"}
    assert len(blocks) > 10
    for left in (
        "out/pictures/occupancy.svg",
        "out/pictures/timeline.json",
        "out/run.html",
        "out/sweep/pareto.svg",
    ):
        assert (tmp_path / left).stat().st_size > 500
    assert "gddr6-aim" in capsys.readouterr().out


def test_the_korean_page_has_the_same_blocks() -> None:
    korean = PAGE.parents[1] / "ko" / PAGE.name
    blocks = [
        re.findall(
            r"^```\w+\n.*?^```$", one.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        )
        for one in (PAGE, korean)
    ]
    assert blocks[0] == blocks[1]
    assert len(blocks[0]) > 12


@pytest.mark.parametrize("page", ["pim.md", "pim-accuracy.md"])
def test_pages_name_files_that_exist(page: str) -> None:
    root = PAGE.parents[2]
    text = (root / "docs" / "explanation" / page).read_text(encoding="utf-8")
    for name in re.findall(r"`((?:timing|plans|check|standards)/\w+\.py)`", text):
        assert (root / "src/madang/chips/pim" / name).is_file()
