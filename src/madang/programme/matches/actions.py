"""Asking a supplier, and the supplier's word 사전협의, before or after the award.

Locks: the application first, then the match, then the award.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.canonical import digest_of
from madang.parties.events.actions import record_event
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of
from madang.parties.suppliers.queries import supplier_by_code
from madang.programme.agreements.actions import terms_of
from madang.programme.agreements.models import Agreement, AgreementParty, PartyRole
from madang.programme.applications.actions import add_revision, locked_application
from madang.programme.applications.limits import check_dealing, covers
from madang.programme.applications.models import Application, ApplicationState
from madang.programme.applications.workflow import need_own
from madang.programme.awards.models import Award, AwardState
from madang.programme.awards.queries import locked_award
from madang.programme.errors import MatchTooLate
from madang.programme.matches.models import Match, MatchState
from madang.programme.matches.workflow import BEFORE_REVIEW, MATCH


@transaction.atomic
def ask_consent(
    actor: Actor, application_id: UUID, *, supplier: str, summary: str = "", at: datetime
) -> Match:
    """사전협의 요청: the open request is answered with when it is asked again.

    A word that no longer covers the amount is replaced by a new request. A supplier that is the
    applicant, or affiliated with it, is refused (I8).
    """
    row = locked_application(application_id)
    need_own(row, actor, at)
    seller = supplier_by_code(supplier)
    held = row.matches.filter(
        supplier=seller, state__in=[MatchState.ASKED, MatchState.CONSENTED]
    ).first()
    if held is not None and (held.state == MatchState.ASKED or _covers(held, row)):
        return held
    if not is_matchable(row):
        raise MatchTooLate(reason=_why_late(row))
    check_dealing(row, seller, at)
    if held is not None:
        MATCH.move(held, "replace", actor, at=at)
    made = Match.objects.create(
        application=row, supplier=seller, summary=summary, asked_by=actor.id, asked_at=at
    )
    record_event(
        actor,
        "match.ask",
        subject_type="match",
        subject_id=made.id,
        at=at,
        after=made.state,
        facts={"application": str(row.id), "supplier": str(seller.id)},
    )
    send_notice(
        members_of(seller.organisation_id, Role.SUPPLIER),
        "programme.match.asked",
        subject_type="match",
        subject_id=made.id,
        at=at,
        facts={"call": row.call.code},
    )
    return made


@transaction.atomic
def answer_consent(actor: Actor, match_id: UUID, *, consents: bool, at: datetime) -> Match:
    """동의 or 거절 by the supplier. The same answer again changes nothing.

    The word holds up to the amount that the application asks for now. Agreed to before the
    review, the supplier stands in the application, as a further revision where it was handed
    in; after the award, in the award and its agreement.
    """
    row, application = _locked(actor, match_id)
    wanted = MatchState.CONSENTED if consents else MatchState.REFUSED
    if row.state == wanted:
        return row
    MATCH.move(row, "consent" if consents else "refuse", actor, at=at)
    row.answered_by, row.answered_at = actor.id, at
    row.agreed_microwon = application.requested_microwon if consents else None
    row.save(update_fields=["answered_by", "answered_at", "agreed_microwon"])
    if consents:
        _settle(actor, row, application, at)
    _tell(row, f"programme.match.{row.state}", at)
    return row


@transaction.atomic
def withdraw_consent(actor: Actor, match_id: UUID, *, reason: str, at: datetime) -> Match:
    """The supplier takes the word back before the review, or the applicant the request."""
    row, application = _locked(actor, match_id)
    is_seller = actor.acts_as(Role.SUPPLIER, row.supplier.organisation_id)
    MATCH.move(row, "withdraw" if is_seller else "take_back", actor, at=at, reason=reason)
    if application.supplier_id == row.supplier_id and application.state != "draft":
        application.supplier = None
        application.save(update_fields=["supplier"])
        add_revision(actor, application, at=at)
    _tell(row, "programme.match.withdrawn", at)
    return row


def _covers(held: Match, application: Application) -> bool:
    return covers(held.agreed_microwon, application.requested_microwon)


def _settle(actor: Actor, row: Match, application: Application, at: datetime) -> None:
    check_dealing(application, row.supplier, at)
    if application.state in BEFORE_REVIEW:
        if application.supplier_id == row.supplier_id:
            return
        application.supplier = row.supplier
        application.save(update_fields=["supplier"])
        if application.state in {ApplicationState.SUBMITTED, ApplicationState.ELIGIBLE}:
            add_revision(actor, application, at=at)
        return
    award = _open_award(application)
    if award is None:
        raise MatchTooLate(reason=_why_late(application))
    _into_award(actor, award, row, at)


def _into_award(actor: Actor, award: Award, row: Match, at: datetime) -> None:
    """The agreement is written anew with the supplier as a party, while nobody signed it."""
    award = locked_award(award.id)
    agreement = Agreement.objects.select_for_update().get(award=award)
    if agreement.parties.exclude(signed_by="").exists():
        raise MatchTooLate(reason="the agreement has a signature already; amend it instead")
    award.supplier = row.supplier
    award.save(update_fields=["supplier"])
    agreement.terms = terms_of(award)
    agreement.terms_sha256 = digest_of(agreement.terms)
    agreement.save(update_fields=["terms", "terms_sha256"])
    AgreementParty.objects.update_or_create(
        agreement=agreement,
        role=PartyRole.SUPPLIER,
        defaults={"organisation_id": row.supplier.organisation_id},
    )
    record_event(
        actor,
        "award.match",
        subject_type="award",
        subject_id=award.id,
        at=at,
        facts={"supplier": str(row.supplier_id), "sha256": agreement.terms_sha256},
    )


def is_matchable(row: Application) -> bool:
    """A supplier may still be asked: before the review, or while an offer waits for one."""
    return row.state in BEFORE_REVIEW or _open_award(row) is not None


def _why_late(application: Application) -> str:
    if application.call.terms.get("supplier_consent") != "after_award":
        return "this call takes a supplier before its review only"
    return "the review has begun and no offer waits for a supplier"


def _open_award(row: Application) -> Award | None:
    """An offer without a supplier, where the call lets one be found after the award."""
    if row.call.terms.get("supplier_consent") != "after_award":
        return None
    return row.awards.filter(state=AwardState.OFFERED, supplier=None).first()


def _locked(actor: Actor, match_id: UUID) -> tuple[Match, Application]:
    found = Match.objects.filter(pk=match_id).select_related("supplier", "application").first()
    if found is None or not (
        actor.sees_everything
        or actor.acts_for(found.supplier.organisation_id)
        or actor.acts_for(found.application.organisation_id)
    ):
        raise NotFound
    application = locked_application(found.application_id)
    row = (
        Match.objects.select_for_update(of=("self",))
        .select_related("supplier", "application__organisation", "application__call")
        .get(pk=match_id)
    )
    return row, application


def _tell(row: Match, kind: str, at: datetime) -> None:
    send_notice(
        members_of(row.application.organisation_id, Role.BENEFICIARY),
        kind,
        subject_type="match",
        subject_id=row.id,
        at=at,
        facts={"call": row.application.call.code, "supplier": row.supplier.code},
    )
