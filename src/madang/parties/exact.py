"""Whole numbers as they come in the bodies of the API: whatever says one without a doubt.

The framework's own `int` takes `true` for 1, `"1_0"` for 10 and `1e17` for the nearest number
that a float can hold. For an amount or a count that is a guess, refused at the door by the
field's name. 80.0 is the whole number 80, as JSON Schema has it, and `"80"` is how a client
writes what its own numbers cannot hold. A body's fields use these, each with its two ends.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

WHOLE_MAX = 2**62
EXACT_MAX = 2**53
"""Beyond it a float no longer tells one whole number from the next."""
_DIGITS = re.compile(r"-?[0-9]{1,40}")


def whole(value: object) -> object:
    """The same where it says one whole number. Raises ValueError for a guess."""
    match value:
        case bool():
            raise ValueError("a truth value is no number")
        case float() if not (value.is_integer() and abs(value) <= EXACT_MAX):
            raise ValueError("no whole number")
        case str() if not _DIGITS.fullmatch(value):
            raise ValueError("no whole number")
    return value


Whole = Annotated[int, BeforeValidator(whole)]
Number = Annotated[Whole, Field(ge=0, le=2**31 - 1)]
"""One that was given out before: of a draft, a version, a year."""
Plain = Annotated[Whole, Field(ge=-WHOLE_MAX, le=WHOLE_MAX)]
"""One whose own ends the action knows, and says."""
