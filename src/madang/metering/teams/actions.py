"""Dividing a voucher among teams. The voucher's lock is taken first."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from madang.metering.access import need_operator_or_beneficiary
from madang.metering.errors import KeyOfAnother, TeamLimitReached
from madang.metering.keys.models import Key
from madang.metering.teams.models import Team
from madang.metering.teams.queries import left_microwon, spent_microwon
from madang.metering.vouchers.models import Voucher
from madang.metering.vouchers.queries import locked
from madang.parties.actor import Actor
from madang.parties.declaring import Declared, Outcome, changed_fields
from madang.parties.events.actions import record_event


@transaction.atomic
def set_team(
    actor: Actor, voucher: Voucher, *, code: str, name: str, limit_microwon: int, at: datetime
) -> Declared[Team]:
    """Make a team so: its name and its limit.

    A lower limit counts from the next lease on; gateways give back within a second what they
    hold for the team and do not use.
    """
    need_operator_or_beneficiary(actor, voucher.organisation_id)
    voucher = locked(voucher)
    wanted: dict[str, object] = {"name": name, "limit_microwon": limit_microwon}
    row = Team.objects.filter(voucher=voucher, code=code).first()
    if row is None:
        row = Team.objects.create(
            voucher=voucher, code=code, name=name, limit_microwon=limit_microwon,
            created_by=actor.id, created_at=at,
        )  # fmt: skip
        outcome = Outcome.CREATED
    else:
        fields = changed_fields(row, wanted)
        if not fields:
            return Declared(row, Outcome.UNCHANGED)
        row.save(update_fields=fields)
        outcome = Outcome.CHANGED
    record_event(
        actor, "team.set", subject_type="team", subject_id=row.id, at=at,
        facts={"voucher": str(voucher.id), "limit_microwon": limit_microwon},
    )  # fmt: skip
    _tell_gateways(row)
    return Declared(row, outcome)


@transaction.atomic
def give_key_to_team(actor: Actor, key: Key, team: Team, *, at: datetime) -> Key:
    """From now on the key spends of the team's limit; earlier calls count where they were."""
    need_operator_or_beneficiary(actor, team.voucher.organisation_id)
    locked(team.voucher)
    key = Key.objects.select_for_update(no_key=True).get(pk=key.pk)
    if key.voucher_id != team.voucher_id:
        raise KeyOfAnother
    key.team = team
    key.save(update_fields=["team"])
    record_event(
        actor, "key.team", subject_type="key", subject_id=str(key.no), at=at,
        facts={"team": str(team.id)},
    )  # fmt: skip
    return key


def _tell_gateways(team: Team) -> None:
    """A key that changed is told anew, with its team's limit."""
    Key.objects.filter(team=team).update(team=team)


def need_room(team: Team, amount_microwon: int) -> None:
    """The guard of a delivery. The caller holds the voucher's lock. Raises TeamLimitReached."""
    left = left_microwon(team, spent_microwon(team))
    if amount_microwon > left:
        raise TeamLimitReached(team=team.code, left_microwon=max(left, 0))
