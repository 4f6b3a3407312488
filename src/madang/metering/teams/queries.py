"""What a team has spent, and who may see it."""

from __future__ import annotations

from django.db.models import Case, F, Q, QuerySet, Sum, Value, When

from madang.core.errors import NotFound
from madang.metering.charges.models import Charge, ChargeKind
from madang.metering.keys.models import Key
from madang.metering.teams.models import Team
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
    """Charges less refunds, of the team's deliveries and of the calls of its keys."""
    keys = list(Key.objects.filter(team=team).values_list("no", flat=True))
    mine = Q(usage__team=team) | Q(usage__key_no__in=keys)
    rows = Charge.objects.filter(mine, voucher=team.voucher_id)
    total = rows.aggregate(total=Sum(F("amount_microwon") * SIGNED))["total"]
    return int(total or 0)


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
