"""Declarations of sites, GPU classes and grants, handed to the actions that own them."""

from __future__ import annotations

from datetime import datetime

from madang.cli.declarations import tables
from madang.cli.declarations.errors import FieldMissing, ValueWrong, about
from madang.compute.classes.actions import ClassFacts, StageFacts, declare_class
from madang.compute.classes.models import GpuClass
from madang.compute.classes.sizes import converted, teraflops_in
from madang.compute.grants.actions import GrantTerms, declare_grant
from madang.compute.sites.actions import SiteFacts, declare_site
from madang.compute.sites.models import EngineKind
from madang.compute.sites.queries import class_by_code, site_by_code
from madang.metering.offerings.queries import offering_for
from madang.metering.vouchers.queries import voucher_for
from madang.parties.actor import Actor
from madang.parties.declaring import Outcome
from madang.parties.organisations.queries import organisation_by_code


def apply_site(actor: Actor, row: tables.Site, *, at: datetime) -> Outcome:
    names = row.name or tables.Name(row.code, row.code)
    facts = SiteFacts(
        code=row.code, engine=EngineKind(row.engine), name_ko=names.ko, name_en=names.en,
        region=row.region, address=row.address, auth=row.auth, cluster=row.cluster,
        partition=row.partition, user=row.user, records=row.records,
        datasets=row.datasets, grant_users=row.grant_users,
    )  # fmt: skip
    return declare_site(actor, facts, at=at).outcome


def apply_class(actor: Actor, row: tables.GpuClass, *, at: datetime) -> Outcome:
    with about("site"):
        site = site_by_code(row.site)
    offering = None
    if row.offering is not None:
        with about("offering"):
            offering = offering_for(actor, row.offering)
    facts = ClassFacts(
        code=row.code, gres=row.gres, cards_max=row.cards_max,
        whole_servers=row.whole_servers, cards_per_server=row.cards_per_server,
        teraflops_per_card=row.teraflops_per_card, precision=row.precision, size=row.size,
        stages=[StageFacts(one.cards, one.opens_on) for one in row.stage],
    )  # fmt: skip
    return declare_class(actor, site, offering, facts, at=at).outcome


def apply_grant(
    actor: Actor, row: tables.Grant, *, approver: Actor | None, at: datetime
) -> Outcome:
    with about("organisation"):
        organisation = organisation_by_code(row.organisation)
    with about("gpu_class"):
        gpu_class = class_by_code(row.gpu_class)
    voucher = None
    if row.voucher is not None:
        with about("voucher"):
            voucher = voucher_for(actor, row.voucher)
    terms = _terms(row, gpu_class)
    declared = declare_grant(
        actor, organisation, gpu_class, voucher, terms, approver=approver, at=at
    )
    return declared.outcome


def _terms(row: tables.Grant, gpu_class: GpuClass) -> GrantTerms:
    """Cards and GPU-seconds as they stand in the file, or as the petaflops make them."""
    cards, gpu_seconds, teraflops = row.cards_max, row.gpu_seconds, 0
    if row.petaflops is not None:
        if cards is not None:
            raise ValueWrong(field="cards_max", reason="petaflops say how many")
        with about("petaflops"):
            teraflops = teraflops_in(row.petaflops)
            made = converted(gpu_class, teraflops, starts_on=row.starts_on, ends_on=row.ends_on)
        cards, gpu_seconds = made.cards, gpu_seconds or made.gpu_seconds
    for field, value in (("cards_max", cards), ("gpu_seconds", gpu_seconds)):
        if value is None:
            raise FieldMissing(field=field)
    assert cards is not None, "checked above"
    assert gpu_seconds is not None, "checked above"
    return GrantTerms(
        code=row.code, gpu_seconds=gpu_seconds, cards_max=cards, starts_on=row.starts_on,
        ends_on=row.ends_on, tranches=row.tranches, teraflops=teraflops,
    )  # fmt: skip
