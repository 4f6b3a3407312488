from django.apps import AppConfig

from madang.parties.notices.texts import register_notices


class MeteringConfig(AppConfig):
    name = "madang.metering"
    label = "metering"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register_notices("madang.metering")
