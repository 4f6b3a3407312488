"""What a rule may read about one record and one project, and nothing else.

A fact that nobody stated is `unknown`, and `unknown` never satisfies a rule that allows.
Actor, purpose, enjoyment, the analysis market and lawful access beyond HTTP come from a
signed project declaration; a machine only observes the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from enum import StrEnum

from madang.core.clock import SEOUL
from madang.rights.errors import FactsMalformed


class Act(StrEnum):
    CRAWL = "crawl"
    RETAIN = "retain"
    TRAIN = "train"
    SHARE_DATASET = "share_dataset"
    SHARE_MODEL = "share_model"


class Purpose(StrEnum):
    COMMERCIAL = "commercial"
    NONCOMMERCIAL_RESEARCH = "noncommercial_research"
    SCIENTIFIC_RESEARCH = "scientific_research"
    MIXED = "mixed"
    UNKNOWN = "unknown"


class Actor(StrEnum):
    RESEARCH_ORG = "research_org"
    HERITAGE = "heritage"
    PUBLIC_BODY = "public_body"
    COMPANY = "company"
    PERSON = "person"
    UNKNOWN = "unknown"


class ModelKind(StrEnum):
    GENERATIVE = "generative"
    OTHER = "other"
    UNKNOWN = "unknown"


class Access(StrEnum):
    OPEN = "open"
    LOGIN = "login"
    PAYWALL = "paywall"
    TPM_BYPASSED = "tpm_bypassed"
    KNOWN_INFRINGING_SOURCE = "known_infringing_source"
    LICENSED_COPY = "licensed_copy"
    OFFICIAL_API = "official_api"
    UNKNOWN = "unknown"


class Contract(StrEnum):
    NONE = "none"
    BROWSEWRAP = "browsewrap"
    CLICKWRAP = "clickwrap"
    NEGOTIATED = "negotiated"
    UNKNOWN = "unknown"


class Reservation(StrEnum):
    """What the owner's signals say about training, all protocols together."""

    NONE = "none"
    MACHINE_READABLE = "machine_readable"
    PROSE_ONLY = "prose_only"
    AMBIGUOUS = "ambiguous"
    MALFORMED = "malformed"
    UNKNOWN = "unknown"


class RobotsForFetch(StrEnum):
    """What robots.txt says to the token that fetched; it bounds the act of crawling."""

    ALLOWED = "allowed"
    DISALLOWED = "disallowed"
    UNESTABLISHED = "unestablished"
    UNSTATED = "unstated"


class WorkClass(StrEnum):
    NEWS = "news"
    BOOK = "book"
    MUSIC = "music"
    IMAGE = "image"
    SOFTWARE = "software"
    DATABASE = "database"
    STATUTE_OR_JUDGMENT = "statute_or_judgment"
    PUBLIC_WORK = "public_work"
    POST = "post"
    UNKNOWN = "unknown"


class Market(StrEnum):
    EXISTS = "exists"
    NO = "no"
    UNKNOWN = "unknown"


class Enjoyment(StrEnum):
    NONE = "none"
    MIXED = "mixed"
    UNKNOWN = "unknown"


class Retention(StrEnum):
    AS_NEEDED = "as_needed"
    INDEFINITE = "indefinite"
    UNKNOWN = "unknown"


