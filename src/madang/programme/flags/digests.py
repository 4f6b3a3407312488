"""Keyed digests: two values can be seen to be one, and no value can be read back or guessed."""

from __future__ import annotations

import ipaddress
import re
import unicodedata

from django.utils.crypto import salted_hmac

NETWORK_BITS = {4: 24, 6: 48}
"""One office or one home: a /24 of version 4, a /48 of version 6."""


_SHORT_NAMES = {
    "충청북도": "충북", "충청남도": "충남", "전라북도": "전북", "전라남도": "전남",
    "경상북도": "경북", "경상남도": "경남",
}  # fmt: skip
_PROVINCE = re.compile(
    r"(서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|전북|제주)"
    r"(?:특별자치시|특별자치도|특별시|광역시|시|도)"
)
_BRACKETS = re.compile(r"\([^()]*\)")
_SIGNS = re.compile(r"[\W_]+")
_BETWEEN_NUMBERS = re.compile(r"(?<=\d) +(?=\d)")


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


def plain_address(text: str) -> str:
    """An address written alike: the province by its short name, what stands in brackets left
    out, and two numbers kept apart, so that 12, 34층 is not 123, 4층."""
    folded = _BRACKETS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()
    first, _, rest = folded.partition(" ")
    words = _SIGNS.sub(" ", f"{_short_name(first)} {rest}")
    return _BETWEEN_NUMBERS.sub("-", words).replace(" ", "")


def _short_name(province: str) -> str:
    found = _PROVINCE.fullmatch(province)
    return found[1] if found else _SHORT_NAMES.get(province, province)


def _digest(kind: str, value: str) -> str:
    return salted_hmac(f"madang.flags.{kind}", value, algorithm="sha256").hexdigest()
