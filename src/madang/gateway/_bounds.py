"""The upper bound of a call: what makes overspending impossible.

Input tokens are at most the bytes of all text, plus what the supplier's template adds, and
never more than the model can take. Output tokens are at most max_tokens for each answer, and
the gateway always sets max_tokens. The price is that of the dearest class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from madang.core.money import UNITS_PER_PRICE
from madang.core.units import Unit
from madang.gateway._request import Ask
from madang.wire.pricing import QUANTITY_MAX, charge_microwon, worst_input_price

SOLD_HERE = frozenset(
    {
        Unit.TOKEN_IN,
        Unit.TOKEN_IN_CACHED,
        Unit.TOKEN_IN_CACHE_WRITE,
        Unit.TOKEN_OUT,
        Unit.REQUEST,
    }
)
"""Units that the gateway can bound and measure. A product with another one is refused."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """The prices of one price set, and the dearest input price among them."""

    prices: Mapping[Unit, int]
    input_price_per_million: int
    output_price_per_million: int
    request_price_per_million: int

    @classmethod
    def of(cls, prices: Mapping[Unit, int]) -> Tariff | None:
        """None when there is a unit here that the gateway cannot bound."""
        if not prices or not SOLD_HERE.issuperset(prices):
            return None
        return cls(
            prices=prices,
            input_price_per_million=worst_input_price(prices),
            output_price_per_million=prices.get(Unit.TOKEN_OUT, 0),
            request_price_per_million=prices.get(Unit.REQUEST, 0),
        )

    def sells(self, *, output: bool) -> bool:
        """Whether every token of such a call has a price, or the call as a whole has one."""
        if Unit.REQUEST in self.prices:
            return True
        return Unit.TOKEN_IN in self.prices and (not output or Unit.TOKEN_OUT in self.prices)


@dataclass(frozen=True, slots=True)
class Bound:
    """What a call may cost at most, and how that falls with max_tokens."""

    tariff: Tariff
    input_tokens: int
    answers: int
    max_tokens: int

    @property
    def full_microwon(self) -> int:
        """The most it can cost with the max_tokens it asks for."""
        return self.at(self.max_tokens)

    @property
    def least_microwon(self) -> int:
        """The most it can cost when it may generate one token for each answer."""
        return self.at(min(self.max_tokens, 1))

    def at(self, max_tokens: int) -> int:
        worst = {Unit.TOKEN_IN: self.input_tokens, Unit.TOKEN_OUT: self.answers * max_tokens}
        return charge_microwon({**worst, Unit.REQUEST: 1}, self._worst_prices)

    @property
    def _worst_prices(self) -> dict[Unit, int]:
        return {
            Unit.TOKEN_IN: self.tariff.input_price_per_million,
            Unit.TOKEN_OUT: self.tariff.output_price_per_million,
            Unit.REQUEST: self.tariff.request_price_per_million,
        }

    def fitting(self, free_microwon: int) -> int:
        """The largest max_tokens that this much money covers; 0 when not even one token."""
        if self.full_microwon <= free_microwon:
            return self.max_tokens
        tokens_price = self.answers * self.tariff.output_price_per_million
        fixed = (
            self.input_tokens * self.tariff.input_price_per_million
            + self.tariff.request_price_per_million
        )
        left = free_microwon * UNITS_PER_PRICE - fixed
        if left < tokens_price or not tokens_price:
            return 0
        return min(left // tokens_price, self.max_tokens)


def bound_of(
    ask: Ask, tariff: Tariff, *, context_tokens_max: int, overhead_tokens: int
) -> Bound:
    """The bound of one call on one product."""
    prompts = ask.prompts
    context = context_tokens_max * prompts
    worst_input = min(ask.input_bytes + overhead_tokens * prompts, context, QUANTITY_MAX)
    max_tokens = 0
    if ask.has_output:
        most = min(context_tokens_max, QUANTITY_MAX // ask.answers)
        max_tokens = min(ask.max_tokens or most, most)
    return Bound(tariff, worst_input, ask.answers, max_tokens)