class PersonalData(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Facts:
    """One record and one project. Every default is the value that allows nothing."""

    purpose: Purpose = Purpose.UNKNOWN
    actor: Actor = Actor.UNKNOWN
    model_kind: ModelKind = ModelKind.UNKNOWN
    access: Access = Access.UNKNOWN
    contract: Contract = Contract.UNKNOWN
    reservation: Reservation = Reservation.UNKNOWN
    reserved_by: tuple[str, ...] = ()
    robots: RobotsForFetch = RobotsForFetch.UNSTATED
    licences: tuple[str, ...] = ()
    work_class: WorkClass = WorkClass.UNKNOWN
    analysis_market: Market = Market.UNKNOWN
    enjoyment: Enjoyment = Enjoyment.UNKNOWN
    retention_plan: Retention = Retention.UNKNOWN
    personal_data: PersonalData = PersonalData.UNKNOWN

    def value(self, name: str) -> str:
        """A fact by the name that rule files use."""
        return str(getattr(self, name))


@dataclass(frozen=True, slots=True)
class Request:
    """A facts file as `madang rights decide` takes it."""

    facts: Facts
    regime: str | None
    as_of: date | None


SIMPLE: Mapping[str, type[StrEnum]] = {
    "purpose": Purpose,
    "actor": Actor,
    "model_kind": ModelKind,
    "access": Access,
    "contract": Contract,
    "robots": RobotsForFetch,
    "work_class": WorkClass,
    "analysis_market": Market,
    "enjoyment": Enjoyment,
}
# Plans are written in many words; only those that say "no end" matter to a rule.
ENDLESS = frozenset({"indefinite", "forever", "permanent", "unlimited"})
# From the reading that matters most to the one that matters least.
WORST_FIRST = (
    Reservation.MACHINE_READABLE,
    Reservation.MALFORMED,
    Reservation.AMBIGUOUS,
    Reservation.PROSE_ONLY,
    Reservation.UNKNOWN,
    Reservation.NONE,
)
KNOWN = frozenset(field.name for field in fields(Facts)) | {"regime", "as_of", "act", "acts"}


def request_from_json(document: object) -> Request:
    """Read a facts file. A name we do not know is refused: a typing error may hide a no."""
    if not isinstance(document, dict):
        raise FactsMalformed(field="", reason="the file is not one object")
    for name in document:
        if name not in KNOWN:
            raise FactsMalformed(field=str(name), reason="no such fact")
    regime = document.get("regime")
    if regime is not None and not isinstance(regime, str):
        raise FactsMalformed(field="regime", reason="not a text")
    return Request(_facts(document), regime, _as_of(document.get("as_of")))


def _facts(document: Mapping[str, object]) -> Facts:
    state, sources = _reservation(document.get("reservation"))
    simple = {name: _simple(name, kind, document) for name, kind in SIMPLE.items()}
    robots = RobotsForFetch(simple["robots"])
    if any(source.startswith("robots") for source in sources):
        robots = RobotsForFetch.DISALLOWED
    return Facts(
        purpose=_purpose(document.get("purpose")),
        actor=Actor(simple["actor"]),
        model_kind=ModelKind(simple["model_kind"]),
        access=Access(simple["access"]),
        contract=Contract(simple["contract"]),
        reservation=state,
        reserved_by=sources,
        robots=robots,
        licences=_texts("licences", document.get("licences")),
        work_class=WorkClass(simple["work_class"]),
        analysis_market=Market(simple["analysis_market"]),
        enjoyment=Enjoyment(simple["enjoyment"]),
        retention_plan=_retention(document.get("retention_plan")),
        personal_data=_personal(document.get("personal_data")),
    )


def _simple(name: str, kind: type[StrEnum], document: Mapping[str, object]) -> str:
    value = document.get(name)
    if name == "purpose" and isinstance(value, list):
        return "unknown"
    if value is None:
        return "unstated" if name == "robots" else "unknown"
    if isinstance(value, bool) and name == "analysis_market":
        return "exists" if value else "no"
    if not isinstance(value, str) or value not in set(kind):
        raise FactsMalformed(field=name, reason=f"not one of {', '.join(kind)}")
    return value


def _purpose(value: object) -> Purpose:
    """One purpose, or a list of them: two different purposes are a mixed one."""
    if isinstance(value, list):
        found = {_purpose(item) for item in value}
        return found.pop() if len(found) == 1 else Purpose.MIXED
    return Purpose(_simple("purpose", Purpose, {"purpose": value}))


def _texts(name: str, value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    items: Sequence[object] = [value] if isinstance(value, str) else _list(name, value)
    if not all(isinstance(item, str) for item in items):
        raise FactsMalformed(field=name, reason="not a list of texts")
    return tuple(str(item) for item in items)


def _list(name: str, value: object) -> list[object]:
    if not isinstance(value, list):
        raise FactsMalformed(field=name, reason="not a list")
    return value


def _reservation(value: object) -> tuple[Reservation, tuple[str, ...]]:
    """A state, an object {"machine_readable": [protocol, …]}, or a list of either."""
    if value is None:
        return Reservation.UNKNOWN, ()
    if isinstance(value, str):
        if value not in set(Reservation):
            raise FactsMalformed(field="reservation", reason="no such state")
        return Reservation(value), ()
    if isinstance(value, dict):
        return _reservation_object(value)
    found = [_reservation(item) for item in _list("reservation", value)]
    states = {state for state, _ in found} or {Reservation.UNKNOWN}
    worst = next(state for state in WORST_FIRST if state in states)
    return worst, tuple(source for _, sources in found for source in sources)


def _reservation_object(value: Mapping[str, object]) -> tuple[Reservation, tuple[str, ...]]:
    if len(value) != 1 or next(iter(value)) not in set(Reservation):
        raise FactsMalformed(field="reservation", reason="not one state with its protocols")
    name, sources = next(iter(value.items()))
    if name == "none":
        return Reservation.NONE, ()
    texts = _texts("reservation", sources)
    return (Reservation(name) if texts else Reservation.UNKNOWN), texts


def _retention(value: object) -> Retention:
    if value is None or value == "unknown":
        return Retention.UNKNOWN
    if not isinstance(value, str):
        raise FactsMalformed(field="retention_plan", reason="not a text")
    return Retention.INDEFINITE if value.lower() in ENDLESS else Retention.AS_NEEDED


def _personal(value: object) -> PersonalData:
    if value in (True, "yes", "true"):
        return PersonalData.YES
    if value in (False, "no", "none", "false"):
        return PersonalData.NO
    if value in (None, "unknown"):
        return PersonalData.UNKNOWN
    raise FactsMalformed(field="personal_data", reason="not yes, no or unknown")


def _as_of(value: object) -> date | None:
    return None if value is None else law_day(str(value))


def law_day(text: str) -> date:
    """A day as written, or the day in Seoul of an instant: the day whose law is read."""
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        at = datetime.fromisoformat(text)
    except ValueError as err:
        reason = "neither a date nor an instant, as in 2026-01-28"
        raise FactsMalformed(field="as_of", reason=reason) from err
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return at.astimezone(SEOUL).date()
