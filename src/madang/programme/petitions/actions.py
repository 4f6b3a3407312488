"""Asking the agency, a supplier's answer, and a decision that does what it says.

Locks: the award, then the voucher, then the petition.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.metering.charges.actions import refund_charge
from madang.metering.models import Charge, Voucher
from madang.metering.vouchers.queries import locked
from madang.parties.actor import Actor, Role
from madang.parties.errors import TransitionNotAllowed
from madang.parties.events.actions import record_event
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of
from madang.programme.agreements.amending import end_of_use, need_use, propose_amendment
from madang.programme.agreements.models import Agreement
from madang.programme.awards.models import Award
from madang.programme.awards.queries import locked_award
from madang.programme.errors import PetitionInvalid, PetitionUnamendable, ReasonMissing
from madang.programme.petitions.models import Petition, PetitionKind, PetitionWord
from madang.programme.petitions.queries import OPEN, petition_for
from madang.programme.petitions.workflow import PETITION


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked: `charge` for a use that is wrong, `until_on` for more time."""

    kind: PetitionKind
    text: str
    charge: int | None = None
    until_on: date | None = None


@transaction.atomic
def ask_agency(actor: Actor, voucher: Voucher, wish: Wish, *, at: datetime) -> Petition:
    """요청: by the voucher's own people. Raises PetitionInvalid, PetitionUnamendable,
    AmendmentInvalid and TransitionNotAllowed."""
    actor.need_at(Role.BENEFICIARY, voucher.organisation_id)
    text = _needed(wish.text)
    award = locked_award(_award_of(voucher))
    voucher = locked(voucher)
    charge = _charge_of(voucher, wish)
    if (wish.kind is PetitionKind.CARRY_OVER) is (wish.until_on is None):
        raise PetitionInvalid(field="until_on")
    if wish.until_on is not None:
        _need_amendable(award, wish.until_on, at)
    row = Petition.objects.create(
        award=award, voucher=voucher, charge=charge, kind=wish.kind, until_on=wish.until_on,
        asked_by=actor.id, asked_at=at,
    )  # fmt: skip
    _say(actor, row, "holder", text, at)
    record_event(
        actor, "petition.ask", subject_type="petition", subject_id=row.id, at=at,
        after=row.state,
        facts={"voucher": str(voucher.id), "kind": row.kind,
               "charge": charge.no if charge else None},
    )  # fmt: skip
    if charge is not None:
        _tell_seller(row, "programme.petition.asked", at)
    return row


def _award_of(voucher: Voucher) -> UUID:
    found = Award.objects.filter(voucher=voucher).values_list("id", flat=True).first()
    if found is None:
        raise NotFound
    return found


def _charge_of(voucher: Voucher, wish: Wish) -> Charge | None:
    if (wish.kind is PetitionKind.USAGE) is (wish.charge is None):
        raise PetitionInvalid(field="charge")
    if wish.charge is None:
        return None
    row = Charge.objects.filter(no=wish.charge, voucher=voucher, kind="charge").first()
    if row is None:
        raise NotFound
    if row.petitions.filter(state__in=OPEN).exists():
        raise TransitionNotAllowed(noun="petition", transition="ask", state="asked")
    return row


@transaction.atomic
def answer_petition(actor: Actor, petition_id: UUID, *, text: str, at: datetime) -> Petition:
    """답변 by the supplier whose charge it is."""
    row = _locked(actor, petition_id)
    if row.charge is None:
        raise NotFound
    said = _needed(text)
    PETITION.move(row, "answer", actor, at=at)
    _say(actor, row, "supplier", said, at)
    _tell_holder(row, "programme.petition.answered", at)
    return row


