"""Many keys as one parameter: a list of thousands of parameters costs more than the rows."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models.expressions import RawSQL


def among(keys: Collection[bytes]) -> RawSQL:
    """For `pk__in`, `hash__in` and their like."""
    return RawSQL("SELECT unnest(%s::bytea[])", (list(keys),))
