"""Idle cases beyond the straight way: a late second notice, a grant that is over meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from compute_stage import now
from metering_market import OPERATOR, OTHER_OPERATOR

from madang.compute.duties import compute_due
from madang.compute.errors import ObjectionLate
from madang.compute.findings.idle import advance_idle, decide_objection, object_to
from madang.compute.findings.measuring import Interval, take_intervals
from madang.compute.findings.models import IdleCase
from madang.compute.grants.actions import withdraw_grant
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.errors import TransitionNotAllowed

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
WORKER = system_actor("worker")


def kim(grant) -> Actor:
    firm = grant.organisation_id
    return Actor(
        "kim", frozenset({Role.BENEFICIARY}), frozenset({firm}),
        places=frozenset({(firm, Role.BENEFICIARY)}),
    )  # fmt: skip


def looked(job, at) -> None:
    take_intervals(OPERATOR, job.site, [Interval(job.engine_job, 5, 3600, at)], at=at)
    advance_idle(WORKER, at=at)


def test_a_second_notice_that_comes_late_can_still_be_objected_to(stage, engine):
    """Nobody measured for ten days (a holiday, an exporter away): the second notice is then the
    first in a long time, and its 72 hours are there to answer it."""
    grant = stage.grant()
    job, at = stage.submit(grant, engine), now()
    looked(job, at)
    case = IdleCase.objects.get()
    advance_idle(WORKER, at=at + 240 * HOUR)
    case.refresh_from_db()
    assert case.state == "noticed", "without a measurement nothing goes on"
    looked(job, at + 240 * HOUR)
    case.refresh_from_db()
    assert (case.state, case.next_at) == ("noticed_again", at + 312 * HOUR)
    with pytest.raises(ObjectionLate):
        object_to(kim(grant), case.id, text="too late", at=at + 312 * HOUR)
    object_to(kim(grant), case.id, text="data is late", at=at + 312 * HOUR - HOUR / 3600)
    looked(job, at + 400 * HOUR)
    case.refresh_from_db()
    assert case.state == "objected"


@pytest.mark.parametrize("objected", [False, True])
def test_a_case_ends_with_its_grant(stage, engine, objected):
    """A clock that jumps over the grant's last day ends it first; nothing is reclaimed then,
    and nobody is asked any more about cards that are no longer given."""
    grant = stage.grant()
    job, at = stage.submit(grant, engine), now()
    looked(job, at)
    case = IdleCase.objects.get()
    if objected:
        object_to(kim(grant), case.id, text="data is late", at=at + HOUR)
    over = grant.ends_at + HOUR
    take_intervals(OPERATOR, job.site, [Interval(job.engine_job, 5, 3600, over)], at=over)
    compute_due(WORKER, at=over)
    case.refresh_from_db()
    grant.refresh_from_db()
    assert (grant.state, case.state, case.closed_at) == ("ended", "lapsed", over)
    with pytest.raises(TransitionNotAllowed):
        decide_objection(OTHER_OPERATOR, case.id, upheld=False, reason="no", at=over + HOUR)


def test_a_case_ends_with_a_grant_that_an_operator_takes_back(stage, engine):
    grant = stage.grant()
    job, at = stage.submit(grant, engine), now()
    looked(job, at)
    withdraw_grant(OPERATOR, grant, reason="moved away", at=at + HOUR)
    advance_idle(WORKER, at=at + 2 * HOUR)
    assert IdleCase.objects.get().state == "lapsed"
