"""What can be measured, and how its price is written."""

from __future__ import annotations

from enum import StrEnum


class Unit(StrEnum):
    """A unit of usage. Token classes are disjoint: cached input is not also plain input."""

    TOKEN_IN = "token.in"
    TOKEN_IN_CACHED = "token.in.cached"
    TOKEN_IN_CACHE_WRITE = "token.in.cache_write"
    TOKEN_OUT = "token.out"
    REQUEST = "request"
    IMAGE = "image"
    SECOND = "second"
    GPU_SECOND = "gpu_second"
    BYTE = "byte"

    @property
    def may_be_priced_each(self) -> bool:
        """True where a declaration may say `won_each` instead of `won_per_million`."""
        return self in _PRICED_EACH


_PRICED_EACH = frozenset({Unit.REQUEST, Unit.IMAGE, Unit.SECOND, Unit.GPU_SECOND})


class Meter(StrEnum):
    """How usage of an offering comes to be measured."""

    MODEL = "model"
    DELIVERY = "delivery"
    COMPUTE = "compute"
    DATA = "data"
    RUN = "run"
