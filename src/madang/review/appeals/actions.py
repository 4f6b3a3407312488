"""Filing, judging, hearing and deciding appeals 이의신청, for any subject.

The room of the subject says which decision may be appealed against, when its notice was
delivered and which grounds are admitted; it also does what follows from an upheld appeal.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.clock import rfc3339
from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of
from madang.review.appeals.models import Appeal, AppealText
from madang.review.appeals.queries import CONTEXT, Decided, appeal_against
from madang.review.appeals.workflow import APPEAL
from madang.review.errors import AppealLate, GroundNotAllowed, ReasonMissing
from madang.review.panels.actions import Brought, add_subjects, form_panel
from madang.review.panels.models import Subject
from madang.review.rules import ReviewRules


@transaction.atomic
def file_appeal(
    actor: Actor,
    decided: Decided,
    *,
    ground: str,
    grounds: Collection[str],
    text: str,
    at: datetime,
) -> Appeal:
    """이의신청: once per decision, on a listed ground, before the window ends.

    Filed again, it answers with the appeal that stands.
    """
    held = appeal_against(decided)
    if held is not None:
        return held
    if ground not in grounds:
        raise GroundNotAllowed(ground=ground, allowed=", ".join(sorted(grounds)))
    if not text.strip():
        raise ReasonMissing
    ends = decided.window_ends_at
    if ends is not None and at >= ends:
        raise AppealLate(window_ends_at=rfc3339(ends))
    row = Appeal.objects.create(
        subject_type=decided.subject_type,
        subject_id=decided.subject_id,
        about=decided.about,
        organisation_id=decided.organisation_id,
        panel=decided.panel,
        delivered_at=decided.delivered_at,
        window_ends_at=ends,
        ground=ground,
        filed_by=actor.id,
        filed_at=at,
    )
    AppealText.objects.create(appeal=row, text=text)
    record_event(
        actor,
        "appeal.file",
        subject_type="appeal",
        subject_id=row.id,
        at=at,
        after=row.state,
        facts={"subject": str(row.subject_id), "about": row.about, "ground": ground},
    )
    _tell(row, "review.appeal.filed", at)
    return row


@transaction.atomic
def judge_appeal(
    actor: Actor, appeal_id: UUID, *, admissible: bool, reason: str = "", at: datetime
) -> Appeal:
    """적법 or 각하. Whoever turns it away says why."""
    row = locked_appeal(appeal_id)
    actor.need(Role.OPERATOR)
    if not admissible and not reason.strip():
        raise ReasonMissing
    APPEAL.move(row, "admit" if admissible else "refuse", actor, at=at, reason=reason)
    row.judged_by, row.judged_at = actor.id, at
    row.save(update_fields=["judged_by", "judged_at"])
    if not admissible:
        _answer(row, reason)
    _tell(row, f"review.appeal.{row.state}", at)
    return row


@transaction.atomic
def hear_appeal(
    actor: Actor,
    appeal_id: UUID,
    *,
    rules: ReviewRules | None = None,
    subjects: Sequence[Brought] = (),
    at: datetime,
) -> Appeal:
    """심의 회부: before a panel apart from the first one; without rules, before a person."""
    row = locked_appeal(appeal_id)
    APPEAL.move(row, "hear", actor, at=at)
    if rules is not None:
        panel = form_panel(
            actor,
            context_type=CONTEXT,
            context_id=row.id,
            rules=rules,
            budget_microwon=None,
            apart_from=row.panel,
            at=at,
        )
        add_subjects(actor, panel, row.subject_type, subjects, at=at)
    return row


@transaction.atomic
def decide_appeal(
    actor: Actor, appeal_id: UUID, *, upheld: bool, reason: str, at: datetime
) -> Appeal:
    """인용 or 기각, with reasons; when the appeal's panel has spoken."""
    row = locked_appeal(appeal_id)
    actor.need(Role.OPERATOR)
    if not reason.strip():
        raise ReasonMissing
    APPEAL.move(row, "uphold" if upheld else "deny", actor, at=at, reason=reason)
    row.decided_by, row.decided_at = actor.id, at
    row.save(update_fields=["decided_by", "decided_at"])
    _answer(row, reason)
    _tell(row, f"review.appeal.{row.state}", at)
    return row


@transaction.atomic
def close_appeal(actor: Actor, appeal_id: UUID, *, at: datetime) -> Appeal:
    """종결: nothing more follows. Its room has seen to what an upheld one asks for."""
    row = locked_appeal(appeal_id)
    row.outcome = row.state
    APPEAL.move(row, "close", actor, at=at, facts={"outcome": row.outcome})
    row.save(update_fields=["outcome"])
    return row


def count_appeal_scores(actor: Actor, row: Appeal, subject: Subject, *, at: datetime) -> None:
    """The appeal panel's reviews count from now on in the place of the first ones, which stay
    on record. The caller holds the panel's lock."""
    fresh = Subject.objects.filter(
        panel__context_type=CONTEXT, panel__context_id=row.id, subject_id=subject.subject_id
    ).first()
    if fresh is None:
        return
    subject.scored_in = fresh
    subject.save(update_fields=["scored_in"])
    record_event(
        actor,
        "panel.scored_anew",
        subject_type="panel",
        subject_id=subject.panel_id,
        at=at,
        facts={"subject": str(subject.subject_id), "appeal": str(row.id)},
    )


def locked_appeal(identifier: UUID) -> Appeal:
    row = (
        Appeal.objects.select_for_update(of=("self",))
        .select_related("panel")
        .filter(pk=identifier)
        .first()
    )
    if row is None:
        raise NotFound
    return row


def _answer(row: Appeal, reason: str) -> None:
    AppealText.objects.filter(appeal=row).update(answer=reason)


def _tell(row: Appeal, kind: str, at: datetime) -> None:
    send_notice(
        members_of(row.organisation_id, Role.BENEFICIARY),
        kind,
        subject_type="appeal",
        subject_id=row.id,
        at=at,
    )
