"""Drafting, handing in and withdrawing applications.

Locks: the call first where numbers are given or counted, then the application.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from madang.core.clock import rfc3339
from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.canonical import Json, digest_of
from madang.parties.events.actions import record_event
from madang.parties.models import Organisation
from madang.parties.suppliers.queries import supplier_by_code
from madang.programme.applications.findings import keep_findings
from madang.programme.applications.lane import enter_lane
from madang.programme.applications.limits import check_limits
from madang.programme.applications.models import (
    Application,
    ApplicationDraft,
    ApplicationRevision,
    ApplicationState,
    RevisionText,
)
from madang.programme.applications.notices import tell_applicant
from madang.programme.applications.queries import following_call
from madang.programme.applications.workflow import APPLICATION, need_own
from madang.programme.calls.actions import locked_call
from madang.programme.calls.forms import Answers, Field, check_answers, form_from
from madang.programme.calls.models import Call
from madang.programme.calls.phases import need_open
from madang.programme.deadlines import due_after, holidays_at
from madang.programme.errors import (
    AmountInvalid,
    DraftStale,
    HandedIn,
    NothingToCarry,
    PeriodInvalid,
    ReasonMissing,
)
from madang.programme.fulfilment.registry import AskingPort, need_fulfilment
from madang.review.panels.actions import withdraw_subject

EDITABLE = (ApplicationState.DRAFT, ApplicationState.RETURNED)
IN_PANEL = (ApplicationState.IN_REVIEW, ApplicationState.SCORED, ApplicationState.RESERVE)


@transaction.atomic
def start_application(
    actor: Actor, call: Call, organisation: Organisation, *, at: datetime
) -> Application:
    """Open a draft while the call is open; the organisation's open draft if there is one."""
    actor.need_at(Role.BENEFICIARY, organisation.id)
    need_open(call, at)
    locked_call(call.id)
    held = Application.objects.filter(
        call=call, organisation=organisation, state=ApplicationState.DRAFT
    ).first()
    if held is not None:
        return held
    row = Application.objects.create(
        call=call,
        organisation=organisation,
        form_version=call.form_version,
        created_by=_author(actor),
        created_at=at,
    )
    record_event(
        actor,
        "application.start",
        subject_type="application",
        subject_id=row.id,
        at=at,
        after=row.state,
        facts={"call": str(call.id)},
    )
    return row


@transaction.atomic
def save_application(
    actor: Actor,
    application_id: UUID,
    *,
    answers: Answers,
    requested_microwon: int | None = None,
    supplier: str | None = None,
    draft_number: int | None = None,
    at: datetime,
) -> Application:
    """임시저장. Given the number of the draft that was read, a later one is not overwritten.

    A draft may be saved at any time, also after the deadline: only handing in has a clock.
    """
    row = locked_application(application_id)
    need_own(row, actor, at)
    refuse_closed_text(row)
    if draft_number is not None and draft_number != row.draft_number:
        raise DraftStale(revision=row.draft_number)
    check_answers(form_of(row), answers, (), complete=False)
    row.answers = dict(answers)
    if requested_microwon is not None:
        if requested_microwon < 0:
            raise AmountInvalid(field="requested_won")
        row.requested_microwon = requested_microwon
    if supplier is not None:
        row.supplier = supplier_by_code(supplier) if supplier else None
    row.draft_number += 1
    row.save(update_fields=["answers", "requested_microwon", "supplier", "draft_number"])
    keep_draft(actor, row, at)
    return row


@transaction.atomic
def submit_application(actor: Actor, application_id: UUID, *, at: datetime) -> Application:
    """제출: complete, within the limits, before closes_at by the server's clock.

    Handing in again what is handed in already answers with the same receipt.
    """
    found = Application.objects.filter(pk=application_id).first()
    if found is None:
        raise NotFound
    call = locked_call(found.call_id)
    row = locked_application(application_id)
    need_own(row, actor, at)
    content = content_of(row)
    if row.state not in EDITABLE and row.content_sha256 == digest_of(content):
        return row
    attached = [slot for slot, _ in _attached(row)]
    check_answers(form_of(row), row.answers, attached, complete=True)
    check_limits(row, at)
    port = need_fulfilment(str(call.terms.get("fulfilment", "voucher")))
    if isinstance(port, AskingPort):
        port.need_ready(row, at=at)
    move = "resubmit" if row.state == ApplicationState.RETURNED else "submit"
    APPLICATION.move(row, move, actor, at=at, facts={"sha256": digest_of(content)})
    _receive(actor, row, call, content, at)
    tell_applicant(row, "programme.application.received", at)
    enter_lane(actor, row, keep_findings(actor, row, at=at), at=at)
    return row


@transaction.atomic
def return_for_completion(
    actor: Actor,
    application_id: UUID,
    *,
    reason: str,
    due_at: datetime | None = None,
    at: datetime,
) -> Application:
    """보완요청: the text opens again until a day, by the call's terms; the receipt stays."""
    row = locked_application(application_id)
    APPLICATION.move(row, "return", actor, at=at, reason=_needed(reason))
    days = int(row.call.terms["completion_days"])
    if due_at is not None and due_at <= at:
        raise PeriodInvalid(field="due_at", reason="not later than now")
    due = due_at or due_after(at, days, holidays=holidays_at(at))
    row.completion_due_at = max(due, row.call.closes_at)  # who was first is not shut out first
    row.save(update_fields=["completion_due_at"])
    until = rfc3339(row.completion_due_at)
    tell_applicant(row, "programme.application.returned", at, due=until)
    return row


