"""The folder of a get: what was refused before it began leaves no trace."""

from __future__ import annotations

import pytest

from madang.datahub.client.target import Target
from madang.datahub.errors import NothingChosen, TargetInUse


def refused(target: Target) -> None:
    with pytest.raises(NothingChosen), target.held(resume=False):
        raise NothingChosen(name="hana/first")


def test_get_that_was_refused_before_it_began_leaves_nothing(tmp_path):
    folder = tmp_path / "deep" / "out"
    refused(Target(folder))
    assert not folder.exists()
    refused(Target(folder))  # and is no hindrance to the next one


def test_folder_that_was_there_stays(tmp_path):
    refused(Target(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_get_that_had_begun_keeps_what_it_wrote_down(tmp_path):
    target = Target(tmp_path / "out")
    with pytest.raises(NothingChosen), target.held(resume=False):
        target.begin("c" * 40)
        raise NothingChosen(name="hana/first")
    with pytest.raises(TargetInUse), Target(tmp_path / "out").held(resume=False):
        pass
    with Target(tmp_path / "out").held(resume=True) as begun:
        assert begun == "c" * 40
