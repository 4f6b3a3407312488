"""Reading grants: who may see one, what state the clock gives it, what the ledger says."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from madang.compute.classes.sizes import petaflops_text
from madang.compute.grants.models import Grant, GrantState
from madang.core.clock import rfc3339
from madang.core.errors import NotFound
from madang.core.units import Unit
from madang.ledger import postings
from madang.ledger.types import Quota
from madang.metering.quotas import Standing, quota_of, standing
from madang.metering.vouchers.actions import vouchers_by_id
from madang.parties.actor import Actor, Role
from madang.parties.rows import Answer, Composed, lock_rows

LIVING = frozenset({GrantState.OPEN, GrantState.FROZEN})


def grants_of(actor: Actor) -> QuerySet[Grant]:
    """Every grant that the actor may see."""
    rows = _whole()
    if actor.has(Role.OPERATOR, Role.AUDITOR):
        return rows
    if actor.has(Role.BENEFICIARY):
        return rows.filter(organisation__in=actor.organisations)
    return rows.none()


def grant_for(actor: Actor, code: str) -> Grant:
    """One grant by its code. Raises NotFound also for what the actor may not see."""
    return seen_by(actor, _BY_CODE.first(code))


def grants_by_code(codes: Iterable[str]) -> dict[str, Grant]:
    """Those that there are, for whoever asks seen_by of each."""
    return {row.code: row for row in _BY_CODE.all(list(codes))}


def seen_by(actor: Actor, grant: Grant | None) -> Grant:
    """The same grant. Raises NotFound also for what the actor may not see."""
    if grant is None or not _is_seen(actor, grant):
        raise NotFound(noun="grant")
    return grant


def _whole() -> QuerySet[Grant]:
    return Grant.objects.select_related(
        "organisation", "gpu_class__site", "gpu_class__offering", "voucher"
    ).order_by("code")


_BY_CODE = Composed(lambda code: _whole().filter(code=code))


def _is_seen(actor: Actor, grant: Grant) -> bool:
    """The same of one grant as grants_of of all."""
    if actor.has(Role.OPERATOR, Role.AUDITOR):
        return True
    return actor.has(Role.BENEFICIARY) and grant.organisation_id in actor.organisations


def locked_grant(identifier: UUID) -> Grant:
    """Lock order: grant, job, voucher, lease, account.

    Without its key, here and for every row of this room: no key ever changes, and the check
    of a foreign key, which is made at COMMIT and takes the key alone, then waits for nobody.
    """
    return (
        Grant.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organisation", "gpu_class__site", "gpu_class__offering", "voucher")
        .get(pk=identifier)
    )


def locked_grants(identifiers: Iterable[UUID]) -> dict[UUID, Grant]:
    """Many at once, in their one order; as locked_grant."""
    rows = (
        Grant.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organisation", "gpu_class__site", "gpu_class__offering", "voucher")
        .filter(pk__in=set(identifiers))
        .order_by("id")
    )
    return {row.id: row for row in rows}


def lock_again(grants: Iterable[Grant]) -> Answer[dict[UUID, Grant]]:
    """As locked_grants, of grants that the caller has just read: what they point to is not read
    a second time. Read when it is called: see rows.asked."""
    known = {grant.id: grant for grant in grants}
    read = lock_rows(list(known.values()))

    def locked() -> dict[UUID, Grant]:
        found = {row.id: row for row in read()}
        for row in found.values():
            if (before := known[row.id]) is not row:
                row.organisation, row.gpu_class, row.voucher = (
                    before.organisation, before.gpu_class, before.voucher,
                )  # fmt: skip
        return found

    return locked


def lock_vouchers(grants: Iterable[Grant]) -> None:
    """The vouchers of grants that the caller has locked, and the ledger's locks of them, each
    in their one order. Before the first posting of whoever posts on several grants: several may
    be paid from one voucher, so that the order of grants is none of vouchers."""
    wanted = sorted({grant.voucher_id for grant in grants if grant.voucher_id is not None})
    if wanted:
        vouchers_by_id(wanted)
        postings.lock(wanted)


def state_at(grant: Grant, at: datetime) -> str:
    """The state that the clock gives: waiting before its first day, ended after its last."""
    if grant.state in LIVING and at >= grant.ends_at:
        return GrantState.ENDED.value
    if grant.state == GrantState.OPEN and at < grant.starts_at:
        return "waiting"
    return str(grant.state)


def quota_for(grant: Grant) -> Quota:
    """The grant in book Q. What is released after its end does not come back to it."""
    active = grant.state in LIVING
    return quota_of(grant.id, Unit.GPU_SECOND, grant.programme_year, active=active)


def standing_of(grant: Grant) -> Standing:
    return standing(quota_for(grant))


def grant_report(grant: Grant, at: datetime) -> dict[str, object]:
    """The answer of `madang compute grant show`, of the page and of the API."""
    now = standing_of(grant)
    return {
        "code": grant.code,
        "state": state_at(grant, at),
        "organisation": grant.organisation.code,
        "gpu_class": grant.gpu_class.code,
        "site": grant.gpu_class.site.code,
        "voucher": grant.voucher.code if grant.voucher else None,
        "cards_max": grant.cards_max,
        "petaflops": petaflops_text(grant.teraflops) if grant.teraflops else None,
        "precision": grant.gpu_class.precision if grant.teraflops else None,
        "starts_at": rfc3339(grant.starts_at),
        "ends_at": rfc3339(grant.ends_at),
        "tranches": {"of": list(grant.tranches), "given": grant.tranches_given},
        "gpu_seconds": {
            "decided": grant.gpu_seconds,
            "granted": now.granted,
            "available": now.available,
            "held": now.held,
            "used": now.used,
            "expired": now.expired,
            "owed_back": grant.owed_back,
        },
    }
