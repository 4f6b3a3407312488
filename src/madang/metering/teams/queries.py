"""What a team has spent, and who may see it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, F, Max, QuerySet, Sum, Value, When

from madang.core.errors import NotFound
from madang.ledger.holds.models import HoldState
from madang.metering.charges.models import Charge, ChargeKind
from madang.metering.teams.models import Team
from madang.metering.till.models import UNRESOLVED, Lease
from madang.metering.vouchers.models import Voucher
from madang.parties.actor import Actor

SIGNED = Case(When(kind=ChargeKind.REFUND, then=Value(-1)), default=Value(1))


def teams_of(voucher: Voucher) -> QuerySet[Team]:
    """The caller may see the voucher."""
    return Team.objects.filter(voucher=voucher).order_by("code")


def team_of(voucher: Voucher, code: str) -> Team:
    row = teams_of(voucher).filter(code=code).first()
    if row is None:
        raise NotFound(noun="team")
    return row


def spent_microwon(team: Team) -> int:
    """Charges less refunds, of the team's deliveries and of the calls on its leases."""
    return spent_upto(team).microwon


@dataclass(frozen=True, slots=True)
class SpentUpto:
    """What a team's charges come to, up to a number."""

    microwon: int
    charge_no: int


def spent_upto(team: Team) -> SpentUpto:
    """Adds to what the newest lease of the team noted; exact under the voucher's lock."""
    noted = Lease.objects.filter(team=team).order_by("-hold").first()
    before = SpentUpto(0, 0)
    if noted is not None:
        assert noted.team_spent_microwon is not None, "a team's lease notes what was spent"
        assert noted.team_charge_upto is not None, "and up to which charge"
        before = SpentUpto(noted.team_spent_microwon, noted.team_charge_upto)
    rows = Charge.objects.filter(
        voucher=team.voucher_id, no__gt=before.charge_no, usage__team=team
    )
    found = rows.aggregate(total=Sum(F("amount_microwon") * SIGNED), upto=Max("no"))
    total, upto = int(found["total"] or 0), int(found["upto"] or before.charge_no)
    return SpentUpto(before.microwon + total, upto)


def left_microwon(team: Team, spent: int) -> int:
    """What the team may still spend, calls in flight counted at their most."""
    open_leases = Lease.objects.filter(team=team, state__in=UNRESOLVED)
    holds = HoldState.objects.filter(hold_id__in=open_leases.values("hold"), resolution=None)
    held = holds.aggregate(total=Sum(F("amount") - F("captured")))["total"]
    return team.limit_microwon - spent - int(held or 0)


def team_facts(actor: Actor, voucher: Voucher) -> list[dict[str, object]]:
    """Each team with its limit and what it has spent."""
    return [
        {
            "code": row.code,
            "name": row.name,
            "limit_microwon": row.limit_microwon,
            "spent_microwon": spent_microwon(row),
            "keys": list(row.keys.order_by("no").values_list("no", flat=True)),
        }
        for row in teams_of(voucher)
    ]
