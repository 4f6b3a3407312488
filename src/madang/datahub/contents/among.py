"""Many keys as one parameter: a list of thousands of parameters costs more than the rows.

PostgreSQL's own spelling of an array is written here, since the driver looks at each element
of a list, which costs more than hashing a small file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models.expressions import RawSQL


def among(keys: Collection[bytes]) -> RawSQL:
    """For `pk__in`, `hash__in` and their like."""
    return RawSQL("SELECT unnest(%s::bytea[])", (bytes_array(keys),))


def bytes_array(values: Collection[bytes]) -> str:
    """For a parameter of `bytea[]`."""
    inside = '","\\\\x'.join(map(bytes.hex, values))
    return f'{{"\\\\x{inside}"}}' if values else "{}"


def plain_array(values: Iterable[object]) -> str:
    """For a parameter of numbers, UUIDs, or texts of letters and digits."""
    return f"{{{','.join(map(str, values))}}}"
