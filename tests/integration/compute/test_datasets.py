"""Data sets in jobs: a real version of the hub, laid out read-only, read by a real process.

Goal: a job reads exactly what its submitter may read, and can change none of it.
"""

from __future__ import annotations

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from compute_stage import ScriptedEngine, Stage, now
from metering_market import OPERATOR, OTHER_OPERATOR
from slurm_rig import until

from madang.compute.errors import (
    DatasetNotHere,
    DatasetRepeated,
    DatasetTooLarge,
    DatasetUnknown,
    EngineRefused,
)
from madang.compute.grants.queries import standing_of
from madang.compute.jobs.actions import ref_of, submit_job
from madang.compute.jobs.datasets import variables_of
from madang.compute.jobs.hub_sets import root_of, sweep_datasets
from madang.compute.jobs.orders import JobOrder
from madang.compute.jobs.queries import job_report
from madang.compute.models import Job
from madang.compute.sites.engines import engine_for
from madang.compute.sites.models import EngineKind
from madang.core.clock import seoul_date
from madang.datahub.access.actions import apply_for_access, decide_access
from madang.datahub.commits.actions import Change, commit
from madang.datahub.contents.intake import Announced, take_in
from madang.datahub.errors import AccessNeeded, SecureRoomOnly, VersionRecalled
from madang.datahub.models import Access, DataSet, Use
from madang.datahub.quality.actions import run_check
from madang.datahub.releases.actions import open_release, prepare_release
from madang.datahub.sets.actions import create_data_set
from madang.datahub.versions.actions import recall_version, seal_version
from madang.parties.actor import system_actor
from madang.parties.models import Person
from madang.parties.people.actions import declare_person
from madang.parties.people.queries import actor_for
from madang.parties.policies.actions import declare_policy

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SYSTEM = system_actor("cli")
CSV = "문장,값\n하늘,1\n바다,2\n".encode()
TARGETS = '[completeness]\nfiles = "*.csv"\npromised = 2\n'
WAIT_S_MAX = 60
READ = 'cat "$MADANG_DATASET_hana_first/data/a.csv"'
SPOIL = 'touch "$MADANG_DATASET_hana_first/data/b.csv" || echo read-only'


