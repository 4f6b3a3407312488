from django.apps import AppConfig

from madang.parties.notices.texts import register_notices
from madang.programme.fulfilment.registry import register_fulfilment


class ComputeConfig(AppConfig):
    name = "madang.compute"
    label = "compute"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from madang.compute.grants.fulfilment import (  # noqa: PLC0415  models load after apps
            GpuFulfilment,
        )
        from madang.compute.jobs.datasets import register_datasets  # noqa: PLC0415  the same
        from madang.compute.jobs.hub_sets import HubDatasets  # noqa: PLC0415  the same

        register_notices("madang.compute")
        register_datasets(HubDatasets())
        register_fulfilment("gpu", GpuFulfilment())
