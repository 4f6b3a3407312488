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

        register_notices("madang.compute")
        register_fulfilment("gpu", GpuFulfilment())
