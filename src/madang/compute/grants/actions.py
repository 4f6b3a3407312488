"""Giving grants, in tranches; raising, lowering, returning, freezing and ending them.

Every change of quota is a QuotaChange first, and a posting in book Q made from its id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from django.db import transaction

from madang.compute.classes.models import GpuClass
from madang.compute.errors import (
    CardsTooMany,
    GrantExists,
    NothingToGiveBack,
    OrganisationDiffers,
    PeriodInvalid,
    ShareExceeded,
    TranchesInvalid,
    WholeServersOnly,
)
from madang.compute.grants.models import Grant, GrantState, QuotaChange
from madang.compute.grants.queries import LIVING, locked_grant, quota_for, standing_of
from madang.compute.grants.workflow import GRANT
from madang.compute.policy import policy_at
from madang.core.clock import seoul_day_ends, seoul_day_starts
from madang.core.money import Ratio
from madang.ledger.types import Stamp
from madang.metering import quotas
from madang.metering.vouchers.models import Voucher
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.declaring import Declared, Outcome
from madang.parties.events.actions import record_event
from madang.parties.models import Organisation
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of
from madang.programme.approvals import approved_by
from madang.programme.models import Award


@dataclass(frozen=True, slots=True)
class GrantTerms:
    """A [[grant]] declaration, or what an award says."""

    code: str
    gpu_seconds: int
    cards_max: int
    starts_on: date
    ends_on: date
    tranches: Sequence[str] = ()
    programme_year: UUID | None = None
    teraflops: int = 0


@transaction.atomic
def declare_grant(
    actor: Actor,
    organisation: Organisation,
    gpu_class: GpuClass,
    voucher: Voucher | None,
    terms: GrantTerms,
    *,
    approver: Actor | None = None,
    at: datetime,
) -> Declared[Grant]:
    """Make the grant so. More GPU-seconds are posted as a difference; fewer are taken back by
    `lower_grant`, which a declaration does as well. Locks the grant.
    """
    actor.need(Role.OPERATOR)
    row = Grant.objects.filter(code=terms.code).first()
    if row is None:
        approved = approved_by(actor, approver)
        made = give_grant(
            actor, organisation, gpu_class, voucher, terms, approved=approved, at=at
        )
        return Declared(made, Outcome.CREATED)
    row = locked_grant(row.id)
    _refuse_other_terms(row, organisation, gpu_class, voucher, terms)
    if terms.gpu_seconds == row.gpu_seconds:
        return Declared(row, Outcome.UNCHANGED)
    approved_by(actor, approver)
    change_budget(actor, row, gpu_seconds=terms.gpu_seconds, at=at)
    return Declared(row, Outcome.CHANGED)


def give_grant(
    actor: Actor,
    organisation: Organisation,
    gpu_class: GpuClass,
    voucher: Voucher | None,
    terms: GrantTerms,
    *,
    approved: str,
    award: Award | None = None,
    at: datetime,
) -> Grant:
    """A new grant with its first tranche. The caller has checked who decides."""
    tranches = list(terms.tranches) or list(policy_at(at).tranches)
    _check(organisation, gpu_class, voucher, terms, tranches, at)
    row = Grant(
        code=terms.code,
        organisation=organisation,
        gpu_class=gpu_class,
        voucher=voucher,
        award=award,
        programme_year=terms.programme_year or _year_of(voucher, gpu_class),
        gpu_seconds=terms.gpu_seconds,
        cards_max=terms.cards_max,
        teraflops=terms.teraflops,
        starts_at=seoul_day_starts(terms.starts_on),
        ends_at=seoul_day_ends(terms.ends_on),
        tranches=tranches,
        created_by=actor.id,
        approved_by=approved,
        created_at=at,
    )
    row.account = f"m{row.id.hex}"
    row.save(force_insert=True)
    record_event(
        actor, "gpu_grant.give", subject_type="gpu_grant", subject_id=row.id, at=at,
        after=row.state, facts={"gpu_seconds": row.gpu_seconds, "cards_max": row.cards_max},
    )  # fmt: skip
    give_tranche(actor, row, at=at)
    _tell(row, "compute.grant.given", row.gpu_seconds, at)
    return row


def _year_of(voucher: Voucher | None, gpu_class: GpuClass) -> UUID:
    """Whose chain the grant's quota joins: the money's year, else one chain per site."""
    return voucher.programme_year if voucher else uuid5(gpu_class.site_id, "quota")


def _check(
    organisation: Organisation,
    gpu_class: GpuClass,
    voucher: Voucher | None,
    terms: GrantTerms,
    tranches: list[str],
    at: datetime,
) -> None:
    if terms.ends_on < terms.starts_on:
        raise PeriodInvalid(field="ends_on", reason="before starts_on")
    if voucher is not None:
        if voucher.organisation_id != organisation.id:
            raise OrganisationDiffers(voucher=voucher.code)
        if seoul_day_ends(terms.ends_on) > voucher.expires_at:
            raise PeriodInvalid(field="ends_on", reason="after the voucher's last day")
    check_cards(gpu_class, terms.cards_max)
    _check_share(organisation, gpu_class, terms.cards_max, at)
    parts_of(terms.gpu_seconds, tranches)


def check_cards(gpu_class: GpuClass, cards: int) -> None:
    """Raises WholeServersOnly, CardsTooMany: what a class gives to nobody."""
    if gpu_class.whole_servers and cards % gpu_class.cards_per_server:
        raise WholeServersOnly(field="cards_max", cards_per_server=gpu_class.cards_per_server)
    if cards > gpu_class.cards_max:
        raise CardsTooMany(cards_max=gpu_class.cards_max)


def _check_share(
    organisation: Organisation, gpu_class: GpuClass, cards: int, at: datetime
) -> None:
    """편중 방지: one organisation holds at most a share of what a class will have."""
    capacity = sum(stage.cards for stage in gpu_class.stages.all())
    most = max(1, policy_at(at).share_of_class_max.floor_of(capacity))
    others = Grant.objects.filter(
        organisation=organisation, gpu_class=gpu_class, state__in=LIVING, ends_at__gt=at
    )
    held = sum(others.values_list("cards_max", flat=True))
    if capacity and held + cards > most:
        raise ShareExceeded(cards_max=most)


def parts_of(gpu_seconds: int, tranches: Sequence[str]) -> list[int]:
    """Whole GPU-seconds per tranche, rounded by cumulative sums: they add up exactly.

    Raises TranchesInvalid.
    """
    try:
        ratios = [Ratio.parse(text) for text in tranches]
    except ValueError as err:
        raise TranchesInvalid(field="tranches") from err
    common = 1
    for ratio in ratios:
        common *= ratio.denominator
    shares = [ratio.numerator * (common // ratio.denominator) for ratio in ratios]
    if not shares or min(shares) <= 0 or sum(shares) != common:
        raise TranchesInvalid(field="tranches")
    reached = [gpu_seconds * sum(shares[: n + 1]) // common for n in range(len(shares))]
    return [upto - before for upto, before in zip(reached, [0, *reached], strict=False)]


def give_tranche(actor: Actor, grant: Grant, *, at: datetime) -> None:
    """The next part of what was decided. The grant is new, or locked by the caller."""
    number = grant.tranches_given
    if number >= len(grant.tranches):
        raise TranchesInvalid(field="tranches")
    amount = parts_of(grant.gpu_seconds, grant.tranches)[number]
    grant.tranches_given = number + 1
    grant.save(update_fields=["tranches_given"])
    if amount:
        change = _change(actor, grant, "tranche", amount, at)
        quotas.give(_stamp(actor, change, at), quota_for(grant), amount)


def change_budget(actor: Actor, grant: Grant, *, gpu_seconds: int, at: datetime) -> None:
    """Raise or lower what was decided. The caller holds the grant's lock.

    What is raised after the first tranche comes at once. What is lowered is first not given
    (tranches to come), then taken from what is available, then owed by running jobs: those
    that no longer fit are cancelled by the platform, which takes back what they release.
    """
    given = sum(parts_of(grant.gpu_seconds, grant.tranches)[: grant.tranches_given])
    difference = gpu_seconds - grant.gpu_seconds
    grant.gpu_seconds = gpu_seconds
    grant.save(update_fields=["gpu_seconds"])
    now = sum(parts_of(gpu_seconds, grant.tranches)[: grant.tranches_given]) - given
    if now > 0:
        change = _change(actor, grant, "raise", now, at)
        quotas.give(_stamp(actor, change, at), quota_for(grant), now)
    elif now < 0:
        owe_back(actor, grant, -now, at=at)
        _tell(grant, "compute.grant.withdrawn", -now, at)
    record_event(
        actor, "gpu_grant.change", subject_type="gpu_grant", subject_id=grant.id, at=at,
        facts={"difference_gpu_seconds": difference},
    )  # fmt: skip


def owe_back(actor: Actor, grant: Grant, gpu_seconds: int, *, at: datetime) -> None:
    """So much is to come back; take what is available now."""
    grant.owed_back += gpu_seconds
    grant.save(update_fields=["owed_back"])
    collect_owed(actor, grant, at=at)


def collect_owed(actor: Actor, grant: Grant, *, at: datetime) -> int:
    """Take back what is owed as far as it is available. The caller holds the grant's lock."""
    amount = min(grant.owed_back, standing_of(grant).available)
    if amount <= 0:
        return 0
    take_back(actor, grant, "withdraw", amount, at=at)
    grant.owed_back -= amount
    grant.save(update_fields=["owed_back"])
    return amount


