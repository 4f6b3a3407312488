"""What is due of the money: reports, settlements, amendments, answers, invoices."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from madang.core.clock import seoul_day_ends
from madang.metering.charges.queries import open_proposal, settled_refunds_of
from madang.metering.disputes.queries import dispute_ends
from madang.metering.invoices.queries import invoices_of
from madang.metering.payouts.models import GONE, Payout
from madang.metering.returns.queries import deposit_returns_of
from madang.parties.actor import Actor, Role
from madang.portal.due_cases import cases_due
from madang.portal.due_rows import MoneyDue
from madang.portal.templatetags.madang import name, title
from madang.programme.agreements.models import Amendment, AmendmentParty
from madang.programme.agreements.queries import amendments_for
from madang.programme.awards.queries import awards_for
from madang.programme.copayments.models import InKindEvidence
from madang.programme.corrections.queries import corrections_of
from madang.programme.milestones.queries import milestones_for
from madang.programme.petitions.queries import OPEN, petitions_for
from madang.programme.reports.models import ReportKind
from madang.programme.reports.queries import reports_for
from madang.programme.settlements.models import ProjectSettlement
from madang.programme.years.models import ProgrammeYear, RollOver, TreasuryReturn

STEPS_HERE = ("voucher", "milestones")
"""Whose steps are accepted on the page of the award; data sets have a desk of their own."""


def money_due(actor: Actor) -> Iterator[MoneyDue]:
    """Everything that waits for this actor, whatever the role."""
    yield from _amendments(actor)
    yield from _petitions(actor)
    if actor.has(Role.BENEFICIARY):
        yield from _own(actor)
    if actor.has(Role.SUPPLIER):
        yield from _owed_back(actor)
        for row in invoices_of(actor).filter(state="due", supplier__in=actor.suppliers):
            about = f"{row.month} {name(row.organisation)}"
            yield MoneyDue(_("Issue the tax invoice"), about, reverse("invoices"), row.due_at)
    if actor.has(Role.OPERATOR):
        yield from _operator(actor)
        yield from _work(actor)
        yield from _seconds(actor)
    yield from cases_due(actor)


def _owed_back(actor: Actor) -> Iterator[MoneyDue]:
    """What a supplier agreed to give back and has not paid."""
    rows = settled_refunds_of(actor).filter(charge__supplier__in=actor.suppliers)
    for row in rows.filter(state__in=["agreed", "proposed"]):
        about = row.charge.usage.offering.code
        yield MoneyDue(_("Pay the refund back"), about, reverse("supplier"), None)


def _petitions(actor: Actor) -> Iterator[MoneyDue]:
    """A supplier answers for its charges; the agency decides."""
    rows = petitions_for(actor)
    for row in rows.filter(state="asked", charge__supplier__in=actor.suppliers):
        href = reverse("petition", args=[row.id])
        yield MoneyDue(_("Answer the objection"), row.voucher.code, href, None)
    if actor.has(Role.OPERATOR):
        for row in rows.filter(state__in=OPEN):
            href = reverse("petition", args=[row.id])
            yield MoneyDue(_("Decide the request"), row.voucher.code, href, None)


def _seconds(actor: Actor) -> Iterator[MoneyDue]:
    """What somebody else has proposed and this operator may decide."""
    for end in dispute_ends(actor).filter(state="proposed").exclude(proposed_by=actor.id):
        about = name(end.supplier)
        yield MoneyDue(_("Decide how the dispute ends"), about, reverse("open_ends"), None)
    for fix in corrections_of(actor).filter(state="proposed").exclude(proposed_by=actor.id):
        yield MoneyDue(_("Book the correction"), fix.kind, reverse("corrections"), None)
    backs = deposit_returns_of(actor).filter(state="created").exclude(created_by=actor.id)
    for back in backs:
        href = reverse("voucher_money", args=[back.voucher.code])
        yield MoneyDue(_("Approve the return"), back.voucher.code, href, None)
    for lost in settled_refunds_of(actor).filter(state="proposed"):
        proposal = open_proposal(lost)
        if proposal is not None and proposal.proposed_by != actor.id:
            href = reverse("voucher_money", args=[lost.charge.voucher.code])
            yield MoneyDue(_("Decide the write-off"), name(lost.charge.supplier), href, None)
    waiting = RollOver.objects.filter(state="proposed").exclude(proposed_by=actor.id)
    for roll in waiting.select_related("from_year__programme"):
        yield _of_year(_("Decide the roll-over"), roll.from_year)
    yield from _of_years(actor)
    papers = InKindEvidence.objects.filter(state="submitted", award__in=awards_for(actor))
    for paper in papers.select_related("award__organisation"):
        href = reverse("execution", args=[paper.award_id])
        about = name(paper.award.organisation)
        yield MoneyDue(_("Look at the paper in kind"), about, href, None)


def _of_years(actor: Actor) -> Iterator[MoneyDue]:
    """What somebody else began of a year's end: the return to the treasury, then the close."""
    returns = TreasuryReturn.objects.filter(state="prepared").exclude(prepared_by=actor.id)
    for back in returns.select_related("programme_year__programme"):
        yield _of_year(_("Remit to the treasury"), back.programme_year)
    closing = ProgrammeYear.objects.filter(state="closing").exclude(closing_by=actor.id)
    for year in closing.select_related("programme"):
        if not year.treasury_returns.filter(state="prepared").exists():
            yield _of_year(_("Close the year"), year)


