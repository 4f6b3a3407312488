"""The winner's calls: an unmodified `openai` client, a real model, exact charges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from madang.cli.walk.errors import CheckFailed
from madang.cli.walk.portal import Body
from madang.cli.walk.script import Prompt
from madang.cli.walk.stage import Stage
from madang.core.money import UNITS_PER_PRICE

if TYPE_CHECKING:
    from openai.types import CompletionUsage

CALL_S_MAX = 120.0


@dataclass(frozen=True, slots=True)
class Spent:
    """One call as its client saw it. `charge_microwon` is None where a stream tells none."""

    call: str
    prompt_tokens: int
    completion_tokens: int
    charge_microwon: int | None
    text: str

    def expected_microwon(self, prices: Prices) -> int:
        """The usage that the client saw, priced as the public catalogue says."""
        exact = self.prompt_tokens * prices.token_in + self.completion_tokens * prices.token_out
        return -(-exact // UNITS_PER_PRICE)


@dataclass(frozen=True, slots=True)
class Prices:
    """Micro-won per 1,000,000 tokens."""

    token_in: int
    token_out: int


def prices_of(stage: Stage) -> Prices:
    """From the public catalogue, as a beneficiary compares them."""
    for row in stage.portal("").rows("list_catalogue"):
        prices = row["prices_microwon_per_million"]
        if row["code"] == stage.script.model and isinstance(prices, dict):
            found = prices["token.in"], prices["token.out"]
            return Prices(*(int(str(one)) for one in found))
    raise CheckFailed(check="catalogue", expected=stage.script.model, found="")


def ask(stage: Stage, secret: str, prompt: Prompt) -> Spent:
    """One chat completion through the gateway."""
    import openai  # the client that a beneficiary uses; heavy, and only for the walk

    client = openai.OpenAI(
        base_url=f"{stage.gateway_url}/v1", api_key=secret, timeout=CALL_S_MAX, max_retries=0
    )
    completions = client.chat.completions.with_raw_response
    model, limit = stage.script.model, prompt.tokens_max
    if not prompt.is_stream:
        whole = completions.create(
            model=model,
            messages=[{"role": "user", "content": prompt.text}],
            max_tokens=limit,
        )
        body = whole.parse()
        charge = int(whole.headers["x-madang-charge-microwon"])
        text = body.choices[0].message.content or ""
        return _spent(whole.headers["x-madang-call-id"], body.usage, charge, text)
    events = completions.create(
        model=model,
        messages=[{"role": "user", "content": prompt.text}],
        max_tokens=limit,
        stream=True,
        stream_options={"include_usage": True},
    )
    text, usage = "", None
    for event in events.parse():
        text += "".join(choice.delta.content or "" for choice in event.choices)
        usage = event.usage or usage
    return _spent(events.headers["x-madang-call-id"], usage, None, text)


def _spent(call: str, usage: CompletionUsage | None, charge: int | None, text: str) -> Spent:
    assert usage is not None, "the supplier reports its usage"
    return Spent(call, usage.prompt_tokens, usage.completion_tokens, charge, text)


def spend(stage: Stage, voucher: str, secret: str) -> int:
    """All calls of the script. Returns what they cost, checked to the micro-won."""
    total = 0
    prices = prices_of(stage)
    with stage.report.step("model call", ko="실제 모델 호출", en="Real model calls") as step:
        for prompt in stage.script.prompt:
            spent = ask(stage, secret, prompt)
            step.hold("the model answered", bool(spent.text.strip()))
            expected = spent.expected_microwon(prices)
            if spent.charge_microwon is not None:
                step.check("charge of the call", expected, spent.charge_microwon)
                usage = {
                    "prompt_tokens": spent.prompt_tokens,
                    "completion_tokens": spent.completion_tokens,
                }
                stage.report.call = {
                    "id": spent.call,
                    "usage": usage,
                    "charge_microwon": spent.charge_microwon,
                }
            total += expected
            words = f"{spent.prompt_tokens} + {spent.completion_tokens}"
            step.note(
                ko=f"{words} 토큰: {spent.text!r:.60}", en=f"{words} tokens: {spent.text!r:.60}"
            )
            step.ids[f"call-{len(step.ids) + 1}"] = spent.call
        step.amounts["charged_microwon"] = total
    with stage.report.step("charge", ko="차감", en="Charge") as step:
        shown = stage.commands.run("voucher", "show", voucher)
        supply = _inner(shown, "supply")
        step.check("charged to the voucher", total, supply["charged_microwon"])
        step.check("nothing is held any more", 0, _inner(shown, "subsidy")["held_microwon"])
        calls = _inner(shown, "calls")
        step.check("calls that were charged", len(stage.script.prompt), calls["committed"])
        subsidy = _inner(shown, "subsidy")["consumed_microwon"]
        assert isinstance(subsidy, int)
        step.check("subsidy consumed", total * 4 // 5, subsidy)
        step.amounts.update(
            charged_microwon=total, subsidy_microwon=subsidy, own_microwon=total - subsidy
        )
        step.ids["voucher"] = voucher
    return total


def deliver(stage: Stage) -> str:
    """The published example: a delivered product of 1,800,000 won on a direct voucher."""
    code = f"v-published-{stage.run}"
    words = {"ko": "공개 예시: 납품 사용 기록", "en": "Published example: a delivery"}
    with stage.report.step("delivery", **words) as step:
        recorded = stage.commands.run(
            *("usage", "record", "--voucher", code, "--offering", "baram/translation-pack"),
            *("--quantity", "1", "--id", f"walk-{stage.run}"),
        )
        step.check("supply value", 1_800_000_000_000, recorded["charge_microwon"])
        shown = stage.commands.run("voucher", "show", code)
        subsidy = _inner(shown, "subsidy")["consumed_microwon"]
        vat = shown["vat_charged_microwon"]
        step.check("subsidy", 1_260_000_000_000, subsidy)
        step.check("VAT", 180_000_000_000, vat)
        step.amounts.update(
            supply_microwon=1_800_000_000_000,
            subsidy_microwon=1_260_000_000_000,
            own_microwon=540_000_000_000,
            vat_microwon=180_000_000_000,
            total_microwon=1_980_000_000_000,
        )
        step.ids["voucher"] = code
    return code


def _inner(body: Body, name: str) -> Body:
    found = body[name]
    assert isinstance(found, dict), name
    return found
