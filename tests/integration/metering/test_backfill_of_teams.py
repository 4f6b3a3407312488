"""Migration 0009: what keys of teams had called before calls named their team."""

from __future__ import annotations

from importlib import import_module
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from metering_market import AT, OPERATOR, won

from madang.metering.keys.actions import create_key
from madang.metering.models import Usage
from madang.metering.offerings.models import PriceSet
from madang.metering.teams.actions import give_key_to_team, set_team
from madang.metering.usage.actions import record_usage

MIGRATION = import_module("madang.metering.migrations.0009_team_leases").Migration


def called(offering, voucher, key_no: int | None, team=None) -> Usage:
    """A call as the till writes it; before 0009 none named its team."""
    return Usage.objects.create(
        call=uuid4(), kind="call", voucher=voucher, supplier=offering.supplier,
        offering=offering, price_set=PriceSet.objects.first(), key_no=key_no, team=team,
        quantities={"request": 1}, outcome="committed", priced_microwon=1,
        started_at=AT, ended_at=AT, recorded_at=AT, evidence_sha256="0" * 64,
    )  # fmt: skip


def test_calls_are_given_to_the_team_of_their_key_once_and_stay_facts(market) -> None:
    voucher, offering = market.voucher(), market.offering(won_each="1000")
    record_usage(OPERATOR, voucher, offering, quantities=1, external_id="d-1", at=AT)
    teams = [
        set_team(OPERATOR, voucher, code=code, name=code, limit_microwon=won(10), at=AT).row
        for code in ("lab", "shop")
    ]
    keys = [create_key(OPERATOR, voucher, rpm_max=60, at=AT).key for _ in range(3)]
    for key, team in zip(keys, teams, strict=False):
        give_key_to_team(OPERATOR, key, team, at=AT)
    lab = called(offering, voucher, keys[0].no)
    told = called(offering, voucher, keys[0].no, team=teams[1])
    shop = called(offering, voucher, keys[1].no)
    nobody = called(offering, voucher, keys[2].no)
    delivery = Usage.objects.get(external_id="d-1")

    for _ in range(2):
        forwards(MIGRATION.operations[-1])

    team_of = dict(Usage.objects.values_list("no", "team"))
    assert team_of[lab.no] == teams[0].id
    assert team_of[shop.no] == teams[1].id
    assert team_of[told.no] == teams[1].id, "what was said stays"
    assert team_of[nobody.no] is team_of[delivery.no] is None
    with pytest.raises(DatabaseError), transaction.atomic():
        Usage.objects.filter(pk=lab.pk).update(team=teams[1])


def forwards(operation) -> None:
    with connection.schema_editor() as editor:
        operation.database_forwards("metering", editor, None, None)
