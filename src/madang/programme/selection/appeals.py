"""Appeals and challenges of applicants: what the review room needs to know of the programme.

An appeal is against the decision that stands: a confirmed ranking, or a finding of not
eligible. Its clock runs from the delivery of that decision's notice.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.canonical import Json
from madang.parties.notices.queries import last_told
from madang.parties.policies.queries import current_policy
from madang.programme.applications.actions import locked_application
from madang.programme.applications.models import Application, ApplicationState
from madang.programme.applications.workflow import APPLICATION, need_distance
from madang.programme.calls.actions import locked_call
from madang.programme.calls.models import Call, CallState
from madang.programme.deadlines import due_after, holidays_at
from madang.programme.selection.actions import (
    CONTEXT,
    SUBJECT,
    bring,
    brought_of,
    reopen_review,
    subject_of,
    units_of,
)
from madang.review.appeals import actions as appeals
from madang.review.appeals.models import Appeal, AppealState
from madang.review.appeals.queries import Decided
from madang.review.challenges.actions import file_challenge
from madang.review.challenges.models import Challenge
from madang.review.errors import FollowUpMissing, NotDecidedYet
from madang.review.models import Reviewer
from madang.review.panels.actions import locked_panel
from madang.review.panels.queries import panel_of
from madang.review.rankings.queries import last_confirmed
from madang.review.rules import rules_from

TOLD = {
    ApplicationState.SELECTED: "programme.application.selected",
    ApplicationState.RESERVE: "programme.application.reserve",
    ApplicationState.REJECTED: "programme.application.rejected",
    ApplicationState.INELIGIBLE: "programme.application.ineligible",
}
REOPENED = (CallState.DECIDED, CallState.ARCHIVED)
"""An upheld appeal opens these again: its clock may end after the call was archived."""


@transaction.atomic
def appeal_decision(
    actor: Actor, application_id: UUID, *, ground: str, text: str, at: datetime
) -> Appeal:
    """이의신청 against the decision that stands, by a beneficiary of the organisation."""
    row = locked_application(application_id)
    actor.need_at(Role.BENEFICIARY, row.organisation_id)
    return appeals.file_appeal(
        actor,
        decision_about(row, at),
        ground=ground,
        grounds=term(row.call, "appeal_grounds", at),
        text=text,
        at=at,
    )


@transaction.atomic
def challenge_reviewer(
    actor: Actor, application_id: UUID, email: str, *, ground: str, text: str, at: datetime
) -> Challenge:
    """기피신청 against a reviewer of the pool, by a beneficiary of the organisation.

    An address that is not in the pool is not found, whether or not somebody has it.
    """
    row = locked_application(application_id)
    actor.need_at(Role.BENEFICIARY, row.organisation_id)
    reviewer = Reviewer.objects.filter(person__email__iexact=email).first()
    if reviewer is None:
        raise NotFound
    return file_challenge(
        actor,
        subject_of(row.id),
        reviewer,
        ground=ground,
        grounds=term(row.call, "challenge_grounds", at),
        text=text,
        at=at,
    )


@transaction.atomic
def hear_appeal(actor: Actor, appeal_id: UUID, *, at: datetime) -> Appeal:
    """심의 회부: under the rules of the first review, before people who took no part in it.

    An administrative error needs no panel: a second person decides.
    """
    row = appeals.locked_appeal(appeal_id)
    application = locked_application(row.subject_id)
    need_distance(application, actor, at)
    alone = term(application.call, "appeal_grounds_without_panel", at)
    if row.ground in alone or row.panel is None:
        return appeals.hear_appeal(actor, appeal_id, at=at)
    units = units_of([application])
    return appeals.hear_appeal(
        actor,
        appeal_id,
        rules=rules_from(row.panel.rules),
        subjects=[brought_of(application, units.get(application.id, ""), at)],
        at=at,
    )


@transaction.atomic
def decide_appeal(
    actor: Actor, appeal_id: UUID, *, upheld: bool, reason: str, at: datetime
) -> Appeal:
    """인용: the ranking is opened for a new run in which the appeal panel's scores count, or
    the application is eligible again. Signed awards are not touched."""
    found = Appeal.objects.filter(pk=appeal_id).first()
    if found is None:
        raise NotFound
    call_id = Application.objects.values_list("call_id", flat=True).get(pk=found.subject_id)
    call = locked_call(call_id)
    application = locked_application(found.subject_id)
    need_distance(application, actor, at)
    row = appeals.decide_appeal(actor, appeal_id, upheld=upheld, reason=reason, at=at)
    if upheld:
        _follow(actor, row, call, application, reason, at)
    return row


@transaction.atomic
def close_appeal(actor: Actor, appeal_id: UUID, *, at: datetime) -> Appeal:
    """종결. An upheld appeal is closed when the decision was made anew, not before."""
    row = appeals.locked_appeal(appeal_id)
    if row.state == AppealState.UPHELD and row.about == _standing_decision(row.subject_id):
        raise FollowUpMissing
    return appeals.close_appeal(actor, appeal_id, at=at)


def decision_about(row: Application, at: datetime) -> Decided:
    """The decision that stands for an application. Raises NotDecidedYet."""
    about = _standing_decision(row.id)
    if about is None:
        raise NotDecidedYet
    told = last_told([TOLD[ApplicationState(row.state)]], SUBJECT, row.id)
    delivered = told.delivered_at if told else None
    days = int(row.call.terms["appeal_days"])
    ends = due_after(delivered, days, holidays=holidays_at(at)) if delivered else None
    is_ranked = about.startswith("ranking:")
    return Decided(
        subject_type=SUBJECT,
        subject_id=row.id,
        about=about,
        organisation_id=row.organisation_id,
        panel=panel_of(CONTEXT, row.call_id) if is_ranked else None,
        delivered_at=delivered,
        window_ends_at=ends,
    )


def term(call: Call, name: str, at: datetime) -> list[str]:
    """A list among the call's terms; of a call that was frozen before it existed, policy's."""
    given: Json = call.terms.get(name)
    if isinstance(given, list):
        return [str(item) for item in given]
    return current_policy("call", at).texts(name)


def _standing_decision(application_id: UUID) -> str | None:
    row = Application.objects.select_related("call").get(pk=application_id)
    if row.state == ApplicationState.INELIGIBLE:
        check = row.eligibility_checks.order_by("-at").first()
        return f"eligibility:{check.id}" if check else None
    if row.state not in TOLD or row.rank is None:
        return None
    run = last_confirmed(panel_of(CONTEXT, row.call_id))
    return f"ranking:{run.id}" if run else None


def _follow(
    actor: Actor, row: Appeal, call: Call, application: Application, reason: str, at: datetime
) -> None:
    if application.state == ApplicationState.INELIGIBLE:
        APPLICATION.move(application, "reinstate", actor, at=at, reason=reason)
        if call.state in {CallState.REVIEWING, *REOPENED}:
            _reopen(actor, call, reason, at)
            bring(actor, panel_of(CONTEXT, call.id), [application], at)
        return
    _reopen(actor, call, reason, at)
    subject = subject_of(application.id)
    locked_panel(subject.panel_id)
    appeals.count_appeal_scores(actor, row, subject, at=at)


def _reopen(actor: Actor, call: Call, reason: str, at: datetime) -> None:
    if call.state in REOPENED:
        reopen_review(actor, call.id, reason=reason, at=at)
