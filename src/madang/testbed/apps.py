from django.apps import AppConfig


class TestbedConfig(AppConfig):
    name = "madang.testbed"
    label = "testbed"
    default_auto_field = "django.db.models.BigAutoField"
