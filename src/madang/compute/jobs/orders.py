"""What a submitter asks for, read and checked before anything is held."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from unicodedata import category

from madang.compute.errors import (
    CapacityNotOpen,
    CardsTooMany,
    CommandMissing,
    GrantFrozen,
    GrantNotOpen,
    OrderInvalid,
    TimeLimitInvalid,
    VariableInvalid,
    WholeServersOnly,
)
from madang.compute.grants.models import Grant, GrantState
from madang.compute.grants.queries import state_at
from madang.parties.canonical import Json

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
KEY_MAX = NAME_MAX = 128
IMAGE_MAX = 200
ARRAY_MAX = 10_000
NOT_IN_LINES = frozenset({"Cc", "Zl", "Zp"})
"""Kinds of characters that end a line or steer a terminal: a list shows names of everybody's
jobs."""
MICROSECOND, SECOND = timedelta(microseconds=1), 1_000_000


@dataclass(frozen=True, slots=True)
class JobOrder:
    """A submission. Either `command` (words) or `script` (a program's text)."""

    key: str
    cards: int
    time_limit_s: int
    command: Sequence[str] = ()
    script: str = ""
    name: str = ""
    image: str = ""
    datasets: Sequence[str] = ()
    array: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> dict[str, Json]:
        """What makes two submissions the same."""
        return {
            "cards": self.cards,
            "time_limit_s": self.time_limit_s,
            "command": list(self.command),
            "script": self.script,
            "name": self.name,
            "image": self.image,
            "datasets": list(self.datasets),
            "array": self.array,
            "environment": dict(self.environment),
        }

    def program(self, mounts: Iterable[str] = ()) -> str:
        """The script that the engine runs; `mounts` are the names of the data sets it reads."""
        if bool(self.command) == bool(self.script):
            raise CommandMissing
        if self.script:
            text = self.script if self.script.startswith("#!") else f"#!/bin/sh\n{self.script}"
            return _inside(self.image, text, mounts) if self.image else text
        words = shlex.join(self.command)
        inside = _container(self.image, mounts) if self.image else ""
        return f"#!/bin/sh\nexec {inside}{words}\n"


def _container(image: str, mounts: Iterable[str], *files: str) -> str:
    places = [*files, *(f"${{MADANG_DATASET_{name}}}" for name in mounts)]
    binds = "".join(f'--bind "{place}:{place}:ro" ' for place in places)
    return f"apptainer exec --nv {binds}{shlex.quote(image)} "


def _inside(image: str, script: str, mounts: Iterable[str]) -> str:
    """A script goes into its container as a file, so that its own first line counts there."""
    mark = f"MADANG-{hashlib.sha256(script.encode()).hexdigest()[:16]}"
    text = script if script.endswith("\n") else f"{script}\n"
    return (
        "#!/bin/sh\nscript=$(mktemp) || exit 1\n"
        f"trap 'rm -f \"$script\"' EXIT\ncat >\"$script\" <<'{mark}'\n{text}{mark}\n"
        f'chmod 700 "$script"\n{_container(image, mounts, "$script")}"$script"\n'
    )


def check_words(order: JobOrder) -> None:
    """Raises OrderInvalid for what no row can hold, before anybody looks for its key."""
    if not 1 <= len(order.key) <= KEY_MAX:
        raise OrderInvalid(field="key", reason=f"from 1 to {KEY_MAX} characters")
    for field_, text, most in (
        ("name", order.name, NAME_MAX),
        ("image", order.image, IMAGE_MAX),
    ):
        if len(text) > most:
            raise OrderInvalid(field=field_, reason=f"at most {most} characters")
    for field_, text in (("key", order.key), ("name", order.name), ("image", order.image)):
        if any(category(one) in NOT_IN_LINES for one in text):
            raise OrderInvalid(field=field_, reason="a character that no line has")
    if not 0 <= order.array <= ARRAY_MAX:
        raise OrderInvalid(field="array", reason=f"from 0 to {ARRAY_MAX} tasks")
    texts = {
        "key": (order.key,), "name": (order.name,), "image": (order.image,),
        "command": order.command, "script": (order.script,), "datasets": order.datasets,
        "environment": (*order.environment, *order.environment.values()),
    }  # fmt: skip
    for field_, words in texts.items():
        if not all(map(_is_text, words)):
            raise OrderInvalid(field=field_, reason="a character that no text has")


def _is_text(word: str) -> bool:
    """No NUL, which ends words early, and no half of a character."""
    try:
        return b"\0" not in word.encode()
    except UnicodeEncodeError:
        return False


def check_grant(grant: Grant, at: datetime) -> None:
    """Raises unless jobs may be submitted on it."""
    state = state_at(grant, at)
    if state == GrantState.FROZEN:
        raise GrantFrozen(grant=grant.code)
    if state != GrantState.OPEN:
        raise GrantNotOpen(grant=grant.code, state=state)


def check_order(
    grant: Grant, order: JobOrder, *, step_s: int, cards_open: int, at: datetime
) -> int:
    """The time limit as the engine will keep it. Raises what the grant does not allow, with so
    many cards of its class open."""
    _check_cards(grant, order, cards_open)
    for name in order.environment:
        if not VARIABLE.fullmatch(name):
            raise VariableInvalid(field="environment", name=name)
    if order.time_limit_s <= 0:
        raise TimeLimitInvalid(field="time_limit", reason="not positive")
    limit_s = -(-order.time_limit_s // step_s) * step_s
    if limit_s * SECOND > (grant.ends_at - at) // MICROSECOND:  # numbers: no date is so far
        raise TimeLimitInvalid(field="time_limit", reason="beyond the grant's last day")
    return limit_s


def _check_cards(grant: Grant, order: JobOrder, cards_open: int) -> None:
    gpu_class = grant.gpu_class
    if not 1 <= order.cards <= grant.cards_max:
        raise CardsTooMany(field="cards", cards_max=grant.cards_max)
    if gpu_class.whole_servers and order.cards % gpu_class.cards_per_server:
        raise WholeServersOnly(field="cards", cards_per_server=gpu_class.cards_per_server)
    if order.cards > cards_open:
        raise CapacityNotOpen(gpu_class=gpu_class.code, open=cards_open)
