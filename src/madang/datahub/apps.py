from django.apps import AppConfig

from madang.parties.notices.texts import register_notices


class DatahubConfig(AppConfig):
    name = "madang.datahub"
    label = "datahub"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register_notices("madang.datahub")
