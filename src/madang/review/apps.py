from django.apps import AppConfig

from madang.parties.notices.texts import register_notices


class ReviewConfig(AppConfig):
    name = "madang.review"
    label = "review"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register_notices("madang.review")
