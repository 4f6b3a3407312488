"""Keyed digests: two values can be seen to be one, and no value can be read back or guessed."""

from __future__ import annotations

import ipaddress
import unicodedata

from django.utils.crypto import salted_hmac

NETWORK_BITS = {4: 24, 6: 48}
"""One office or one home: a /24 of version 4, a /48 of version 6."""


def account_digest(number: str) -> str:
    """Of a bank account's digits, however they are grouped. Empty for an empty number."""
    digits = "".join(c for c in unicodedata.normalize("NFKC", number) if c in "0123456789")
    return _digest("account", digits) if digits else ""


def network_digest(address: str) -> str:
    """Of the network that an address belongs to. Empty when it is no address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    bits = NETWORK_BITS[parsed.version]
    return _digest("network", str(ipaddress.ip_network((parsed, bits), strict=False)))


def plain(text: str) -> str:
    """Written alike: one form of the letters, no spaces or signs, small."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if c.isalnum())


def _digest(kind: str, value: str) -> str:
    return salted_hmac(f"madang.flags.{kind}", value, algorithm="sha256").hexdigest()
