from django.apps import AppConfig

from madang.parties.notices.texts import register_notices
from madang.programme.fulfilment.registry import register_fulfilment


class DatahubConfig(AppConfig):
    name = "madang.datahub"
    label = "datahub"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from madang.datahub.proposals.fulfilment import (  # noqa: PLC0415  models load after apps
            DataSetFulfilment,
        )

        register_notices("madang.datahub")
        register_fulfilment("dataset", DataSetFulfilment())
