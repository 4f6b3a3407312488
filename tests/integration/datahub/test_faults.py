"""What must not happen: lies, damage, full disks, kills, and what one tenant must not learn."""

from __future__ import annotations

import base64
import json
import resource
import signal
from pathlib import Path

import numpy as np
import pytest
from django.test import Client
from tests.support.xet import Upload, upload_of

from madang.datahub.commits.actions import Change, commit
from madang.datahub.commits.queries import commit_at
from madang.datahub.contents.intake import Announced, take_in
from madang.datahub.contents.reading import layout_of, read_content
from madang.datahub.errors import StoreUnwell, VersionRecalled
from madang.datahub.hub.gate import unless_recalled
from madang.datahub.models import Claim, Content, Pack
from madang.datahub.sets.actions import create_data_set
from madang.datahub.store import xorbs
from madang.datahub.store.hashes import chunk_hash, hash_text, tree_hash
from madang.datahub.versions.actions import recall_version, seal_version
from madang.parties.actor import system_actor

pytestmark = pytest.mark.django_db
TOKEN, OTHER = "mdp_test_b@hana.example", "mdp_test_b@bada.example"
SRC = Path(__file__).parents[3] / "src"
DEADLINE_S = 120


def noise(size: int, seed: int = 1) -> bytes:
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8).tobytes()


def ask(method: str, path: str, token: str = TOKEN, data: bytes = b"", **headers):
    kind = headers.pop("content_type", "application/json")
    return Client().generic(
        method, path, data, kind, headers={"Authorization": f"Bearer {token}", **headers}
    )


def lines(*rows: tuple[str, dict]) -> bytes:
    return b"".join(json.dumps({"key": k, "value": v}).encode() + b"\n" for k, v in rows)


def sent_file(path: str, data: bytes = b"x") -> tuple[str, dict]:
    content = base64.b64encode(data).decode()
    return "file", {"path": path, "encoding": "base64", "content": content}


