"""Where a check runs cannot be told from its report."""

from __future__ import annotations

import distributed
import pytest

from madang.datahub.errors import CheckImpossible
from madang.datahub.quality.report import check, jobs_of
from madang.datahub.quality.spread import Handed
from madang.datahub.quality.targets import targets_from, targets_text

ROWS = "id,text,label,again\n1,가나다라마바사,x,x\n2,가나다라마바사,y,y\n3,010-1234-5678,x,y\n"
FILES = Handed(
    {
        "train.csv": ROWS.encode(),
        "test.csv": "id,text,label,again\n9,라마,y,y\n".encode("cp949"),
    }
)
TARGETS = """
[schema]
files = "*.csv"
columns = { id = "integer", text = "text" }
[completeness]
files = "*.csv"
promised = 4
[uniqueness]
files = "*.csv"
columns = ["text"]
[balance]
files = "*.csv"
column = "label"
entropy_permille_min = 900
[agreement]
files = "*.csv"
columns = ["label", "again"]
alpha_permille_min = 100
[near_duplicates]
files = "*.csv"
column = "text"
[leakage]
splits = { train = "train.csv", test = "test.csv" }
column = "text"
[personal]
files = "*.csv"
"""


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, host="127.0.0.1",
        dashboard_address=None,
    ) as made:  # fmt: skip
        yield made.scheduler_address


def test_report_of_a_cluster_is_the_report_of_one_machine(cluster):
    targets = targets_from(TARGETS)
    here = check(FILES, targets, digest="d")
    there = check(FILES, targets, digest="d", cluster=cluster)
    assert here.as_data() == there.as_data()
    assert here.report_digest == there.report_digest
    assert [one.code for one in there.findings] == [
        *("schema", "completeness", "uniqueness", "balance", "agreement"),
        *("near_duplicates", "leakage", "personal"),
    ]
    met = {one.code: one.is_met for one in there.findings}
    assert met == {
        "schema": True, "completeness": True, "uniqueness": False, "balance": True,
        "agreement": True, "near_duplicates": False, "leakage": True, "personal": False,
    }  # fmt: skip


def test_what_cannot_be_measured_is_refused_there_as_here(cluster):
    targets = targets_from(
        '[balance]\nfiles = "*.csv"\ncolumn = "none"\nentropy_permille_min=1'
    )
    for where in ("", cluster):
        with pytest.raises(CheckImpossible) as caught:
            check(FILES, targets, digest="d", cluster=where)
        assert caught.value.fields["file"] == "test.csv"


def test_targets_are_written_as_they_are_read():
    targets = targets_from(TARGETS)
    assert targets_from(targets_text(targets)) == targets
    assert len(list(jobs_of(targets))) == 8
