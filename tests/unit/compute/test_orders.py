"""What a job's program is: a command, a script, and either of them inside a container."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from pathlib import Path

import pytest

from madang.cli.compute_jobs import OrderLine
from madang.compute.errors import CommandMissing
from madang.compute.jobs.api import JobIn, OrderIn
from madang.compute.jobs.orders import JobOrder
from madang.portal.pages.compute.grants import JobForm

CONTAINER = """#!/bin/sh
[ "$1 $2" = "exec --nv" ] || exit 90
shift 2
while [ "$1" = "--bind" ]; do echo "bind ${2##*/}" >>"$TOLD"; shift 2; done
echo "image $1" >>"$TOLD"; shift
exec "$@"
"""


@pytest.fixture
def run(tmp_path: Path):
    """Run a program where `apptainer` notes its image and runs what is to run inside."""
    (tmp_path / "apptainer").write_text(CONTAINER)
    (tmp_path / "apptainer").chmod(0o755)
    told = tmp_path / "told"

    def go(order: JobOrder, mounts=(), **environment: str) -> tuple[str, str]:
        program = tmp_path / "program"
        program.write_text(order.program(mounts))
        program.chmod(0o755)
        path = f"{tmp_path}:{os.environ['PATH']}"
        done = subprocess.run(
            [program], capture_output=True, text=True, check=True, timeout=30,
            env={"PATH": path, "TOLD": str(told), "TMPDIR": str(tmp_path), **environment},
        )  # fmt: skip
        return done.stdout, told.read_text() if told.exists() else ""

    return go


def order(**more) -> JobOrder:
    return JobOrder("k", 1, 60, **more)


def test_a_command_runs_word_by_word(run):
    assert run(order(command=["printf", "%s\n", "a b", "c"])) == ("a b\nc\n", "")


def test_a_script_keeps_its_own_first_line(run):
    assert run(order(script="#!/usr/bin/env python3\nprint(6 * 7)")) == ("42\n", "")
    assert run(order(script="echo plain")) == ("plain\n", "")


def test_a_command_runs_inside_its_image_with_its_data(run):
    said, told = run(
        order(command=["echo", "in"], image="a b.sif"), ["first"], MADANG_DATASET_first="/d/1"
    )
    assert (said, told) == ("in\n", "bind 1:ro\nimage a b.sif\n")


def test_a_script_runs_inside_its_image_by_its_own_first_line(run, tmp_path):
    text = "#!/usr/bin/env python3\nimport sys\nprint('$HOME', \"it's\", len(sys.argv))\n"
    said, told = run(order(script=text, image="torch.sif"), ["x"], MADANG_DATASET_x="/d/x")
    assert said == "$HOME it's 1\n"
    assert told.splitlines()[1:] == ["bind x:ro", "image torch.sif"]
    assert not list(tmp_path.glob("tmp.*"))


@pytest.mark.parametrize("more", [{}, {"command": ["a"], "script": "b"}])
def test_neither_or_both_of_command_and_script_are_refused(more):
    with pytest.raises(CommandMissing):
        order(**more).program()


FACTS = {
    "key": "k", "cards": 2, "time_limit_s": 60, "script": "exit 0", "image": "torch.sif",
    "array": 3, "datasets": ["hana/first@1.0", "hana/second"],
}  # fmt: skip


def test_page_command_and_api_make_one_and_the_same_order():
    form = JobForm({**FACTS, "datasets": " ".join(FACTS["datasets"])})
    assert form.is_valid(), form.errors
    by_page = JobOrder(**form.cleaned_data)
    by_api = JobOrder(**JobIn(grant="g1", **FACTS).model_dump(exclude={"grant"}))
    assert by_page.content() == by_api.content() == JobOrder(**FACTS).content()


def test_a_script_typed_into_the_page_runs_although_browsers_end_lines_in_two_characters(run):
    form = JobForm({**FACTS, "image": "", "datasets": "", "script": "#!/bin/sh\r\necho 42\r\n"})
    assert form.is_valid(), form.errors
    assert run(JobOrder(**form.cleaned_data)) == ("42\n", "")


def test_what_a_job_can_be_asked_for_is_the_same_in_the_api_and_in_a_file():
    known = {one.name for one in dataclasses.fields(JobOrder)}
    assert set(OrderIn.model_fields) == set(OrderLine.__struct_fields__) == known