def take_back(actor: Actor, grant: Grant, kind: str, amount: int, *, at: datetime) -> None:
    change = _change(actor, grant, kind, -amount, at)
    quotas.take_back(
        _stamp(actor, change, at), quota_for(grant), amount=amount,
        hold_id=uuid5(change.id, "hold"), expires_at=grant.ends_at,
    )  # fmt: skip


@transaction.atomic
def give_back(actor: Actor, grant: Grant, *, gpu_seconds: int, at: datetime) -> Grant:
    """교환: unused time returns to the pool. The grant's own people, or an operator."""
    if not actor.has(Role.OPERATOR):
        actor.need_at(Role.BENEFICIARY, grant.organisation_id)
    row = locked_grant(grant.id)
    available = standing_of(row).available
    if not 0 < gpu_seconds <= available:
        raise NothingToGiveBack(available=available)
    take_back(system_actor(actor.origin), row, "give_back", gpu_seconds, at=at)
    record_event(
        actor, "gpu_grant.give_back", subject_type="gpu_grant", subject_id=row.id, at=at,
        facts={"gpu_seconds": gpu_seconds},
    )  # fmt: skip
    return row


@transaction.atomic
def freeze_grant(actor: Actor, grant: Grant, *, reason: str, at: datetime) -> Grant:
    """No new jobs; running ones go on."""
    row = locked_grant(grant.id)
    GRANT.move(row, "freeze", actor, at=at, reason=reason)
    _tell_engine(row)
    return row


