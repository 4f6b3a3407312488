"""From a finding to a case: a person confirmed it, another step opens the case on it.

The case keeps the evidence as it stood: a finding that grows later changes nothing here.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.programme.awards.models import Award
from madang.programme.cases.actions import Suspicion, open_clawback
from madang.programme.cases.models import ClawbackCase, Ground
from madang.programme.errors import FlagUnconfirmed
from madang.programme.flags.models import Flag, FlagKind, FlagState
from madang.programme.flags.queries import flag_for

LIKELY_GROUND = {
    FlagKind.SELF_DEALING: Ground.BREACH,
    FlagKind.RESALE: Ground.OTHER_PURPOSE,
    FlagKind.RUSH: Ground.OTHER_PURPOSE,
}
"""What a person will most often choose; everything else is fraud."""


def awards_in(flag: Flag) -> QuerySet[Award]:
    """The awards of whom the finding names; where it names a voucher, that one's alone."""
    rows = Award.objects.select_related("organisation", "supplier", "call", "voucher")
    voucher = flag.evidence.get("voucher")
    if voucher:
        return rows.filter(voucher=voucher)
    named = Q(organisation__in=flag.organisations.all())
    return rows.filter(named, state__in=["agreed", "issued"]).order_by("created_at", "id")


def likely_ground(flag: Flag) -> Ground:
    return LIKELY_GROUND.get(FlagKind(flag.kind), Ground.FRAUD)


def likely_amount_microwon(flag: Flag) -> int:
    """What the evidence itself adds up to; 0 when it names no money."""
    rows = flag.evidence.get("receipts", [])
    return sum(int(one.get("amount_microwon", 0)) for one in rows)


@transaction.atomic
def open_case_on_flag(
    actor: Actor,
    flag_id: UUID,
    award_id: UUID,
    suspicion: Suspicion,
    *,
    reason: str,
    at: datetime,
) -> ClawbackCase:
    """사건 개시 on a confirmed finding; the one that stands when it was opened before.

    Raises FlagUnconfirmed, also for an award of somebody whom the finding does not name.
    """
    actor.need(Role.OPERATOR)
    flag_for(actor, flag_id)
    flag = Flag.objects.select_for_update().get(pk=flag_id)
    is_named = awards_in(flag).filter(pk=award_id).exists()
    if flag.state != FlagState.CONFIRMED or not is_named:
        raise FlagUnconfirmed
    held = ClawbackCase.objects.filter(flag=flag, award=award_id).first()
    if held is not None:
        return held
    row = open_clawback(actor, award_id, suspicion, reason=reason, at=at)
    row.flag, row.evidence = flag, flag.evidence
    row.evidence_sha256 = flag.evidence_sha256
    row.save(update_fields=["flag", "evidence", "evidence_sha256"])
    record_event(
        actor, "case.evidence", subject_type="case", subject_id=row.id, at=at,
        facts={"flag": str(flag.id), "evidence": flag.evidence_sha256},
    )  # fmt: skip
    return row
