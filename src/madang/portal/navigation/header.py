"""What stands in the header of every page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from madang.parties.actor import Role
from madang.portal.navigation.places import Place, only

PUBLIC = (
    Place(_("Calls"), "calls"),
    Place(_("Catalogue"), "catalogue"),
    Place(_("Awards"), "awards"),
    Place(_("Plans"), "plans"),
    Place(_("GPU sites"), "gpu_sites"),
    Place(_("Training data"), "data_roadmap"),
    Place(_("Verified chips"), "testbed_board"),
)
DESKS = (
    Place(_("My desk"), "desk", only(*Role)),
    Place(_("Applications and vouchers"), "applications", only(Role.BENEFICIARY)),
    Place(_("Data building"), "builder", only(Role.BUILDER)),
    Place(_("Reviews"), "reviewer", only(Role.REVIEWER)),
    Place(_("Sales and settlement"), "supplier", only(Role.SUPPLIER)),
    Place(_("Chip tests"), "testbed_submissions", only(Role.MAKER)),
    Place(_("Operation"), "operator_calls", only(Role.OPERATOR)),
    Place(_("Audit"), "auditor", only(Role.AUDITOR)),
)
