"""Archives and texts that clients uploaded, treated as those of a declared folder."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from madang.datahub.commits.queries import commit_at
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.reading import read_content
from madang.datahub.ingest import archives
from madang.datahub.ingest.uploads import ingest_uploads
from madang.datahub.models import Commit, Content

pytestmark = pytest.mark.django_db
HEADERS = {"Authorization": "Bearer mdp_test_b@hana.example"}
KOREAN = "글,값\n가나다,1\n".encode("cp949")


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def upload(**files: bytes) -> None:
    """As the clients of the protocol commit small files."""
    lines = [{"key": "header", "value": {"summary": "s"}}]
    for path, data in files.items():
        content = base64.b64encode(data).decode()
        value = {"path": path, "content": content, "encoding": "base64"}
        lines.append({"key": "file", "value": value})
    body = "\n".join(json.dumps(line) for line in lines).encode()
    path = "/api/datasets/hana/first/commit/main"
    assert Client(headers=HEADERS).generic("POST", path, body).status_code == 200


def ingest():
    path = "/api/v1/datahub/sets/hana/first/ingest"
    return Client(headers=HEADERS).post(path, "{}", "application/json")


def files(data_set) -> dict[str, bytes]:
    return {
        entry.path: b"".join(read_content(Content.objects.get(pk=entry.sha256)))
        for entry in tree_of(commit_at(data_set, "main")).walk()
    }


def test_file_comes_in_one_request_however_long_it_is(data_set) -> None:
    """In a commit and on its own: the portal's limit is for forms and JSON."""
    texts = {name: name.encode() * 700_000 for name in "ab"}
    upload(**texts)
    data = bytes(2**20 + 1)
    oid = hashlib.sha256(data).hexdigest()
    path = "/datasets/hana/first.git/info/lfs/objects/batch"
    ask = {"operation": "upload", "objects": [{"oid": oid, "size": len(data)}]}
    told = Client(headers=HEADERS).post(path, ask, "application/vnd.git-lfs+json").json()
    href = urlsplit(told["objects"][0]["actions"]["upload"]["href"])
    sent = Client().generic("PUT", href.path, data, "application/octet-stream")
    assert sent.status_code == 200
    assert files(data_set) == texts


def test_uploads_stay_as_sent_until_a_writer_has_them_taken_apart(data_set) -> None:
    sent = {"part.zip": zipped(**{"나/b.csv": KOREAN, "c.bin": b"\0\1"}), "k.csv": KOREAN}
    upload(**sent)
    assert files(data_set) == sent
    before = commit_at(data_set, "main")
    answer = ingest()
    assert (answer.status_code, answer.json()["files"]) == (200, 5)
    text = KOREAN.decode("cp949").encode()
    assert files(data_set) == {
        "part/나/b.csv": text, "part/나/b.csv.cp949": KOREAN, "part/c.bin": b"\0\1",
        "k.csv": text, "k.csv.cp949": KOREAN,
    }  # fmt: skip
    assert tree_of(before).find("part.zip"), "what was sent stays in the history"
    assert ingest().json()["commit"] == answer.json()["commit"], "nothing is left to do"


def test_archive_that_is_sent_again_replaces_what_it_held(data_set) -> None:
    upload(**{"part.zip": zipped(**{"a.txt": b"a", "b.txt": b"b"})})
    ingest()
    upload(**{"part.zip": zipped(**{"b.txt": b"bb", "c.txt": b"c"})})
    ingest()
    assert files(data_set) == {"part/b.txt": b"bb", "part/c.txt": b"c"}
    upload(**{"part.zip": zipped(**{"b.txt": b"bb", "c.txt": b"c"})})
    ingest()
    assert files(data_set) == {"part/b.txt": b"bb", "part/c.txt": b"c"}


REFUSED = {
    "a bomb": zipped(a=bytes(40_000_000)),
    "no zip": b"PK\3\4 and nothing",
    "a path that climbs": zipped(**{"../a": b"x"}),
    "a member where a file lies": zipped(**{"there.txt": b"x"}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_archive_that_cannot_be_taken_apart_leaves_everything_as_it_was(data_set, case) -> None:
    upload(**{"part.zip": REFUSED[case], "part/there.txt": b"mine"})
    before = files(data_set), Commit.objects.count()
    answer = ingest()
    assert (answer.status_code, answer.json()["code"].partition(".")[0]) in {
        (400, "datahub"), (422, "datahub"),
    }  # fmt: skip
    assert (files(data_set), Commit.objects.count()) == before
    assert archives.LIMITS.ratio_max == 200, "the same limits as at every ingest"


def test_texts_that_are_as_they_should_be_cost_no_statement_each(data_set, builder, at) -> None:
    asked = []
    for count in (3, 40):
        upload(**{f"t{n}.csv": f"a,b\n{n},{count}\n".encode() for n in range(count)})
        with CaptureQueriesContext(connection) as queries:
            ingest_uploads(builder, data_set, at=at)
        asked.append(len(queries))
    assert asked[1] <= asked[0] + 2, "perhaps one more page, one more pack"
