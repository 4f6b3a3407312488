"""Copy-paste examples with the installation's real address and a product that is covered."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from madang.core.units import Meter
from madang.metering.offerings.models import Offering, OfferingState
from madang.metering.vouchers.models import Voucher
from madang.metering.vouchers.queries import covers

PLACEHOLDER = "mdg_…"

_CURL = """\
curl {address}/v1/chat/completions \\
  -H "Authorization: Bearer {key}" \\
  -H "Content-Type: application/json" \\
  -d '{{"model": "{model}",
       "messages": [{{"role": "user", "content": "안녕하세요"}}],
       "max_tokens": 64}}'"""

_PYTHON = """\
from openai import OpenAI

client = OpenAI(base_url="{address}/v1", api_key="{key}")
answer = client.chat.completions.create(
    model="{model}",
    messages=[{{"role": "user", "content": "안녕하세요"}}],
    max_tokens=64,
)
print(answer.choices[0].message.content)"""


@dataclass(frozen=True, slots=True)
class Examples:
    curl: str
    python: str


def examples_for(voucher: Voucher, secret: str | None) -> Examples | None:
    """None when the voucher covers no model."""
    listed = Offering.objects.filter(state=OfferingState.LISTED, meter=Meter.MODEL)
    codes = listed.order_by("code").values_list("code", flat=True)
    model = next((code for code in codes if covers(voucher.offerings, code)), None)
    if model is None:
        return None
    values = {"address": settings.GATEWAY_URL, "key": secret or PLACEHOLDER, "model": model}
    return Examples(_CURL.format(**values), _PYTHON.format(**values))
