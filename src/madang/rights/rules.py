"""Rule files: dated data with a citation, a reviewer and what would unsettle them.

A verdict names the rule, the file's date of law and the digest of every file it was read from.
A file that contradicts itself is refused when it is loaded, not when a record meets it.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources

from madang.rights.errors import RegimeUnknown, RulesMalformed
from madang.rights.facts import Act, Facts
from madang.rights.verdict import Outcome, Reading, Text

STALE_AFTER = timedelta(days=180)
AS_IF_NONE = "as_if_none"
FLOORS = "common"
DRAFT, REVIEWED = "draft", "reviewed"


class Stage(StrEnum):
    UNPROTECTED = "unprotected"
    EXCEPTION = "exception"
    FLOOR = "floor"
    NOTE = "note"


class Profile(StrEnum):
    """How unsettled points are answered: by a person, against use, or by the letter."""

    DEFAULT = "default"
    STRICT = "strict"
    LITERAL = "literal"


class OptOut(StrEnum):
    BINDING = "binding"
    WEIGHS = "weighs"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    stage: Stage
    acts: frozenset[Act]
    when: tuple[tuple[str, frozenset[str]], ...]
    verdict: Outcome
    reason: str
    citation: str
    duties: tuple[str, ...]
    readings: tuple[Reading, ...]
    switch: str
    strict: str
    literal: str
    question: Text | None
    in_force_from: date | None
    in_force_to: date | None

    def matches(self, act: Act, facts: Facts, as_of: date) -> bool:
        if act not in self.acts or not self.is_in_force(as_of):
            return False
        return all(facts.value(name) in allowed for name, allowed in self.when)

    def is_in_force(self, as_of: date) -> bool:
        if self.in_force_from is not None and as_of < self.in_force_from:
            return False
        return self.in_force_to is None or as_of < self.in_force_to

    def answer(self, profile: Profile) -> str:
        """The verdict under a profile, or AS_IF_NONE."""
        if profile is Profile.STRICT and self.strict:
            return self.strict
        if profile is Profile.LITERAL and self.literal:
            return self.literal
        return self.verdict.value


@dataclass(frozen=True, slots=True)
class LawFile:
    """The head of one rule file."""

    regime: str
    kind: str
    title: Text
    citation: str
    in_force_from: date | None
    in_force_to: date | None
    status: str
    reviewed_by: str
    reviewed_on: date | None
    text_quote: str
    text_quote_source: str
    checked_on: date
    opt_out: OptOut
    prohibition: Outcome
    unsettled_by: tuple[Text, ...]
    sha256: str
    rules: tuple[Rule, ...]
    includes: tuple[str, ...]

    def is_stale(self, as_of: date) -> bool:
        return as_of > self.checked_on + STALE_AFTER


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One regime, ready to decide: its files with their rules, and the common floors."""

    regime: str
    head: LawFile
    files: tuple[LawFile, ...]
    common: LawFile
    profile: Profile
    sha256: str
    licence_status: str

    @property
    def is_simulation(self) -> bool:
        return self.head.kind == "simulation"

    @property
    def status(self) -> str:
        """Reviewed only when every file that can decide is."""
        laws = (self.common, self.head, *self.files)
        said = {self.licence_status, *(law.status for law in laws)}
        return REVIEWED if said == {REVIEWED} else DRAFT


def regimes() -> tuple[str, ...]:
    """Every regime and simulation that a rule file describes."""
    folder = resources.files(__package__).joinpath("laws")
    names = [item.name.removesuffix(".toml") for item in folder.iterdir()]
    return tuple(sorted(name for name in names if name not in (FLOORS, "__pycache__")))


@cache
def load(regime: str, profile: Profile = Profile.DEFAULT) -> RuleSet:
    """A regime by its id, in any case. Raises RegimeUnknown."""
    name = regime.lower()
    if name not in regimes():
        raise RegimeUnknown(regime=regime, known=", ".join(regimes()))
    head = _file(name)
    files = tuple(_file(part) for part in head.includes) or (head,)
    common = _file(FLOORS)
    digest = hashlib.sha256(profile.encode())
    for part in (common, head, *files):
        digest.update(bytes.fromhex(part.sha256))
    table = resources.files(__package__).joinpath("licences.toml").read_bytes()
    digest.update(hashlib.sha256(table).digest())
    status = str(tomllib.loads(table.decode("utf-8"))["status"])
    return RuleSet(name, head, files, common, profile, digest.hexdigest(), status)


@cache
def _file(name: str) -> LawFile:
    content = resources.files(__package__).joinpath("laws", f"{name}.toml").read_bytes()
    return parse_law(name, content)


def parse_law(name: str, content: bytes) -> LawFile:
    """Read one rule file. Raises RulesMalformed."""
    try:
        document = tomllib.loads(content.decode("utf-8"))
        return _law(name, document, hashlib.sha256(content).hexdigest())
    except (KeyError, TypeError, ValueError, AttributeError) as err:
        raise RulesMalformed(file=name, reason=str(err)) from err


