"""Where a site names users for grants, the jobs of each grant run as one that no other has."""

from __future__ import annotations

from datetime import timedelta

import pytest
from compute_stage import ScriptedEngine, Stage, fact, now
from metering_market import OPERATOR

from madang.compute.classes.actions import ClassFacts, declare_class
from madang.compute.classes.models import GpuClass
from madang.compute.errors import EngineRefused, UserForbidden, UsersShared
from madang.compute.grants.models import Grant
from madang.compute.jobs.queries import grant_ref, job_report, ref_of
from madang.compute.sites.actions import SiteFacts, declare_site
from madang.compute.sites.models import EngineKind, Site

pytestmark = pytest.mark.django_db


class Remembering(ScriptedEngine):
    """With the users that it was told of."""

    def ensure_grant(self, grant):
        self.told = [*getattr(self, "told", []), grant.user]
        return super().ensure_grant(grant)


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def engine():
    return Remembering()


def named(stage, *users: str) -> None:
    facts = SiteFacts("gwangju", EngineKind.SLURM, "광주", "Gwangju", cluster="madang",
                      user="www-data", grant_users=list(users))  # fmt: skip
    stage.site = declare_site(OPERATOR, facts, at=now()).row
    stage.gpu_class.refresh_from_db()


def test_each_grant_has_a_user_of_its_own_and_keeps_it(stage, engine):
    named(stage, "u1", "u2")
    grants = [stage.grant(), stage.grant("g2", organisation="other")]
    jobs = [stage.submit(one, engine) for one in grants]
    named(stage, "u3", "u2", "u1")
    jobs += [stage.submit(one, engine, "k2") for one in grants]
    assert [spec.grant.user for _, spec in engine.submitted] == ["u1", "u2", "u1", "u2"]
    assert engine.told == ["u1", "u2"]
    for job in jobs:
        job.refresh_from_db()
    assert [ref_of(job).grant.user for job in jobs] == ["u1", "u2", "u1", "u2"]


def test_where_none_is_left_the_job_is_refused_with_the_reason(stage, engine):
    named(stage, "u1")
    first, second = stage.grant(), stage.grant("g2", organisation="other")
    stage.submit(first, engine)
    with pytest.raises(EngineRefused, match="no user is left"):
        stage.submit(second, engine)
    assert (second.jobs.get().state, len(engine.submitted)) == ("refused", 1)
    told = job_report(second.jobs.get())
    assert "must name more" in str(told["refused"])
    assert "남지 않았습니다" in str(told["refused_ko"])
    stage.check(second)
    named(stage, "u1", "u2")
    assert stage.submit(second, engine, "k2").state == "queued"
    assert engine.submitted[-1][1].grant.user == "u2"


def test_a_grant_without_a_user_keeps_nobody_elses_jobs_from_being_read(stage, engine):
    named(stage, "u1")
    first, second = stage.grant(), stage.grant("g2", organisation="other")
    job = stage.submit(first, engine)
    with pytest.raises(EngineRefused, match="no user is left"):
        stage.submit(second, engine)
    engine.facts = [fact(job, starts=now() - timedelta(seconds=9), lasts_s=5)]
    assert stage.poll(engine).lines == 1
    assert stage.charged(first) == 2 * 5


def test_a_grant_that_the_engine_knows_stays_with_the_sites_own_user(stage, engine):
    grant = stage.grant()
    stage.submit(grant, engine)
    named(stage, "u1")
    stage.submit(grant, engine, "k2")
    grant.refresh_from_db()
    assert (grant.user, grant_ref(grant).user, engine.told) == ("", "www-data", ["www-data"])


@pytest.mark.parametrize("users", [("root",), ("slurm",), ("u1", "u1"), ("www-data",), ("",)])
def test_no_user_is_named_that_may_act_as_others_or_be_two_grants(stage, users):
    with pytest.raises(UserForbidden):
        named(stage, *users)


def beside(*users: str, user: str = "jobs2", cluster: str = "madang"):
    """A second site, by default on the same cluster."""
    facts = SiteFacts("busan", EngineKind.SLURM, "부산", "Busan", cluster=cluster, user=user,
                      grant_users=list(users))  # fmt: skip
    return declare_site(OPERATOR, facts, at=now()).row


@pytest.mark.parametrize(
    ("users", "user", "shared"),
    [
        (("u2", "u3", "u1"), "jobs2", "u1, u2"),
        (("u3", "www-data"), "jobs2", "www-data"),  # the other's own runs its grants' jobs
        (("u3",), "u2", "u2"),
    ],
)
def test_two_sites_of_one_cluster_share_no_user(stage, users, user, shared):
    named(stage, "u1", "u2")
    with pytest.raises(UsersShared) as refused:
        beside(*users, user=user)
    assert refused.value.fields == {
        "site": "busan", "other": "gwangju", "cluster": "madang", "users": shared,
    }  # fmt: skip
    for word in ("gwangju", "busan", shared):
        assert word in refused.value.sentence("ko")
        assert word in refused.value.sentence("en")
    assert not Site.objects.filter(code="busan").exists()


def test_a_change_that_would_share_one_is_refused_as_well(stage):
    named(stage, "u1")
    beside("u2")
    with pytest.raises(UsersShared, match="u2"):
        named(stage, "u1", "u2")
    named(stage, "u3")  # its own again changes nothing of that


def test_the_same_names_on_another_cluster_are_other_users(stage):
    named(stage, "u1")
    assert beside("u1", cluster="other").grant_users == ["u1"]


def test_sites_of_one_cluster_may_share_their_own_user(stage):
    assert beside(user="www-data").user == "www-data"


def test_one_that_a_grant_of_the_other_site_has_is_never_given_again(stage, engine):
    """Its site no longer names it; its jobs run as it all the same."""
    named(stage, "u1")
    stage.submit(stage.grant(), engine)
    named(stage)
    first = stage.site
    site = beside("u1", "u2")
    stage.site = site
    GpuClass.objects.filter(pk=stage.gpu_class.pk).update(site=site)
    Grant.objects.filter(gpu_class=stage.gpu_class).update(gpu_class=other_class(stage, first))
    stage.gpu_class.refresh_from_db()
    stage.submit(stage.grant("g2", organisation="other"), engine)
    assert engine.told == ["u1", "u2"]


def other_class(stage, site):
    """Where the first grant stands once the stage has moved on."""
    facts = ClassFacts("h200", "gpu:h200", 8, stages=[])
    return declare_class(OPERATOR, site, None, facts, at=now()).row