@transaction.atomic
def withdraw_application(
    actor: Actor, application_id: UUID, *, reason: str = "", at: datetime
) -> Application:
    """철회: at any time before the decision; a reserve may withdraw too."""
    call = Application.objects.filter(pk=application_id).values_list("call", flat=True).first()
    if call is None:
        raise NotFound
    locked_call(call)  # as whoever ranks: the call, then what is before its panel
    row = locked_application(application_id)
    need_own(row, actor, at)
    was_in_panel = row.state in IN_PANEL
    APPLICATION.move(row, "withdraw", actor, at=at, reason=reason)
    if was_in_panel:
        withdraw_subject(actor, subject_type="application", subject_id=row.id, at=at)
    return row


@transaction.atomic
def carry_application(actor: Actor, application_id: UUID, *, at: datetime) -> Application:
    """이월: a draft that missed its cut-off goes to the next one of its series, as it is.

    It keeps the form that it was written for. Nothing is cancelled because a cut-off passed.
    """
    row = locked_application(application_id)
    need_own(row, actor, at)
    following = following_call(row, at)
    if following is None:
        raise NothingToCarry
    locked_call(following.id)
    if following_call(row, at) is None:  # a draft of the next one was begun in between
        raise NothingToCarry
    record_event(
        actor,
        "application.carry",
        subject_type="application",
        subject_id=row.id,
        at=at,
        facts={"from": str(row.call_id), "to": str(following.id)},
    )
    row.call = following
    row.save(update_fields=["call"])
    return row


@transaction.atomic
def restore_draft(
    actor: Actor, application_id: UUID, number: int, *, at: datetime
) -> Application:
    """Take up an earlier draft again, as a new one: the later ones stay."""
    row = locked_application(application_id)
    need_own(row, actor, at)
    held = row.drafts.filter(number=number).select_related("supplier").first()
    if held is None:
        raise NotFound
    return save_application(
        actor,
        application_id,
        answers=held.answers,
        requested_microwon=held.requested_microwon,
        supplier=held.supplier.code if held.supplier else "",
        at=at,
    )


def form_of(row: Application) -> tuple[Field, ...]:
    """The form that an application was written for."""
    if row.form_version is not None:
        return form_from(row.form_version.fields)
    return form_from(row.call.form)


def keep_draft(actor: Actor, row: Application, at: datetime) -> None:
    """임시저장 이력: each save that changed something, under its number."""
    newest = row.drafts.order_by("-number").first()
    same = newest is not None and (
        newest.answers, newest.requested_microwon, newest.supplier_id,
    ) == (row.answers, row.requested_microwon, row.supplier_id)  # fmt: skip
    if not same:
        ApplicationDraft.objects.create(
            application=row,
            number=row.draft_number,
            answers=row.answers,
            requested_microwon=row.requested_microwon,
            supplier=row.supplier,
            saved_by=actor.id,
            saved_at=at,
        )


def locked_application(identifier: UUID) -> Application:
    row = (
        Application.objects.select_for_update(of=("self",))
        .select_related(
            "call__programme_year__programme", "organisation", "supplier", "form_version"
        )
        .filter(pk=identifier)
        .first()
    )
    if row is None:
        raise NotFound
    return row


def locked_applications(call: Call, *states: str) -> list[Application]:
    """All of a call in these states under their locks, by id so that no two wait in a ring."""
    rows = Application.objects.select_for_update(of=("self",)).select_related(
        "call__programme_year__programme", "organisation", "supplier"
    )
    return list(rows.filter(call=call, state__in=states).order_by("id"))


def refuse_closed_text(row: Application) -> None:
    """What was handed in is not rewritten. Raises HandedIn."""
    if row.state not in EDITABLE:
        raise HandedIn


def content_of(row: Application) -> dict[str, Json]:
    """What the digest is over: opaque ids, the answers, the digests of the files."""
    return {
        "application": str(row.id),
        "call": str(row.call_id),
        "organisation": str(row.organisation_id),
        "supplier": str(row.supplier_id) if row.supplier_id else None,
        "requested_microwon": row.requested_microwon,
        "answers": row.answers,
        "attachments": [[slot, sha256] for slot, sha256 in _attached(row)],
    }


def _attached(row: Application) -> list[tuple[str, str]]:
    found = row.attachments.order_by("slot", "document__sha256")
    return list(found.values_list("slot", "document__sha256"))


def _receive(
    actor: Actor, row: Application, call: Call, content: dict[str, Json], at: datetime
) -> None:
    """접수번호: counted per call under its lock, given once and kept."""
    if row.receipt_number is None:
        last = call.applications.aggregate(last=Max("receipt_number"))["last"] or 0
        row.receipt_number = last + 1
        row.receipt_no = f"{call.code}-{row.receipt_number:04d}"
    row.submitted_at, row.content_sha256 = at, digest_of(content)
    row.save(update_fields=["receipt_number", "receipt_no", "submitted_at", "content_sha256"])
    _keep_revision(actor, row, content, at)


def _keep_revision(
    actor: Actor, row: Application, content: dict[str, Json], at: datetime
) -> None:
    revision = ApplicationRevision.objects.create(
        application=row,
        number=row.revisions.count() + 1,
        sha256=row.content_sha256,
        submitted_by=actor.id,
        received_at=at,
    )
    RevisionText.objects.create(revision=revision, content=content)


def add_revision(actor: Actor, row: Application, *, at: datetime) -> None:
    """What was handed in has another supplier now: a further revision, the same receipt."""
    content = content_of(row)
    row.content_sha256 = digest_of(content)
    row.save(update_fields=["content_sha256"])
    _keep_revision(actor, row, content, at)


def _author(actor: Actor) -> UUID:
    return UUID(int=0) if actor.is_system else UUID(actor.id)


def _needed(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing
    return reason
