from django.apps import AppConfig

from madang.parties.notices.texts import register_notices


class TestbedConfig(AppConfig):
    name = "madang.testbed"
    label = "testbed"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register_notices("madang.testbed")