def _of_year(what: str, year: ProgrammeYear) -> MoneyDue:
    href = reverse("year", args=[year.programme.code, year.year])
    return MoneyDue(what, str(year), href, None)


def _own(actor: Actor) -> Iterator[MoneyDue]:
    own = [place for place, role in actor.places if role is Role.BENEFICIARY]
    rows = reports_for(actor).filter(award__organisation__in=own)
    for row in rows.filter(state__in=["due", "returned"]):
        href = reverse("execution", args=[row.award_id])
        what = _("Hand in the report: mid-term")
        if row.kind == ReportKind.RESULT:
            what = _("Hand in the report: results")
        yield MoneyDue(what, title(row.award.call), href, row.due_at)
    yield from _own_steps(actor, own)
    waiting = ProjectSettlement.objects.filter(
        award__organisation__in=own, state="report_due"
    ).select_related("award__call")
    for one in waiting:
        href = reverse("execution", args=[one.award_id])
        yield MoneyDue(_("Hand in the settlement"), title(one.award.call), href, one.due_at)


def _own_steps(actor: Actor, own: list[UUID]) -> Iterator[MoneyDue]:
    """Steps to agree to, once an award, and work to hand in."""
    steps = milestones_for(actor).filter(award__call__terms__fulfilment__in=STEPS_HERE)
    rows = steps.filter(award__organisation__in=own, state__in=["planned", "agreed"])
    for row in rows:
        href = reverse("milestones", args=[row.award_id])
        about = title(row.award.call)
        if row.state == "agreed":
            until = seoul_day_ends(row.due_on)
            yield MoneyDue(_("Hand in the work"), f"{about} {row.number}", href, until)
        elif row.number == 1:
            yield MoneyDue(_("Agree to these steps"), about, href, None)


def _operator(actor: Actor) -> Iterator[MoneyDue]:
    for row in reports_for(actor).filter(state="submitted"):
        href = reverse("execution", args=[row.award_id])
        yield MoneyDue(_("Read the report"), name(row.award.organisation), href, None)
    waiting = ("submitted", "under_verification", "findings", "confirmed")
    rows = ProjectSettlement.objects.filter(state__in=waiting, award__in=awards_for(actor))
    for one in rows.select_related("award__organisation"):
        href = reverse("execution", args=[one.award_id])
        about = name(one.award.organisation)
        yield MoneyDue(_("Go on with the settlement"), about, href, None)


def _work(actor: Actor) -> Iterator[MoneyDue]:
    """Work and claims that wait for a word, and accepted ones that nobody pays yet."""
    steps = milestones_for(actor).filter(award__call__terms__fulfilment__in=STEPS_HERE)
    rows = list(steps.filter(state__in=["submitted", "accepted"]))
    asked = Payout.objects.filter(source_id__in=[f"milestone:{row.id}" for row in rows])
    paid = set(asked.exclude(state__in=GONE).values_list("source_id", flat=True))
    for row in rows:
        if f"milestone:{row.id}" in paid:
            continue
        what = _("Accept the work or the claim")
        if row.state == "accepted":
            what = _("Pay for accepted work")
        href = reverse("milestones", args=[row.award_id])
        yield MoneyDue(what, name(row.award.organisation), href, None)


def _amendments(actor: Actor) -> Iterator[MoneyDue]:
    rows = amendments_for(actor).filter(state="proposed").prefetch_related("parties")
    for row in rows.select_related("agreement__award__call"):
        if _waits_for(row, actor):
            award = row.agreement.award
            href = reverse("execution", args=[award.id])
            yield MoneyDue(_("Sign the amendment"), title(award.call), href, row.sign_due_at)


def _waits_for(row: Amendment, actor: Actor) -> bool:
    places = list(row.parties.all())
    if any(place.signed_by == actor.id for place in places):
        return False
    return any(not place.signed_by and _is_mine(place, actor) for place in places)


def _is_mine(place: AmendmentParty, actor: Actor) -> bool:
    if place.organisation_id is None:
        return actor.has(Role.OPERATOR)
    role = Role.BENEFICIARY if place.role == "beneficiary" else Role.SUPPLIER
    return actor.acts_as(role, place.organisation_id)
