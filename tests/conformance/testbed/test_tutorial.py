"""The tutorial runs as written, in one folder: files written, commands called, Python run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from madang.cli.main import run
from madang.testbed.harness.judging import MEANINGS

DOCS = Path(__file__).parents[3] / "docs"
PAGE = DOCS / "tutorial" / "verify-a-chip.md"
BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_block_of_the_tutorial_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    ran = 0
    for kind, name, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if name:
            Path(name).write_text(text)
        elif kind == "python":
            exec(compile(text, str(PAGE), "exec"), names)
        elif kind == "sh":
            for line in text.splitlines():
                words = shlex.split(line)
                assert words[0] == "madang"
                assert run(words[1:]) == 0, (line, capsys.readouterr().out)
                ran += 1
    assert ran == 5
    assert (tmp_path / "device" / "report.json").stat().st_size > 1000


def test_the_korean_page_has_the_same_blocks():
    korean = DOCS / "ko" / PAGE.name
    blocks = [BLOCK.findall(one.read_text(encoding="utf-8")) for one in (PAGE, korean)]
    assert blocks[0] == blocks[1]
    assert len(blocks[0]) == 10


def test_the_explanation_names_every_finding():
    text = (DOCS / "explanation" / "testbed.md").read_text(encoding="utf-8")
    assert [code for code in MEANINGS if f"`{code}`" not in text] == []
