"""Inputs and work that are elsewhere: objects behind the S3 protocol, a Dask cluster.

The S3 server is a small one of our own unless MADANG_TEST_S3 names another's address: what it
proves is our requests, our ranges and our errors, not any provider's. The same scan of the same
bytes from a local file must give the same tables, byte for byte; so must two workers of a real
cluster on this machine.
"""

from __future__ import annotations

import hashlib
import os
import urllib.request
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime

import distributed
import obstore
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rights_s3
from obstore.store import S3Store

from madang.rights import sample
from madang.rights.derive import OBSERVED
from madang.rights.errors import InputUnreadable, ScanDiffers
from madang.rights.facts import Purpose
from madang.rights.rules import Profile
from madang.rights.scan import archives
from madang.rights.scan.run import Settings, Work, scan

NOW = datetime(2026, 11, 25, 3, tzinfo=UTC)
TABLES = ("records", "stage", "evidence")


def run(folder, *places, work=None, chunk_records=20_000):
    declared = replace(OBSERVED, purpose=Purpose.COMMERCIAL)
    wanted = Settings(
        tuple(str(place) for place in places),
        ("eu-art4", "kr-current"),
        Profile.DEFAULT,
        declared,
        date(2026, 11, 25),
        chunk_records=chunk_records,
    )
    return scan(folder, wanted, now=NOW, work=work or Work(), tell=lambda *_: None)


def digests(folder):
    """Every table and every piece of evidence of a scan, by name."""
    files = [
        *folder.glob("*.parquet"),
        *(p for name in TABLES for p in (folder / name).iterdir()),
    ]
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("archive") / "sample.warc.gz"
    sample.write(path, sample.Plan(pages=160, hosts=40, page_bytes=30_000))
    return path


@pytest.fixture
def bucket(monkeypatch):
    """An empty bucket on a server of its own, or on the one that the environment names."""
    given = os.environ.get("MADANG_TEST_S3")
    with nullcontext(given) if given else rights_s3.Server() as address:
        for name, value in {
            "AWS_ENDPOINT_URL": address,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        with urllib.request.urlopen(
            urllib.request.Request(f"{address}/crawl", method="PUT")
        ) as answer:
            assert answer.status == 200
        yield S3Store.from_url("s3://crawl")


def test_archive_in_s3_gives_the_tables_of_the_same_archive_on_disk(archive, bucket, tmp_path):
    obstore.put(bucket, "2026/sample.warc.gz", archive.read_bytes())
    there = run(tmp_path / "s3", "s3://crawl/2026/sample.warc.gz", chunk_records=150)
    here = run(tmp_path / "disk", archive, chunk_records=150)
    assert digests(tmp_path / "s3") == digests(tmp_path / "disk")
    assert there["evidence_root"] == here["evidence_root"]


def test_table_in_s3_is_read_like_a_table_on_disk(bucket, tmp_path):
    rows = {"url": ["https://e.example/1"], "html": ['<meta name="robots" content="noai">']}
    pq.write_table(pa.table(rows), tmp_path / "t.parquet")
    obstore.put(bucket, "t.parquet", (tmp_path / "t.parquet").read_bytes())
    run(tmp_path / "s3", "s3://crawl/t.parquet")
    run(tmp_path / "disk", tmp_path / "t.parquet")
    assert digests(tmp_path / "s3") == digests(tmp_path / "disk")


def test_another_object_under_the_same_name_is_another_scan(archive, bucket, tmp_path):
    obstore.put(bucket, "a.warc.gz", archive.read_bytes())
    run(tmp_path / "out", "s3://crawl/a.warc.gz")
    obstore.put(bucket, "a.warc.gz", archive.read_bytes()[:-9])
    with pytest.raises(ScanDiffers):
        run(tmp_path / "out", "s3://crawl/a.warc.gz")


def test_object_that_is_not_there_is_refused_by_name(bucket, tmp_path):
    with pytest.raises(InputUnreadable) as refused:
        run(tmp_path / "out", "s3://crawl/none.warc.gz")
    assert refused.value.fields["file"] == "s3://crawl/none.warc.gz"


class GoesAway:
    """A reader whose store fails after some reads."""

    def __init__(self, reader, reads):
        self.reader, self.left = reader, reads

    def read(self, size):
        self.left -= 1
        if self.left < 0:
            raise ConnectionError("gone")
        return self.reader.read(size)

    def seek(self, offset, whence=0):
        return self.reader.seek(offset, whence)

    def tell(self):
        return self.reader.tell()


def test_store_that_goes_away_in_mid_scan_is_no_damage_and_the_scan_resumes(
    archive, bucket, tmp_path, monkeypatch
):
    obstore.put(bucket, "a.warc.gz", archive.read_bytes())
    real = archives.obstore_reader
    with monkeypatch.context() as patch:
        patch.setattr(archives, "SEARCH_BYTES", 1 << 16)
        patch.setattr(archives, "obstore_reader", lambda s, k: GoesAway(real(s, k), 9))
        with pytest.raises(InputUnreadable, match=r"s3://crawl/a\.warc\.gz"):
            run(tmp_path / "out", "s3://crawl/a.warc.gz", chunk_records=60)
    done = (tmp_path / "out" / "journal.jsonl").read_bytes().count(b"\n")
    assert done >= 1
    run(tmp_path / "out", "s3://crawl/a.warc.gz", chunk_records=60)
    run(tmp_path / "disk", archive, chunk_records=60)
    assert digests(tmp_path / "out") == digests(tmp_path / "disk")


@pytest.mark.parametrize(("workers", "threads"), [(2, 1), (1, 3)])
def test_workers_and_threads_of_a_cluster_give_the_bytes_of_one_machine(
    workers, threads, archive, tmp_path
):
    places = []
    for number in range(4):
        places.append(tmp_path / f"part{number}.warc.gz")
        sample.write(places[-1], sample.Plan(60, 24, page_bytes=9_000, seed=number))
    run(tmp_path / "one", *places, chunk_records=70)
    with distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=threads,
        host="127.0.0.1",
        dashboard_address=None,
    ) as cluster:
        work = Work(cluster=cluster.scheduler_address)
        run(tmp_path / "cluster", *places, work=work, chunk_records=70)
    assert digests(tmp_path / "one") == digests(tmp_path / "cluster")
    one, other = ((tmp_path / n / "summary.json").read_bytes() for n in ("one", "cluster"))
    assert one == other