SPELLINGS = [
    "../a", "a/../../b", "..", ".", "./a", "/etc/passwd", "//a", "a//b", "a/", "",
    "..\\a", "a\\..\\b", "C:/a", "a\0b", "a\nb", ".git/config", "A/.GIT/hooks", "x/.cache/y",
    "a/..%2fb/..", "a/ b", "a/b ", "a.", "con|", "\u202egnp.exe", "\uff0e\uff0e/\u2025/../a",
    "a" * 256, "/".join("d" * 200 for _ in range(6)), "~/../a", "a/\u200b../b",
]  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("kind", ["file", "lfsFile"])
def test_no_spelling_of_a_path_leads_outside(builder, data_set, at, spelling, kind) -> None:
    row = take_in(data_set, [b"x"], Announced(1), at=at)
    line = sent_file(spelling)
    if kind == "lfsFile":
        line = (kind, {"path": spelling, "oid": bytes(row.sha256).hex(), "algo": "sha256",
                       "size": 1})  # fmt: skip
    body = lines(("header", {"summary": "s"}), line)
    answer = ask("POST", "/api/datasets/hana/first/commit/main", data=body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "datahub.path.invalid"
    assert commit_at(data_set, "main").files == 0


@pytest.mark.parametrize(
    ("first", "second"), [(["a"], ["a/b"]), (["a/b"], ["a"]), ([], ["a", "a/b/c", "a-x"])]
)
def test_file_and_folder_of_one_name_are_refused(builder, data_set, first, second) -> None:
    path = "/api/datasets/hana/first/commit/main"
    done = lines(("header", {"summary": "s"}), *map(sent_file, first))
    assert ask("POST", path, data=done).status_code == 200
    refused = lines(("header", {"summary": "s"}), *map(sent_file, second))
    assert ask("POST", path, data=refused).json()["code"] == "datahub.path.invalid"


class Sender:
    """A client of the block store."""

    def __init__(self, token: str, code: str) -> None:
        answer = ask("GET", f"/api/datasets/{code}/xet-write-token/main", token)
        self.token = answer.json()["accessToken"]

    def block(self, one: Upload, name: str = "", data: bytes = b""):
        path = f"/hub/cas/v1/xorbs/default/{name or one.name}"
        return ask("POST", path, self.token, data or one.block)

    def shard(self, one: Upload, data: bytes = b""):
        return ask("POST", "/hub/cas/v1/shards", self.token, data or one.shard)


def test_uploads_that_lie_leave_nothing_behind(builder, data_set) -> None:
    sender, one, other = Sender(TOKEN, "hana/first"), upload_of(noise(300_000)), upload_of(b"o")
    assert sender.block(one, name=other.name).status_code == 400, "another hash"
    assert sender.block(one, data=one.block[:-9]).status_code == 400, "cut"
    flipped = bytearray(one.block)
    flipped[5_000] ^= 1
    assert sender.block(one, data=bytes(flipped)).status_code == 400, "altered"
    assert sender.shard(one).json()["code"] == "datahub.content.unknown", "before its block"
    assert sender.block(one).status_code == 200
    wrong = one.shard.replace(one.shard[48:80], bytes(32), 1)
    assert sender.shard(one, wrong).status_code == 400, "another file's hash"
    at = one.shard.rindex(b"\xff" * 32) - 48
    lied = one.shard[:at] + bytes(32) + one.shard[at + 32 :]
    assert sender.shard(one, lied).json()["code"] == "datahub.content.differs", "its SHA-256"
    assert not Content.objects.exists()
    assert sender.shard(one).status_code == 200
    assert Content.objects.get().size_bytes == 300_000


def test_block_as_full_as_clients_make_them_is_taken(builder, data_set) -> None:
    """They fill 64 MiB of content; headers come on top, which a plain limit forgets."""
    data = noise(xorbs.XORB_BYTES_MAX)
    step = 128 * 1024
    chunks = [data[at : at + step] for at in range(0, len(data), step)]
    name = hash_text(tree_hash([(chunk_hash(one), step) for one in chunks]))
    block = xorbs.pack(chunks)
    assert len(block) == xorbs.XORB_BYTES_MAX + len(chunks) * xorbs.HEADER_BYTES
    token = Sender(TOKEN, "hana/first").token
    assert ask("POST", f"/hub/cas/v1/xorbs/default/{name}", token, block).status_code == 200


def test_knowing_a_hash_opens_nothing_that_others_sent(builder, stranger, data_set, at) -> None:
    """The block lies in the store; a stranger who names it is told what nobody's is told."""
    one = upload_of(noise(200_000))
    mine = Sender(TOKEN, "hana/first")
    assert mine.block(one).status_code == mine.shard(one).status_code == 200
    create_data_set(stranger, code="bada/theirs", at=at)
    theirs, nobodys = Sender(OTHER, "bada/theirs"), upload_of(noise(200_000, 2))
    told = [theirs.shard(named).json() for named in (one, nobodys)]
    assert [row["code"] for row in told] == ["datahub.content.unknown"] * 2
    line = ("lfsFile", {"path": "a", "oid": one.sha256, "algo": "sha256", "size": 200_000})
    body = lines(("header", {"summary": "s"}), line)
    answer = ask("POST", "/api/datasets/bada/theirs/commit/main", OTHER, body)
    assert answer.json()["code"] == "datahub.content.unknown"


def test_no_answer_tells_whether_others_have_the_same_bytes(
    builder, stranger, data_set, at
) -> None:
    """Deduplication across tenants is seen in no answer, though the bytes are stored once."""
    one, fresh = upload_of(noise(200_000)), upload_of(noise(200_000, 2))
    mine = Sender(TOKEN, "hana/first")
    assert mine.block(one).status_code == mine.shard(one).status_code == 200
    packs = Pack.objects.count()
    create_data_set(stranger, code="bada/theirs", at=at)
    theirs = Sender(OTHER, "bada/theirs")
    batch = "/datasets/bada/theirs.git/info/lfs/objects/batch"

    def answers(of: Upload) -> list:
        objects = [{"oid": of.sha256, "size": len(of.data)}]
        told = ask("POST", batch, OTHER, json.dumps({"objects": objects}).encode()).json()
        first = bytes(of.block[:0])
        chunk = ask("GET", f"/hub/cas/v1/chunks/default/{of.name}", theirs.token, first)
        return [
            sorted(told["objects"][0]["actions"]), chunk.status_code, theirs.block(of).content,
            theirs.shard(of).content,
        ]  # fmt: skip

    assert answers(one) == answers(fresh)
    assert Pack.objects.count() == packs + 1, "only what is new was written"


def harm(path: Path, how: str) -> None:
    """A bit that turned, a file that lost its end, a file that is gone."""
    content = bytearray(path.read_bytes())
    content[6_000_000] ^= 1
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(content if how == "flipped" else content[:6_000_000])


@pytest.mark.parametrize("how", ["flipped", "cut off", "gone"])
def test_damage_in_the_store_ends_every_path_and_gives_no_wrong_byte(
    builder, data_set, store, at, how
) -> None:
    data = noise(12_000_000)
    row = take_in(data_set, [data], Announced(len(data)), at=at)
    commit(builder, data_set, Change(puts=[("a.bin", bytes(row.sha256))]), at=at)
    for path in store.rglob("*"):
        if path.is_file():
            harm(path, how)
    layout_of.cache_clear()
    answer = ask("GET", "/datasets/hana/first/resolve/main/a.bin")
    got = b""
    with pytest.raises(Exception, match="chunk") as caught:
        for piece in answer.streaming_content:
            got += piece
    assert type(caught.value).__name__ == "ContentDamaged"
    assert data.startswith(got)
    with pytest.raises(Exception, match="chunk"):
        seal_version(builder, data_set, commit_at(data_set, "main"), number="1.0", at=at)


def test_full_disk_refuses_the_upload_and_a_later_one_succeeds(data_set, at, store) -> None:
    """The kernel refuses to write more than a few KiB: as a full disk does."""
    data = noise(2_000_000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, hard))
    try:
        with pytest.raises(StoreUnwell):
            take_in(data_set, [data], Announced(len(data)), at=at)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert (Content.objects.count(), Claim.objects.count(), Pack.objects.count()) == (0, 0, 0)
    row = take_in(data_set, [data], Announced(len(data)), at=at)
    assert b"".join(read_content(row)) == data


def test_recall_ends_a_download_that_is_under_way(builder, data_set, at) -> None:
    data = noise(12_000_000)
    row = take_in(data_set, [data], Announced(len(data)), at=at)
    head = commit(builder, data_set, Change(puts=[("a.bin", bytes(row.sha256))]), at=at)
    version = seal_version(builder, data_set, head, number="1.0", at=at)
    pieces = unless_recalled(data_set, head, read_content(row))
    got = next(pieces)
    recall_version(system_actor("cli"), version.id, reason="개인정보", at=at)
    with pytest.raises(VersionRecalled):
        next(pieces)
    assert len(got) < len(data)