@transaction.atomic
def grant_petition(
    actor: Actor, petition_id: UUID, *, refund_microwon: int = 0, reason: str, at: datetime
) -> Petition:
    """수용: what was asked is done. A charge is refunded by `refund_microwon`, more time is
    proposed to every party as an amendment; a correction is another person's step (P23).

    Raises PetitionInvalid, and what the refund or the amendment raises: then nothing is done.
    """
    actor.need(Role.OPERATOR)
    row = _locked(actor, petition_id)
    said = _needed(reason)
    if (row.charge is not None) is not (refund_microwon > 0):
        raise PetitionInvalid(field="refund_microwon")
    PETITION.move(row, "grant", actor, at=at, reason=reason)
    if row.charge is not None:
        refund_charge(
            actor, row.charge, refund=row.id, amount_microwon=refund_microwon, at=at,
            reason=reason,
        )  # fmt: skip
        row.refunded_microwon = refund_microwon
    elif row.kind == PetitionKind.CARRY_OVER:
        _propose_more_time(actor, row, reason, at)
    return _decided(actor, row, said, at)


@transaction.atomic
def refuse_petition(actor: Actor, petition_id: UUID, *, reason: str, at: datetime) -> Petition:
    """반려, with the reason."""
    actor.need(Role.OPERATOR)
    row = _locked(actor, petition_id)
    said = _needed(reason)
    PETITION.move(row, "refuse", actor, at=at, reason=reason)
    return _decided(actor, row, said, at)


@transaction.atomic
def withdraw_petition(actor: Actor, petition_id: UUID, *, at: datetime) -> Petition:
    row = _locked(actor, petition_id)
    PETITION.move(row, "withdraw", actor, at=at)
    return row


def _propose_more_time(actor: Actor, row: Petition, reason: str, at: datetime) -> None:
    agreement = Agreement.objects.filter(award=row.award).first()
    if agreement is None or row.until_on is None:
        raise PetitionUnamendable
    changes = {"use_ends_on": row.until_on.isoformat()}
    propose_amendment(actor, agreement.id, changes=changes, reason=reason, at=at)


def _need_amendable(award: Award, until_on: date, at: datetime) -> None:
    """More time is an amendment: who asks for it learns at once what no amendment can give."""
    if not Agreement.objects.filter(award=award).exists():
        raise PetitionUnamendable
    need_use(award, at)
    end_of_use(award, until_on.isoformat(), at)


def _decided(actor: Actor, row: Petition, said: str, at: datetime) -> Petition:
    row.decided_by, row.decided_at = actor.id, at
    row.save(update_fields=["decided_by", "decided_at", "refunded_microwon"])
    _say(actor, row, "agency", said, at)
    _tell_holder(row, f"programme.petition.{row.state}", at)
    if row.charge is not None:
        _tell_seller(row, f"programme.petition.{row.state}", at)
    return row


def _locked(actor: Actor, petition_id: UUID) -> Petition:
    found = petition_for(actor, petition_id)
    award = locked_award(found.award_id)
    voucher = locked(found.voucher)
    rows = Petition.objects.select_for_update(of=("self",))
    row = rows.select_related("charge__supplier").get(pk=petition_id)
    row.award, row.voucher = award, voucher
    return row


def _say(actor: Actor, row: Petition, side: str, text: str, at: datetime) -> None:
    PetitionWord.objects.create(petition=row, side=side, text=text, by=actor.id, at=at)


def _needed(text: str) -> str:
    if not text.strip():
        raise ReasonMissing
    return text


def _tell_holder(row: Petition, kind: str, at: datetime) -> None:
    send_notice(
        members_of(row.voucher.organisation_id, Role.BENEFICIARY), kind,
        subject_type="petition", subject_id=row.id, at=at, facts={"voucher": row.voucher.code},
    )  # fmt: skip


def _tell_seller(row: Petition, kind: str, at: datetime) -> None:
    assert row.charge is not None, "the caller asked"
    send_notice(
        members_of(row.charge.supplier.organisation_id, Role.SUPPLIER), kind,
        subject_type="petition", subject_id=row.id, at=at, facts={"voucher": row.voucher.code},
    )  # fmt: skip
