"""A million files at a smaller count: nothing asks the database or the store once a file.

Goal: no step grows faster than the files, or holds them all in memory where it need not.
Method: statements, readings of objects and bytes of Python's memory are counted, seconds are
not; MADANG_HUB_FILES says how many files, as `make test-long` does.
"""

from __future__ import annotations

import base64
import os
import tracemalloc
from datetime import timedelta
from urllib.parse import urlencode

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
TOKEN = {"Authorization": "Bearer mdp_test_b@hana.example"}
A_STATEMENT = 100
"""For so many files at the least one statement more, in each step."""

PIECE_BYTES_MAX = 1024 * 1024
COLLECTING_BYTES_MAX = 16 * 1024 * 1024
COLLECTING_BYTES_A_FILE = 40
"""What a run that collects may hold: eight bytes of a digest, sorted twice, and a bit."""


@pytest.fixture
def tree(tmp_path):
    return grown(tmp_path / "tree", FILES)


def grown(place, count):
    """A folder of that many small files, each of other bytes, a thousand in one folder."""
    for number in range(count):
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


def test_clients_may_ask_for_more_paths_at_once_than_a_form_of_ours_holds(tmp_path, at) -> None:
    """`huggingface_hub` asks for five hundred and says whether to expand them."""
    row = declare(grown(tmp_path / "some", 600), at).row
    wanted = [f"0000/{number:07}.txt" for number in range(600)]
    address = f"/api/datasets/{row.code}/paths-info/main"
    form = urlencode([("paths", path) for path in wanted] + [("expand", "true")])
    asked = Client().post(address, form, content_type="application/x-www-form-urlencoded")
    assert [one["path"] for one in asked.json()] == wanted
    asked = Client().post(address, {"paths": wanted}, content_type="application/json")
    assert [one["path"] for one in asked.json()] == wanted
    form = "&".join(["paths=a"] * 20_000)
    asked = Client().post(address, form, content_type="application/x-www-form-urlencoded")
    assert (asked.status_code, asked.json()["code"]) == (400, "datahub.body.malformed")


def test_commit_of_many_small_files_is_read_line_by_line(
    builder, data_set, at, monkeypatch
) -> None:
    """As `huggingface_hub` sends a folder of small texts: all of them in one body."""
    count = min(FILES, 20_000)
    content = base64.b64encode(b"x" * 300).decode()
    lines = [{"key": "header", "value": {"summary": "many", "description": ""}}]
    inline = {"content": content, "encoding": "base64"}
    lines += [{"key": "file", "value": {"path": f"{n:07}.txt", **inline}} for n in range(count)]
    body = b"\n".join(map(msgspec.json.encode, lines))
    with Counted(monkeypatch) as putting:
        answer = Client().post(
            f"/api/datasets/{data_set.code}/commit/main", body,
            content_type="application/x-ndjson", headers=TOKEN,
        )  # fmt: skip
    assert answer.status_code == 200, answer.content
    assert commit_at(data_set, "main").files == count
    assert putting.statements <= 60 + count // A_STATEMENT
