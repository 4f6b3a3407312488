"""Appeals, petitions, matches, oddities, and what follows: the names people read."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madang.parties.sanctions.workflow import SANCTION
from madang.programme.cases.workflow import CLAWBACK
from madang.programme.corrections.workflow import CORRECTION
from madang.programme.flags.workflow import FLAG
from madang.programme.matches.workflow import MATCH
from madang.programme.petitions.workflow import PETITION
from madang.review.appeals.workflow import APPEAL
from madang.review.challenges.workflow import CHALLENGE

LABELS: dict[str, Callable[[str, str], str]] = {
    "appeal": APPEAL.label,
    "match": MATCH.label,
    "challenge": CHALLENGE.label,
    "flag": FLAG.label,
    "petition": PETITION.label,
    "case": CLAWBACK.label,
    "sanction": SANCTION.label,
    "correction": CORRECTION.label,
}

OTHER_STATES: dict[str, dict[str, tuple[str, str]]] = {
    "case_move": {
        "cash": ("현금 수납", "paid in cash"),
        "set_off": ("상계", "set off"),
        "write_off": ("결손", "written off"),
        "remit": ("세입 납입", "to the treasury"),
    },
}

FLAG_NAMES: dict[str, str | Promise] = {
    "same_representative": _("same representative"),
    "same_address": _("same address"),
    "same_account": _("same bank account"),
    "same_network": _("same network"),
    "burst": _("many within minutes, for one supplier"),
    "self_dealing": _("buyer and seller belong together"),
    "payback": _("the seller paid for the buyer"),
    "resale": _("used around the clock under many keys"),
    "rush": _("nearly all spent at once, with one seller"),
}

PETITION_NAMES: dict[str, str | Promise] = {
    "usage": _("Objection to a charge"),
    "carry_over": _("More time (carry-over)"),
    "correction": _("Correction of a booking"),
    "other": _("Another request"),
}

SIDE_NAMES: dict[str, str | Promise] = {
    "holder": _("holder of the voucher"),
    "supplier": _("supplier"),
    "agency": _("agency"),
}

GROUND_NAMES: dict[str, str | Promise] = {
    "decisive_error": _("a reviewer's decisive error"),
    "misreading": _("a clear misreading of the proposal"),
    "administrative_error": _("an administrative error"),
    "family": _("family"),
    "mentor": _("mentor"),
    "employment": _("employment"),
    "interest": _("an interest of one's own"),
    "dispute": _("a dispute between us"),
    "other": _("another ground"),
}
