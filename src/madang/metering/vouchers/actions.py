"""Writing vouchers: make, issue, suspend, expire, close."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.clock import rfc3339
from madang.core.money import Ratio
from madang.ledger import postings
from madang.ledger import queries as ledger
from madang.ledger.errors import DepositInsufficient
from madang.ledger.types import Stamp
from madang.metering.charges.models import Charge
from madang.metering.errors import DepositShort, VoucherExists, VoucherNotCloseable
from madang.metering.till.models import UNRESOLVED, Lease, OpenCall
from madang.metering.vouchers.models import Voucher, VoucherState
from madang.metering.vouchers.queries import locked, terms_of
from madang.metering.vouchers.workflow import VOUCHER
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.parties.models import Organisation


@dataclass(frozen=True, slots=True)
class VoucherTerms:
    """What a voucher is made of: frozen when it is made."""

    code: str
    organisation: Organisation
    programme: UUID
    programme_year: UUID
    programme_code: str
    ratio: Ratio
    vat: Ratio
    expires_at: datetime
    offerings: tuple[str, ...]
    award_id: UUID | None = None
    starts_at: datetime | None = None


def stamp_for(
    actor: Actor, voucher: Voucher, what: str, *, at: datetime, reason: str = ""
) -> Stamp:
    """A stamp whose id comes from the voucher's own, so that a retry is a replay."""
    return Stamp(
        id=f"voucher:{voucher.id}:{what}",
        actor=actor.id,
        effective_at=at,
        source_type="voucher",
        source_id=str(voucher.id),
        reason=reason,
    )


@transaction.atomic
def create_voucher(actor: Actor, terms: VoucherTerms, *, at: datetime) -> Voucher:
    """Make a voucher, pending. The same code with the same terms is the same voucher.

    Raises VoucherExists when the code is taken by other terms.
    """
    actor.need(Role.OPERATOR)
    values = _columns(terms)
    voucher, is_new = Voucher.objects.get_or_create(
        code=terms.code, defaults={**values, "created_at": at}
    )
    if is_new:
        record_event(
            actor, "voucher.create", subject_type="voucher", subject_id=voucher.id, at=at,
            after=voucher.state,
        )  # fmt: skip
    for field, value in values.items():
        if getattr(voucher, field) != value:
            raise VoucherExists(voucher=terms.code, field=field)
    return voucher


def _columns(terms: VoucherTerms) -> dict[str, object]:
    return {
        "organisation_id": terms.organisation.id,
        "programme": terms.programme,
        "programme_year": terms.programme_year,
        "programme_code": terms.programme_code,
        "ratio_numerator": terms.ratio.numerator,
        "ratio_denominator": terms.ratio.denominator,
        "vat_numerator": terms.vat.numerator,
        "vat_denominator": terms.vat.denominator,
        "expires_at": terms.expires_at,
        "offerings": list(terms.offerings),
        "award_id": terms.award_id,
        "starts_at": terms.starts_at,
    }


@transaction.atomic
def issue_voucher(
    actor: Actor,
    voucher: Voucher,
    *,
    award: UUID,
    amount_microwon: int,
    deposit_required_microwon: int,
    at: datetime,
    tranche: int = 1,
) -> Voucher:
    """P6: fill a voucher from its award, and make it active with the first tranche.

    `deposit_required_microwon` is the programme's guard; 0 for a direct voucher. Locks the
    voucher. Raises DepositShort, TransitionNotAllowed, VoucherExpired.
    """
    actor.need(Role.OPERATOR)
    voucher = locked(voucher)
    if voucher.state == VoucherState.PENDING:
        VOUCHER.move(voucher, "issue", actor, at=at, facts={"tranche": tranche})
    elif voucher.state != VoucherState.ACTIVE:
        VOUCHER.move(voucher, "issue", actor, at=at)  # refuses and says why
    try:
        postings.issue(
            stamp_for(actor, voucher, f"issue:{tranche}", at=at),
            terms_of(voucher, at),
            award=award,
            amount=amount_microwon,
            deposit_required=deposit_required_microwon,
        )
    except DepositInsufficient as short:
        raise DepositShort(
            required_microwon=deposit_required_microwon,
            paid_microwon=short.fields.get("available"),
        ) from short
    return voucher


@transaction.atomic
def suspend_voucher(actor: Actor, voucher: Voucher, *, at: datetime, reason: str) -> Voucher:
    """Stop new holds; captures go on. Locks the voucher."""
    voucher = locked(voucher)
    VOUCHER.move(voucher, "suspend", actor, at=at, reason=reason)
    return voucher


@transaction.atomic
def reinstate_voucher(actor: Actor, voucher: Voucher, *, at: datetime, reason: str) -> Voucher:
    """Allow holds again. Locks the voucher."""
    voucher = locked(voucher)
    VOUCHER.move(voucher, "reinstate", actor, at=at, reason=reason)
    return voucher


@transaction.atomic
def cancel_voucher(actor: Actor, voucher: Voucher, *, at: datetime, reason: str) -> Voucher:
    """Give up a voucher that was never issued. Its deposit is refunded. Locks the voucher."""
    voucher = locked(voucher)
    VOUCHER.move(voucher, "cancel", actor, at=at, reason=reason)
    _refund_deposit(actor, voucher, at=at)
    return voucher


