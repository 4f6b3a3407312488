"""What the machine finds of an applicant, rule by rule. A person decides afterwards.

Facts are looked up as they stand at the instant; nothing is guessed: what is not known is
`unknown`, never `met`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Literal

import msgspec

from madang.core.clock import seoul_date
from madang.parties.actor import Actor
from madang.parties.facts.queries import fact_at
from madang.parties.models import Organisation
from madang.parties.sanctions.queries import in_force
from madang.programme.applications.limits import covers
from madang.programme.applications.models import (
    LIVE,
    Application,
    EligibilityFindings,
)
from madang.programme.awards.models import Award, AwardState
from madang.programme.calls.queries import years_counted_on
from madang.programme.calls.requirements import (
    Requirement,
    bonuses_from,
    requirements_from,
)
from madang.programme.matches.models import Match, MatchState

Outcome = Literal["met", "not_met", "unknown"]
ENDED = (AwardState.LAPSED, AwardState.DECLINED)


class Finding(msgspec.Struct, frozen=True):
    """`seen` is the value that was looked at; a code or a number, never free text."""

    code: str
    outcome: Outcome
    seen: str = ""


def findings_of(row: Application, at: datetime) -> tuple[Finding, ...]:
    """Every eligibility rule of the call, asked of this application."""
    return tuple(_ask(one, row, at) for one in requirements_from(row.call.eligibility))


def bonus_of(row: Application, at: datetime) -> tuple[list[str], int]:
    """The codes of the bonuses that are met, and their sum, as far as the call allows."""
    bonuses = bonuses_from(row.call.bonuses)
    met = [one for one in bonuses if _ask(one.when, row, at).outcome == "met"]
    most = int(row.call.terms.get("bonus_milli_max", 0))
    return [one.code for one in met], min(sum(one.points_milli for one in met), most)


def keep_findings(actor: Actor, row: Application, *, at: datetime) -> EligibilityFindings:
    """Ask every rule now and write down what was found."""
    found = findings_of(row, at)
    return EligibilityFindings.objects.create(
        application=row,
        findings=msgspec.to_builtins(found),
        is_met=all(one.outcome == "met" for one in found),
        found_by=actor.id,
        at=at,
    )


def newest_findings(row: Application) -> list[dict[str, str]]:
    """What the rules found last; empty where the call has none."""
    newest = row.findings.order_by("-at", "-id").first()
    found: list[dict[str, str]] = newest.findings if newest else []
    return found


def _ask(one: Requirement, row: Application, at: datetime) -> Finding:
    outcome, seen = _ASKED[one.kind](one, row, at)
    return Finding(one.code, outcome, seen)


_Answer = tuple[Outcome, str]


def _listed(one: Requirement, value: str) -> _Answer:
    if not value:
        return "unknown", ""
    is_in = value in one.any_of if one.any_of else True
    return ("met" if is_in and value not in one.none_of else "not_met"), value


def _kind(one: Requirement, row: Application, at: datetime) -> _Answer:
    return _listed(one, row.organisation.kind)


def _region(one: Requirement, row: Application, at: datetime) -> _Answer:
    """What was registered later goes before what stands with the organisation."""
    registered = fact_at(row.organisation_id, "region", at, verified=one.verified)
    return _listed(one, registered or row.organisation.region)


def _fact(one: Requirement, row: Application, at: datetime) -> _Answer:
    value = fact_at(row.organisation_id, one.name, at, verified=one.verified)
    if value is None:
        return "unknown", ""
    if one.any_of or one.none_of:
        return _listed(one, value)
    return _bounded(one, int(value), value) if value.isdecimal() else ("unknown", value)


def _bounded(one: Requirement, number: int, seen: str) -> _Answer:
    low = one.at_least is None or number >= one.at_least
    high = one.at_most is None or number <= one.at_most
    return ("met" if low and high else "not_met"), seen


def _years(one: Requirement, row: Application, at: datetime) -> _Answer:
    """Whole years on the day of the published deadline, as birthdays are counted."""
    value = fact_at(row.organisation_id, one.name, at, verified=one.verified)
    since = _date(value)
    if since is None:
        return "unknown", value or ""
    last = years_counted_on(row.call)
    years = last.year - since.year - ((last.month, last.day) < (since.month, since.day))
    return _bounded(one, years, str(years))


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _answer(one: Requirement, row: Application, at: datetime) -> _Answer:
    value = row.answers.get(one.name)
    if value is None:
        return "unknown", ""
    if isinstance(value, bool):
        return ("met" if value else "not_met"), str(value).lower()
    if isinstance(value, int) and (one.at_least is not None or one.at_most is not None):
        return _bounded(one, value, str(value))
    given = [str(item) for item in value] if isinstance(value, list) else [str(value)]
    verdicts = {_listed(one, item)[0] for item in given}
    return ("met" if verdicts == {"met"} else "not_met"), "" if one.any_of == () else given[0]


def _evidence(one: Requirement, row: Application, at: datetime) -> _Answer:
    """A file is there, and the applicant has said what it shows. A person reads it."""
    attached = row.attachments.filter(slot=one.name).values_list("document__sha256", flat=True)
    if one.answer and row.answers.get(one.answer) is not True:
        return "not_met", one.answer
    first = attached.first()
    return ("met", first[:16]) if first else ("not_met", "")


def _no_other_award(one: Requirement, row: Application, at: datetime) -> _Answer:
    year = row.call.programme_year
    rows = Award.objects.filter(
        organisation=row.organisation_id, call__programme_year__year=year.year
    )
    codes = one.any_of or (year.programme.code,)
    rows = rows.filter(call__programme_year__programme__code__in=codes).exclude(state__in=ENDED)
    found = rows.exclude(application=row).order_by("created_at").first()
    return ("not_met", str(found.id)) if found else ("met", "")


def _no_sanction(one: Requirement, row: Application, at: datetime) -> _Answer:
    """Our own, and those of other agencies where they were registered as a date."""
    held = in_force(row.organisation_id, at)
    if held is not None:
        return "not_met", str(held.id)
    until = _date(fact_at(row.organisation_id, "excluded_until_on", at))
    if until is not None and seoul_date(at) <= until:
        return "not_met", until.isoformat()
    return "met", ""


def _consent(one: Requirement, row: Application, at: datetime) -> _Answer:
    if row.supplier_id is None:
        return "not_met", ""
    given = Match.objects.filter(
        application=row, supplier=row.supplier_id, state=MatchState.CONSENTED
    )
    agreed = given.values_list("agreed_microwon", flat=True)
    is_met = any(covers(amount, row.requested_microwon) for amount in agreed)
    return ("met" if is_met else "not_met"), ""


def _representative(one: Requirement, row: Application, at: datetime) -> _Answer:
    name = row.organisation.representative
    if not name:
        return "unknown", ""
    same = Organisation.objects.filter(representative=name).exclude(pk=row.organisation_id)
    others = Application.objects.filter(call=row.call_id, state__in=LIVE, organisation__in=same)
    return ("not_met" if others.exists() else "met"), ""


_ASKED: dict[str, Callable[[Requirement, Application, datetime], _Answer]] = {
    "organisation_kind": _kind,
    "region": _region,
    "fact": _fact,
    "years_since": _years,
    "answer": _answer,
    "evidence": _evidence,
    "no_other_award": _no_other_award,
    "no_sanction": _no_sanction,
    "supplier_consent": _consent,
    "one_per_representative": _representative,
}


def unmet(found: Sequence[Finding]) -> list[str]:
    """The codes of the rules that are not met or not known to be."""
    return [one.code for one in found if one.outcome != "met"]