@transaction.atomic
def thaw_grant(actor: Actor, grant: Grant, *, at: datetime) -> Grant:
    row = locked_grant(grant.id)
    GRANT.move(row, "thaw", actor, at=at)
    _tell_engine(row)
    return row


@transaction.atomic
def withdraw_grant(actor: Actor, grant: Grant, *, reason: str, at: datetime) -> Grant:
    """All that is left goes back, now or as jobs end; nothing new may start."""
    row = locked_grant(grant.id)
    GRANT.move(row, "withdraw", actor, at=at, reason=reason)
    _expire(actor, row, at)
    return row


def end_due(actor: Actor, *, at: datetime) -> int:
    """Every grant past its last day ends, each in its own transaction; how many."""
    due = Grant.objects.filter(state__in=[GrantState.OPEN, GrantState.FROZEN], ends_at__lte=at)
    return sum(_end(actor, one, at) for one in list(due.values_list("id", flat=True)))


@transaction.atomic
def _end(actor: Actor, identifier: UUID, at: datetime) -> bool:
    row = locked_grant(identifier)
    if row.state not in {GrantState.OPEN, GrantState.FROZEN}:
        return False
    GRANT.move(row, "end", actor, at=at)
    _expire(actor, row, at)
    return True


def _expire(actor: Actor, grant: Grant, at: datetime) -> None:
    change = _change(actor, grant, "expire", 0, at)
    quotas.expire(_stamp(actor, change, at), quota_for(grant))


def _change(actor: Actor, grant: Grant, kind: str, amount: int, at: datetime) -> QuotaChange:
    """The engine is told of it at the next poll."""
    _tell_engine(grant)
    return QuotaChange.objects.create(
        grant=grant, kind=kind, gpu_seconds=amount, by=actor.id, at=at
    )


def _tell_engine(grant: Grant) -> None:
    grant.engine_ready = False
    grant.save(update_fields=["engine_ready"])


def _stamp(actor: Actor, change: QuotaChange, at: datetime) -> Stamp:
    return Stamp(f"quota:{change.id}", actor.id, at, "quota_change", str(change.id))


def _tell(grant: Grant, kind: str, gpu_seconds: int, at: datetime) -> None:
    facts: dict[str, str | int | None] = {
        "grant": grant.code, "gpu_class": grant.gpu_class.code, "gpu_seconds": gpu_seconds,
    }  # fmt: skip
    send_notice(
        members_of(grant.organisation_id, Role.BENEFICIARY), kind, subject_type="gpu_grant",
        subject_id=grant.id, at=at, facts=facts,
    )  # fmt: skip


def _refuse_other_terms(
    grant: Grant,
    organisation: Organisation,
    gpu_class: GpuClass,
    voucher: Voucher | None,
    terms: GrantTerms,
) -> None:
    same = {
        "organisation": grant.organisation_id == organisation.id,
        "gpu_class": grant.gpu_class_id == gpu_class.id,
        "voucher": grant.voucher_id == (voucher.id if voucher else None),
        "starts_on": grant.starts_at == seoul_day_starts(terms.starts_on),
        "ends_on": grant.ends_at == seoul_day_ends(terms.ends_on),
        "cards_max": grant.cards_max == terms.cards_max,
        "petaflops": grant.teraflops == terms.teraflops,
        "tranches": not terms.tranches or list(grant.tranches) == list(terms.tranches),
    }
    for field, is_same in same.items():
        if not is_same:
            raise GrantExists(grant=grant.code, field=field)
