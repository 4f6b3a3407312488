"""Grants: tranches after a report, exchange, the auto-approval lane, idle cards, prices."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from compute_stage import ScriptedEngine, Stage, fact, now
from metering_market import AT, LONG_AGO, OPERATOR, OTHER_OPERATOR

from madang.compute.errors import (
    AboveAutoApproval,
    CapacityNotOpen,
    CardsTooMany,
    DecisionInvalid,
    GrantFrozen,
    GrantNotOpen,
    JobExists,
    NothingToGiveBack,
    ObjectionLate,
    OrderInvalid,
    ReportMissing,
    ShareExceeded,
    TimeLimitInvalid,
    TranchesGiven,
    TranchesInvalid,
    VariableInvalid,
    WholeServersOnly,
)
from madang.compute.findings.idle import advance_idle, decide_objection, object_to
from madang.compute.findings.measuring import Interval, take_intervals
from madang.compute.findings.models import IdleCase
from madang.compute.grants.actions import end_due, freeze_grant, give_back, parts_of, thaw_grant
from madang.compute.grants.queries import standing_of
from madang.compute.grants.reports import (
    accept_report,
    refuse_report,
    report_reports,
    reports_waiting,
    submit_report,
)
from madang.compute.grants.requests import RequestTerms, request_gpu_time
from madang.compute.lines.models import Line
from madang.compute.models import Stage as OpeningStage
from madang.core.errors import NotAllowed, NotFound
from madang.core.money import price_from_won_each
from madang.core.units import Unit
from madang.metering.offerings.actions import Price, add_price
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.errors import FactInvalid, FourEyes, TransitionNotAllowed
from madang.parties.models import Notice, Organisation
from madang.parties.people.actions import declare_person

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def kim(grant) -> Actor:
    firm = grant.organisation_id
    return Actor(
        "kim", frozenset({Role.BENEFICIARY}), frozenset({firm}),
        places=frozenset({(firm, Role.BENEFICIARY)}),
    )  # fmt: skip


def test_half_at_award_and_half_after_an_accepted_report(stage):
    grant = stage.grant(gpu_seconds=1001, tranches=("1/2", "1/2"))
    assert standing_of(grant).granted == 500
    with pytest.raises(FactInvalid):
        submit_report(kim(grant), grant, text=" ", at=now())
    report = submit_report(kim(grant), grant, text="half way", at=now())
    with pytest.raises(FourEyes):
        accept_report(replace(OPERATOR, id="kim"), report, at=now())
    accept_report(OPERATOR, report, at=now())
    assert standing_of(grant).granted == 1001
    with pytest.raises(ReportMissing):
        accept_report(OPERATOR, report, at=now())
    with pytest.raises(TranchesGiven):
        submit_report(kim(grant), stage.grant("one", cards_max=4), text="x", at=now())
    stage.check(grant)


def test_a_grant_whose_days_are_over_gets_no_tranche_that_nobody_could_use(stage):
    """It would be available for ever: what is left expires once, at the end."""
    grant = stage.grant(gpu_seconds=1000, tranches=("1/2", "1/2"))
    report = submit_report(kim(grant), grant, text="half way", at=now())
    grant.refresh_from_db()
    over = grant.ends_at
    with pytest.raises(GrantNotOpen):
        accept_report(OPERATOR, report, at=over)
    end_due(system_actor("worker"), at=over)
    with pytest.raises(GrantNotOpen):
        accept_report(OPERATOR, report, at=now())
    with pytest.raises(GrantNotOpen):
        submit_report(kim(grant), grant, text="more", at=over)
    standing = standing_of(grant)
    assert (standing.granted, standing.available, standing.expired) == (500, 0, 500)


def test_a_refused_report_brings_nothing_and_its_people_learn_why(stage):
    """Half of 1,001 stays until another report is accepted."""
    grant = stage.grant(gpu_seconds=1001, tranches=("1/2", "1/2"))
    person = declare_person(
        OPERATOR, email="kim@hana.example", roles=["beneficiary"], organisation="hana",
        at=now(),
    ).row  # fmt: skip
    first = submit_report(kim(grant), grant, text="half way", at=now())
    with pytest.raises(NotAllowed):
        refuse_report(kim(grant), first, reason="no", at=now())
    with pytest.raises(DecisionInvalid):
        refuse_report(OPERATOR, first, reason=" ", at=now())
    refuse_report(OPERATOR, first, reason="no figures", at=now())
    assert standing_of(grant).granted == 500
    assert list(reports_waiting()) == []
    notice = Notice.objects.get(kind="compute.report.refused")
    assert (notice.recipient_id, notice.facts["reason"]) == (person.id, "no figures")
    for decide in (accept_report, partial(refuse_report, reason="again")):
        with pytest.raises(TransitionNotAllowed):
            decide(OPERATOR, first, at=now())
    second = submit_report(kim(grant), grant, text="with figures", at=now())
    assert [(one["state"], one["reason"]) for one in report_reports(
        list(grant.reports.order_by("at"))
    )] == [("refused", "no figures"), ("submitted", "")]  # fmt: skip
    accept_report(OPERATOR, second, at=now())
    assert standing_of(grant).granted == 1001
    with pytest.raises(ReportMissing):
        refuse_report(OPERATOR, first, reason="late", at=now())
    stage.check(grant)


def test_only_a_report_that_still_brings_a_tranche_waits_for_an_operator(stage):
    grant = stage.grant(tranches=["1/2", "1/2"])
    first, second = (submit_report(kim(grant), grant, text=t, at=now()) for t in "ab")
    assert set(reports_waiting()) == {first, second}
    accept_report(OPERATOR, first, at=now())
    assert list(reports_waiting()) == []
    late = stage.grant("late", tranches=["1/2", "1/2"])
    submit_report(kim(late), late, text="c", at=now())
    end_due(system_actor("worker"), at=late.ends_at)
    assert list(reports_waiting()) == []


def test_a_stranger_learns_nothing_of_a_grant(stage):
    grant = stage.grant()
    stranger = replace(kim(grant), places=frozenset(), organisations=frozenset())
    with pytest.raises(NotFound):
        submit_report(stranger, grant, text="x", at=now())


@pytest.mark.parametrize(
    ("whole", "tranches", "parts"),
    [(10, ["1/1"], [10]), (10, ["1/3", "2/3"], [3, 7]), (7, ["1/2", "1/4", "1/4"], [3, 2, 2])],
)
def test_tranches_add_up_exactly(whole, tranches, parts):
    assert parts_of(whole, tranches) == parts


@pytest.mark.parametrize("tranches", [[], ["1/2"], ["1/2", "2/3"], ["x/y"], ["0/1", "1/1"]])
def test_tranches_that_do_not_make_one_are_refused(tranches):
    with pytest.raises(TranchesInvalid):
        parts_of(10, tranches)


def test_unused_time_goes_back_to_the_pool_but_not_what_a_job_holds(stage, engine):
    grant = stage.grant(gpu_seconds=600)
    stage.submit(grant, engine)
    with pytest.raises(NothingToGiveBack):
        give_back(kim(grant), grant, gpu_seconds=481, at=now())
    give_back(kim(grant), grant, gpu_seconds=480, at=now())
    standing = standing_of(grant)
    assert (standing.available, standing.held, standing.expired) == (0, 120, 480)
    stage.check(grant)


REFUSED = [
    (CardsTooMany, {"cards": 9}),
    (CardsTooMany, {"cards": 0}),
    (TimeLimitInvalid, {"time_limit_s": 0}),
    (TimeLimitInvalid, {"time_limit_s": 86_400 * 200}),
    (TimeLimitInvalid, {"time_limit_s": 10**20}),
    (OrderInvalid, {"key": ""}),
    (OrderInvalid, {"key": "k" * 129}),
    (OrderInvalid, {"key": "k\0"}),
    (OrderInvalid, {"key": "\ud800"}),
    (OrderInvalid, {"key": "k\nk2  completed"}),
    (OrderInvalid, {"key": "k\x1b[2J"}),
    (OrderInvalid, {"name": "n\u2028"}),
    (OrderInvalid, {"image": "i\r"}),
    (OrderInvalid, {"name": "n" * 129}),
    (OrderInvalid, {"name": "\0"}),
    (OrderInvalid, {"image": "i" * 201}),
    (OrderInvalid, {"array": -1}),
    (OrderInvalid, {"array": 10_001}),
    (OrderInvalid, {"script": "echo \0"}),
    (OrderInvalid, {"script": "echo \ud800"}),
    (OrderInvalid, {"environment": {"A": "\ud800"}}),
    (OrderInvalid, {"environment": {"A\0": "a"}}),
    (OrderInvalid, {"datasets": ["\ud800"]}),
    (VariableInvalid, {"environment": {"A=B": "1"}}),
    (VariableInvalid, {"environment": {"A,ALL": "1"}}),
    (VariableInvalid, {"environment": {"": "1"}}),
]


@pytest.mark.parametrize(("kind", "order"), REFUSED)
def test_an_order_beyond_the_grant_is_refused_before_anything_is_held(
    stage, engine, kind, order
):
    grant = stage.grant()
    with pytest.raises(kind):
        stage.submit(grant, engine, **order)
    assert (standing_of(grant).held, engine.submitted) == (0, [])


def test_other_content_under_a_key_is_refused_by_what_differs(stage, engine):
    grant = stage.grant()
    stage.submit(grant, engine)
    with pytest.raises(JobExists) as refused:
        stage.submit(grant, engine, time_limit_s=61)
    assert refused.value.fields["field"] == "time_limit_s"


def test_a_frozen_grant_takes_no_job_until_it_is_thawed(stage, engine):
    grant = stage.grant()
    freeze_grant(OPERATOR, grant, reason="test", at=now())
    with pytest.raises(GrantFrozen):
        stage.submit(grant, engine)
    thaw_grant(OPERATOR, grant, at=now())
    assert stage.submit(grant, engine).state == "queued"


def test_a_grant_ends_with_its_last_day_and_what_is_left_expires(stage, engine):
    grant = stage.grant(gpu_seconds=600)
    job = stage.submit(grant, engine)
    after = grant.ends_at + HOUR
    assert end_due(system_actor("worker"), at=after) == 1
    with pytest.raises(GrantNotOpen):
        stage.submit(grant, engine, "late", at=after)
    assert (standing_of(grant).expired, standing_of(grant).held) == (480, 120)
    engine.facts = [fact(job, starts=now() - timedelta(minutes=5), lasts_s=10)]
    stage.poll(engine, at=after)
    stage.check(grant)
    assert (standing_of(grant).used, standing_of(grant).expired) == (20, 580)


def test_cards_of_a_stage_that_has_not_opened_are_not_there(stage, engine):
    OpeningStage.objects.all().update(cards=1)
    OpeningStage.objects.create(
        gpu_class=stage.gpu_class, cards=31, opens_on=now().date() + timedelta(days=9)
    )
    grant = stage.grant(cards_max=8)
    with pytest.raises(CapacityNotOpen):
        stage.submit(grant, engine)
    stage.submit(grant, engine, cards=1)


def test_whole_servers_are_given_whole(stage, engine):
    stage.gpu_class.whole_servers = True
    stage.gpu_class.save()
    grant = stage.grant()
    with pytest.raises(WholeServersOnly):
        stage.submit(grant, engine, cards=4)
    stage.submit(grant, engine, cards=8)


def test_one_organisation_holds_at_most_its_share_of_a_class(stage):
    stage.grant("g1", cards_max=12)
    with pytest.raises(ShareExceeded):
        stage.grant("g2", cards_max=5)
    stage.grant("g3", cards_max=5, organisation="other")


def test_a_frozen_grant_keeps_its_share_of_a_class(stage):
    freeze_grant(OPERATOR, stage.grant("g1", cards_max=12), reason="to be looked at", at=now())
    with pytest.raises(ShareExceeded):
        stage.grant("g2", cards_max=5)


def test_a_small_request_is_granted_at_once_and_a_second_waits_for_a_person(stage):
    grant = stage.grant()
    firm = stage.market.organisation("fresh")
    asker = Actor("p", frozenset({Role.BENEFICIARY}), frozenset({firm.id}),
                  places=frozenset({(firm.id, Role.BENEFICIARY)}))  # fmt: skip
    terms = RequestTerms(3600, 2, 30, "prototype")
    first = request_gpu_time(asker, firm, grant.gpu_class, terms, at=now())
    assert (first.state, standing_of(first.grant).available) == ("approved", 3600)
    second = request_gpu_time(asker, firm, grant.gpu_class, terms, at=now())
    assert (second.state, second.grant) == ("submitted", None)
    assert second.due_at - second.at == 72 * HOUR


@pytest.mark.parametrize(
    "terms", [RequestTerms(10**9, 1, 1, "x"), RequestTerms(1, 51, 1, "x"),
              RequestTerms(1, 1, 121, "x")],
)  # fmt: skip
def test_a_request_above_the_published_threshold_needs_a_call(stage, terms):
    grant = stage.grant()
    with pytest.raises(AboveAutoApproval):
        request_gpu_time(kim(grant), grant.organisation, grant.gpu_class, terms, at=now())


def idle(stage, engine):
    grant = stage.grant()
    declare_person(
        OPERATOR, email="kim@hana.example", organisation="hana", roles=["beneficiary"],
        unit="R&D", name="김하나", language="ko", at=now() - HOUR,
    )  # fmt: skip
    job = stage.submit(grant, engine)
    return grant, job


def looked(job, at, permille: int = 5):
    take_intervals(OPERATOR, job.site, [Interval(job.engine_job, permille, 3600, at)], at=at)
    return advance_idle(system_actor("worker"), at=at)


def test_idle_cards_go_back_only_after_two_notices(stage, engine):
    grant, job = idle(stage, engine)
    at = now()
    assert looked(job, at) == 1
    assert looked(job, at + HOUR) == 0
    assert looked(job, at + 72 * HOUR) == 1
    assert looked(job, at + 143 * HOUR) == 0
    assert looked(job, at + 144 * HOUR) == 1
    case = IdleCase.objects.get()
    assert (case.state, case.reclaimed_gpu_seconds) == ("reclaimed", 36_000 - 120)
    kinds = list(Notice.objects.order_by("sent_at").values_list("kind", flat=True))
    assert [one for one in kinds if "idle" in one] == [
        "compute.idle.first", "compute.idle.second", "compute.idle.reclaimed",
    ]  # fmt: skip
    grant.refresh_from_db()
    assert grant.state == "withdrawn"
    stage.poll(engine, at=at + 145 * HOUR)
    assert engine.cancelled == [job.engine_key]
    stage.check(grant)


def test_cards_that_are_used_again_close_the_case(stage, engine):
    _, job = idle(stage, engine)
    at = now()
    looked(job, at)
    looked(job, at + 30 * HOUR, permille=900)
    assert IdleCase.objects.get().state == "cleared"


def test_an_objection_in_time_stops_the_clock_until_a_person_decides(stage, engine):
    grant, job = idle(stage, engine)
    at = now()
    looked(job, at)
    case = IdleCase.objects.get()
    with pytest.raises(ObjectionLate):
        object_to(kim(grant), case.id, text="late", at=at + 145 * HOUR)
    with pytest.raises(FactInvalid):
        object_to(kim(grant), case.id, text=" \n", at=at + HOUR)
    object_to(kim(grant), case.id, text="data is late", at=at + HOUR)
    assert looked(job, at + 200 * HOUR) == 0
    decide_objection(
        OTHER_OPERATOR, case.id, upheld=True, reason="data came late", at=at + 201 * HOUR
    )
    grant.refresh_from_db()
    assert grant.state == "open"
    assert looked(job, at + 202 * HOUR) == 0, "the same is not asked again at once"
    assert looked(job, at + 370 * HOUR) == 1


def test_the_price_is_the_one_of_the_organisations_kind():
    stage, engine = Stage(won_each="10"), ScriptedEngine()
    offering = stage.gpu_class.offering
    for kind, won_each in (("university", "0"), ("sme", "2.5")):
        price = Price(Unit.GPU_SECOND, price_from_won_each(won_each), LONG_AGO,
                      frozenset({kind}))  # fmt: skip
        add_price(OPERATOR, offering, price, at=AT)
    expected = {"uni": 0, "hana": 50_000_000}
    for firm, charge in expected.items():
        made = stage.grant(f"g-{firm}", organisation=firm)
        Organisation.objects.filter(code="uni").update(kind="university")
        job = stage.submit(made, engine)
        told = fact(job, starts=now() - timedelta(minutes=5), lasts_s=10)
        engine.facts = [told]
        stage.poll(engine)
        line = Line.objects.get(attempt__job=job)
        assert (line.user_gpu_seconds, line.charge_microwon) == (20, charge)
        stage.check(made)
