"""Money for a person's eyes: exact, with thousands separators, never rounded."""

from __future__ import annotations

from madang.cli.console import Text
from madang.core.money import MICRO_PER_WON


def won(amount_microwon: int) -> str:
    """1,260,000 원, or 0.6524 원: all decimals that there are."""
    sign = "-" if amount_microwon < 0 else ""
    whole, micro = divmod(abs(amount_microwon), MICRO_PER_WON)
    decimals = f"{micro:06d}".rstrip("0")
    return f"{sign}{whole:,}{'.' if decimals else ''}{decimals}{Text('원', ' won')}"


def total_of(row: dict[str, object], name: str) -> int:
    """An amount inside a report's row, whose shape the contract fixes."""
    value = row[name]
    assert isinstance(value, int)
    return value
