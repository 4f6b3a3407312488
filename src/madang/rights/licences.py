"""Licences as a basis: names and addresses to ids, ids to what they grant.

Several licences in one scope, a version that cannot be read or an id that we do not know are
never resolved by the machine. Only KOGL's AI type may stand beside a base type.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources

from madang.rights.facts import Act, Actor, Facts, Purpose


class Grant(StrEnum):
    GRANT = "grant"
    SILENT = "silent"
    OPEN = "open"
    CONTEST = "contest"
    FORBID = "forbid"


@dataclass(frozen=True, slots=True)
class Family:
    """One row of the licence table; cells are (commercial, non-commercial)."""

    name: str
    citation: str
    in_force_from: date
    cells: Mapping[Act, tuple[Grant, Grant]]
    duties: Mapping[Act, tuple[str, ...]]
    switch: str
    strict: Mapping[Act, Grant]


@dataclass(frozen=True, slots=True)
class LicenceAnswer:
    """What the licences of one scope say about one act."""

    grant: Grant
    reason: str
    citation: str
    duties: tuple[str, ...] = ()


UNREADABLE = "LicenseRef-Unreadable"
_CC_NAME = re.compile(
    r"^CC[ -]?(BY(?:[ -](?:NC|ND|SA))*)[ -]?(1\.0|2\.0|2\.5|3\.0|4\.0)(?:[ -][A-Z]{2,8})?$"
)
_CC_URL = re.compile(
    r"^(?:https?:)?//(?:www\.)?creativecommons\.org/"
    r"(?:licenses/(by(?:-nc)?(?:-nd|-sa)?)/(1\.0|2\.0|2\.5|3\.0|4\.0)(?:/[a-z]{2,8})?"
    r"|publicdomain/(zero|mark)/1\.0)"
    r"(?:/(?:deed|legalcode)(?:\.[a-z]{2,5}(?:[_-][a-z]{2,4})?)?)?/?(?:[?#].*)?$",
    re.IGNORECASE,
)
_KOGL_NAME = re.compile(r"^(?:LicenseRef-)?KOGL[- ]?(?:TYPE[- ]?)?([0-4]|AI)$", re.IGNORECASE)
_KOGL_KOREAN = re.compile(r"^공공누리\s*(?:제\s*)?([0-4]|AI)\s*유형$", re.IGNORECASE)
_CC0_NAME = re.compile(r"^CC[ -]?0(?:[ -]?1\.0)?$", re.IGNORECASE)  # it has one version only
_KOGL_URL = re.compile(
    r"^(?:https?:)?//(?:www\.)?kogl\.or\.kr/(?:open/)?info/licenseType([0-4]|Ai)\.do(?:[?#].*)?$",
    re.IGNORECASE,
)
_OTHER_URLS = {
    "opensource.org/licenses/mit": "MIT",
    "opensource.org/license/mit": "MIT",
    "apache.org/licenses/license-2.0": "Apache-2.0",
    "opendatacommons.org/licenses/by/1-0": "ODC-By-1.0",
    "opendatacommons.org/licenses/odbl/1-0": "ODbL-1.0",
    "opendatacommons.org/licenses/pddl/1-0": "PDDL-1.0",
}


@cache
def _table() -> tuple[Mapping[str, Family], Mapping[str, str]]:
    text = resources.files(__package__).joinpath("licences.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    families = {name: _family(name, row) for name, row in document["family"].items()}
    by_id = {id.lower(): name for name, ids in document["ids"].items() for id in ids}
    return families, by_id


@cache
def _proper_ids() -> Mapping[str, str]:
    text = resources.files(__package__).joinpath("licences.toml").read_text(encoding="utf-8")
    ids = tomllib.loads(text)["ids"].values()
    return {id.lower(): id for row in ids for id in row}


def _family(name: str, row: dict[str, object]) -> Family:
    strict, duties = row.get("strict", {}), row.get("duties", {})
    assert isinstance(strict, dict)
    assert isinstance(duties, dict)
    starts = row.get("in_force_from", date(1900, 1, 1))
    assert isinstance(starts, date)
    return Family(
        name=name,
        citation=str(row["citation"]),
        in_force_from=starts,
        cells={act: _cell(row[act.value]) for act in Act},
        duties={act: tuple(duties.get(act.value, ())) for act in Act},
        switch=str(row.get("switch", "")),
        strict={Act(act): Grant(value) for act, value in strict.items()},
    )


def _cell(value: object) -> tuple[Grant, Grant]:
    if isinstance(value, list):
        return Grant(value[0]), Grant(value[1])
    return Grant(str(value)), Grant(str(value))


def first_days() -> frozenset[date]:
    """Days on which a kind of licence began to exist."""
    return frozenset(family.in_force_from for family in _table()[0].values())


def licence_id(text: str) -> str:
    """The id of a licence name or address; UNREADABLE when it looks like one but is none."""
    stripped = text.strip()
    proper = _proper_ids().get(stripped.lower())
    if proper:
        return proper
    by_name = _CC_NAME.match(stripped.upper())
    if by_name:
        return _known(f"CC-{by_name[1].replace(' ', '-')}-{by_name[2]}")
    kogl = _KOGL_NAME.match(stripped) or _KOGL_KOREAN.match(stripped)
    if kogl:
        return f"LicenseRef-KOGL-{kogl[1].upper()}"
    if _CC0_NAME.match(stripped):
        return "CC0-1.0"
    return _from_url(stripped)


def _known(id: str) -> str:
    return _proper_ids().get(id.lower(), UNREADABLE)


def _from_url(text: str) -> str:
    cc = _CC_URL.match(text)
    if cc:
        if cc[3]:
            return "CC0-1.0" if cc[3].lower() == "zero" else "CC-PDM-1.0"
        return _known(f"CC-{cc[1].upper()}-{cc[2]}")
    kogl = _KOGL_URL.match(text)
    if kogl:
        return f"LicenseRef-KOGL-{kogl[1].upper()}"
    bare = re.sub(r"^(?:https?:)?//(?:www\.)?", "", text.lower()).rstrip("/")
    bare = re.sub(r"\.(?:html|txt|php)$", "", bare)
    return _OTHER_URLS.get(bare, UNREADABLE)


def is_commercial(facts: Facts) -> bool | None:
    """Whether the use is commercial for a licence; None when nobody can tell."""
    if facts.purpose is Purpose.COMMERCIAL:
        return True
    if facts.purpose is Purpose.NONCOMMERCIAL_RESEARCH:
        return False
    known = (Actor.RESEARCH_ORG, Actor.HERITAGE, Actor.PUBLIC_BODY)
    if facts.purpose is Purpose.SCIENTIFIC_RESEARCH and facts.actor in known:
        return False
    return None


def answer(act: Act, facts: Facts, *, as_of: date, strict: bool) -> LicenceAnswer | None:
    """What the scope's licences say about an act; None when there are none."""
    ids = list(dict.fromkeys(licence_id(text) for text in facts.licences))
    if not ids:
        return None
    families, by_id = _table()
    unknown = [id for id in ids if id.lower() not in by_id]
    if unknown:
        return LicenceAnswer(Grant.CONTEST, "LICENCE_UNREADABLE", ", ".join(facts.licences))
    names = list(dict.fromkeys(by_id[id.lower()] for id in ids))
    found = [families[name] for name in names]
    early = [family for family in found if as_of < family.in_force_from]
    if early:
        return LicenceAnswer(Grant.CONTEST, "LICENCE_NOT_YET_IN_FORCE", early[0].citation)
    if len(ids) == 1:  # two versions of one licence are two licences
        return _single(found[0], act, facts, strict=strict)
    if len(found) == 2 and "kogl-ai" in names and all(n.startswith("kogl-") for n in names):
        base = next(family for family in found if family.name != "kogl-ai")
        return _with_ai_type(base, families["kogl-ai"], act, facts, strict=strict)
    cited = "; ".join(family.citation for family in found)
    return LicenceAnswer(Grant.CONTEST, "LICENCES_CONFLICT", cited)


