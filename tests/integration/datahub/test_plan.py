"""The roadmap counts rows, no typed totals: promised, contracted, delivered, opened, used."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from madang.core.clock import seoul_date
from madang.core.errors import NotAllowed, NotFound
from madang.datahub.commits.queries import commit_at
from madang.datahub.deliveries.actions import accept_delivery, hand_in
from madang.datahub.errors import GoalInvalid, GoalOpen
from madang.datahub.models import UseKind
from madang.datahub.plan.actions import (
    GoalFacts,
    ProjectTerms,
    contract_project,
    declare_goal,
    move_project,
    settle_goal,
)
from madang.datahub.plan.queries import half_year_of, late_releases, roadmap, unused_sets
from madang.datahub.quality.actions import run_check
from madang.datahub.releases.actions import open_release, prepare_release
from madang.datahub.terms.actions import offer_terms, sign_terms
from madang.datahub.uses.actions import record_use
from madang.datahub.versions.actions import recall_version, seal_version
from madang.parties.declaring import Outcome
from madang.parties.errors import TransitionNotAllowed
from madang.parties.models import Event, Organisation

pytestmark = pytest.mark.django_db
TARGETS = '[completeness]\nfiles = "*"\nunit = "files"\npromised = 1\n'
FACTS = GoalFacts("g-2026h1", "other", "2026H1", 2)
WHOLE = {"name_ko": "전체", "name_en": "Whole", "due_on": "2026-06-01", "volume": 1}
TERMS = ProjectTerms("p-1", TARGETS, [{**WHOLE, "amount_microwon": 0}])
STEPS = ("collect", "refine", "label", "inspect")


@pytest.fixture
def goal(operator, at):
    return declare_goal(operator, FACTS, at=at).row


@pytest.fixture
def project(operator, goal, data_set, at):
    hana = Organisation.objects.get(code="hana")
    return contract_project(operator, goal, hana, TERMS, data_set=data_set, at=at)


def opened(operator, builder, data_set, at, *, opens_on=None):
    head = commit_at(data_set, "main")
    version = seal_version(builder, data_set, head, number="1.0", at=at)
    run_check(builder, head, targets=TARGETS, at=at)
    prepare_release(operator, version.id, opens_on=opens_on or seoul_date(at), at=at)
    open_release(operator, version.id, at=at)
    return version


def worked(operator, builder, project, at):
    """Signed by both, and worked on up to the builder's own inspection."""
    terms = project.terms.get()
    offer_terms(operator, terms.id, sha256=terms.sha256, at=at)
    sign_terms(builder, terms.id, sha256=terms.sha256, at=at)
    for step in STEPS:
        move_project(builder, project.id, step=step, at=at)


def counted() -> tuple[int, ...]:
    (one,) = roadmap()
    return one.target, one.contracted, one.delivered, one.opened, one.used


def test_goal_is_set_once_and_changed_in_the_open(operator, builder, goal, at):
    assert goal.state == "agreed"
    assert declare_goal(operator, FACTS, at=at).outcome is Outcome.UNCHANGED
    lower = GoalFacts(FACTS.code, FACTS.field, FACTS.half_year, 1)
    assert declare_goal(operator, lower, at=at).outcome is Outcome.CHANGED
    event = Event.objects.filter(action="build_goal.change").get()
    assert event.facts["target"] == 1
    with pytest.raises(NotAllowed):
        declare_goal(builder, FACTS, at=at)


@pytest.mark.parametrize(("field", "half_year"), [("sports", "2026H1"), ("other", "2026H3")])
def test_goal_of_no_field_or_half_year_is_refused(operator, at, field, half_year):
    with pytest.raises(GoalInvalid):
        declare_goal(operator, GoalFacts("x", field, half_year, 1), at=at)


def test_each_step_of_a_kind_shows_in_the_roadmap(
    operator, builder, data_set, filled, project, at
):
    assert counted() == (2, 1, 0, 0, 0)
    worked(operator, builder, project, at)
    delivery = hand_in(builder, project.id, step=1, at=at)
    accept_delivery(operator, delivery.id, at=at)
    assert counted() == (2, 1, 1, 0, 0)
    version = opened(operator, builder, data_set, at)
    assert counted() == (2, 1, 1, 1, 0)
    assert [row.code for row in unused_sets()] == ["hana/first"]
    record_use(operator, version, UseKind.DOWNLOADED, address="", at=at)
    assert counted() == (2, 1, 1, 1, 1)
    assert unused_sets() == []
    recall_version(operator, version.id, reason="x", at=at)
    assert counted() == (2, 1, 1, 0, 0)


def test_strangers_do_not_move_a_project_and_steps_keep_their_order(
    builder, stranger, project, at
):
    with pytest.raises(NotFound):
        move_project(stranger, project.id, step="collect", at=at)
    for step in ("deliver", "accept", "label"):
        with pytest.raises(TransitionNotAllowed):
            move_project(builder, project.id, step=step, at=at)


def test_goal_is_settled_by_what_was_opened_after_its_half_year(
    operator, builder, data_set, filled, goal, at
):
    with pytest.raises(GoalOpen):
        settle_goal(operator, goal.code, at=at)
    opened(operator, builder, data_set, at)
    later = at + timedelta(days=200)
    assert settle_goal(operator, goal.code, at=later).state == "missed"  # 1 of 2
    one = declare_goal(operator, GoalFacts("g-all", "", "2026H1", 1), at=at).row
    assert settle_goal(operator, one.code, at=later).state == "met"


def test_release_is_late_the_day_after_its_day(operator, builder, data_set, filled, at):
    today = seoul_date(at)
    head = commit_at(data_set, "main")
    version = seal_version(builder, data_set, head, number="1.0", at=at)
    run_check(builder, head, targets=TARGETS, at=at)
    prepare_release(operator, version.id, opens_on=today, at=at)
    assert late_releases(today) == []
    (late,) = late_releases(today + timedelta(days=1))
    assert (late.days_late, late.is_open) == (1, False)
    open_release(operator, version.id, at=at + timedelta(days=3))
    (late,) = late_releases(today + timedelta(days=9))
    assert (late.days_late, late.is_open) == (3, True)


@pytest.mark.parametrize(
    ("day", "half"), [(date(2022, 6, 30), "2022H1"), (date(2022, 7, 1), "2022H2")]
)
def test_half_years_begin_in_january_and_july(day, half):
    assert half_year_of(day) == half
