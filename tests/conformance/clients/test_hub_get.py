"""`madang hub get` against the real portal: real processes, real kills, damaged wires."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.support.flipping import Proxy

SIZE = 24_000_000
LARGE = random.Random(5).randbytes(SIZE)
SMALL = {f"train/고양이/{n:04d}.txt": f"글 {n}\n".encode() for n in range(300)}
SMALL |= {"test/dog/a.txt": b"", "README.md": "# 첫\n".encode()}
DEADLINE_S = 120


@pytest.fixture(scope="module")
def filled(yard, tmp_path_factory) -> str:
    """A set of many small files and a large one, uploaded by the declaration of a folder."""
    folder = tmp_path_factory.mktemp("set")
    for path, data in {**SMALL, "data/large.bin": LARGE}.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    declared = tmp_path_factory.mktemp("declared") / "set.toml"
    declared.write_text(
        f"""[[dataset]]
code = "hana/get"
field = "other"
licence = "KOGL-1"
access = "open"
path = "{folder}"
"""
    )
    yard.madang("apply", str(declared))
    return "hana/get"


def words(*more: str) -> list[str]:
    return [sys.executable, "-m", "madang.cli", "hub", "get", *more, "--json"]


def environment(url: str, token: str = "") -> dict[str, str]:
    source = str(Path(__file__).parents[3] / "src")
    kept = {"PATH": os.environ["PATH"], "PYTHONPATH": source, "LANG": "C.UTF-8"}
    return {**kept, "HF_ENDPOINT": url, "HF_TOKEN": token}


def get(url: str, *more: str, token: str = "") -> tuple[int, dict]:
    done = subprocess.run(
        words(*more), env=environment(url, token), capture_output=True, text=True,
        timeout=DEADLINE_S, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def found(folder: Path) -> dict[str, bytes]:
    files = [one for one in folder.rglob("*") if one.is_file()]
    return {one.relative_to(folder).as_posix(): one.read_bytes() for one in files}


def test_everything_comes_and_nothing_else_is_left(yard, filled, tmp_path) -> None:
    code, told = get(yard.url, filled, str(tmp_path / "out"))
    assert code == 0, told
    assert told["files"] == len(SMALL) + 1
    assert told["fetched_bytes"] == told["size_bytes"] == sum(map(len, SMALL.values())) + SIZE
    assert found(tmp_path / "out") == {**SMALL, "data/large.bin": LARGE}


def test_second_get_needs_resume_and_then_fetches_only_what_differs(
    yard, filled, tmp_path
) -> None:
    out = tmp_path / "out"
    assert get(yard.url, filled, str(out), "--only", "train/")[0] == 0
    code, told = get(yard.url, filled, str(out))
    assert (code, told["error"]["code"]) == (1, "datahub.target.in_use")
    (out / "train/고양이/0007.txt").write_bytes(b"altered")
    code, told = get(yard.url, filled, str(out), "--only", "train/", "--resume")
    assert (code, told["fetched_bytes"]) == (0, len(SMALL["train/고양이/0007.txt"]))
    assert found(out) == {path: data for path, data in SMALL.items() if path[:5] == "train"}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (["--only", "data/*"], {"data/large.bin"}),
        (["--split", "test"], {"test/dog/a.txt"}),
        (["--class", "dog"], {"test/dog/a.txt"}),
        (["--split", "train", "--class", "고양이", "--only", "*/0001.txt"],
         {"train/고양이/0001.txt"}),
        (["--only", "README.md", "--only", "*/a.txt"], {"README.md", "test/dog/a.txt"}),
    ],
)  # fmt: skip
def test_part_of_a_set_comes_by_pattern_split_or_class(
    yard, filled, tmp_path, asked, expected
) -> None:
    code, told = get(yard.url, filled, str(tmp_path / "out"), *asked)
    assert code == 0, told
    assert set(found(tmp_path / "out")) == expected


REFUSED = {
    "unknown set": (["hana/none"], "datahub.hub.refused"),
    "unknown version": (["hana/get", "--version", "9.9"], "datahub.hub.refused"),
    "nothing fits": (["hana/get", "--only", "*.none"], "datahub.choice.empty"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_are_told_in_words(yard, filled, tmp_path, case) -> None:
    asked, expected = REFUSED[case]
    code, told = get(yard.url, *asked, str(tmp_path / "out"))
    assert (code, told["error"]["code"]) == (1, expected)


def test_hub_that_is_not_there_is_unwell_and_says_resume(tmp_path) -> None:
    code, told = get("http://127.0.0.1:9", "hana/get", str(tmp_path / "out"))
    assert (code, told["error"]["code"]) == (3, "datahub.hub.unreachable")
    assert "--resume" in told["error"]["message"]


def test_killed_get_goes_on_and_fetches_no_byte_of_a_kept_block_again(
    yard, filled, tmp_path
) -> None:
    """kill -9 once half of the large file is on the disk, then --resume; bytes are counted on
    the wire. A slow wire makes sure that the kill comes in between."""
    out = tmp_path / "out"
    with Proxy(yard.url, stop_after=SIZE // 2) as slow:
        process = subprocess.Popen(
            words(filled, str(out), "--only", "data/"), env=environment(slow.url),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert slow.stopped.wait(DEADLINE_S), "half of it went over"
        wait_for(lambda: written(out, SIZE // 4))
        process.send_signal(signal.SIGKILL)
        process.wait(DEADLINE_S)
        there = written(out, 1)
    assert there
    assert not (out / "data/large.bin").exists()
    with Proxy(yard.url) as counting:
        code, told = get(counting.url, filled, str(out), "--only", "data/", "--resume")
    assert code == 0, told
    assert told["kept_bytes"] >= 0.9 * there, "blocks that were torn come again"
    assert told["kept_bytes"] + told["fetched_bytes"] == SIZE
    assert counting.carried < SIZE - told["kept_bytes"] + 1_000_000, "lists, headers"
    assert found(out) == {"data/large.bin": LARGE}, "no stray file is left"


def written(out: Path, at_least: int) -> int:
    parts = list((out / ".madang").glob("*.part"))
    size = sum(one.stat().st_blocks * 512 for one in parts)
    return size if size >= at_least else 0


def wait_for(state) -> int:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if reached := state():
            return reached
        os.sched_yield()
    raise AssertionError("it never came about")


@pytest.mark.parametrize("seed", range(6))
def test_flipped_byte_is_found_and_fetched_again(yard, filled, tmp_path, seed) -> None:
    """One byte of all that comes, wherever it is: the files are right all the same."""
    with Proxy(yard.url, flip_at=random.Random(seed).randrange(2_000, SIZE)) as flipping:
        code, told = get(flipping.url, filled, str(tmp_path / "out"))
    assert flipping.flipped
    assert code == 0, told
    data = found(tmp_path / "out")["data/large.bin"]
    assert hashlib.sha256(data).digest() == hashlib.sha256(LARGE).digest()


def test_disk_without_room_refuses_before_a_byte_is_fetched(monkeypatch, tmp_path) -> None:
    from collections import namedtuple

    from madang.datahub.client.target import Target
    from madang.datahub.errors import DiskFull

    usage = namedtuple("usage", "free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10))
    with pytest.raises(DiskFull, match="--resume"):
        Target(tmp_path).need_room(11)
