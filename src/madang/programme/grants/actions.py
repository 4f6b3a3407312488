"""Granting directly: call and review are skipped, the ledger is not (P3 to P6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from madang.core.clock import seoul_day_ends, seoul_day_starts
from madang.core.money import is_whole_won
from madang.ledger import postings
from madang.ledger.errors import Overdrawn
from madang.metering.deposits.actions import record_deposit
from madang.metering.models import Voucher
from madang.metering.vouchers.actions import VoucherTerms, create_voucher, issue_voucher
from madang.parties.actor import Actor, Role
from madang.parties.declaring import Declared, Outcome
from madang.parties.models import Organisation
from madang.parties.organisations.queries import organisation_by_code
from madang.parties.sanctions.queries import need_not_sanctioned
from madang.programme.approvals import approved_by
from madang.programme.awards.models import Award
from madang.programme.awards.workflow import AWARD
from madang.programme.calls.models import Call, CallState
from madang.programme.errors import AmountInvalid, GrantExists, GrantLowered, PeriodInvalid
from madang.programme.grants.models import DirectGrant, GrantStep
from madang.programme.money import exceeded, stamp
from madang.programme.years.models import ProgrammeYear
from madang.programme.years.queries import year_on


@dataclass(frozen=True, slots=True)
class GrantTerms:
    """A [[voucher]] declaration, read."""

    code: str
    programme: str
    organisation: str
    subsidy_microwon: int
    deposit_microwon: int
    expires_on: date
    offerings: Sequence[str]


@transaction.atomic
def grant_directly(
    actor: Actor, terms: GrantTerms, *, approver: Actor | None = None, at: datetime
) -> Declared[Voucher]:
    """Make the voucher so. A higher subsidy or deposit posts the difference; lower is refused.

    Takes the lock of the programme year, so that one grant is made once. Raises
    BudgetExceeded, GrantExists, GrantLowered.
    """
    actor.need(Role.OPERATOR)
    _check(terms)
    year = year_on(terms.programme, terms.expires_on)
    ProgrammeYear.objects.select_for_update().get(pk=year.pk)
    firm = organisation_by_code(terms.organisation)
    need_not_sanctioned(firm.id, at)
    grant = DirectGrant.objects.select_for_update().filter(code=terms.code).first()
    if grant is None:
        approved = approved_by(actor, approver)
        grant = _new_grant(actor, terms, year, firm, at)
        _step(actor, grant, terms, approved, at)
        return Declared(_voucher_of(grant), Outcome.CREATED)
    _refuse_other_terms(grant, terms, year, firm)
    if not _is_higher(grant, terms):
        return Declared(_voucher_of(grant), Outcome.UNCHANGED)
    _step(actor, grant, terms, approved_by(actor, approver), at)
    return Declared(_voucher_of(grant), Outcome.CHANGED)


def _check(terms: GrantTerms) -> None:
    amounts = {"subsidy_won": terms.subsidy_microwon, "deposit_won": terms.deposit_microwon}
    for field, amount in amounts.items():
        if amount < 0 or not is_whole_won(amount):
            raise AmountInvalid(field=field)
    if terms.subsidy_microwon == 0:
        raise AmountInvalid(field="subsidy_won")
    if not terms.offerings:
        raise PeriodInvalid(field="offerings", reason="none is named")


def _new_grant(
    actor: Actor, terms: GrantTerms, year: ProgrammeYear, firm: Organisation, at: datetime
) -> DirectGrant:
    """The award and the voucher, both still empty."""
    award = Award.objects.create(
        call=hidden_call(actor, year, at),
        organisation=firm,
        amount_microwon=terms.subsidy_microwon,
        created_at=at,
    )
    award.voucher = create_voucher(
        actor,
        VoucherTerms(
            code=terms.code,
            organisation=firm,
            programme=year.programme_id,
            programme_year=year.id,
            programme_code=year.programme.code,
            ratio=year.ratio,
            vat=year.vat,
            expires_at=seoul_day_ends(terms.expires_on),
            offerings=tuple(terms.offerings),
            award_id=award.id,
            starts_at=seoul_day_starts(year.starts_on),
        ),
        at=at,
    )
    award.save(update_fields=["voucher"])
    AWARD.move(award, "agree", actor, at=at)
    AWARD.move(award, "issue", actor, at=at)
    return DirectGrant.objects.create(
        code=terms.code,
        programme_year=year,
        organisation=firm,
        award=award,
        subsidy_microwon=0,
        deposit_microwon=0,
        expires_on=terms.expires_on,
        offerings=list(terms.offerings),
        created_at=at,
    )


def _step(
    actor: Actor, grant: DirectGrant, terms: GrantTerms, approved: str, at: datetime
) -> None:
    """Post what is more than before: P3, P4, P5, P6 with ids made from the step's own."""
    step = GrantStep.objects.create(
        grant=grant,
        number=grant.steps.count() + 1,
        subsidy_microwon=terms.subsidy_microwon - grant.subsidy_microwon,
        deposit_microwon=terms.deposit_microwon - grant.deposit_microwon,
        declared_by=actor.id,
        approved_by=approved,
        at=at,
    )
    if step.subsidy_microwon:
        _award(actor, grant, step, at)
    voucher = _voucher_of(grant)
    if step.deposit_microwon:
        record_deposit(
            actor,
            voucher,
            payer=grant.organisation,
            amount_microwon=step.deposit_microwon,
            reference=f"grant:{grant.code}:{step.number}",
            received_at=at,
            at=at,
        )
    if step.subsidy_microwon:
        issue_voucher(
            actor,
            voucher,
            award=grant.award_id,
            amount_microwon=step.subsidy_microwon,
            deposit_required_microwon=0,
            at=at,
            tranche=step.number,
        )
    grant.subsidy_microwon = terms.subsidy_microwon
    grant.deposit_microwon = terms.deposit_microwon
    grant.save(update_fields=["subsidy_microwon", "deposit_microwon"])


