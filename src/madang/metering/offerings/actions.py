"""Writing offerings and their prices."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction

from madang.core.clock import rfc3339
from madang.core.errors import NotAllowed
from madang.core.units import Meter, Unit
from madang.metering.access import need_operator_or_supplier
from madang.metering.errors import (
    PriceExists,
    PriceKindsOverlap,
    PriceNoticeShort,
    PrivateByDeclarationOnly,
    UpstreamNotAllowed,
)
from madang.metering.exits.queries import need_selling
from madang.metering.offerings.models import (
    AbortPolicy,
    Offering,
    OfferingState,
    PriceVersion,
)
from madang.metering.offerings.prices import intern_windows
from madang.metering.offerings.upstream import check_upstream, check_upstream_key
from madang.parties.actor import Actor, Role
from madang.parties.declaring import Declared, Outcome, changed_fields
from madang.parties.events.actions import record_event
from madang.parties.models import Supplier
from madang.parties.policies.queries import current_policy


class Door(StrEnum):
    """Through which door an offering came: what is allowed differs."""

    DECLARATION = "declaration"
    PAGES = "pages"


@dataclass(frozen=True, slots=True)
class OfferingFacts:
    """All that is declared of an offering but its prices."""

    code: str
    meter: Meter
    upstream: str = ""
    allow_private: bool = False
    upstream_model: str = ""
    upstream_key: str = ""
    context_tokens_max: int = 0
    overhead_tokens_max: int = 256
    connections_max: int = 256
    strict: bool = False
    abort_policy: AbortPolicy = AbortPolicy.DRAIN
    size_class: str = ""
    uses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Price:
    """One price version as declared; `for_kinds` empty means every kind."""

    unit: Unit
    microwon_per_million: int
    valid_from: datetime
    for_kinds: frozenset[str] = field(default_factory=frozenset)


@transaction.atomic
def declare_offering(
    actor: Actor, supplier: Supplier, facts: OfferingFacts, *, through: Door, at: datetime
) -> Declared[Offering]:
    """Make an offering, or bring it to what is declared; the same again changes nothing.

    What a supplier enters or changes through the pages is not sold until an operator lists
    it. Raises UpstreamNotAllowed, UpstreamKeyNotAllowed, PrivateByDeclarationOnly, NotAllowed.
    """
    _check_facts(actor, supplier, facts, through)
    need_selling(supplier, at)
    values: dict[str, object] = {**asdict(facts), "uses": list(facts.uses)}
    state = OfferingState.LISTED if actor.has(Role.OPERATOR) else OfferingState.SUSPENDED
    offering, is_new = Offering.objects.select_for_update(no_key=True).get_or_create(
        code=facts.code,
        defaults={**values, "supplier": supplier, "state": state, "created_at": at},
    )
    if is_new:
        _tell(actor, offering, "offering.declare", at=at)
        return Declared(offering, Outcome.CREATED)
    if offering.supplier_id != supplier.id:
        raise NotAllowed
    changed = changed_fields(offering, values)
    if not changed:
        return Declared(offering, Outcome.UNCHANGED)
    if state is OfferingState.SUSPENDED:
        offering.state = state
        changed.append("state")
    offering.save(update_fields=changed)
    _tell(actor, offering, "offering.change", at=at)
    return Declared(offering, Outcome.CHANGED)


def _check_facts(actor: Actor, supplier: Supplier, facts: OfferingFacts, through: Door) -> None:
    need_operator_or_supplier(actor, supplier.id)
    if facts.upstream_key:
        actor.need(Role.OPERATOR)
    check_upstream_key(facts.upstream_key)
    if facts.allow_private and through is not Door.DECLARATION:
        raise PrivateByDeclarationOnly
    if facts.meter is Meter.MODEL and not facts.upstream:
        raise UpstreamNotAllowed(reason="missing")
    if facts.upstream:
        check_upstream(facts.upstream, allow_private=facts.allow_private)


@transaction.atomic
def add_price(
    actor: Actor, offering: Offering, price: Price, *, at: datetime
) -> Declared[PriceVersion]:
    """Add a price version. The first of a unit may start in the past, later ones after notice.

    Locks the offering. Raises PriceExists (same unit, kinds and time, another amount),
    PriceNoticeShort, PriceKindsOverlap.
    """
    need_operator_or_supplier(actor, offering.supplier_id)
    offering = Offering.objects.select_for_update(no_key=True).get(pk=offering.pk)
    kinds = sorted(price.for_kinds)
    versions = list(offering.prices.filter(unit=price.unit))
    for version in versions:
        if version.for_kinds == kinds and version.valid_from == price.valid_from:
            if version.microwon_per_million != price.microwon_per_million:
                raise PriceExists(
                    offering=offering.code,
                    unit=price.unit.value,
                    microwon_per_million=str(version.microwon_per_million),
                )
            return Declared(version, Outcome.UNCHANGED)
    _check_kinds(offering, price)
    _check_notice(versions, price, kinds, at)
    version = PriceVersion.objects.create(
        offering=offering, unit=price.unit, microwon_per_million=price.microwon_per_million,
        for_kinds=kinds, valid_from=price.valid_from, created_by=actor.id, created_at=at,
    )  # fmt: skip
    intern_windows(offering)
    _tell(actor, offering, "offering.price", at=at, facts={"price_version": version.no})
    return Declared(version, Outcome.CREATED)


def _check_kinds(offering: Offering, price: Price) -> None:
    groups = offering.prices.values_list("for_kinds", flat=True).distinct()
    for kinds in map(frozenset, groups):
        if kinds != price.for_kinds and kinds & price.for_kinds:
            raise PriceKindsOverlap(offering=offering.code)


def _check_notice(
    versions: list[PriceVersion], price: Price, kinds: list[str], at: datetime
) -> None:
    """A version is the first when its unit has none of its group, and none from before now."""
    is_later = any(row.for_kinds == kinds or row.created_at < at for row in versions)
    earliest = at + timedelta(days=current_policy("price", at).number("notice_days"))
    if is_later and price.valid_from < earliest:
        raise PriceNoticeShort(earliest=rfc3339(earliest))


@transaction.atomic
def suspend_offering(
    actor: Actor, offering: Offering, *, at: datetime, reason: str
) -> Offering:
    """Sell no more of it: new calls are refused, running ones end. Locks the offering."""
    need_operator_or_supplier(actor, offering.supplier_id)
    return _set_state(actor, offering, OfferingState.SUSPENDED, at=at, reason=reason)


@transaction.atomic
def list_offering(actor: Actor, offering: Offering, *, at: datetime) -> Offering:
    """Put it on sale: an operator's word. Raises SupplierGone, Sanctioned. Locks it."""
    actor.need(Role.OPERATOR)
    need_selling(offering.supplier, at)
    return _set_state(actor, offering, OfferingState.LISTED, at=at)


def _set_state(
    actor: Actor, offering: Offering, state: OfferingState, *, at: datetime, reason: str = ""
) -> Offering:
    offering = Offering.objects.select_for_update(no_key=True).get(pk=offering.pk)
    if offering.state != state:
        offering.state = state
        offering.save(update_fields=["state"])
        _tell(actor, offering, f"offering.{state}", at=at, reason=reason)
    return offering


def _tell(
    actor: Actor,
    offering: Offering,
    action: str,
    *,
    at: datetime,
    reason: str = "",
    facts: dict[str, str | int | bool | None] | None = None,
) -> None:
    record_event(
        actor, action, subject_type="offering", subject_id=offering.id, at=at,
        after=offering.state, reason=reason, facts=facts,
    )  # fmt: skip