@pytest.fixture
def stage(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("MADANG_TEST", "1")
    settings.DATA_DIR = tmp_path / "data"
    settings.DATAHUB_STORE = str(tmp_path / "store")
    made = Stage(engine=EngineKind.LOCAL, user="", cards=4)
    made.site.datasets = str(tmp_path / "shared" / "datasets")
    made.site.save()
    return made


@pytest.fixture
def kim(stage):
    stage.market.organisation("hana")
    row = declare_person(
        SYSTEM, email="kim@hana.example", organisation="hana", roles=["beneficiary"],
        unit="R&D", name="김하나", language="ko", at=now() - DAY,
    ).row  # fmt: skip
    return actor_for(row, at=now(), origin="api")


@pytest.fixture
def grant(stage, kim):
    return stage.grant(cards_max=2)


@pytest.fixture
def version(stage):
    return released("1.0", CSV)


def released(number: str, data: bytes, code: str = "hana/first"):
    at = now() - 3 * DAY
    known = DataSet.objects.filter(code=code).first()
    data_set = known or create_data_set(SYSTEM, code=code, at=at)
    row = take_in(data_set, [data], Announced(len(data)), at=at)
    head = commit(SYSTEM, data_set, Change(puts=[("data/a.csv", bytes(row.sha256))]), at=at)
    made = seal_version(SYSTEM, data_set, head, number=number, at=at)
    run_check(SYSTEM, head, targets=TARGETS, at=at)
    prepare_release(OPERATOR, made.id, opens_on=seoul_date(at), at=at)
    open_release(OPERATOR, made.id, at=at)
    return made


def submitted(actor, grant, engine, *datasets: str, script: str = READ, key: str = "k1"):
    order = JobOrder(key, 1, 60, script=script, datasets=datasets)
    return submit_job(actor, grant, order, engine, at=now()).job


def gate(version, access=Access.GATED):
    DataSet.objects.filter(pk=version.data_set_id).update(access=access)


def allow(kim, version):
    person = Person.objects.get(pk=kim.id)
    data_set = DataSet.objects.get(pk=version.data_set_id)
    row = apply_for_access(kim, person, data_set, purpose="train", days=30, at=now())
    decide_access(OPERATOR, row.id, step="screen", at=now())
    return decide_access(OPERATOR, row.id, step="approve", at=now())


@pytest.fixture
def other_user(stage):
    """Jobs run as somebody else, where the test may change users; data lies where the site
    puts it when nothing is declared."""
    stage.site.datasets = ""
    stage.site.user = "nobody" if os.geteuid() == 0 else ""
    stage.site.save()
    yield
    Job.objects.update(state="completed")
    sweep_datasets(at=now() + 100 * DAY)
    root_of(stage.site).rmdir()


def test_a_job_reads_the_files_of_a_released_version_but_writes_none(
    stage, other_user, kim, grant, version
):
    engine = engine_for(stage.site, now())
    job = submitted(kim, grant, engine, "hana/first", script=f"{READ}\n{SPOIL}")
    assert job.datasets == ["hana/first@1.0"], "the version is pinned when it is submitted"
    until(lambda: engine.status([ref_of(job)])[0].ended_at, WAIT_S_MAX)
    log = engine.log(ref_of(job), bytes_max=10_000)
    assert log.startswith(CSV.decode())
    assert log.endswith("read-only\n")
    use = Use.objects.get(version=version)
    assert (use.who, use.kind) == (kim.id, "downloaded")


def test_what_is_laid_out_can_be_written_by_nobody_and_listed_by_nobody(
    stage, kim, grant, version
):
    engine = ScriptedEngine()
    submitted(kim, grant, engine, "hana/first@1.0")
    ((_, spec),) = engine.submitted
    place = Path(spec.mounts["hana_first"])
    modes = {stat.S_IMODE(one.stat().st_mode) for one in (place, *place.rglob("*"))}
    assert modes == {0o555, 0o444}
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o711
    assert (place / "data" / "a.csv").read_bytes() == CSV


def test_another_organisation_gets_another_folder(stage, kim, grant, version):
    engine = ScriptedEngine()
    submitted(kim, grant, engine, "hana/first")
    submitted(SYSTEM, stage.grant("g2", organisation="bada", cards_max=2), engine, "hana/first")
    places = {spec.mounts["hana_first"] for _, spec in engine.submitted}
    assert len(places) == 2


def test_the_newest_released_version_is_read_unless_one_is_named(stage, kim, grant, version):
    released("2.0", b"x\n1\n2\n")
    engine = ScriptedEngine()
    new = submitted(kim, grant, engine, "hana/first", key="new")
    old = submitted(kim, grant, engine, "hana/first@1.0", key="old")
    assert (new.datasets, old.datasets) == (["hana/first@2.0"], ["hana/first@1.0"])


def test_the_same_submission_is_the_same_job_after_a_newer_release(stage, kim, grant, version):
    engine = ScriptedEngine()
    first = submitted(kim, grant, engine, "hana/first")
    released("2.0", b"x\n1\n2\n")
    assert submitted(kim, grant, engine, "hana/first").pk == first.pk
    first.refresh_from_db()
    assert first.datasets == ["hana/first@1.0"]


def test_a_gated_set_needs_a_granted_access(stage, kim, grant, version):
    gate(version)
    engine = ScriptedEngine()
    with pytest.raises(AccessNeeded):
        submitted(kim, grant, engine, "hana/first")
    assert (standing_of(grant).held, Job.objects.count()) == (0, 0)
    allow(kim, version)
    assert submitted(kim, grant, engine, "hana/first").state == "queued"


REFUSED = [
    ("hana/none", DatasetUnknown),
    ("hana/first@9.9", DatasetNotHere),
    ("hana", DatasetUnknown),
    ("hana/first@../../etc", DatasetNotHere),
]


@pytest.mark.parametrize(("dataset", "kind"), REFUSED)
def test_what_is_not_there_is_refused_before_anything_is_held(
    stage, kim, grant, version, dataset, kind
):
    with pytest.raises(kind) as refused:
        submitted(kim, grant, ScriptedEngine(), "hana/first", dataset)
    assert refused.value.fields["dataset"] == dataset, "of several it says which one"
    assert standing_of(grant).held == 0


def test_a_recalled_version_a_secure_set_and_a_huge_one_are_refused(stage, kim, grant, version):
    declare_policy(OPERATOR, kind="compute", changes={"dataset_bytes_max": 3},
                   valid_from=now() - DAY, at=now())  # fmt: skip
    with pytest.raises(DatasetTooLarge):
        submitted(kim, grant, ScriptedEngine(), "hana/first")
    gate(version, Access.SECURE)
    with pytest.raises(SecureRoomOnly):
        submitted(kim, grant, ScriptedEngine(), "hana/first")
    gate(version, Access.OPEN)
    recall_version(OTHER_OPERATOR, version.id, reason="a person's data", at=now())
    with pytest.raises(VersionRecalled):
        submitted(kim, grant, ScriptedEngine(), "hana/first@1.0")
    with pytest.raises(DatasetNotHere):
        submitted(kim, grant, ScriptedEngine(), "hana/first")


def test_a_recall_between_submission_and_hand_over_refuses_the_job_and_frees_its_hold(
    stage, kim, grant, version
):
    engine = ScriptedEngine()
    away = RuntimeError("dies before the engine is asked")
    engine.ensure_grant = lambda spec: (_ for _ in ()).throw(away)
    with pytest.raises(RuntimeError):
        submitted(kim, grant, engine, "hana/first")
    recall_version(OTHER_OPERATOR, version.id, reason="a person's data", at=now())
    del engine.ensure_grant
    with pytest.raises(EngineRefused):
        submitted(kim, grant, engine, "hana/first")
    job = Job.objects.get()
    assert (job.state, standing_of(grant).held, engine.submitted) == ("refused", 0, [])
    told = job_report(job)
    assert str(told["refused"]).startswith("the data set hana/first@1.0 can no longer be read")
    assert str(told["refused_ko"]).startswith("데이터 hana/first@1.0을(를) 더는 읽을 수")


def test_a_full_disk_lets_the_job_wait_and_no_other(stage, kim, grant, version, monkeypatch):
    engine = ScriptedEngine()

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("madang.compute.jobs.hub_sets._write", full)
        job = submitted(kim, grant, engine, "hana/first")
        submitted(kim, grant, engine, script="true", key="other")
        assert stage.poll(engine).handed_over == 0
    job.refresh_from_db()
    assert (job.state, [key for key, _ in engine.submitted]) == (
        "intent", [Job.objects.get(key="other").engine_key]
    )  # fmt: skip
    assert list(root_of(stage.site).glob(".new-*")) == []
    assert stage.poll(engine).handed_over == 1
    job.refresh_from_db()
    assert job.state == "queued"


def test_what_was_recalled_or_is_read_no_more_is_taken_away(stage, kim, grant, version):
    engine = ScriptedEngine()
    job = submitted(kim, grant, engine, "hana/first")
    root = root_of(stage.site)
    assert sweep_datasets(at=now() + 30 * DAY) == 0, "an open job reads it"
    Job.objects.filter(pk=job.pk).update(state="completed")
    assert sweep_datasets(at=now() + 6 * DAY) == 0
    assert sweep_datasets(at=now() + 8 * DAY) == 1
    assert list(root.iterdir()) == []
    submitted(kim, grant, engine, "hana/first", key="k2")
    recall_version(OTHER_OPERATOR, version.id, reason="a person's data", at=now())
    assert sweep_datasets(at=now()) == 1


def test_names_in_a_job_are_those_of_the_sets():
    assert variables_of(["a/b@1.0", "c/d-e@2"]) == {"a/b@1.0": "a_b", "c/d-e@2": "c_d_e"}
    two = variables_of(["a/b@1.0", "a/b@2.0"])
    assert two == {"a/b@1.0": "a_b_1_0", "a/b@2.0": "a_b_2_0"}
    with pytest.raises(DatasetRepeated):
        variables_of(["a/b@1.0", "a/b@1.0"])


def test_a_container_sees_its_data_sets_read_only():
    order = JobOrder("k", 1, 60, command=["python", "t.py"], image="img.sif")
    program = order.program(["hana_first"])
    assert '--bind "${MADANG_DATASET_hana_first}:${MADANG_DATASET_hana_first}:ro" ' in program
