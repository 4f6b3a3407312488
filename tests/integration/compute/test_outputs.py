"""What a job left: a list is bounded and says how many more files there are, on the page, in
the API and in the command; none of them is out of reach."""

from __future__ import annotations

import os

import pytest
from compute_stage import ScriptedEngine, Stage, now

from madang.compute.jobs import outputs
from madang.compute.jobs.outputs import LISTED_MAX, listed, output_named, outputs_of
from madang.core.errors import NotFound

pytestmark = pytest.mark.django_db
COUNT = LISTED_MAX + 3


@pytest.fixture
def job(tmp_path, monkeypatch):
    """A job that left COUNT files, a folder and a link."""
    folder = tmp_path / "outputs"
    (folder / "sub").mkdir(parents=True)
    for number in range(COUNT - 1):
        (folder / f"f{number:05d}").write_bytes(b"x" * (number % 3))
    (folder / "sub" / "last").write_bytes(b"last")
    (folder / "link").symlink_to("/etc/passwd")
    engine = ScriptedEngine()
    engine.outputs = lambda ref: folder
    monkeypatch.setattr(outputs, "engine_for", lambda site, at: engine)
    stage = Stage()
    return stage.submit(stage.grant(), engine)


def test_a_list_is_bounded_and_tells_how_many_more_there_are(job) -> None:
    found = outputs_of(job, at=now())
    told = listed(found)
    assert (len(found), len(told.files), told.more) == (COUNT, LISTED_MAX, 3)
    assert [one.name for one in told.files[:2]] == ["f00000", "f00001"]
    assert told.files[2].bytes == 2
    assert listed(found[:LISTED_MAX]).more == 0
    assert listed([]).more == 0


def test_a_name_that_no_page_can_carry_is_counted_and_left_to_the_command(job) -> None:
    """An end of line broke the page of its job; half of a character broke every list."""
    folder = outputs_of(job, at=now())[0].path.parent
    for name in (b"a\nb", b"a\x1b[2J", b"a\xff", "결과 　1.txt".encode()):
        (folder / os.fsdecode(name)).write_bytes(b"")
    (folder / ("d" * 200)).mkdir()
    (folder / ("d" * 200) / "한글").write_bytes(b"")
    found = outputs_of(job, at=now())
    told = listed([one for one in found if not one.name.startswith("f")])
    assert [one.name for one in told.files] == ["d" * 200 + "/한글", "sub/last", "결과 　1.txt"]
    assert (len(found), told.more) == (COUNT + 5, 3)


def test_a_file_beyond_the_list_is_taken_by_its_name_and_a_link_never_is(job) -> None:
    assert output_named(job, "sub/last", at=now()).path.read_bytes() == b"last"
    for name in ("link", "../outputs/f00000", "sub", "", "/etc/hostname", "a\0b", "x" * 5000):
        with pytest.raises(NotFound):
            output_named(job, name, at=now())
