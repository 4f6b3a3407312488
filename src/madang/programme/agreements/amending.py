"""Amendments 변경협약: proposed with every change named, in force when every party has signed.

The award's lock is taken first. What may change: the last day of use, the supplier, the
products, the amount (up: from the call's allotment; down: from what is not released).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from madang.core.clock import rfc3339, seoul_day_ends
from madang.core.errors import NotFound
from madang.core.money import is_whole_won
from madang.ledger import postings
from madang.ledger.errors import Overdrawn
from madang.metering.exits.queries import open_exit
from madang.metering.models import VoucherState
from madang.metering.vouchers.actions import change_terms
from madang.metering.vouchers.queries import state_at
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.canonical import Json, digest_of
from madang.parties.errors import TransitionNotAllowed
from madang.parties.events.actions import record_event
from madang.parties.models import Person, Supplier
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of
from madang.parties.policies.queries import current_policy
from madang.parties.suppliers.queries import supplier_by_code
from madang.programme.agreements.models import (
    Agreement,
    AgreementState,
    Amendment,
    AmendmentParty,
    AmendmentState,
    PartyRole,
)
from madang.programme.agreements.signing import Signable, place_for
from madang.programme.agreements.workflow import AGREEMENT, AMENDMENT
from madang.programme.applications.limits import check_dealing_of
from madang.programme.awards.models import Award
from madang.programme.awards.queries import locked_award
from madang.programme.deadlines import due_after, holidays_at
from madang.programme.errors import (
    AmendmentInvalid,
    BudgetExceeded,
    ReasonMissing,
    SignatureDigest,
    SignatureLate,
)
from madang.programme.milestones.models import DELIVERED, promised_microwon
from madang.programme.money import allotment_left_microwon, exceeded, stamp
from madang.programme.tranches.actions import cut_unreleased
from madang.programme.tranches.models import Tranche
from madang.programme.tranches.planning import unreleased_microwon

IN_FORCE = (AgreementState.SIGNED, AgreementState.AMENDED)
IN_USE = frozenset({VoucherState.PENDING, VoucherState.ACTIVE, VoucherState.SUSPENDED})
CHANGES = ("use_ends_on", "supplier", "offerings", "subsidy_microwon")


@transaction.atomic
def propose_amendment(
    actor: Actor,
    agreement_id: UUID,
    *,
    changes: Mapping[str, Json],
    reason: str,
    at: datetime,
) -> Amendment:
    """변경 제안 by the agency, sent to every party at once. One at a time, and only while there
    is something to use: nobody signs it after the voucher's last day.

    Raises AmendmentInvalid by field, BudgetExceeded, TransitionNotAllowed.
    """
    actor.need(Role.OPERATOR)
    award, row = locked_agreement(agreement_id)
    if row.state not in IN_FORCE:
        raise TransitionNotAllowed(noun="agreement", transition="amend", state=row.state)
    if row.amendments.filter(state=AmendmentState.PROPOSED).exists():
        raise TransitionNotAllowed(noun="amendment", transition="propose", state="proposed")
    if not reason.strip():
        raise ReasonMissing
    need_use(award, at)
    read = _news(row, _checked(award, changes, at))
    terms: dict[str, Json] = {**row.terms, **read}
    number = (row.amendments.aggregate(last=Max("number"))["last"] or 0) + 1
    terms["amendment"] = number
    made = Amendment.objects.create(
        agreement=row,
        number=number,
        changes=read,
        terms=terms,
        terms_sha256=digest_of(terms),
        sign_due_at=_sign_due_at(award, at),
        created_by=actor.id,
        created_at=at,
    )
    AmendmentParty.objects.bulk_create(
        AmendmentParty(amendment=made, role=role, organisation_id=firm)
        for role, firm in _places(award, read)
    )
    record_event(
        actor, "amendment.propose", subject_type="amendment", subject_id=made.id, at=at,
        after=made.state, reason=reason, facts={"sha256": made.terms_sha256, "number": number},
    )  # fmt: skip
    _tell(made, award, "programme.amendment.proposed", at, due=rfc3339(made.sign_due_at))
    return made


def _checked(award: Award, changes: Mapping[str, Json], at: datetime) -> dict[str, Json]:
    """The changes as the terms will say them. Raises AmendmentInvalid."""
    read: dict[str, Json] = {}
    for name, value in changes.items():
        if name not in CHANGES:
            raise AmendmentInvalid(field=name, reason="not a term that can change")
        read[name] = value
    if "use_ends_on" in read:
        read["use_ends_on"] = end_of_use(award, str(read["use_ends_on"]), at).isoformat()
    if "supplier" in read:
        read["supplier"] = str(_supplier(award, str(read["supplier"]), at).id)
    if "offerings" in read:
        listed = read["offerings"]
        if not isinstance(listed, list) or not all(isinstance(x, str) and x for x in listed):
            raise AmendmentInvalid(field="offerings", reason="not a list of names")
    if "subsidy_microwon" in read:
        _amount(award, read["subsidy_microwon"])
    return read


def need_use(award: Award, at: datetime) -> None:
    """What has ended is settled, not amended. Raises AmendmentInvalid."""
    if award.voucher is not None and state_at(award.voucher, at) not in IN_USE:
        raise AmendmentInvalid(field="use_ends_on", reason="the voucher has ended")


def _sign_due_at(award: Award, at: datetime) -> datetime:
    """By policy, and before the voucher ends; one that was never issued ends on no day."""
    days = current_policy("execution", at).number("amend_days")
    due, voucher = due_after(at, days, holidays=holidays_at(at)), award.voucher
    if voucher is None or state_at(voucher, voucher.expires_at) in IN_USE:
        return due
    return min(due, voucher.expires_at)


def _news(row: Agreement, read: Mapping[str, Json]) -> dict[str, Json]:
    """What differs from the terms in force. Raises AmendmentInvalid where nothing does."""
    found = {name: value for name, value in read.items() if row.terms.get(name) != value}
    if not found:
        raise AmendmentInvalid(field="changes", reason="nothing is changed")
    return found


def end_of_use(award: Award, text: str, at: datetime) -> date:
    """A last day of use that an amendment may name. Raises AmendmentInvalid."""
    try:
        day = date.fromisoformat(text)
    except ValueError as err:
        raise AmendmentInvalid(field="use_ends_on", reason="not a date") from err
    if seoul_day_ends(day) <= at or day > award.call.programme_year.ends_on:
        raise AmendmentInvalid(field="use_ends_on", reason="not between now and the year's end")
    return day


def _supplier(award: Award, code: str, at: datetime) -> Supplier:
    found = supplier_by_code(code)
    if open_exit(found) is not None:
        raise AmendmentInvalid(field="supplier", reason="it sells nothing any more")
    check_dealing_of(award.organisation_id, found, at)
    return found


def _amount(award: Award, value: Json) -> None:
    if not isinstance(value, int) or value <= 0 or not is_whole_won(value):
        raise AmendmentInvalid(field="subsidy_microwon", reason="not a positive whole won")
    released = award.amount_microwon - unreleased_microwon(award)
    has_parts = award.tranches.exists()
    if has_parts and value < released:
        raise AmendmentInvalid(field="subsidy_microwon", reason="below what is released")
    _need_delivered(award, value)
    more, left = value - award.amount_microwon, allotment_left_microwon(award.call_id)
    if more > left:
        raise BudgetExceeded(needed_microwon=more, available_microwon=left)


def _need_delivered(award: Award, value: int) -> None:
    """Steps that are handed in or accepted keep their money. Raises AmendmentInvalid."""
    if value < promised_microwon(award.milestones.filter(state__in=DELIVERED)):
        raise AmendmentInvalid(field="subsidy_microwon", reason="below what is handed in")


def _places(award: Award, changes: Mapping[str, Json]) -> list[tuple[PartyRole, UUID | None]]:
    places: list[tuple[PartyRole, UUID | None]] = [
        (PartyRole.AGENCY, None),
        (PartyRole.BENEFICIARY, award.organisation_id),
    ]
    held = award.supplier
    coming = changes.get("supplier")
    following = Supplier.objects.get(pk=UUID(str(coming))) if coming else held
    if following is not None:
        places.append((PartyRole.SUPPLIER, following.organisation_id))
    if held is not None and coming and held != following and open_exit(held) is None:
        places.append((PartyRole.FORMER, held.organisation_id))
    return places


@transaction.atomic
def sign_amendment(
    actor: Actor,
    amendment_id: UUID,
    *,
    sha256: str,
    role: PartyRole | None = None,
    at: datetime,
) -> Amendment:
    """서명, one person for one party; the last one puts the amendment into force."""
    award, agreement, row = _locked(amendment_id)
    place = place_for(actor, Signable(row.id, list(row.parties.order_by("id"))), role)
    if place.signed_by == actor.id:
        return row
    if row.state != AmendmentState.PROPOSED:
        raise TransitionNotAllowed(noun="amendment", transition="sign", state=row.state)
    if at >= row.sign_due_at:
        raise SignatureLate(sign_due_at=rfc3339(row.sign_due_at))
    if sha256 != row.terms_sha256:
        raise SignatureDigest
    need_use(award, at)
    place.signed_by, place.signed_sha256, place.signed_at = actor.id, sha256, at
    place.save(update_fields=["signed_by", "signed_sha256", "signed_at"])
    record_event(
        actor, "amendment.signature", subject_type="amendment", subject_id=row.id, at=at,
        facts={"role": place.role, "sha256": sha256},
    )  # fmt: skip
    if not row.parties.filter(signed_at=None).exists():
        _put_into_force(actor, award, agreement, row, at)
    return row


def _put_into_force(
    actor: Actor, award: Award, agreement: Agreement, row: Amendment, at: datetime
) -> None:
    AMENDMENT.move(row, "sign", actor, at=at)
    row.signed_at = at
    row.save(update_fields=["signed_at"])
    AGREEMENT.move(agreement, "amend", actor, at=at, facts={"number": row.number})
    agreement.terms, agreement.terms_sha256 = row.terms, row.terms_sha256
    agreement.save(update_fields=["terms", "terms_sha256"])
    if "supplier" in row.changes:
        award.supplier_id = UUID(row.changes["supplier"])
        award.save(update_fields=["supplier"])
    if "subsidy_microwon" in row.changes:
        _change_amount(actor, award, row, at)
    voucher = award.voucher
    if voucher is not None:
        ends = row.changes.get("use_ends_on")
        change_terms(
            actor,
            voucher,
            expires_at=seoul_day_ends(date.fromisoformat(ends)) if ends else None,
            offerings=row.changes.get("offerings"),
            at=at,
        )
    _tell(row, award, "programme.amendment.signed", at)


def _change_amount(actor: Actor, award: Award, row: Amendment, at: datetime) -> None:
    """The difference from the call's allotment (P4), or back to it (P4r), and the parts."""
    difference = row.changes["subsidy_microwon"] - award.amount_microwon
    year, call = award.call.programme_year_id, award.call_id
    posted = stamp(actor, "amendment", row.id, "amount", at=at)
    if difference > 0:
        try:
            postings.award(
                posted, programme_year=year, call=call, award=award.id, amount=difference
            )
        except Overdrawn as err:
            raise exceeded(err) from err
        last = award.tranches.aggregate(last=Max("number"))["last"]
        if last is not None:
            Tranche.objects.create(award=award, number=last + 1, amount_microwon=difference)
    elif difference < 0:
        _need_delivered(award, row.changes["subsidy_microwon"])
        if award.tranches.exists():
            cut_unreleased(system_actor(actor.origin), award, -difference, at=at)
        postings.lapse_award(
            posted, programme_year=year, call=call, award=award.id, amount=-difference
        )
    award.amount_microwon = row.changes["subsidy_microwon"]
    award.save(update_fields=["amount_microwon"])


