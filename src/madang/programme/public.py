"""What everybody may know: awards and success rates. No scores, persons or small cells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from madang.parties.policies.queries import current_policy
from madang.programme.applications.models import LIVE, Application, ApplicationState
from madang.programme.awards.models import Award, AwardState
from madang.programme.calls.models import Call

STANDING = (AwardState.AGREED, AwardState.ISSUED)


@dataclass(frozen=True, slots=True)
class PublicAward:
    """I12: the organisation, what it received, where it is. Nothing of its text or scores."""

    call: str
    organisation_ko: str
    organisation_en: str
    kind: str
    region: str
    amount_microwon: int


@dataclass(frozen=True, slots=True)
class SuccessRate:
    """Both numbers are None where fewer applied than policy lets the public see."""

    kind: str
    applied: int | None
    selected: int | None


def concluded() -> QuerySet[Award]:
    """Agreements that were concluded, by call and name. Direct grants are among them."""
    rows = Award.objects.filter(state__in=STANDING).select_related("call", "organisation")
    return rows.order_by("call__code", "organisation__code", "id")


def public_award(row: Award) -> PublicAward:
    return PublicAward(
        call="" if row.call.is_hidden else row.call.code,
        organisation_ko=row.organisation.name_ko,
        organisation_en=row.organisation.name_en,
        kind=row.organisation.kind,
        region=row.organisation.region,
        amount_microwon=row.amount_microwon,
    )


def success_rates(call: Call, at: datetime) -> list[SuccessRate]:
    """By kind of organisation. A cell below k is empty, and one from which it could be told."""
    selected = Count("id", filter=Q(state=ApplicationState.SELECTED))
    rows = (
        Application.objects.filter(call=call, state__in=LIVE)
        .values_list("organisation__kind")
        .annotate(applied=Count("id"), selected=selected)
        .order_by("organisation__kind")
    )
    return _suppressed(rows, current_policy("disclosure", at).number("small_cell_min"))


def _suppressed(rows: Iterable[tuple[str, int, int]], least: int) -> list[SuccessRate]:
    """Hide small cells; hide one more when a single hidden one could be had by subtraction."""
    found = sorted(rows, key=lambda row: (row[1], row[0]))
    hidden = {kind for kind, applied, _ in found if applied < least}
    if len(hidden) == 1 and len(found) > 1:
        hidden.add(found[1][0])
    return [
        SuccessRate(kind, None, None) if kind in hidden else SuccessRate(kind, applied, chosen)
        for kind, applied, chosen in sorted(found)
    ]
