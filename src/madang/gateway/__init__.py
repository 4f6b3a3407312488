"""The model-API gateway: the data plane of metering.

Callers speak OpenAI's or Anthropic's protocol to it; suppliers speak OpenAI's. In between,
money is reserved before a supplier sees a byte, and charged before the caller sees the last
one. It meets `metering` only at the till, over a Unix socket, in the words of `madang.wire`.
"""

from madang.gateway.server import serve
from madang.gateway.settings import Limits, Settings

__all__ = ["Limits", "Settings", "serve"]
