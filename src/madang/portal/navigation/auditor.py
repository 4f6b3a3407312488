"""The menu at the desk of an auditor."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from madang.portal.navigation.gpu_and_data import GPU_AND_DATA
from madang.portal.navigation.places import Place, under

SIDE = (
    *under(
        _("Books"),
        Place(_("Trial balance"), "auditor"),
        Place(_("Journals"), "journals"),
        Place(_("Seal and proof"), "proof"),
        Place(_("Record of events"), "events"),
    ),
    *under(
        _("Registers"),
        Place(_("Exceptions"), "exceptions"),
        Place(_("People"), "people"),
        Place(_("Calls"), "operator_calls"),
        Place(_("Forms"), "forms"),
        Place(_("Experts"), "reviewers"),
        Place(_("Relationships"), "relationships"),
        Place(_("Calendar"), "calendar"),
        Place(_("Awards and vouchers"), "operator_awards"),
        Place(_("Agreements"), "agreements"),
        Place(_("Vouchers"), "vouchers"),
        Place(_("Matches"), "matches"),
        Place(_("Requests to the agency"), "petitions"),
        Place(_("Settlement"), "settlement"),
        Place(_("Payouts"), "payouts"),
        Place(_("Payouts on hold"), "payout_holds"),
        Place(_("Suppliers"), "suppliers"),
        Place(_("Tax invoices"), "invoices"),
        Place(_("Disputes"), "open_ends"),
        Place(_("Corrections"), "corrections"),
        Place(_("Clawback cases"), "cases"),
        Place(_("Sanctions"), "sanctions"),
        Place(_("Appeals"), "appeals"),
        Place(_("Years"), "years"),
        Place(_("What looks odd"), "flags"),
    ),
    *under(_("GPU and data"), *GPU_AND_DATA, Place(_("Build projects"), "builder")),
)
