"""The upper bound of a call: what makes overspending impossible.

Input tokens are at most the bytes of all text, plus what the supplier's template adds, and
never more than the model can take. Output tokens are at most max_tokens for each answer, and
the gateway always sets max_tokens. The price is that of the dearest class.
"""

from __future__ import annotations

from collections.abc import Mapping

from madang.core.money import UNITS_PER_PRICE, MicroWon
from madang.core.units import Unit
from madang.gateway._request import Ask
from madang.gateway._usage import Tokens
from madang.wire.pricing import QUANTITY_MAX, rounded_up, worst_input_price

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


class Tariff:
    """The prices of one price set, taken apart for the hot path."""

    __slots__ = (
        "_cache_write", "_cached", "_input", "_output", "_prices", "input_price_per_million",
        "is_plain", "output_price_per_million", "request_price_per_million",
    )  # fmt: skip

    def __init__(self, prices: Mapping[Unit, int]) -> None:
        self._prices = prices
        self._input = prices.get(Unit.TOKEN_IN, 0)
        self._cached = prices.get(Unit.TOKEN_IN_CACHED, 0)
        self._cache_write = prices.get(Unit.TOKEN_IN_CACHE_WRITE, 0)
        self._output = prices.get(Unit.TOKEN_OUT, 0)
        self.input_price_per_million = worst_input_price(prices)
        self.output_price_per_million = self._output
        self.request_price_per_million = prices.get(Unit.REQUEST, 0)
        self.is_plain = {Unit.TOKEN_IN, Unit.TOKEN_OUT} <= prices.keys()

    @classmethod
    def of(cls, prices: Mapping[Unit, int]) -> Tariff | None:
        """None when there is a unit here that the gateway cannot bound."""
        return cls(prices) if prices and SOLD_HERE.issuperset(prices) else None

    @property
    def has_request(self) -> bool:
        return Unit.REQUEST in self._prices

    def sells(self, *, output: bool) -> bool:
        """Whether every token of such a call has a price, or the call as a whole has one."""
        if self.is_plain or self.has_request:
            return True
        return Unit.TOKEN_IN in self._prices and not output

    def sold(self, tokens: Tokens) -> Tokens:
        """Classes without a price of their own count as plain input, or not at all."""
        if self.is_plain and not tokens.cached and not tokens.cache_write:
            return tokens
        prices = self._prices
        plain, cached, write = tokens.input, tokens.cached, tokens.cache_write
        if cached and Unit.TOKEN_IN_CACHED not in prices:
            plain, cached = plain + cached, 0
        if write and Unit.TOKEN_IN_CACHE_WRITE not in prices:
            plain, write = plain + write, 0
        if Unit.TOKEN_IN not in prices:
            plain = 0
        output = tokens.output if Unit.TOKEN_OUT in prices else 0
        return Tokens(plain, cached, write, output)

    def charge_microwon(self, tokens: Tokens, requests: int) -> MicroWon:
        """The same as `wire.pricing.charge_microwon`, without a mapping in between."""
        return rounded_up(
            tokens.input * self._input
            + tokens.cached * self._cached
            + tokens.cache_write * self._cache_write
            + tokens.output * self._output
            + requests * self.request_price_per_million
        )


class Bound:
    """What a call may cost at most, and how that falls with max_tokens."""

    __slots__ = ("_fixed", "_price", "full_microwon", "input_tokens", "max_tokens")

    def __init__(
        self, tariff: Tariff, *, input_tokens: int, answers: int, max_tokens: int
    ) -> None:
        self.input_tokens = input_tokens
        self.max_tokens = max_tokens
        self._fixed = (
            input_tokens * tariff.input_price_per_million + tariff.request_price_per_million
        )
        self._price = answers * tariff.output_price_per_million
        self.full_microwon = rounded_up(self._fixed + max_tokens * self._price)

    def at(self, max_tokens: int) -> MicroWon:
        """The most it can cost with this max_tokens."""
        return rounded_up(self._fixed + max_tokens * self._price)

    @property
    def least_microwon(self) -> MicroWon:
        """The most it can cost when it may generate one token for each answer."""
        return self.at(min(self.max_tokens, 1))

    def fitting(self, free_microwon: int) -> int:
        """The largest max_tokens that this much money covers; 0 when not even one token."""
        if self.full_microwon <= free_microwon:
            return self.max_tokens
        left = free_microwon * UNITS_PER_PRICE - self._fixed
        if left < self._price or not self._price:
            return 0
        return min(left // self._price, self.max_tokens)


def bound_of(
    ask: Ask, tariff: Tariff, *, context_tokens_max: int, overhead_tokens: int
) -> Bound:
    """The bound of one call on one product."""
    prompts = ask.prompts
    worst_input = min(
        ask.input_bytes + overhead_tokens * prompts, context_tokens_max * prompts, QUANTITY_MAX
    )
    max_tokens = 0
    if ask.has_output:
        most = min(context_tokens_max, QUANTITY_MAX // ask.answers)
        max_tokens = min(ask.max_tokens or most, most)
    return Bound(tariff, input_tokens=worst_input, answers=ask.answers, max_tokens=max_tokens)
