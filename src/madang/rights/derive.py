"""Signals to facts: each protocol merges by its own rule, then any valid "no" reserves.

"Yes" in one protocol never cancels "no" in another; what is malformed, contradictory or not
established leads to review unless another protocol says no.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from madang.rights.errors import FactsMalformed
from madang.rights.facts import (
    Access,
    Contract,
    Facts,
    ModelKind,
    Reservation,
    RobotsForFetch,
    WorkClass,
    request_from_json,
)
from madang.rights.licences import UNREADABLE
from madang.rights.protocols import tdmrep
from madang.rights.signals import Value, Vector, by_carrier, most_restrictive

SIMPLE = (
    ("content-signal", "ai-train"),
    ("ai-txt", "train"),
    ("trust-txt", "train"),
    ("rsl", "train"),
    ("noai", "page"),
    ("near", "train"),
    ("robots", "train"),
    ("body", "read"),
)
DOUBT = (Value.CONFLICT, Value.UNKNOWN, Value.OFFER)


@dataclass(frozen=True, slots=True)
class Statement:
    """What one protocol says about training, its carriers merged."""

    protocol: str
    value: Value


@dataclass(frozen=True, slots=True)
class Derived:
    facts: Facts
    statements: tuple[Statement, ...]
    conflicts: tuple[str, ...]


# What fetching an open page without any click shows about itself, before anybody declares.
OBSERVED = Facts(access=Access.OPEN, contract=Contract.NONE)


def declaration_from(path: Path) -> Facts:
    """The signed declaration of one project (TOML): its facts, and `signed_by` with `date`."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as err:
        raise FactsMalformed(file=str(path), field="", reason="not TOML") from err
    facts = document.get("facts", {})
    if not document.get("signed_by") or not document.get("date"):
        raise FactsMalformed(file=str(path), field="signed_by", reason="nobody signed it")
    stated = request_from_json(facts).facts
    access = stated.access if "access" in facts else OBSERVED.access
    contract = stated.contract if "contract" in facts else OBSERVED.contract
    return replace(stated, access=access, contract=contract)


def statements_of(vector: Vector, facts: Facts) -> tuple[Statement, ...]:
    """One statement per protocol that speaks about training this kind of model."""
    found = [
        Statement(protocol, value)
        for protocol, label in SIMPLE
        if (value := most_restrictive(by_carrier(vector, protocol, label).values()))
    ]
    said = tdmrep.merge(vector)
    if said is not None:
        # In what was not read a later carrier may supersede.
        is_open = said is Value.NO and ("body/read@head", "unestablished") in vector
        found.append(Statement("tdmrep", Value.UNKNOWN if is_open else said))
    found.extend(_kind_bound(vector, facts))
    return tuple(found)


def _kind_bound(vector: Vector, facts: Facts) -> list[Statement]:
    """Statements about generative models only, about images only, about what is named only."""
    found = []
    generative = facts.model_kind is not ModelKind.OTHER
    aipref = most_restrictive(by_carrier(vector, "aipref", "train-ai").values())
    if aipref is not None and generative:
        found.append(Statement("aipref", aipref))
    labels = ["mining", "signature"]
    labels += ["generative"] if generative else []
    labels += ["training"] if facts.model_kind is not ModelKind.GENERATIVE else []
    for protocol in ("c2pa", "iptc"):
        values = [v for label in labels for v in by_carrier(vector, protocol, label).values()]
        said = most_restrictive(values)
        if said is not None:
            found.append(Statement(protocol, said))
    malformed = by_carrier(vector, "c2pa", "training").values()
    if Value.MALFORMED in malformed or Value.UNESTABLISHED in malformed:
        found.append(Statement("c2pa", Value.UNESTABLISHED))
    image = most_restrictive(by_carrier(vector, "noai", "image").values())
    if image is not None and facts.work_class in (WorkClass.IMAGE, WorkClass.UNKNOWN):
        is_image = facts.work_class is WorkClass.IMAGE
        found.append(Statement("noai-image", image if is_image else Value.UNKNOWN))
    if by_carrier(vector, "rsl", "named"):
        found.append(Statement("rsl", Value.UNESTABLISHED))
    return found


def reservation_of(
    vector: Vector, statements: tuple[Statement, ...]
) -> tuple[Reservation, tuple[str, ...]]:
    """All protocols together: a valid no, else doubt, else prose, else what was not asked."""
    values = {statement.value for statement in statements}
    refusing = tuple(s.protocol for s in statements if s.value is Value.NO)
    named_bots = most_restrictive(by_carrier(vector, "robots", "named").values())
    state = Reservation.NONE
    if refusing:
        state = Reservation.MACHINE_READABLE
    elif Value.MALFORMED in values:
        state = Reservation.MALFORMED
    elif named_bots is Value.NO or not values.isdisjoint(DOUBT):
        state = Reservation.AMBIGUOUS
    elif by_carrier(vector, "prose", "reservation"):
        state = Reservation.PROSE_ONLY
    elif Value.UNESTABLISHED in values or _unasked(vector):
        state = Reservation.UNKNOWN
    return state, refusing


def _unasked(vector: Vector) -> bool:
    """A site file that must be asked for and was not, or whose answer is not established."""
    states = [value for slot, value in vector if slot.startswith("site/")]
    return any(state not in ("present", "absent") for state in states)


@lru_cache(maxsize=4096)
def derive(vector: Vector, declared: Facts) -> Derived:
    """The facts of one record under one declaration."""
    pairs: Mapping[str, str] = dict(vector)
    facts = declared
    if pairs.get("class/work@page") == "image" and facts.work_class is WorkClass.UNKNOWN:
        facts = replace(facts, work_class=WorkClass.IMAGE)
    statements = statements_of(vector, facts)
    state, refusing = reservation_of(vector, statements)
    yes = [s.protocol for s in statements if s.value is Value.YES]
    conflicts = tuple(f"{a}:yes/{b}:no" for a in yes for b in refusing)
    licences = _licences(vector)
    facts = replace(
        facts,
        reservation=state,
        reserved_by=refusing,
        licences=tuple(dict.fromkeys(licences)),
        robots=_robots(pairs.get("robots/fetch@file")),
        access=_access(facts.access, pairs),
    )
    return Derived(facts, statements, conflicts)


def _licences(vector: Vector) -> list[str]:
    """Licences of the record. That of a part grants nothing for the whole, but beside one of
    the whole it is a second one in its scope; so is a type that only words name, and so may
    be what stands where nobody read."""
    found, parts = list[str](), list[str]()
    for slot, value in vector:
        if slot.startswith("licence/id@"):
            found += value.split("|")
        elif slot.startswith("licence/part@"):
            parts += value.split("|")
    unread = ("kogl/words@", "body/read@") if found else ("kogl/words@",)
    if any(slot.startswith(unread) for slot, _ in vector):
        found.append(UNREADABLE)
    return [*found, *parts] if found else []


def _robots(said: str | None) -> RobotsForFetch:
    if said is None:
        return RobotsForFetch.UNESTABLISHED
    return {
        "no": RobotsForFetch.DISALLOWED,
        "yes": RobotsForFetch.ALLOWED,
    }.get(said, RobotsForFetch.UNESTABLISHED)


def _access(declared: Access, pairs: Mapping[str, str]) -> Access:
    """A page that says it is not free is behind a paywall, unless a copy was licensed."""
    paywalled = any(slot.startswith("access/paywall") for slot in pairs)
    if paywalled and declared not in (Access.LICENSED_COPY, Access.OFFICIAL_API):
        return Access.PAYWALL
    return declared
