"""Joins over money and use: dealing with oneself, paying back, reselling, burning through."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Sum
from django.db.models.functions import ExtractHour, TruncDate

from madang.core.clock import SEOUL
from madang.ledger.queries import positions
from madang.metering.charges.models import Charge
from madang.metering.deposits.models import Receipt
from madang.metering.usage.models import Usage
from madang.metering.vouchers.models import Voucher
from madang.metering.vouchers.queries import terms_of
from madang.parties.canonical import Json
from madang.parties.models import Membership, Supplier
from madang.parties.policies.queries import Policy
from madang.parties.relationships.queries import affiliates_of, ties_between
from madang.programme.flags.found import Found
from madang.programme.flags.models import Contact, FlagKind


def find_in_vouchers(
    vouchers: Collection[Voucher], policy: Policy, at: datetime
) -> Iterator[Found]:
    """What buyers, sellers and payers of these vouchers share, and how they are used."""
    for voucher, supplier in _dealings(vouchers):
        yield from _self_dealing(voucher, supplier, policy, at)
        yield from _payback(voucher, supplier, at)
    for voucher in vouchers:
        yield from _resale(voucher, policy)
    yield from _rush(vouchers, policy, at)


def _dealings(vouchers: Collection[Voucher]) -> list[tuple[Voucher, Supplier]]:
    """Who bought from whom, each pair once."""
    by_id = {row.id: row for row in vouchers}
    pairs = (
        Charge.objects.filter(voucher__in=by_id).values_list("voucher", "supplier").distinct()
    )
    found = list(pairs.order_by("voucher", "supplier"))
    sellers = Supplier.objects.select_related("organisation").in_bulk({two for _, two in found})
    return [(by_id[one], sellers[two]) for one, two in found]


def _self_dealing(
    voucher: Voucher, supplier: Supplier, policy: Policy, at: datetime
) -> Iterator[Found]:
    """One organisation, a declared tie, or one person at both."""
    buyer, seller = voucher.organisation_id, supplier.organisation_id
    kinds = policy.texts("dealing_kinds")
    ties = ties_between([buyer], [seller], at=at).filter(kind__in=kinds)
    people = _people_of(buyer, at) & _people_of(seller, at)
    evidence: dict[str, Json] = {
        "voucher": str(voucher.id),
        "supplier": str(supplier.id),
        "same_organisation": buyer == seller,
        "ties": _listed(tie.kind for tie in ties),
        "people": _listed(str(one) for one in people),
    }
    if buyer == seller or evidence["ties"] or people:
        yield _pair(FlagKind.SELF_DEALING, voucher, supplier, evidence)


def _payback(voucher: Voucher, supplier: Supplier, at: datetime) -> Iterator[Found]:
    """The seller, or an affiliate, paid the buyer's own part; or both share an account."""
    near = {supplier.organisation_id, *affiliates_of([supplier.organisation_id], at=at)}
    near.discard(voucher.organisation_id)
    paid = Receipt.objects.filter(voucher=voucher, payer__in=near).order_by("received_at")
    receipts: list[Json] = [
        {"receipt": str(row.id), "amount_microwon": row.amount_microwon} for row in paid
    ]
    is_shared = _share_account(voucher.organisation_id, supplier.organisation_id)
    if receipts or is_shared:
        evidence: dict[str, Json] = {
            "voucher": str(voucher.id),
            "supplier": str(supplier.id),
            "receipts": receipts,
            "same_account": is_shared,
        }
        yield _pair(FlagKind.PAYBACK, voucher, supplier, evidence)


def _resale(voucher: Voucher, policy: Policy) -> Iterator[Found]:
    """Days on which a voucher was used around the clock under many keys."""
    hours = policy.number("resale_hours")
    keys = policy.number("resale_keys")
    days = (
        Usage.objects.filter(voucher=voucher)
        .annotate(day=TruncDate("started_at", tzinfo=SEOUL))
        .values("day")
        .annotate(
            hours=Count(ExtractHour("started_at", tzinfo=SEOUL), distinct=True),
            keys=Count("key_no", distinct=True),
            calls=Count("no"),
        )
        .filter(hours__gte=hours, keys__gte=keys)
        .order_by("day")
    )
    found: list[Json] = [
        {"day": str(one["day"]), **{name: one[name] for name in ("hours", "keys", "calls")}}
        for one in days
    ]
    if len(found) >= policy.number("resale_days"):
        evidence: dict[str, Json] = {"voucher": str(voucher.id), "days": found}
        firms = frozenset([voucher.organisation_id])
        yield Found(FlagKind.RESALE, f"resale:{voucher.id}", firms, evidence)


def _rush(vouchers: Collection[Voucher], policy: Policy, at: datetime) -> Iterator[Found]:
    """Nearly all of a voucher gone in its first days, to one seller."""
    share = policy.ratio("rush_share").as_fraction()
    span = timedelta(days=policy.number("rush_days"))
    terms = {row.id: terms_of(row, at) for row in vouchers}
    standing = positions(list(terms.values()))
    for row in vouchers:
        ratio = terms[row.id].ratio.as_fraction()
        limit = standing[row.id].limit
        if limit == 0:
            continue
        spent, first, last = _first_days(row, span)
        if len(spent) == 1 and sum(spent.values()) * ratio >= share * limit:
            ((supplier, amount),) = spent.items()
            evidence: dict[str, Json] = {
                "voucher": str(row.id),
                "supplier": str(supplier),
                "spent_microwon": amount,
                "limit_microwon": limit,
                "first_at": first,
                "last_at": last,
            }
            firms = frozenset([row.organisation_id])
            yield Found(FlagKind.RUSH, f"rush:{row.id}", firms, evidence)


def _first_days(voucher: Voucher, span: timedelta) -> tuple[dict[UUID, int], str, str]:
    """What each seller earned within `span` of the first use, in micro-won of supply."""
    rows = Charge.objects.filter(voucher=voucher, kind="charge").order_by("recorded_at")
    first = rows.values_list("recorded_at", flat=True).first()
    if first is None:
        return {}, "", ""
    early = rows.filter(recorded_at__lt=first + span)
    sums: dict[UUID, int] = defaultdict(int)
    for supplier, amount in (
        early.order_by("supplier").values_list("supplier").annotate(sum=Sum("amount_microwon"))
    ):
        sums[supplier] += int(amount)
    last = early.values_list("recorded_at", flat=True).last()
    return dict(sums), first.isoformat(), last.isoformat() if last else ""


def _pair(
    kind: FlagKind, voucher: Voucher, supplier: Supplier, evidence: dict[str, Json]
) -> Found:
    firms = frozenset([voucher.organisation_id, supplier.organisation_id])
    return Found(kind, f"{kind}:{voucher.id}:{supplier.id}", firms, evidence)


def _people_of(organisation: UUID, at: datetime) -> set[UUID]:
    rows = Membership.objects.filter(organisation=organisation).exclude(ends_at__lte=at)
    return set(rows.values_list("person_id", flat=True))


def _listed(words: Iterable[str]) -> list[Json]:
    found: list[Json] = []
    found.extend(sorted(words))
    return found


def _share_account(one: UUID, other: UUID) -> bool:
    if one == other:
        return False
    digests = Contact.objects.filter(organisation__in=[one, other]).exclude(account_digest="")
    found = list(digests.values_list("account_digest", flat=True))
    return len(found) == len({one, other}) and len(set(found)) == 1
