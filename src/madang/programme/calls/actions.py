"""Writing, approving, extending and ending calls. Each takes the call's lock."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from madang.core.errors import NotFound
from madang.ledger import postings
from madang.ledger.errors import Overdrawn
from madang.parties.actor import Actor, Role
from madang.parties.declaring import Declared, Outcome
from madang.parties.errors import TransitionNotAllowed
from madang.parties.events.actions import record_event
from madang.parties.events.queries import times_recorded
from madang.programme.approvals import approved_by
from madang.programme.calls.content import (
    CallContent,
    check_deadline,
    columns_of,
    frozen_digest,
    policies_at,
    policies_of,
)
from madang.programme.calls.models import Call, CallExtension, CallState
from madang.programme.calls.phases import phase_at
from madang.programme.calls.workflow import CALL
from madang.programme.errors import (
    AppealsOpen,
    CallClosedAlready,
    CallExists,
    ExtensionNotLater,
    PeriodInvalid,
    ReasonMissing,
)
from madang.programme.forms.actions import keep_version
from madang.programme.forms.models import Form, FormVersion
from madang.programme.fulfilment.registry import OfferingPort, need_fulfilment
from madang.programme.money import allotment_left_microwon, exceeded, stamp
from madang.programme.years.models import ProgrammeYear
from madang.review.appeals.models import Appeal, AppealState

DECLARED = (
    "closes_at",
    "opens_at",
    "budget_microwon",
    "title_ko",
    "title_en",
    "rules",
    "terms",
    "eligibility",
    "bonuses",
)
"""What a second declaration of a call is compared by."""


@transaction.atomic
def create_call(
    actor: Actor, year: ProgrammeYear, content: CallContent, *, at: datetime
) -> Call:
    """A draft. Somebody else approves it."""
    actor.need(Role.OPERATOR)
    if Call.objects.filter(code=content.code).exists():
        raise CallExists(call=content.code, field="code")
    row = Call(
        code=content.code,
        programme_year=year,
        created_by=actor.id,
        created_at=at,
        **columns_of(content, year, policies_at(at)),
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as err:  # somebody took the code in the same moment
        raise CallExists(call=content.code, field="code") from err
    _record(actor, "call.create", row, at)
    return row


@transaction.atomic
def change_call(actor: Actor, call_id: UUID, content: CallContent, *, at: datetime) -> Call:
    """Rewrite a draft. Whoever rewrites it is its author for the approval."""
    actor.need(Role.OPERATOR)
    row = locked_call(call_id)
    if row.state != CallState.DRAFT:
        raise TransitionNotAllowed(noun="call", transition="change", state=row.state)
    for name, value in columns_of(content, row.programme_year, policies_at(at)).items():
        setattr(row, name, value)
    row.created_by = actor.id
    row.save()
    _record(actor, "call.change", row, at)
    return row


@transaction.atomic
def approve_call(actor: Actor, call_id: UUID, *, at: datetime) -> Call:
    """승인: a second person freezes the content and allots the budget (P3). Raises also what
    its room misses: what awards give can be said in a draft alone."""
    row = locked_call(call_id)
    CALL.move(row, "approve", actor, at=at)
    port = need_fulfilment(str(row.terms.get("fulfilment", "voucher")))
    if isinstance(port, OfferingPort):
        port.need_offer(row, at=at)
    _freeze(actor, row, actor.id, at)
    return row


@transaction.atomic
def revise_call(actor: Actor, call_id: UUID, *, at: datetime, reason: str) -> Call:
    """Take an approved call back before it opens; its allotment returns."""
    row = locked_call(call_id)
    _take_phase(row, at)
    CALL.move(row, "revise", actor, at=at, reason=_needed(reason))
    _return_allotment(actor, row, at)
    row.frozen_sha256 = row.approved_by = ""
    row.save(update_fields=["frozen_sha256", "approved_by"])
    return row


@transaction.atomic
def extend_call(
    actor: Actor, call_id: UUID, *, closes_at: datetime, reason: str, at: datetime
) -> Call:
    """기간 연장: for everybody, with a reason, before the present deadline passes. What is to
    be completed until that deadline is due at the new one, and the next call of a series
    opens when this one closes, as before. Takes that call's lock, too."""
    actor.need(Role.OPERATOR)
    row = locked_call(call_id)
    if row.state != CallState.APPROVED or at >= row.closes_at:
        raise CallClosedAlready
    if closes_at <= row.closes_at:
        raise ExtensionNotLater
    check_deadline(closes_at, row.use_ends_on)
    _postpone_next(actor, row, closes_at, at)
    CallExtension.objects.create(
        call=row,
        from_closes_at=row.closes_at,
        to_closes_at=closes_at,
        decided_by=actor.id,
        at=at,
    )
    row.closes_at = closes_at
    row.save(update_fields=["closes_at"])
    row.applications.filter(completion_due_at__lt=closes_at).update(completion_due_at=closes_at)
    _record(actor, "call.extend", row, at, reason=_needed(reason))
    return row


@transaction.atomic
def cancel_call(actor: Actor, call_id: UUID, *, at: datetime, reason: str) -> Call:
    """취소: nothing is reviewed, the allotment returns. Applications keep their record."""
    row = locked_call(call_id)
    has_allotment = row.state == CallState.APPROVED
    _take_phase(row, at)
    CALL.move(row, "cancel", actor, at=at, reason=_needed(reason))
    if has_allotment:
        _return_allotment(actor, row, at)
    return row


