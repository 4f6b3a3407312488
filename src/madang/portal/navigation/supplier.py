"""The menu at the desk of a supplier."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from madang.portal.navigation.places import Place

SIDE = (
    Place(_("Earned, not yet stated"), "supplier"),
    Place(_("Statements"), "supplier_statements"),
    Place(_("Tax invoices"), "invoices"),
    Place(_("Products"), "supplier_offerings"),
    Place(_("Requests to the agency"), "petitions"),
    Place(_("Clawback cases"), "cases"),
    Place(_("Sanctions"), "sanctions"),
    Place(_("Account and standing"), "standing"),
    Place(_("Matches"), "matches"),
    Place(_("Agreements"), "agreements"),
)
