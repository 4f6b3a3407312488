"""Numbers and yes or no as they come in the bodies of the API: as JSON has them, not as near.

The framework's own `int` takes `true`, `1.0`, `1e3` and `"5"` for numbers, and its `bool` takes
`"no"` and `0`. For an amount, a count or somebody's word that is a guess: both are refused at
the door, by the field's name. A body's fields use these, each number with its two ends.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict

WHOLE_MAX = 2**62

Whole = Annotated[int, Strict()]
Truth = Annotated[bool, Strict()]
Number = Annotated[Whole, Field(ge=0, le=2**31 - 1)]
"""One that was given out before: of a draft, a version, a year."""
Plain = Annotated[Whole, Field(ge=-WHOLE_MAX, le=WHOLE_MAX)]
"""One whose own ends the action knows, and says."""
