"""Declaring sites, and what engines are asked to do for them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime

from django.db import transaction

from madang.compute.errors import SiteExists, UserForbidden, UsersShared
from madang.compute.sites.models import EngineKind, Site
from madang.parties.actor import Actor, Role
from madang.parties.declaring import Declared, Outcome, changed_fields
from madang.parties.events.actions import record_event

FORBIDDEN_USERS = frozenset({"root", "slurm", "0"})
FIXED = ("engine", "cluster")
"""Another engine or cluster is another site: attempts are named by it."""

USERS_TOLD_MAX = 20


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """A [[site]] declaration, read."""

    code: str
    engine: EngineKind
    name_ko: str
    name_en: str
    region: str = ""
    address: str = ""
    auth: str = ""
    cluster: str = ""
    partition: str = ""
    user: str = ""
    grant_users: list[str] = field(default_factory=list)
    records: str = ""
    datasets: str = ""


@transaction.atomic
def declare_site(actor: Actor, facts: SiteFacts, *, at: datetime) -> Declared[Site]:
    """Make the site so. Raises SiteExists for another engine, UserForbidden for root,
    UsersShared for a grant's user that another site of the same cluster names."""
    actor.need(Role.OPERATOR)
    _check_users(facts)
    _check_not_shared(facts)
    wanted = asdict(facts)
    row = Site.objects.select_for_update(no_key=True).filter(code=facts.code).first()
    if row is None:
        row = Site.objects.create(**wanted, created_at=at)
        _note(actor, row, "site.create", at)
        return Declared(row, Outcome.CREATED)
    for name in FIXED:
        if getattr(row, name) != wanted[name]:
            raise SiteExists(site=facts.code, field=name)
    changed = changed_fields(row, wanted)
    if not changed:
        return Declared(row, Outcome.UNCHANGED)
    row.save(update_fields=changed)
    _note(actor, row, "site.change", at)
    return Declared(row, Outcome.CHANGED)


def _check_users(facts: SiteFacts) -> None:
    """One that is named twice, or is the site's own, would be two grants'."""
    seen = {facts.user}
    for user in facts.grant_users:
        if user in seen or not user:
            raise UserForbidden(user=user)
        seen.add(user)
    if forbidden := seen & FORBIDDEN_USERS:
        raise UserForbidden(user=min(forbidden))


def _check_not_shared(facts: SiteFacts) -> None:
    """One that another site names would run the jobs of two grants: each site gives its users
    out by itself. Sites of one cluster are locked until it is declared."""
    named, own = set(facts.grant_users), {facts.user} - {""}
    rows = Site.objects.select_for_update(no_key=True).order_by("code")
    for other in rows.filter(engine=facts.engine, cluster=facts.cluster):
        if other.code == facts.code:
            continue
        theirs = set(other.grant_users)
        if shared := named & (theirs | {other.user}) | own & theirs:
            raise UsersShared(
                site=facts.code, other=other.code, cluster=facts.cluster,
                users=", ".join(sorted(shared)[:USERS_TOLD_MAX]),
            )  # fmt: skip


def _note(actor: Actor, row: Site, action: str, at: datetime) -> None:
    record_event(actor, action, subject_type="site", subject_id=row.id, at=at)
