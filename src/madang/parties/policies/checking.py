"""What the readers of a policy say of its values: asked before a version of it is made.

A value that a room cannot read would stop the room from the moment on from which it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from madang.parties.canonical import Json

Check = Callable[[Mapping[str, Json]], None]
"""Of all values of one version. Raises FactInvalid, by the value's name."""

_checks: dict[str, Check] = {}


def register_check(kind: str, check: Check) -> None:
    """A room's own, called when the application starts."""
    _checks[kind] = check


def check_values(kind: str, data: Mapping[str, Json]) -> None:
    if kind in _checks:
        _checks[kind](data)
