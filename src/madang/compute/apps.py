from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

from madang.parties.notices.texts import register_notices
from madang.parties.policies.checking import register_check
from madang.programme.fulfilment.registry import register_fulfilment

if TYPE_CHECKING:
    from madang.compute.jobs.datasets import Provider


class ComputeConfig(AppConfig):
    name = "madang.compute"
    label = "compute"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from madang.compute.grants.fulfilment import (  # noqa: PLC0415  models load after apps
            GpuFulfilment,
        )
        from madang.compute.jobs.datasets import register_datasets  # noqa: PLC0415  the same
        from madang.compute.policy import (  # noqa: PLC0415  the same
            POLICY_KIND,
            check_policy,
        )

        register_notices("madang.compute")
        register_check(POLICY_KIND, check_policy)
        register_datasets(_hub_datasets)
        register_fulfilment("gpu", GpuFulfilment())


def _hub_datasets() -> Provider:
    from madang.compute.jobs.hub_sets import (  # noqa: PLC0415  brings the store's compiler
        HubDatasets,
    )

    return HubDatasets()
