"""What is due next: for everybody who signs in, the steps that wait for them, soonest first.

Each role has one function from the rooms' own queries; nothing is stored, so a step that
somebody else has taken is gone from the list at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from madang.ledger.queries import positions
from madang.metering.deposits.queries import receipts_of
from madang.metering.offerings.queries import offerings_of
from madang.metering.payouts.queries import payouts_of, waiting_for_payouts
from madang.metering.statements.models import Statement
from madang.metering.statements.queries import statements_of
from madang.metering.vouchers.queries import state_at, terms_of, vouchers_of
from madang.parties.actor import Actor, Role
from madang.parties.joining.queries import waiting_joins
from madang.portal.due_money import money_due
from madang.portal.templatetags.madang import name, spoken_text, title
from madang.programme.agreements.models import Agreement
from madang.programme.agreements.queries import agreements_for
from madang.programme.applications.lane import lane_wait
from madang.programme.applications.models import Application
from madang.programme.applications.queries import applications_for, following_call
from madang.programme.awards.queries import awards_for
from madang.programme.calls.models import Call
from madang.programme.calls.phases import CLOSED, OPEN, phase_at
from madang.programme.calls.queries import calls_for
from madang.programme.copayments.models import CoPaymentObligation
from madang.programme.flags.queries import flags_for
from madang.programme.matches.queries import matches_for
from madang.programme.selection.actions import CONTEXT, has_candidates
from madang.programme.selection.appeals import decision_about
from madang.programme.selection.peers import peer_due_at
from madang.review.appeals.queries import appeals_for, is_appealed
from madang.review.assignments.queries import assignments_for
from madang.review.challenges.models import Challenge
from madang.review.challenges.queries import challenges_for
from madang.review.errors import NotDecidedYet
from madang.review.rankings.queries import awaits_word_of

SOON = timedelta(days=30)
LISTED_MAX = 60


@dataclass(frozen=True, slots=True)
class Due:
    """One step: what to do, about what, until when, and where."""

    what: str
    about: str
    href: str
    until: datetime | None = None
    is_late: bool = False


def due_for(actor: Actor, at: datetime) -> list[Due]:
    """Everything that waits for this actor, soonest deadline first, undated last."""
    by_role = {
        Role.BENEFICIARY: _beneficiary,
        Role.REVIEWER: _reviewer,
        Role.SUPPLIER: _supplier,
        Role.OPERATOR: _operator,
    }
    found = [
        due for role, steps in by_role.items() if actor.has(role) for due in steps(actor, at)
    ]
    found += list(_signatures(actor, at))
    found += [
        Due(one.what, one.about, one.href, one.until, one.until is not None and at >= one.until)
        for one in money_due(actor)
    ]
    dated = sorted((due for due in found if due.until), key=lambda due: str(due.until))
    return [*dated, *(due for due in found if due.until is None)][:LISTED_MAX]


def _beneficiary(actor: Actor, at: datetime) -> Iterator[Due]:
    own = [place for place, role in actor.places if role is Role.BENEFICIARY]
    rows = applications_for(actor).filter(organisation__in=own)
    for row in rows.filter(state__in=["draft", "returned_for_completion"]):
        until = row.completion_due_at or row.call.closes_at
        href = reverse("application", args=[row.id])
        if row.state == "draft" and phase_at(row.call, at) != OPEN:
            following = following_call(row, at)
            if following is not None:
                what = _("Take the draft to the next cut-off")
                yield Due(what, title(row.call), href, following.closes_at)
            continue
        yield Due(_("Hand in the application"), title(row.call), href, until, at >= until)
    for award in awards_for(actor).filter(organisation__in=own, state="agreed"):
        owed = CoPaymentObligation.objects.filter(award=award, state="pending_deposit").first()
        agreement = agreements_for(actor).filter(award=award).first()
        if owed is not None and agreement is not None:
            href = reverse("agreement", args=[agreement.id])
            yield Due(
                _("Deposit your own part"), title(award.call), href, owed.due_at,
                at >= owed.due_at,
            )  # fmt: skip
    yield from _appealable(actor, own, at)
    yield from _unused(actor, at)


def _appealable(actor: Actor, own: list[UUID], at: datetime) -> Iterator[Due]:
    """Decisions of the last weeks that can still be appealed against: a right, not a duty."""
    against = ["rejected", "reserve", "ineligible"]
    for row in applications_for(actor).filter(organisation__in=own, state__in=against):
        try:
            decided = decision_about(row, at)
        except NotDecidedYet:
            continue
        ends = decided.window_ends_at
        if ends is not None and at < ends and not is_appealed(decided):
            href = reverse("application", args=[row.id])
            yield Due(_("You may appeal"), title(row.call), href, ends)


def _unused(actor: Actor, at: datetime) -> Iterator[Due]:
    """Vouchers that end soon with money left."""
    rows = [row for row in vouchers_of(actor) if state_at(row, at) == "active"]
    ending = [row for row in rows if row.expires_at - at <= SOON]
    left = positions([terms_of(row, at) for row in ending]) if ending else {}
    for row in ending:
        if left[row.id].spendable_supply:
            href = reverse("voucher", args=[row.code])
            yield Due(_("Use the voucher before it ends"), row.code, href, row.expires_at)


def _reviewer(actor: Actor, at: datetime) -> Iterator[Due]:
    mine = assignments_for(actor).filter(reviewer__person=UUID(actor.id))
    rows = list(mine.filter(state__in=["invited", "accepted", "review_draft"]))
    names = _receipts(row.subject.subject_id for row in rows)
    for row in rows:
        what = _("Pledge and open") if row.state == "invited" else _("Score and hand in")
        href, until = reverse("assignment", args=[row.id]), peer_due_at(row)
        is_late = until is not None and at >= until
        yield Due(what, names[row.subject.subject_id], href, until, is_late)


def _receipts(subjects: Iterable[UUID]) -> dict[UUID, str]:
    """What people call a subject: the receipt number, or its id where it is none of ours."""
    shown = {one: str(one)[:13] for one in subjects}
    rows = Application.objects.filter(id__in=shown).exclude(receipt_no="")
    return shown | dict(rows.values_list("id", "receipt_no"))


def _supplier(actor: Actor, at: datetime) -> Iterator[Due]:
    rows = statements_of(actor).filter(state="frozen", supplier__in=actor.suppliers)
    for row in rows:
        yield Due(_("Confirm the statement"), _of_statement(row), _statement(row))
    for match in matches_for(actor).filter(state="asked", supplier__in=actor.suppliers):
        firm = name(match.application.organisation)
        yield Due(_("Answer the match"), firm, reverse("matches"))


def _signatures(actor: Actor, at: datetime) -> Iterator[Due]:
    rows = agreements_for(actor).filter(state="pending_signatures").prefetch_related("parties")
    for row in rows:
        if _waits_for(row, actor):
            href = reverse("agreement", args=[row.id])
            until = row.sign_due_at
            yield Due(_("Sign the agreement"), title(row.award.call), href, until, at >= until)


def _waits_for(row: Agreement, actor: Actor) -> bool:
    parties = list(row.parties.all())
    if any(party.signed_by == actor.id for party in parties):
        return False
    roles = {"beneficiary": Role.BENEFICIARY, "supplier": Role.SUPPLIER}
    return any(
        actor.has(Role.OPERATOR)
        if party.organisation_id is None
        else actor.acts_as(roles[party.role], party.organisation_id)
        for party in parties
        if not party.signed_by
    )


def _operator(actor: Actor, at: datetime) -> Iterator[Due]:
    for asked in waiting_joins(actor)[:LISTED_MAX]:
        yield Due(_("Answer who asks to join"), asked.name_ko, reverse("people"))
    for call in calls_for(actor).filter(state__in=["draft", "approved", "reviewing"]):
        yield from _of_call(actor, call, at)
    for award in awards_for(actor).filter(state="agreed", copayment__state="funded"):
        href = reverse("award", args=[award.id])
        yield Due(_("Issue the voucher"), name(award.organisation), href)
    yield from _of_fairness(actor, at)
    yield from _of_money(actor)
    yield from _of_exceptions(actor)


def _of_fairness(actor: Actor, at: datetime) -> Iterator[Due]:
    """Small requests under their published limit, challenges, appeals."""
    for row in applications_for(actor).filter(state="submitted", answer_due_at__isnull=False):
        until = row.answer_due_at
        assert until is not None, row.id
        href = reverse("application", args=[row.id])
        about = " · ".join([row.receipt_no, *_open_rules(row)])
        yield Due(_("Answer a small request"), about, href, until, at >= until)
    challenges = list(challenges_for(actor).filter(state="filed"))
    names = _receipts(row.subject.subject_id for row in challenges)
    for challenge in challenges:
        about = names[challenge.subject.subject_id]
        yield Due(_("Decide the challenge"), about, _panel_of(challenge))
    steps = {"filed": _("Admit the appeal"), "admissible": _("Bring the appeal to review")}
    appeals = list(appeals_for(actor).filter(state__in=[*steps, "under_review"]))
    names = _receipts(row.subject_id for row in appeals)
    for appeal in appeals:
        what = steps.get(appeal.state, _("Decide the appeal"))
        yield Due(what, names[appeal.subject_id], reverse("appeal", args=[appeal.id]))


def _open_rules(row: Application) -> list[str]:
    """What keeps a small request waiting, in the reader's words."""
    wait = lane_wait(row)
    return [spoken_text(one) or one.code for one in wait.rules] if wait else []


