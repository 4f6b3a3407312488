"""Answers from everybody without a name: counted by a key that ends with the day.

The network address is kept nowhere; its digest is keyed and dated, so that two days of the same
sender cannot be joined. What names a person by a number is refused before it is kept.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from django.conf import settings

from madang.core.clock import seoul_date
from madang.core.errors import Words
from madang.datahub.errors import PersonNamed, TooMany
from madang.datahub.quality.personal import judged
from madang.parties.actor import Actor

A_DAY_MAX = 20
"""From one sender to one survey or round; beyond it: tomorrow."""
NUMBERS = {
    "resident": Words("resident number", "주민등록번호"),
    "foreigner": Words("foreigner number", "외국인등록번호"),
    "business": Words("business number", "사업자등록번호"),
    "phone": Words("telephone", "전화번호"),
    "licence": Words("driver's licence", "운전면허번호"),
    "passport": Words("passport", "여권번호"),
    "plate": Words("number plate", "차량번호"),
    "email": Words("e-mail", "전자우편 주소"),
}
"""Kinds of numbers of people, as the rules of checks name them."""


def sender_of(actor: Actor, address: str, at: datetime) -> str:
    """A person's opaque id, or the address of a nameless one as a digest of this day."""
    day = seoul_date(at).isoformat()
    text = f"{day} {actor.id if actor.roles else address}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()


def refuse_many(sent: int) -> None:
    """Raises TooMany."""
    if sent >= A_DAY_MAX:
        raise TooMany(most=A_DAY_MAX)


def refuse_personal(*texts: str) -> None:
    """Raises PersonNamed, naming the kind of number and never the number."""
    for text in texts:
        for kind, _ in judged(text):
            raise PersonNamed(kind=NUMBERS[kind])