def _law(name: str, document: dict[str, object], sha256: str) -> LawFile:
    if document["regime"] != name:
        raise ValueError("the regime is not the file's name")
    kind = str(document["kind"])
    starts = _day(document, "in_force_from")
    if (kind == "law") == (starts is None):
        raise ValueError("a law has a first day, a simulation has none")
    readings = {key: _reading(row) for key, row in _tables(document.get("reading")).items()}
    rows = document.get("rule", [])
    if not isinstance(rows, list):
        raise TypeError("rule is not a list")
    checked = _day(document, "checked_on")
    if checked is None:
        raise ValueError("checked_on is missing")
    _complete(name, document)
    _review(document)
    return LawFile(
        regime=name,
        kind=kind,
        title=_text(document["title"]),
        citation=str(document["citation"]),
        in_force_from=starts,
        in_force_to=_day(document, "in_force_to"),
        status=str(document["status"]),
        reviewed_by=str(document["reviewed_by"]),
        reviewed_on=_day(document, "reviewed_on"),
        text_quote=str(document.get("text_quote", "")),
        text_quote_source=str(document.get("text_quote_source", "")),
        checked_on=checked,
        opt_out=OptOut(str(document.get("opt_out", "none"))),
        prohibition=Outcome(str(document.get("prohibition", "needs_review"))),
        unsettled_by=_doubts(document.get("unsettled_by", [])),
        sha256=sha256,
        rules=tuple(_rule(row, document, readings) for row in rows),
        includes=_texts(document.get("includes", [])),
    )


def _complete(name: str, document: Mapping[str, object]) -> None:
    """A law says where it stands, from when to when, and what could turn it.

    The floors are ours and not a law's, so that no court can turn them.
    """
    if not str(document["citation"]).strip():
        raise ValueError("the citation is missing")
    doubts = _doubts(document.get("unsettled_by", []))
    turned_by = [said.strip() for doubt in doubts for said in (doubt.ko, doubt.en)]
    if name != FLOORS and not (turned_by and all(turned_by)):
        raise ValueError("unsettled_by is missing: what could turn it")
    starts, ends = _day(document, "in_force_from"), _day(document, "in_force_to")
    if starts and ends and ends < starts:
        raise ValueError("the last day is before the first")


def _review(document: Mapping[str, object]) -> None:
    """A draft never looks reviewed, and a review names who, when and which text of the law.

    A quote is held to its digest, so that nobody mends the text under a signature.
    """
    status, by = document["status"], document["reviewed_by"]
    quote, digest = str(document.get("text_quote", "")), document["text_quote_sha256"]
    if status not in (DRAFT, REVIEWED):
        raise ValueError("the status is neither draft nor reviewed")
    if (quote or digest) and hashlib.sha256(quote.encode()).hexdigest() != digest:
        raise ValueError("the quote is not the one that was digested")
    if quote and not document.get("text_quote_source"):
        raise ValueError("a quote without its source")
    signed = (by, document.get("reviewed_on"))
    if status == DRAFT and any(signed):
        raise ValueError("a draft with a reviewer")
    if status == REVIEWED and not (all(signed) and quote):
        raise ValueError("a review needs its person, its day and the law's text")


def _rule(
    row: dict[str, object], document: dict[str, object], readings: Mapping[str, Reading]
) -> Rule:
    when = _tables_of_lists(row["when"])
    question = row.get("question")
    known = Facts()
    for name in when:
        known.value(name)  # a misspelt fact never reaches a decision
    return Rule(
        id=str(row["id"]),
        stage=Stage(str(row["stage"])),
        acts=frozenset(Act(act) for act in _texts(row["acts"])),
        when=tuple((name, frozenset(values)) for name, values in when.items()),
        verdict=Outcome(str(row.get("verdict", "needs_review"))),
        reason=str(row["reason"]),
        citation=str(row.get("citation", document["citation"])),
        duties=_texts(row.get("duties", [])),
        readings=tuple(readings[key] for key in _texts(row.get("readings", []))),
        switch=str(row.get("switch", "")),
        strict=_checked(str(row.get("strict", ""))),
        literal=_checked(str(row.get("literal", ""))),
        question=None if question is None else _text(question),
        in_force_from=_day(row, "in_force_from"),
        in_force_to=_day(row, "in_force_to"),
    )


def _checked(text: str) -> str:
    if text and text != AS_IF_NONE:
        Outcome(text)
    return text


def _reading(row: object) -> Reading:
    if not isinstance(row, dict):
        raise TypeError("a reading is not a table")
    if not str(row["source"]).strip():
        raise ValueError("a reading without its source")
    return Reading(_text(row["holds"]), Outcome(row["verdict"]), str(row["source"]))


def _text(value: object) -> Text:
    if not isinstance(value, dict):
        raise TypeError("a sentence needs ko and en")
    return Text(ko=str(value["ko"]), en=str(value["en"]))


def _doubts(value: object) -> tuple[Text, ...]:
    """What could turn a law, in both languages; the name of a case may stand alone."""
    if not isinstance(value, list):
        raise TypeError("not a list of doubts")
    return tuple(Text(item, item) if isinstance(item, str) else _text(item) for item in value)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("not a list of texts")
    return tuple(str(item) for item in value)


def _tables(value: object) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError("not a table")
    return value


def _tables_of_lists(value: object) -> Mapping[str, tuple[str, ...]]:
    return {str(name): _texts(items) for name, items in _tables(value).items()}


def _day(row: Mapping[str, object], name: str) -> date | None:
    value = row.get(name)
    if value is None:
        return None
    if not isinstance(value, date):
        raise TypeError(f"{name} is not a date")
    return value