def _panel_of(challenge: Challenge) -> str:
    row = Application.objects.select_related("call").get(id=challenge.subject.subject_id)
    return reverse("panel", args=[row.call.code])


def _of_call(actor: Actor, call: Call, at: datetime) -> Iterator[Due]:
    phase, about = phase_at(call, at), title(call)
    href = reverse("manage_call", args=[call.code])
    if phase == "draft" and call.created_by != actor.id:
        yield Due(_("Approve the call"), about, href, call.opens_at, at >= call.opens_at)
    elif phase == CLOSED:
        yield Due(_after_deadline(call), about, href)
    elif phase == "reviewing" and not has_candidates(call):
        yield Due(_("End the call"), about, href)
    elif phase == "reviewing":
        if awaits_word_of(actor, CONTEXT, call.id):
            yield Due(_("Confirm the ranking"), about, reverse("ranking", args=[call.code]))
            return
        yield Due(_("Assign experts and rank"), about, reverse("panel", args=[call.code]))


def _after_deadline(call: Call) -> str:
    """The fast lane and the checks may have left nothing to review."""
    states = set(call.applications.values_list("state", flat=True))
    if states & {"submitted", "returned_for_completion"}:
        return _("Check eligibility")
    return _("Begin the review") if "eligible" in states else _("End the call")


