"""Declaring sites, and what engines are asked to do for them."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from django.db import transaction

from madang.compute.engines.local import user_is_here
from madang.compute.errors import SiteExists, SiteInvalid, UserForbidden, UsersShared
from madang.compute.sites.models import EngineKind, Site
from madang.parties.actor import Actor, Role
from madang.parties.declaring import Declared, Outcome, changed_fields
from madang.parties.events.actions import record_event

FORBIDDEN_USERS = frozenset({"root", "slurm", "0"})
FIXED = ("engine", "cluster")
"""Another engine or cluster is another site: attempts are named by it."""

USERS_TOLD_MAX = 20

AUTH = re.compile(
    r"env:(?!DATABASE_|MADANG_(?!SITE_))[A-Za-z_][A-Za-z0-9_]*|file:[A-Za-z0-9_][A-Za-z0-9_.-]*"
)
"""No secret of the platform's own signs what a site is sent."""
USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.@-]{0,62}\$?")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""Of a cluster or a partition."""


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
    UsersShared for a grant's user that another site of the same cluster names, SiteInvalid."""
    actor.need(Role.OPERATOR)
    _check_users(facts)
    _check_terms(facts)
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
            reason = "it is named twice, or is the site's own"
            raise UserForbidden(user=user, reason=reason)
        seen.add(user)
    if forbidden := seen & FORBIDDEN_USERS:
        reason = "name a user that administers nothing"
        raise UserForbidden(user=min(forbidden), reason=reason)


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


def _check_terms(facts: SiteFacts) -> None:
    """What could be declared and never work is refused now, not when the first job waits."""
    is_slurm = facts.engine == EngineKind.SLURM
    faults = {
        "address": ("not an address such as http://host:6820", _is_address(facts.address)),
        "auth": (
            "neither env:NAME, of a variable for sites, nor file:NAME",
            bool(AUTH.fullmatch(facts.auth)) if facts.auth or facts.address else True,
        ),
        "cluster": ("not the name of a cluster", _is_name(facts.cluster, needed=is_slurm)),
        "partition": (
            "not the name of a partition",  # Slurm takes several between commas
            not facts.partition or all(map(NAME.fullmatch, facts.partition.split(","))),
        ),
        "records": ("not an absolute path", _is_place(facts.records)),
        "datasets": ("not an absolute path", _is_place(facts.datasets)),
        "user": ("not the name of a user", _is_user(facts.user)),
        "grant_users": ("not the name of a user", all(map(_is_user, facts.grant_users))),
    }
    for name, (reason, is_right) in faults.items():
        if not is_right:
            raise SiteInvalid(field=name, reason=reason)
    if not is_slurm and facts.user and not user_is_here(facts.user):
        raise SiteInvalid(field="user", reason="no such user on this machine")


def _is_address(text: str) -> bool:
    if not text:
        return True
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname)
        return is_whole and parts.port != 0 and parts.username is None and text.isprintable()
    except ValueError:
        return False


def _is_name(text: str, *, needed: bool = False) -> bool:
    return bool(NAME.fullmatch(text)) if text or needed else True


def _is_place(text: str) -> bool:
    return not text or (PurePosixPath(text).is_absolute() and text.isprintable())


def _is_user(text: str) -> bool:
    return not text or bool(USER.fullmatch(text))


def _note(actor: Actor, row: Site, action: str, at: datetime) -> None:
    record_event(actor, action, subject_type="site", subject_id=row.id, at=at)
