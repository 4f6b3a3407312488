"""Cutting an award into the parts that its call's terms name."""

from __future__ import annotations

from collections.abc import Sequence

from madang.core.money import Ratio, floor_to_won
from madang.programme.awards.models import Award
from madang.programme.errors import TermInvalid
from madang.programme.tranches.models import Tranche, TrancheState

WHOLE = ("1/1",)


def shares_of(award: Award) -> Sequence[str]:
    named = award.call.terms.get("tranches")
    return named if isinstance(named, list) and named else WHOLE


def check_shares(shares: Sequence[str]) -> None:
    """They are ratios and add up to one. Raises TermInvalid."""
    try:
        read = [Ratio.parse(share).as_fraction() for share in shares]
    except ValueError as err:
        raise TermInvalid(field="tranches", reason="not ratios") from err
    if sum(read) != 1 or min(read) <= 0:
        raise TermInvalid(field="tranches", reason="they do not add up to one")


def cut(amount_microwon: int, shares: Sequence[str]) -> list[int]:
    """Whole won each; what is left over joins the first part."""
    parts = [int(floor_to_won(Ratio.parse(one).floor_of(amount_microwon))) for one in shares]
    parts[0] += amount_microwon - sum(parts)
    return [part for part in parts if part]


def plan_tranches(award: Award) -> list[Tranche]:
    """The parts of an award that has none yet. Its lock is held."""
    held = list(award.tranches.order_by("number"))
    if held:
        return held
    return Tranche.objects.bulk_create(
        Tranche(award=award, number=number, amount_microwon=amount)
        for number, amount in enumerate(cut(award.amount_microwon, shares_of(award)), start=1)
    )


def first_part_microwon(award: Award) -> int:
    """What the first part is, before and after the parts are planned."""
    row = award.tranches.filter(number=1).first()
    return row.amount_microwon if row else cut(award.amount_microwon, shares_of(award))[0]


def unreleased_microwon(award: Award) -> int:
    rows = award.tranches.filter(state=TrancheState.PLANNED)
    return sum(rows.values_list("amount_microwon", flat=True))
