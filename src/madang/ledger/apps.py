"""The Django application of this room."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "madang.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "원장"
