from django.apps import AppConfig

from madang.parties.notices.texts import register_notices


class ProgrammeConfig(AppConfig):
    name = "madang.programme"
    label = "programme"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register_notices("madang.programme")