@transaction.atomic
def archive_call(actor: Actor, call_id: UUID, *, at: datetime) -> Call:
    """보관: what the call did not award is unallotted again. No reserve is promoted later.

    Refused while an appeal is open: an upheld one is paid from what the call may give.
    """
    actor.need(Role.OPERATOR)  # before anything is said of appeals
    row = locked_call(call_id)
    if row.state == CallState.DECIDED and _has_open_appeals(row):
        raise AppealsOpen
    CALL.move(row, "archive", actor, at=at)
    _return_allotment(actor, row, at)
    return row


@transaction.atomic
def declare_call(
    actor: Actor,
    year: ProgrammeYear,
    content: CallContent,
    *,
    approver: Actor | None = None,
    at: datetime,
) -> Declared[Call]:
    """Make an approved call so. Declared again it is unchanged; other terms are refused."""
    row = Call.objects.select_for_update().filter(code=content.code).first()
    if row is not None:
        actor.need(Role.OPERATOR)
        _refuse_other_terms(row, year, content)
        return Declared(row, Outcome.UNCHANGED)
    approved = approved_by(actor, approver)
    row = create_call(actor, year, content, at=at)
    CALL.move(row, "adopt", actor, at=at, facts={"approved_by": approved})
    _freeze(actor, row, approved, at)
    return Declared(row, Outcome.CREATED)


def locked_call(identifier: UUID) -> Call:
    row = (
        Call.objects.select_for_update(of=("self",))
        .select_related("programme_year__programme")
        .filter(pk=identifier)
        .first()
    )
    if row is None:
        raise NotFound
    return row


def hold_year(call: Call) -> None:
    """Its year as it stands now, and stays until COMMIT. After the call's lock."""
    rows = ProgrammeYear.objects.select_for_update(of=("self",), no_key=True)
    call.programme_year = rows.select_related("programme").get(pk=call.programme_year_id)


def _freeze(actor: Actor, row: Call, approved: str, at: datetime) -> None:
    row.form_version = row.form_version or _form_version(actor, row, at)
    row.frozen_sha256 = frozen_digest(row)
    row.approved_by = approved
    row.approvals += 1
    row.save(update_fields=["form_version", "frozen_sha256", "approved_by", "approvals"])
    try:
        postings.open_call(
            stamp(actor, "call", row.id, f"allot:{row.approvals}", at=at),
            programme_year=row.programme_year_id,
            call=row.id,
            amount=row.budget_microwon,
        )
    except Overdrawn as err:
        raise exceeded(err) from err


def _has_open_appeals(row: Call) -> bool:
    rows = Appeal.objects.filter(
        subject_type="application", subject_id__in=row.applications.values("id")
    )
    return rows.exclude(state=AppealState.CLOSED).exists()


def _form_version(actor: Actor, row: Call, at: datetime) -> FormVersion:
    """The call's own questions as a version, so that every application names one."""
    form, _ = Form.objects.get_or_create(code=f"call/{row.code}", defaults={"created_at": at})
    return keep_version(actor, form, row.form, at=at)


def _return_allotment(actor: Actor, row: Call, at: datetime) -> None:
    left = allotment_left_microwon(row.id)
    if left:
        postings.close_call(
            stamp(actor, "call", row.id, _return_key(row), at=at),
            programme_year=row.programme_year_id,
            call=row.id,
            amount=left,
        )


def _return_key(row: Call) -> str:
    """A call that was opened again after its archive gives back a second time."""
    archived = times_recorded("call.archive", "call", row.id)
    return f"return:{row.approvals}" + (f":{archived}" if archived > 1 else "")


def _postpone_next(actor: Actor, row: Call, closes_at: datetime, at: datetime) -> None:
    """A series has one call open at every instant; its cut-offs stay one after the other."""
    if row.series_id is None:
        return
    later = Call.objects.filter(series=row.series_id, series_number__gt=row.series_number)
    standing = later.exclude(state=CallState.CANCELLED).order_by("series_number")
    following = standing.select_for_update().first()
    if following is None or following.opens_at >= closes_at:
        return
    if following.closes_at <= closes_at:
        raise PeriodInvalid(field="closes_at", reason="not before the next cut-off")
    following.opens_at = closes_at
    following.save(update_fields=["opens_at"])
    _record(actor, "call.postpone", following, at)


def _take_phase(row: Call, at: datetime) -> None:
    """Put what the clock says in the place of what is stored, for the table to judge."""
    row.state = phase_at(row, at)


def _refuse_other_terms(row: Call, year: ProgrammeYear, content: CallContent) -> None:
    if row.programme_year_id != year.id:
        raise CallExists(call=row.code, field="programme")
    wanted = columns_of(content, year, policies_of(row))
    first = row.extensions.order_by("at").first()
    held = {name: getattr(row, name) for name in DECLARED}
    if first is not None:
        held["closes_at"] = first.from_closes_at
    for name in DECLARED:
        if held[name] != wanted[name]:
            raise CallExists(call=row.code, field=name)


def _needed(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing
    return reason


def _record(actor: Actor, action: str, row: Call, at: datetime, reason: str = "") -> None:
    record_event(
        actor,
        action,
        subject_type="call",
        subject_id=row.id,
        at=at,
        after=row.state,
        reason=reason,
        facts={"code": row.code},
    )
