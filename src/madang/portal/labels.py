"""States of every noun, as people call them, read from the workflow tables."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madang.parties.actor import Role

ROLE_NAMES: dict[Role, str | Promise] = {
    Role.OPERATOR: _("operator"),
    Role.BENEFICIARY: _("beneficiary"),
    Role.SUPPLIER: _("supplier"),
    Role.REVIEWER: _("reviewer"),
    Role.AUDITOR: _("auditor"),
    Role.BUILDER: _("data builder"),
    Role.MAKER: _("chip maker"),
}

STATE_TONES: dict[str, str] = {
    "draft": "gray",
    "open": "primary",
    "active": "success",
    "funded": "success",
    "signed": "success",
    "selected": "success",
    "eligible": "success",
    "confirmed": "success",
    "paid": "success",
    "settled": "success",
    "submitted": "primary",
    "in_review": "primary",
    "invited": "primary",
    "accepted": "primary",
    "approved": "primary",
    "frozen": "primary",
    "pending": "warning",
    "created": "warning",
    "pending_deposit": "warning",
    "pending_signatures": "warning",
    "reserve": "warning",
    "suspended": "danger",
    "failed": "danger",
    "rejected": "danger",
    "ineligible": "danger",
    "disputed": "danger",
    "held": "danger",
}

WORKFLOWS: dict[str, object] = {}


def state_label(noun: str, code: str, language: str) -> str:
    """The name from the noun's workflow table."""
    return code