def _award(actor: Actor, grant: DirectGrant, step: GrantStep, at: datetime) -> None:
    call, award = grant.award.call_id, grant.award
    try:
        postings.open_call(
            stamp(actor, "grant_step", step.id, "allot", at=at),
            programme_year=grant.programme_year_id,
            call=call,
            amount=step.subsidy_microwon,
        )
    except Overdrawn as err:
        raise exceeded(err) from err
    postings.award(
        stamp(actor, "grant_step", step.id, "award", at=at),
        programme_year=grant.programme_year_id,
        call=call,
        award=award.id,
        amount=step.subsidy_microwon,
    )
    if award.amount_microwon != grant.subsidy_microwon + step.subsidy_microwon:
        award.amount_microwon = grant.subsidy_microwon + step.subsidy_microwon
        award.save(update_fields=["amount_microwon"])


def hidden_call(actor: Actor, year: ProgrammeYear, at: datetime) -> Call:
    """The call of a year through which direct grants pass. The year's lock is held."""
    row, _ = Call.objects.get_or_create(
        programme_year=year,
        is_hidden=True,
        defaults={
            "code": f"direct-{year.id.hex}",
            "title_ko": "직접지원",
            "title_en": "Direct grants",
            "opens_at": seoul_day_starts(year.starts_on),
            "closes_at": seoul_day_ends(year.ends_on),
            "budget_microwon": 0,
            "use_ends_on": year.ends_on,
            "state": CallState.APPROVED,
            "created_by": actor.id,
            "created_at": at,
        },
    )
    return row


def _voucher_of(grant: DirectGrant) -> Voucher:
    voucher = grant.award.voucher
    assert voucher is not None, "a direct grant has its voucher from the start"
    voucher.refresh_from_db()
    return voucher


def _refuse_other_terms(
    grant: DirectGrant, terms: GrantTerms, year: ProgrammeYear, firm: Organisation
) -> None:
    same = {
        "programme": grant.programme_year.programme_id == year.programme_id,
        "organisation": grant.organisation_id == firm.id,
        "expires_on": grant.expires_on == terms.expires_on,
        "offerings": list(grant.offerings) == list(terms.offerings),
    }
    for field, is_same in same.items():
        if not is_same:
            raise GrantExists(voucher=grant.code, field=field)


def _is_higher(grant: DirectGrant, terms: GrantTerms) -> bool:
    wanted = {
        "subsidy_won": (grant.subsidy_microwon, terms.subsidy_microwon),
        "deposit_won": (grant.deposit_microwon, terms.deposit_microwon),
    }
    for field, (held, given) in wanted.items():
        if given < held:
            raise GrantLowered(voucher=grant.code, field=field)
    return any(given > held for held, given in wanted.values())
