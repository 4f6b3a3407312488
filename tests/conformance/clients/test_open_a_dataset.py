"""The tutorial, block by block, in a portal of its own; its twin has the same blocks."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.yard import open_yard

DOCS = Path(__file__).parents[3] / "docs"
PAGES = {"en": DOCS / "tutorial" / "open-a-dataset.md", "ko": DOCS / "ko" / "open-a-dataset.md"}
BLOCK = re.compile(r"^```(\w+)(?: (\w+)=(\S+))?\n(.*?)^```", re.M | re.S)
REASON = re.compile(r'--reason "[^"]*"')
COMMAND_S_MAX = 300
EMPTY = '[[organisation]]\ncode = "nobody"\nname = { ko = "n", en = "n" }\nkind = "public"\n'


def blocks(page: Path) -> list[tuple[str, str, str, str]]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def test_tutorial_runs_as_it_is_written(postgres_urls):
    with (
        tempfile.TemporaryDirectory(prefix="madang-tutorial-") as made,
        open_yard(postgres_urls.superuser, Path(made), EMPTY) as yard,
    ):
        folder = Path(made)
        given = {"HF_ENDPOINT": yard.url, "HF_HOME": str(folder / "hf")}
        environment = {**os.environ, **yard.environment, **given, "HF_HUB_OFFLINE": "0"}
        for kind, name, value, text in blocks(PAGES["en"]):
            if name == "file":
                (folder / value).parent.mkdir(parents=True, exist_ok=True)
                (folder / value).write_text(text, encoding="utf-8")
            elif kind == "sh":
                expected = int(value) if name == "exit" else 0
                run(text, folder, environment, expected)
        assert (folder / "fetched" / "train.csv").read_bytes() == (
            folder / "greetings" / "train.csv"
        ).read_bytes()


def run(text: str, folder: Path, environment: dict[str, str], expected: int) -> None:
    words = shlex.split(text)
    tool = {"madang": [sys.executable, "-m", "madang.cli"], "python": [sys.executable]}
    done = subprocess.run(
        [*tool[words[0]], *words[1:]], cwd=folder, env=environment, capture_output=True,
        text=True, timeout=COMMAND_S_MAX, check=False,
    )  # fmt: skip
    assert done.returncode == expected, (text, done.stdout, done.stderr)


def test_both_languages_run_the_same_blocks():
    english, korean = (
        [(*block[:3], REASON.sub("", block[3])) for block in blocks(PAGES[language])]
        for language in ("en", "ko")
    )
    assert english == korean
