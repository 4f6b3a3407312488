"""The short menus: builders of data, reviewers, chip makers, one's own account."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from madang.portal.navigation.places import Place

BUILDER = (Place(_("Build projects"), "builder"), Place(_("Data access"), "data_access"))
REVIEWER = (
    Place(_("Reviews"), "reviewer"),
    Place(_("Data deliveries"), "data_reviews"),
    Place(_("Appeals"), "appeals"),
)
MAKER = (
    Place(_("Chip tests"), "testbed_submissions"),
    Place(_("Verified chips"), "testbed_board"),
    Place(_("Trial runs"), "testbed_trials"),
)
ACCOUNT = (Place(_("Profile and tokens"), "account"), Place(_("Notices"), "notices"))
