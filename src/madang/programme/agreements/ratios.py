"""Which ratio an award is supported at: resolved once, with its agreement's text."""

from __future__ import annotations

from madang.core.money import Ratio
from madang.programme.agreements.models import Agreement
from madang.programme.awards.models import Award
from madang.programme.calls.ratios import ratio_for


def ratio_of(award: Award) -> Ratio:
    """As its agreement froze it. Before there is one: for the size that is registered now.

    A size that changes later changes nothing, also when the text is written anew.
    """
    frozen = Agreement.objects.filter(award=award).values_list("terms", flat=True).first()
    if frozen is not None:
        return Ratio.parse(frozen["subsidy_ratio"])
    return ratio_for(award.call, award.organisation.kind)
