"""What operators and auditors both see of computing, data and chips."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from madang.portal.navigation.places import Place

GPU_AND_DATA = (
    Place(_("GPU grants"), "gpu_grants"),
    Place(_("GPU requests"), "gpu_requests"),
    Place(_("GPU support"), "gpu_oversight"),
    Place(_("Training data"), "data_planning"),
    Place(_("Data deliveries"), "data_reviews"),
    Place(_("Data access"), "data_access"),
    Place(_("Chip tests"), "testbed_submissions"),
)
