"""Integer money. One unit everywhere: the micro-won, 10⁻⁶ won.

No float comes within reach of an amount. A price is an integer number of micro-won per
1,000,000 units, a ratio is a pair of integers, and the only division that may round is
the one whose name says which way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import NewType

MicroWon = NewType("MicroWon", int)
PricePerMillion = NewType("PricePerMillion", int)
"""Micro-won per 1,000,000 units."""

MICRO_PER_WON = 1_000_000
UNITS_PER_PRICE = 1_000_000
WON_DECIMALS_MAX = 6
WON_DIGITS_MAX = 18

_DECIMAL_WON = re.compile(
    r"([0-9]{1,%d})(?:\.([0-9]{1,%d}))?" % (WON_DIGITS_MAX, WON_DECIMALS_MAX)
)
_RATIO = re.compile(r"([0-9]{1,9})\s*/\s*([0-9]{1,9})")


def microwon_from_won(won: int) -> MicroWon:
    """Whole won as micro-won."""
    return MicroWon(won * MICRO_PER_WON)


def microwon_from_text(text: str) -> MicroWon:
    """A decimal string of won ("1400", "0.35") as micro-won, exactly.

    Raises ValueError for a sign, an exponent, more than six decimals or anything else
    that two readers could understand differently.
    """
    match = _DECIMAL_WON.fullmatch(text)
    if match is None:
        raise ValueError(f"not a decimal amount of won with at most six decimals: {text!r}")
    whole, decimals = match.groups()
    return MicroWon(int(whole) * MICRO_PER_WON + int((decimals or "").ljust(6, "0")))


def price_from_won_per_million(text: str) -> PricePerMillion:
    """Won per 1,000,000 units, as micro-won per 1,000,000 units."""
    return PricePerMillion(microwon_from_text(text))


def price_from_won_each(text: str) -> PricePerMillion:
    """Won per single unit, as micro-won per 1,000,000 units."""
    return PricePerMillion(microwon_from_text(text) * UNITS_PER_PRICE)


def won_digits(amount_microwon: int) -> str:
    """1234567890 → "1,234.56789": exact, without trailing zeros."""
    sign = "-" if amount_microwon < 0 else ""
    whole, micro = divmod(abs(amount_microwon), MICRO_PER_WON)
    decimals = f"{micro:06d}".rstrip("0")
    return f"{sign}{whole:,}" + (f".{decimals}" if decimals else "")


def is_whole_won(amount_microwon: int) -> bool:
    return amount_microwon % MICRO_PER_WON == 0


def floor_to_won(amount_microwon: int) -> MicroWon:
    """The whole won inside an amount, still in micro-won."""
    return MicroWon(amount_microwon // MICRO_PER_WON * MICRO_PER_WON)


@dataclass(frozen=True, slots=True)
class Ratio:
    """An exact ratio between 0 and 1: a subsidy's share, a VAT rate."""

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        if self.denominator <= 0 or not 0 <= self.numerator <= self.denominator:
            raise ValueError(f"not a ratio from 0 to 1: {self.numerator}/{self.denominator}")

    @classmethod
    def parse(cls, text: str) -> Ratio:
        """Read "4/5". Raises ValueError for anything else."""
        match = _RATIO.fullmatch(text.strip())
        if match is None:
            raise ValueError(f'not a ratio such as "4/5": {text!r}')
        return cls(int(match[1]), int(match[2]))

    def floor_of(self, amount_microwon: int) -> MicroWon:
        """⌊amount · n/d⌋: the f and w of the ledger reference, section 2."""
        return MicroWon(amount_microwon * self.numerator // self.denominator)

    def as_fraction(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"
