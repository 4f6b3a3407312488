"""A million files at a smaller count: nothing asks the database or the store once a file.

Goal: no step grows faster than the files, or holds them all in memory where it need not.
Method: statements, readings of objects and bytes of Python's memory are counted, seconds are
not; MADANG_HUB_FILES says how many files, as `make test-long` does.
"""

from __future__ import annotations

import os
import tracemalloc
from datetime import timedelta

import msgspec
import pytest
from django.db import connection
from django.test import Client
from tests.integration.datahub.test_declaring import declare

from madang.datahub.client.manifest import read
from madang.datahub.commits.actions import Change, commit
from madang.datahub.commits.queries import commit_at
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents import objects
from madang.datahub.contents.collecting import GRACE, collect
from madang.datahub.contents.intake import Announced, take_in
from madang.datahub.models import Page
from madang.datahub.versions.actions import seal_version
from madang.parties.actor import system_actor

pytestmark = pytest.mark.django_db
FILES = int(os.environ.get("MADANG_HUB_FILES") or 2_500)
A_STATEMENT = 100
"""For so many files at the least one statement more, in each step."""

PIECE_BYTES_MAX = 1024 * 1024
COLLECTING_BYTES_MAX = 16 * 1024 * 1024
COLLECTING_BYTES_A_FILE = 40
"""What a run that collects may hold: eight bytes of a digest, sorted twice, and a bit."""


@pytest.fixture
def tree(tmp_path):
    place = tmp_path / "tree"
    for number in range(FILES):
        if number % 1_000 == 0:
            folder = place / f"{number // 1_000:04}"
            folder.mkdir(parents=True)
        with open(f"{folder}/{number:07}.txt", "wb") as file:
            file.write(f"{number} ".encode() * 20)
    return place


class Counted:
    """Statements and readings of objects within the block; the statements' words would be
    gigabytes, so they are not kept."""

    def __init__(self, monkeypatch) -> None:
        self._patch = monkeypatch
        self.reads = self.statements = 0

    def __enter__(self):
        plain = objects.part

        def part(*words):
            self.reads += 1
            return plain(*words)

        self._patch.setattr(objects, "part", part)
        self._counting = connection.execute_wrapper(self._count)
        self._counting.__enter__()
        return self

    def __exit__(self, *words) -> None:
        self._counting.__exit__(*words)

    def _count(self, execute, *words):
        self.statements += 1
        return execute(*words)


def pages_of(path: str) -> list[int]:
    """Every page of a listing, by the clients' own way; how many rows each has."""
    found = []
    while path:
        answer = Client().get(path)
        found.append(len(answer.json()))
        path = answer.get("Link", "").partition("<http://testserver")[2].partition(">")[0]
    return found


def test_many_files_are_taken_in_sealed_listed_and_edited_in_few_statements(
    tree, at, monkeypatch
) -> None:
    most = 60 + FILES // A_STATEMENT
    actor = system_actor("cli")
    with Counted(monkeypatch) as taking:
        row = declare(tree, at).row
    assert taking.statements <= most
    head = commit_at(row, "main")
    assert head.files == FILES
    with Counted(monkeypatch) as sealing:
        seal_version(actor, row, head, number="1.0", at=at)
    assert sealing.statements <= most
    assert sealing.reads <= 10 + FILES // 500
    with Counted(monkeypatch) as listing:
        pages = pages_of(f"/api/datasets/{row.code}/tree/main?recursive=true")
    assert (sum(pages), max(pages)) == (FILES, min(FILES, 1_000))
    assert listing.statements <= 12 * len(pages) + most
    assert sum(pages_of(f"/api/datasets/{row.code}/tree/main")) == (FILES + 999) // 1_000
    with Counted(monkeypatch) as again:
        assert declare(tree, at).outcome.value == "unchanged"
    assert again.statements <= most
    pages_before = Page.objects.count()
    content = take_in(row, [b"edit"], Announced(4), at=at)
    change = Change(puts=[("0000/0000007.txt", bytes(content.sha256))])
    with Counted(monkeypatch) as editing:
        edited = commit(actor, row, change, at=at)
    assert editing.statements <= 20
    assert Page.objects.count() - pages_before <= 2, "an edit writes its page, not the tree"
    assert tree_of(edited).files == FILES


def test_list_of_many_files_comes_whole_and_closed(tree, at, monkeypatch) -> None:
    row = declare(tree, at).row
    with Counted(monkeypatch) as listing:
        answer = Client().get(f"/api/datasets/{row.code}/manifest/main")
        lines = b"".join(answer.streaming_content).splitlines(keepends=True)
    assert len(read(lines).items) == FILES
    assert listing.statements <= 20 + FILES // A_STATEMENT
    with Counted(monkeypatch) as telling:
        answer = Client().get(f"/api/datasets/{row.code}?blobs=true")
        pieces = list(answer.streaming_content)
    assert telling.statements <= 20 + FILES // A_STATEMENT
    assert max(map(len, pieces)) <= PIECE_BYTES_MAX, "sent as it is read, not all at once"
    told = msgspec.json.decode(b"".join(pieces))
    assert len(told["siblings"]) == FILES
    assert told["siblings"][7]["rfilename"] == "0000/0000007.txt"


def test_collecting_among_many_files_holds_a_few_bytes_of_each(tree, at, monkeypatch) -> None:
    row = declare(tree, at).row
    gone = [f"0000/{number:07}.txt" for number in range(0, min(FILES, 1_000), 2)]
    commit(system_actor("cli"), row, Change(gone_files=gone), at=at)
    late = at + GRACE + timedelta(days=1)
    tracemalloc.start()
    try:
        with Counted(monkeypatch) as collecting:
            done = collect(at=late, dry_run=False)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (done.contents, done.packs_doomed) == (0, 0), "history names them all"
    assert collecting.statements <= 60 + FILES // A_STATEMENT
    assert peak <= COLLECTING_BYTES_MAX + COLLECTING_BYTES_A_FILE * FILES
