"""A scan that is killed -9 wherever it is: resuming loses nothing and repeats nothing.

Goal: the tables of a scan that was killed many times equal those of one that never was.
Method: real processes, killed after a chosen number of journal lines or in the second pass.
MADANG_SCAN_KILLS sets the count; 40 with MADANG_TEST_LONG=1, 2 otherwise.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from madang.rights import sample

LONG = os.environ.get("MADANG_TEST_LONG") == "1"
KILLS = int(os.environ.get("MADANG_SCAN_KILLS", "40" if LONG else "2"))
DEADLINE_S = 60
PROGRAM = """
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from madang.rights.derive import OBSERVED
from madang.rights.facts import Purpose
from madang.rights.rules import Profile
from madang.rights.scan.run import Settings, Work, scan

wanted = Settings(
    (sys.argv[1],), ("eu-art4", "kr-current"), Profile.DEFAULT,
    replace(OBSERVED, purpose=Purpose.COMMERCIAL), date(2026, 11, 25), chunk_records=60,
)
scan(Path(sys.argv[2]), wanted, now=datetime(2026, 11, 25, tzinfo=UTC), work=Work(),
     tell=lambda *_: None)
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("archive") / "sample.warc.gz"
    sample.write(path, sample.Plan(pages=300, hosts=24, page_bytes=2000))
    return path


def start(archive: Path, folder: Path) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", PROGRAM, str(archive), str(folder)])


def journal_lines(folder: Path) -> int:
    path = folder / "journal.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def kill_after(process: subprocess.Popen, folder: Path, lines: int, *, in_join: bool) -> None:
    """Wait on the state of the folder, never on seconds alone, then kill."""
    until = time.monotonic() + DEADLINE_S
    while process.poll() is None and time.monotonic() < until:
        reached = journal_lines(folder) >= lines
        if in_join:
            reached = any((folder / "records").glob("*.parquet"))
        if reached:
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.001)
    process.wait(DEADLINE_S)


@pytest.fixture(scope="module")
def whole(archive, tmp_path_factory):
    """A scan that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    assert start(archive, folder).wait(DEADLINE_S) == 0
    return folder


def tables(folder: Path) -> dict[str, list[dict]]:
    found = {}
    for path in sorted(folder.rglob("*.parquet")):
        found[str(path.relative_to(folder))] = pq.read_table(path).to_pylist()
    return found


def test_killed_scan_resumes_without_loss_and_without_repeats(archive, whole, tmp_path):
    folder, rng = tmp_path / "killed", random.Random(9)
    killed = 0
    for number in range(KILLS):
        process = start(archive, folder)
        wanted = journal_lines(folder) + rng.randint(1, 2)
        kill_after(process, folder, wanted, in_join=number == KILLS - 1)
        killed += process.returncode == -signal.SIGKILL
    assert killed >= 1
    assert start(archive, folder).wait(DEADLINE_S) == 0
    assert tables(folder) == tables(whole)
    for name in ("summary.json", "journal.jsonl"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes()


def test_half_a_journal_line_is_cut_and_its_chunk_made_again(archive, whole, tmp_path):
    folder = tmp_path / "scan"
    shutil.copytree(whole, folder)
    (folder / "summary.json").unlink()
    content = (folder / "journal.jsonl").read_bytes()
    (folder / "journal.jsonl").write_bytes(content[:-7])
    assert start(archive, folder).wait(DEADLINE_S) == 0
    assert tables(folder) == tables(whole)
    assert (folder / "journal.jsonl").read_bytes() == content
