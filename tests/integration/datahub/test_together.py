"""Several at once, and a process that dies: everything here is really committed."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from django.db import connections

from madang.datahub.commits.actions import Change, commit
from madang.datahub.commits.queries import commit_at
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.intake import Announced, Many, take_in
from madang.datahub.contents.reading import read_content
from madang.datahub.errors import CommitStale
from madang.datahub.models import Claim, Commit, Content, DataSet, Version
from madang.datahub.sets.declaring import take_in_folder
from madang.datahub.versions.actions import seal_version

SRC = Path(__file__).parents[3] / "src"
DEADLINE_S = 120


def noise(size: int, seed: int = 1) -> bytes:
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8).tobytes()


@pytest.fixture
def threads(committed_db):
    """Runs each call in a thread with a connection of its own."""

    def run(*calls):
        barrier = threading.Barrier(len(calls))

        def one(call):
            barrier.wait(DEADLINE_S)
            try:
                return call()
            except CommitStale:
                return "stale"
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(one, calls))

    return run


def test_same_bytes_at_the_same_time_are_kept_and_readable(
    committed_db, threads, builder, data_set, at
) -> None:
    data = noise(3_000_000)

    def put():
        return take_in(data_set, [data], Announced(len(data)), at=at)

    rows = threads(put, put, put)
    assert {bytes(row.sha256) for row in rows} == {hashlib.sha256(data).digest()}
    assert b"".join(read_content(Content.objects.get())) == data
    assert Claim.objects.count() == 1


def test_of_two_commits_on_one_parent_one_wins_and_none_is_lost(
    committed_db, threads, builder, data_set, at
) -> None:
    head = commit_at(data_set, "main")
    shas = [bytes(take_in(data_set, [b], Announced(1), at=at).sha256) for b in (b"a", b"b")]

    def put(name, sha):
        change = Change(puts=[(name, sha)], parent=head.id)
        return lambda: commit(builder, data_set, change, at=at).id

    told = threads(put("a", shas[0]), put("b", shas[1]))
    assert sorted(one == "stale" for one in told) == [False, True]
    assert commit_at(data_set, "main").files == 1
    told = threads(*(lambda n=n: commit(
        builder, data_set, Change(puts=[(f"f{n}", shas[0])]), at=at).id
        for n in range(4)))  # fmt: skip
    assert len(set(told)) == 4
    assert commit_at(data_set, "main").files == 5


def test_kill_in_mid_seal_leaves_no_version_and_the_next_seal_holds(
    committed_db, builder, data_set, store, at
) -> None:
    """A process of its own seals, says when it has read half, and is killed there."""
    data = noise(1_000_000)
    row = take_in(data_set, [data], Announced(len(data)), at=at)
    commit(builder, data_set, Change(puts=[("a", bytes(row.sha256))]), at=at)
    with running(SEALING, store) as process:
        assert process.stdout.readline() == b"reading\n"
        process.send_signal(signal.SIGKILL)
        process.wait(DEADLINE_S)
    assert not Version.objects.exists()
    made = seal_version(builder, data_set, commit_at(data_set, "main"), number="1.0", at=at)
    assert made.state == "sealed"
    assert Commit.objects.count() == 2
    assert tree_of(made.commit).find("a") is not None
    assert DataSet.objects.count() == 1


SEALING = """
import sys, time, django
django.setup()
from django.db import connections
from madang.datahub.models import DataSet
from madang.datahub.versions import actions
from madang.datahub.commits.queries import commit_at
from madang.parties.actor import system_actor
from datetime import datetime, UTC

def half(commit):
    sys.stdout.write("reading\\n"); sys.stdout.flush()
    sys.stdin.read()

actions.verify = half
row = DataSet.objects.get()
actions.seal_version(
    system_actor("cli"), row, commit_at(row, "main"), number="1.0", at=datetime.now(UTC)
)
"""


def test_kill_while_a_folder_is_taken_in_loses_nothing_that_was_durable(
    committed_db, builder, data_set, store, at, tmp_path, monkeypatch
) -> None:
    """A process of its own takes a folder, says when a part of it counts, and is killed."""
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number:03}.txt").write_text(f"{number}\n" * 9)
    with running(TAKING, store, str(folder)) as process:
        assert process.stdout.readline() == b"first\n"
        process.send_signal(signal.SIGKILL)
        process.wait(DEADLINE_S)
    assert 0 < Claim.objects.count() < FILES
    assert commit_at(data_set, "main").files == 0, "the branch has not moved"
    cut: list[bytes] = []
    plain = Many.add
    monkeypatch.setattr(Many, "add", lambda *a, **k: cut.append(a[1]) or plain(*a, **k))
    given = Claim.objects.count()
    assert take_in_folder(builder, data_set, folder, at=at)
    assert len(cut) == FILES - given, "what the set was given before is not cut again"
    head = commit_at(data_set, "main")
    assert (head.files, Claim.objects.count()) == (FILES, FILES)
    entry = tree_of(head).find("007.txt")
    assert b"".join(read_content(Content.objects.get(pk=entry.sha256))) == b"7\n" * 9
    assert not take_in_folder(builder, data_set, folder, at=at), "again changes nothing"


FILES = 60
TAKING = """
import sys, django
django.setup()
from datetime import datetime, UTC
from pathlib import Path
from madang.datahub.contents import intake
from madang.datahub.ingest import folders
from madang.datahub.models import DataSet
from madang.datahub.sets.declaring import take_in_folder
from madang.parties.actor import system_actor

intake.ROWS_AT_ONCE = folders.HELD_FILES = 20
plain = intake.Many.close

def close(many):
    plain(many)
    sys.stdout.write("first\\n"); sys.stdout.flush()
    sys.stdin.read()

intake.Many.close = close
take_in_folder(
    system_actor("cli"), DataSet.objects.get(), Path(sys.argv[1]), at=datetime.now(UTC)
)
"""


def running(program: str, store, *words: str) -> subprocess.Popen:
    place = connections["default"].settings_dict
    url = f"postgresql://{place['USER']}@/{place['NAME']}?host={place['HOST']}"
    environment = {
        **os.environ, "DATABASE_URL": url, "MADANG_DATAHUB_STORE": str(store),
        "PYTHONPATH": str(SRC), "DJANGO_SETTINGS_MODULE": "madang.portal.settings",
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-c", program, *words], env=environment, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )  # fmt: skip