def expire_due(actor: Actor, *, at: datetime) -> int:
    """P14 for every voucher whose last day is over; how many. Each in its own transaction.

    Idempotent: an expired one is not found again. Open holds stay until they end.
    """
    due = Voucher.objects.filter(
        state__in=[VoucherState.ACTIVE, VoucherState.SUSPENDED], expires_at__lte=at
    )
    return sum(_expire(actor, voucher, at) for voucher in due.order_by("id"))


@transaction.atomic
def _expire(actor: Actor, voucher: Voucher, at: datetime) -> bool:
    voucher = locked(voucher)
    if voucher.state not in {VoucherState.ACTIVE, VoucherState.SUSPENDED}:
        return False
    VOUCHER.move(voucher, "expire", actor, at=at)
    postings.expire_voucher(
        stamp_for(actor, voucher, "expire", at=voucher.expires_at), terms_of(voucher, at)
    )
    return True


@transaction.atomic
def change_terms(
    actor: Actor,
    voucher: Voucher,
    *,
    expires_at: datetime | None,
    offerings: Sequence[str] | None,
    at: datetime,
) -> Voucher:
    """An amendment is in force: another last day, other products. Locks the voucher.

    Ratio and VAT stay those of the issue: the ledger would refuse others.
    """
    actor.need(Role.OPERATOR, Role.BENEFICIARY, Role.SUPPLIER)  # the last signature's
    voucher = locked(voucher)
    if expires_at is not None:
        voucher.expires_at = expires_at
    if offerings is not None:
        voucher.offerings = list(offerings)
    voucher.save(update_fields=["expires_at", "offerings"])
    record_event(
        actor, "voucher.amend", subject_type="voucher", subject_id=voucher.id, at=at,
        facts={"expires_at": rfc3339(voucher.expires_at), "offerings":
               len(voucher.offerings)},
    )  # fmt: skip
    return voucher


@transaction.atomic
def end_voucher(actor: Actor, voucher: Voucher, *, at: datetime, reason: str) -> Voucher:
    """P14 before its day 조기 종료: an agreement was terminated. Locks the voucher."""
    voucher = locked(voucher)
    terms = terms_of(voucher, at)
    note_ended(actor, voucher, at=at, reason=reason)
    postings.expire_voucher(stamp_for(actor, voucher, "expire", at=at), terms)
    return voucher


def note_ended(actor: Actor, voucher: Voucher, *, at: datetime, reason: str) -> None:
    """The voucher's own state, where another posting has ended it (P20). Its lock is held."""
    VOUCHER.move(voucher, "end", actor, at=at, reason=reason)
    if at < voucher.expires_at:
        voucher.expires_at = at
        voucher.save(update_fields=["expires_at"])


@transaction.atomic
def close_voucher(
    actor: Actor, voucher: Voucher, *, at: datetime, is_year_end: bool = False
) -> Voucher:
    """P16, P15, P17: release residues, return the unused budget, refund the deposit.

    Needs an expired voucher without open holds, open calls or whole won still to be stated.
    At the year's end the budget returns to the appropriation instead of being re-allotted.
    Locks the voucher. Raises VoucherNotCloseable.
    """
    voucher = locked(voucher)
    _check_nothing_open(voucher)
    VOUCHER.move(voucher, "close", actor, at=at)
    terms = terms_of(voucher, at)
    _release_residues(actor, voucher, at=at)
    position = ledger.position(terms)
    if position.expired:
        postings.return_unused(
            stamp_for(actor, voucher, "return", at=at), terms,
            amount=position.expired, year_end=is_year_end,
        )  # fmt: skip
    _refund_deposit(actor, voucher, at=at)
    return voucher


def _check_nothing_open(voucher: Voucher) -> None:
    open_leases = Lease.objects.filter(voucher=voucher).filter(state__in=UNRESOLVED)
    if open_leases.exists():
        raise VoucherNotCloseable(voucher=voucher.code, reason="holds")
    if OpenCall.objects.filter(voucher=voucher).exists():
        raise VoucherNotCloseable(voucher=voucher.code, reason="calls")


def _release_residues(actor: Actor, voucher: Voucher, *, at: datetime) -> None:
    suppliers = Charge.objects.filter(voucher=voucher).values_list("supplier", flat=True)
    for supplier in suppliers.distinct().order_by("supplier"):
        postings.release_residue(
            stamp_for(actor, voucher, f"residue:{supplier}", at=at),
            terms_of(voucher, at),
            supplier=supplier,
        )


def _refund_deposit(actor: Actor, voucher: Voucher, *, at: datetime) -> None:
    """P17, the first half: what the beneficiary gets back. The bank pays it later."""
    left = ledger.position(terms_of(voucher, at)).deposit_available
    if left:
        postings.refund_deposit(
            stamp_for(actor, voucher, "deposit-refund", at=at),
            terms_of(voucher, at),
            organisation=voucher.organisation_id,
            amount=left,
        )


def vouchers_by_id(identifiers: Sequence[UUID]) -> dict[UUID, Voucher]:
    """Lock many vouchers in the order of their ids, so that no two wait in a ring."""
    rows = Voucher.objects.select_for_update(of=("self",), no_key=True).filter(
        id__in=identifiers
    )
    return {voucher.id: voucher for voucher in rows.order_by("id")}
