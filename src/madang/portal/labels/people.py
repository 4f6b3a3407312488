"""Roles, kinds of organisation: the names people read."""

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

KIND_NAMES: dict[str, str | Promise] = {
    "sme": _("small or medium firm"),
    "midsize": _("mid-sized firm"),
    "university": _("university"),
    "institute": _("research institute"),
    "public": _("public body"),
    "large": _("large firm"),
}

PARTY_NAMES: dict[str, str | Promise] = {
    "agency": _("agency"),
    "beneficiary": _("beneficiary"),
    "supplier": _("supplier"),
    "former_supplier": _("former supplier"),
}
