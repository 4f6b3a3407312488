from django.apps import AppConfig


class DatahubConfig(AppConfig):
    name = "madang.datahub"
    label = "datahub"
    default_auto_field = "django.db.models.BigAutoField"
