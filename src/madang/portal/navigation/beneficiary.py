"""The menu at the desk of a beneficiary."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from madang.portal.navigation.places import Place

SIDE = (
    Place(_("Applications"), "applications"),
    Place(_("Agreements"), "agreements"),
    Place(_("Vouchers"), "vouchers"),
    Place(_("Requests to the agency"), "petitions"),
    Place(_("Tax invoices"), "invoices"),
    Place(_("Clawback cases"), "cases"),
    Place(_("Sanctions"), "sanctions"),
    Place(_("GPU grants"), "gpu_grants"),
    Place(_("Ask for GPU time"), "gpu_requests"),
    Place(_("Matches"), "matches"),
    Place(_("Appeals"), "appeals"),
)