def _single(family: Family, act: Act, facts: Facts, *, strict: bool) -> LicenceAnswer:
    grant = _for_purpose(family.cells[act], is_commercial(facts))
    if strict and act in family.strict:
        grant = family.strict[act]
    reason = REASONS[grant] if family.name.startswith("kogl-") else CC_REASONS[grant]
    return LicenceAnswer(grant, reason, family.citation, family.duties[act])


def _for_purpose(cell: tuple[Grant, Grant], commercial: bool | None) -> Grant:
    if commercial is None:
        return cell[0] if cell[0] is cell[1] else Grant.CONTEST
    return cell[0] if commercial else cell[1]


def _with_ai_type(
    base: Family, ai: Family, act: Act, facts: Facts, *, strict: bool
) -> LicenceAnswer:
    """The AI type decides on training; the base type on handing on, and never for money."""
    if act is not Act.SHARE_DATASET:
        answered = _single(ai, act, facts, strict=strict)
        duties = tuple(dict.fromkeys((*answered.duties, *base.duties[Act.TRAIN])))
        kept = tuple(duty for duty in duties if duty != "non_commercial_only")
        return LicenceAnswer(answered.grant, answered.reason, ai.citation, kept)
    answered = _single(base, act, facts, strict=strict)
    duties = (*answered.duties, "no_resale")
    if is_commercial(facts) is False or answered.grant is Grant.FORBID:
        return LicenceAnswer(answered.grant, answered.reason, base.citation, duties)
    return LicenceAnswer(Grant.CONTEST, "KOGL_AI_NO_RESALE", ai.citation, duties)


REASONS: Mapping[Grant, str] = {
    Grant.GRANT: "KOGL_GRANTS",
    Grant.SILENT: "LICENCE_DOES_NOT_GRANT",
    Grant.OPEN: "KOGL_SCOPE_OPEN",
    Grant.CONTEST: "KOGL_SCOPE_OPEN",
    Grant.FORBID: "KOGL_PROHIBITS",
}
CC_REASONS: Mapping[Grant, str] = {
    Grant.GRANT: "LICENCE_GRANTS",
    Grant.SILENT: "LICENCE_DOES_NOT_GRANT",
    Grant.OPEN: "LICENCE_SCOPE_OPEN",
    Grant.CONTEST: "LICENCE_SCOPE_OPEN",
    Grant.FORBID: "LICENCE_PROHIBITS",
}


def ids_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Distinct ids in the order found."""
    return tuple(dict.fromkeys(licence_id(text) for text in texts))
