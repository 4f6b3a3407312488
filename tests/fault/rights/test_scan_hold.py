"""Two writers in one folder, a full disk, a folder that cannot be, a cluster that is none.

Goal: each is refused by name, nothing that was finished is lost, and the same command then
ends as if nothing had happened. Method: real processes; a limit on the size of files stands for
a disk that takes no more.
"""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from madang.rights import sample
from madang.rights.errors import ClusterUnreachable, OutputUnwritable, ScanBusy
from madang.rights.scan.hold import held
from madang.rights.scan.run import Work, _on_cluster

FILE_BYTES_MAX = 8 * 1024
SCAN = ("--regime", "eu-art4", "--purpose", "commercial", "--as-of", "2026-11-22")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("archive") / "sample.warc.gz"
    sample.write(path, sample.Plan(pages=400, hosts=24, page_bytes=2000))
    return path


def scanned(archive: Path, folder: Path, limit: int | None = None):
    """One command in a process of its own, perhaps on a disk that takes no large file."""
    command = [sys.executable, "-m", "madang.cli", "rights", "scan", str(archive), *SCAN]
    return subprocess.run(
        [*command, "--out", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=None if limit is None else lambda: small_files(limit),
    )


def small_files(limit: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def rows(folder: Path) -> list[dict]:
    parts = sorted((folder / "records").glob("*.parquet"))
    return [row for part in parts for row in pq.read_table(part).to_pylist()]


def test_a_disk_that_takes_no_more_has_a_name_and_the_scan_goes_on_behind_it(archive, tmp_path):
    refused = scanned(archive, tmp_path / "out", FILE_BYTES_MAX)
    assert refused.returncode == 1, refused.stderr
    assert "rights.output.unwritable" in refused.stdout + refused.stderr
    assert scanned(archive, tmp_path / "out").returncode == 0
    assert scanned(archive, tmp_path / "whole").returncode == 0
    assert rows(tmp_path / "out") == rows(tmp_path / "whole")


def test_a_second_command_in_a_folder_is_refused_and_harms_nothing(archive, tmp_path):
    folder = tmp_path / "out"
    with held(folder):
        second = scanned(archive, folder)
        with pytest.raises(ScanBusy), held(folder):
            pass
    assert second.returncode == 1
    assert "rights.scan.busy" in second.stdout + second.stderr
    assert not any(folder.iterdir())
    assert scanned(archive, folder).returncode == 0


@pytest.mark.parametrize(("said", "is_held"), [(errno.ENOLCK, True), (errno.EIO, False)])
def test_a_file_system_that_knows_no_holds_bars_no_scan(said, is_held, tmp_path, monkeypatch):
    def refused(handle: int, wanted: int) -> None:
        raise OSError(said, os.strerror(said))

    monkeypatch.setattr(fcntl, "flock", refused)
    entered = False
    try:
        with held(tmp_path):
            entered = True
    except OutputUnwritable as err:
        assert os.strerror(said) in str(err.sentence("en"))
    assert entered == is_held


def test_what_blocks_within_a_hold_is_not_taken_for_another_command(tmp_path):
    with pytest.raises(BlockingIOError), held(tmp_path):
        raise BlockingIOError(errno.EAGAIN, "a pipe that is full")


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputUnwritable), held(tmp_path / "file" / "below"):
        pass


def test_an_address_without_a_scheduler_is_named():
    work = Work(cluster="nobody")
    with pytest.raises(ClusterUnreachable):
        next(_on_cluster([], work.cluster))
