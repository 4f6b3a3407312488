"""Calls for everybody: what is offered, under which rules, until when."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from madang.core.money import MICRO_PER_WON
from madang.parties.actor import Role
from madang.parties.canonical import Json
from madang.parties.organisations.queries import organisations_for
from madang.portal.labels import CONSENT_NAMES, KIND_NAMES
from madang.portal.request import PageRequest, takes
from madang.programme.applications.queries import applications_for
from madang.programme.calls.forms import form_from
from madang.programme.calls.models import Call
from madang.programme.calls.phases import OPEN, phase_at
from madang.programme.calls.queries import call_by_code, calls_for, open_calls, years_counted_on
from madang.programme.calls.ratios import ratios_by_size
from madang.programme.calls.requirements import bonuses_from, requirements_from
from madang.programme.fulfilment.registry import REIMBURSE
from madang.programme.selection.lottery import lottery_of
from madang.review.rules import ReviewRules, rules_from

PER_PAGE = 20


@takes("GET")
def calls(request: PageRequest) -> HttpResponse:
    """Open ones first, then every approved call."""
    page = Paginator(calls_for(None), PER_PAGE).get_page(request.GET.get("page"))
    facts = {
        "open_calls": open_calls(request.at),
        "page": page,
        "rows": [(row, phase_at(row, request.at)) for row in page],
    }
    return render(request, "public/calls.html", facts)


@takes("GET")
def call(request: PageRequest, code: str) -> HttpResponse:
    """One call: its terms as they are frozen, and the way to apply."""
    row = call_by_code(request.actor, code)
    phase = phase_at(row, request.at)
    facts = {
        "call": row,
        "phase": phase,
        "is_open": phase == OPEN,
        "year": row.programme_year,
        "shares": _shares(row),
        "rules": rules_from(row.rules),
        "weight_sum": sum(one.weight for one in rules_from(row.rules).criteria),
        "questions": form_from(row.form),
        "requirements": requirements_from(row.eligibility),
        "bonuses": bonuses_from(row.bonuses),
        "lane_microwon": int(row.terms.get("auto_approve_won_max", 0)) * MICRO_PER_WON,
        "lottery": lottery_of(row.id),
        "extensions": row.extensions.order_by("at"),
        "years_counted_on": years_counted_on(row) if _counts_years(row) else None,
        "is_reimbursed": _is_reimbursed(row),
        "has_voucher": _has_voucher(row),
        "asks_deposit": _asks_deposit(row),
        "judged": _judged(rules_from(row.rules), row.terms),
        "money": _flows(row),
        **_own(request, row),
    }
    return render(request, "public/call.html", facts)


def _counts_years(row: Call) -> bool:
    asked = [*requirements_from(row.eligibility), *(b.when for b in bonuses_from(row.bonuses))]
    return any(one.kind == "years_since" for one in asked)


def _is_reimbursed(row: Call) -> bool:
    return bool(row.terms.get("pay_direction") == REIMBURSE)


def _has_voucher(row: Call) -> bool:
    return row.terms.get("fulfilment", "voucher") == "voucher" and not _is_reimbursed(row)


def _asks_deposit(row: Call) -> bool:
    return _has_voucher(row) and row.terms.get("deposit_required") != "none"


def _shares(row: Call) -> list[str]:
    """What each size that the call names is supported at, in words; then everybody else."""
    stated = ratios_by_size(row.terms)
    if not stated:
        return [str(row.programme_year.ratio)]
    told = [f"{KIND_NAMES[size]}: {ratio}" for size, ratio in stated.items()]
    if len(stated) < len(KIND_NAMES):
        told.append(_("all others: %(ratio)s") % {"ratio": row.programme_year.ratio})
    return told


def _judged(rules: ReviewRules, terms: Mapping[str, Json]) -> list[str]:
    """Who scores, and how scores become an order: what an applicant must know of it before."""
    told: list[str] = []
    if rules.mode == "distributed":
        told.append(
            _("The applicants judge one another: whoever applies judges %(count)s others.")
            % {"count": rules.peer_reviews}
        )
        told.append(
            _("Whoever has not judged them within %(days)s days is rejected.")
            % {"days": terms["review_days"]}
        )
    else:
        told.append(
            _("Up to %(panel)s experts score each application; at least %(quorum)s must.")
            % {"panel": rules.panel, "quorum": rules.quorum}
        )
    if rules.trim_high or rules.trim_low:
        told.append(
            _(
                "The %(high)s highest and %(low)s lowest scores are left out, the rest are "
                "averaged."
            )
            % {"high": rules.trim_high, "low": rules.trim_low}
        )
    if rules.pass_score:
        told.append(
            _("Below %(score)s points nobody is selected.") % {"score": rules.pass_score}
        )
    if rules.sure_score:
        told.append(
            _("From %(score)s points on the score decides, below it the recorded lottery.")
            % {"score": rules.sure_score}
        )
    return told


def _flows(row: Call) -> list[str]:
    """What an applicant must know of the money before applying."""
    told: list[str] = []
    if most := int(row.terms.get("requested_won_max") or 0):
        told.append(_("One application asks for at most %(won)s won.") % {"won": f"{most:,}"})
    if ratios_by_size(row.terms):
        told.append(
            _(
                "The support share follows your organisation's size as it is registered when "
                "the award is made; a later change of size changes nothing."
            )
        )
    if _is_reimbursed(row):
        told.append(
            _("You pay your supplier first, and ask for the share of each paid tax invoice.")
        )
    if row.terms.get("fulfilment") == "milestones":
        told.append(_("The award is paid step by step, for accepted work only."))
    if _has_voucher(row):
        told.append(_("The voucher pays the supplier, month by month."))
    if _asks_deposit(row):
        told.append(_("Your own part and the VAT are deposited before the voucher is issued."))
    shares = row.terms.get("tranches")
    if isinstance(shares, list) and len(shares) > 1 and _has_voucher(row):
        parts = ", ".join(str(share) for share in shares)
        told.append(_("The award is released in parts: %(parts)s.") % {"parts": parts})
    consent = CONSENT_NAMES.get(str(row.terms.get("supplier_consent")))
    if consent:
        told.append(str(consent))
    return told


def _own(request: PageRequest, row: Call) -> dict[str, object]:
    """For somebody who may apply: for which organisations, and what is there already."""
    if not request.actor.has(Role.BENEFICIARY):
        return {}
    firms = [
        firm
        for firm in organisations_for(request.actor)
        if request.actor.acts_as(Role.BENEFICIARY, firm.id)
    ]
    mine = applications_for(request.actor).filter(call=row, organisation__in=firms)
    return {"firms": firms, "own_applications": mine}