@transaction.atomic
def withdraw_amendment(
    actor: Actor, amendment_id: UUID, *, reason: str, at: datetime
) -> Amendment:
    """철회: the agreement stays as it was."""
    _, _, row = _locked(amendment_id)
    AMENDMENT.move(row, "withdraw", actor, at=at, reason=reason)
    return row


def lapse_amendments(actor: Actor, *, at: datetime) -> int:
    """실효 of every amendment that was not signed in time; how many. Idempotent."""
    rows = Amendment.objects.filter(state=AmendmentState.PROPOSED, sign_due_at__lte=at)
    return sum(_lapse(actor, row.id, at) for row in rows.order_by("id"))


@transaction.atomic
def _lapse(actor: Actor, amendment_id: UUID, at: datetime) -> bool:
    _, _, row = _locked(amendment_id)
    if row.state != AmendmentState.PROPOSED:
        return False
    AMENDMENT.move(row, "lapse", actor, at=at)
    return True


def locked_agreement(agreement_id: UUID) -> tuple[Award, Agreement]:
    found = Agreement.objects.filter(pk=agreement_id).values_list("award_id", flat=True).first()
    if found is None:
        raise NotFound
    award = locked_award(found)
    return award, Agreement.objects.select_for_update().get(pk=agreement_id)


def _locked(amendment_id: UUID) -> tuple[Award, Agreement, Amendment]:
    found = Amendment.objects.filter(pk=amendment_id).values_list("agreement_id", flat=True)
    agreement_id = found.first()
    if agreement_id is None:
        raise NotFound
    award, agreement = locked_agreement(agreement_id)
    return award, agreement, Amendment.objects.select_for_update().get(pk=amendment_id)


def _tell(row: Amendment, award: Award, kind: str, at: datetime, **facts: str) -> None:
    people: dict[UUID, Person] = {}
    for place in row.parties.all():
        if place.organisation_id is None:
            continue
        is_firm = place.role == PartyRole.BENEFICIARY
        role = Role.BENEFICIARY if is_firm else Role.SUPPLIER
        people |= {one.pk: one for one in members_of(place.organisation_id, role)}
    send_notice(
        people.values(),
        kind,
        subject_type="amendment",
        subject_id=row.id,
        at=at,
        facts={"call": award.call.code, **facts},
    )
