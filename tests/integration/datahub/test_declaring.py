"""A declared data set: its folder becomes one commit, and declaring again changes nothing."""

from __future__ import annotations

import unicodedata
import zipfile
from dataclasses import replace

import pytest

from madang.core.errors import NotAllowed
from madang.datahub.commits.queries import commit_at
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.models import Content
from madang.datahub.contents.reading import read_content
from madang.datahub.errors import ArchiveRefused, FolderUnreadable, PathInvalid
from madang.datahub.models import Commit, DataSet, Original, Pack
from madang.datahub.sets.declaring import DataSetFacts, declare_data_set
from madang.datahub.sets.models import Access, Field
from madang.parties.actor import system_actor
from madang.parties.declaring import Outcome

pytestmark = pytest.mark.django_db
FACTS = DataSetFacts(
    code="hana/speech", field=Field.SPEECH_LANGUAGE, licence="KOGL-1", access=Access.OPEN,
    name_ko="음성", name_en="Speech",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    here = tmp_path / "files"
    (here / "가나").mkdir(parents=True)
    (here / "README.md").write_text("# 음성\n", encoding="utf-8")
    (here / "가나" / "a.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (here / "empty.txt").write_bytes(b"")
    return here


def declare(folder, at, facts=FACTS):
    return declare_data_set(system_actor("cli"), facts, folder, at=at)


def paths(row) -> list[str]:
    return [entry.path for entry in tree_of(commit_at(row, "main")).walk()]


def test_folder_becomes_one_commit_and_again_nothing(folder, at):
    made = declare(folder, at)
    assert made.outcome is Outcome.CREATED
    assert paths(made.row) == ["README.md", "empty.txt", "가나/a.csv"]
    assert not made.row.is_private
    before = Commit.objects.count()
    assert declare(folder, at).outcome is Outcome.UNCHANGED
    assert Commit.objects.count() == before == 2
    entry = tree_of(commit_at(made.row, "main")).find("가나/a.csv")
    content = Content.objects.get(pk=entry.sha256)
    assert b"".join(read_content(content)) == b"a,b\n1,2\n"


def test_changed_file_and_one_that_is_gone_make_one_more_commit(folder, at):
    row = declare(folder, at).row
    (folder / "empty.txt").unlink()
    (folder / "가나" / "a.csv").write_text("a,b\n1,3\n", encoding="utf-8")
    assert declare(folder, at).outcome is Outcome.CHANGED
    assert paths(row) == ["README.md", "가나/a.csv"]
    assert declare(folder, at).outcome is Outcome.UNCHANGED


def test_changed_licence_is_a_change_without_a_commit(folder, at):
    declare(folder, at)
    before = Commit.objects.count()
    assert declare(folder, at, replace(FACTS, licence="CC0-1.0")).outcome is Outcome.CHANGED
    assert DataSet.objects.get().licence == "CC0-1.0"
    assert Commit.objects.count() == before


def link(folder):
    (folder / "out").symlink_to("/etc/hostname")


def link_to_folder(folder):
    (folder / "out").symlink_to("/etc")


def odd_name(folder):
    (folder / "a:b").write_text("x")


def two_spellings(folder):
    for form in ("NFC", "NFD"):
        (folder / unicodedata.normalize(form, "한.txt")).write_text("x")


def gone(folder):
    folder.rename(folder.with_name("elsewhere"))


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (link, FolderUnreadable),
        (link_to_folder, FolderUnreadable),
        (odd_name, PathInvalid),
        (two_spellings, FolderUnreadable),
        (gone, FolderUnreadable),
    ],
)
def test_folder_that_cannot_be_kept_is_refused_whole(folder, at, spoil, error):
    spoil(folder)
    with pytest.raises(error):
        declare(folder, at)
    assert not DataSet.objects.exists()


def test_stranger_declares_no_other_firms_set(folder, at, stranger):
    declare(folder, at)
    with pytest.raises(NotAllowed):
        declare_data_set(stranger, FACTS, folder, at=at)


def zipped(path, members) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def bytes_at(row, path) -> bytes:
    entry = tree_of(commit_at(row, "main")).find(path)
    return b"".join(read_content(Content.objects.get(pk=entry.sha256)))


def test_archive_becomes_a_folder_and_is_known_the_next_time(folder, at):
    zipped(folder / "part.zip", {"나/b.csv": "글\n가\n".encode("cp949"), "c.bin": b"\0\1"})
    made = declare(folder, at)
    assert "part/c.bin" in paths(made.row)
    assert "part.zip" not in paths(made.row)
    assert bytes_at(made.row, "part/나/b.csv") == "글\n가\n".encode()
    assert bytes_at(made.row, "part/나/b.csv.cp949") == "글\n가\n".encode("cp949")
    assert declare(folder, at).outcome is Outcome.UNCHANGED
    zipped(folder / "part.zip", {"c.bin": b"other"})
    assert declare(folder, at).outcome is Outcome.CHANGED
    assert [path for path in paths(made.row) if path.startswith("part")] == ["part/c.bin"]


def test_text_comes_in_utf8_with_its_original_beside_it(folder, at):
    original = "이름\n홍길동\n".encode("cp949")
    (folder / "k.csv").write_bytes(original)
    made = declare(folder, at)
    assert bytes_at(made.row, "k.csv") == "이름\n홍길동\n".encode()
    assert bytes_at(made.row, "k.csv.cp949") == original
    assert Original.objects.get(path="k.csv").encoding == "cp949"
    assert declare(folder, at).outcome is Outcome.UNCHANGED


def test_name_in_other_letters_is_kept_beside_its_nfc_form(folder, at):
    name = unicodedata.normalize("NFD", "각도.bin")
    (folder / name).write_bytes(b"x")
    made = declare(folder, at)
    assert "각도.bin" in paths(made.row)
    assert Original.objects.get(path="각도.bin").name == name


def test_bomb_in_a_folder_takes_nothing_in(folder, at, monkeypatch):
    zipped(folder / "bomb.zip", {"a": bytes(40_000_000)})
    with pytest.raises(ArchiveRefused):
        declare(folder, at)
    assert not DataSet.objects.exists()


def test_many_files_share_packs_and_statements(folder, at, django_assert_max_num_queries):
    """A million files at a smaller count: neither packs nor statements grow with them."""
    for number in range(1_500):
        (folder / f"{number:05}.bin").write_bytes(f"{number}".encode() * 20)
    with django_assert_max_num_queries(120):
        made = declare(folder, at)
    assert len(paths(made.row)) == 1_503
    assert Pack.objects.count() == 1
