"""Rows that are only ever added: refused here first, by the database in any case."""

from __future__ import annotations

from django.db import models


class Fact(models.Model):
    """A row that is written once. Facts are written by SQL; reading is what models are for."""

    class Meta:
        abstract = True

    def save(self, *args: object, **kwargs: object) -> None:
        raise TypeError(f"{type(self).__name__} is written by post() alone, and never changed")

    def delete(self, *args: object, **kwargs: object) -> tuple[int, dict[str, int]]:
        raise TypeError(f"{type(self).__name__} is never deleted")