def _of_money(actor: Actor) -> Iterator[Due]:
    for row in waiting_for_payouts(actor):
        yield Due(_("Make the payouts"), _of_statement(row), reverse("payouts"))
    for payout in payouts_of(actor).filter(state__in=["created", "sent"]):
        if payout.state == "created" and payout.created_by == actor.id:
            continue
        what = _("Approve the payout") if payout.state == "created" else _("Settle the payout")
        about = _of_statement(payout.statement) if payout.statement else name(payout.whom)
        yield Due(what, about, reverse("payouts"))


def _of_exceptions(actor: Actor) -> Iterator[Due]:
    href = reverse("exceptions")
    for receipt in receipts_of(actor).filter(state="parked"):
        yield Due(_("Find out who paid"), receipt.reference, href)
    for row in statements_of(actor).filter(state="disputed"):
        yield Due(_("Settle the objection"), _of_statement(row), href)
    odd = flags_for(actor).filter(state="open").count()
    if odd:
        yield Due(_("Look at what is odd"), str(odd), reverse("flags"))
    for offering in offerings_of(actor).filter(state="suspended"):
        yield Due(_("Look at the product"), offering.code, href)


def _of_statement(row: Statement) -> str:
    return f"{name(row.supplier)} {row.month} #{row.number}"


def _statement(row: Statement) -> str:
    return reverse("statement", args=[row.supplier.code, row.month, row.number])
