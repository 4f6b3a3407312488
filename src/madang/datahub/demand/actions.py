"""Asking what is needed, gathering answers, and putting like ones together."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.datahub.demand.models import DemandItem, DemandSurvey
from madang.datahub.demand.workflow import DEMAND, SURVEY
from madang.datahub.errors import DemandInvalid, SurveyClosed
from madang.datahub.quality.likeness import similar_pairs
from madang.datahub.senders import refuse_many, refuse_personal, sender_of
from madang.datahub.sets.models import Field
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event

ITEMS_MAX = 20_000
LIKE_PERMILLE = 400
"""Titles whose five-letter pieces overlap so much ask for the same thing."""

COLUMNS = ("field", "title", "purpose", "user_kind")


@dataclass(frozen=True, slots=True)
class Demand:
    """One answer as it was given."""

    field: str
    title: str
    purpose: str
    user_kind: str = ""


@transaction.atomic
def create_survey(
    actor: Actor,
    *,
    code: str,
    title_ko: str,
    title_en: str,
    opens_at: datetime,
    closes_at: datetime,
    at: datetime,
) -> DemandSurvey:
    """A survey that takes answers between two instants."""
    actor.need(Role.OPERATOR)
    if closes_at <= opens_at or DemandSurvey.objects.filter(code=code).exists():
        raise DemandInvalid(field="code", reason="it exists, or ends before it begins")
    row = DemandSurvey.objects.create(
        code=code,
        title_ko=title_ko,
        title_en=title_en,
        opens_at=opens_at,
        closes_at=closes_at,
        made_by=actor.id,
    )
    SURVEY.move(row, "open", actor, at=at)
    return row


@transaction.atomic
def submit_demand(
    actor: Actor, code: str, demand: Demand, *, address: str = "", at: datetime
) -> DemandItem:
    """Anybody's answer, signed in or not; the same title from one sender is one answer.

    Raises DemandInvalid, PersonNamed, SurveyClosed, TooMany.
    """
    survey = _locked(code)
    if survey.state != "open" or not survey.opens_at <= at < survey.closes_at:
        raise SurveyClosed(code=code)
    if survey.items.count() >= ITEMS_MAX:
        raise SurveyClosed(code=code)
    facts = _checked(demand, "")
    refuse_personal(facts["title"], facts["purpose"])
    sender = sender_of(actor, address, at)
    mine = survey.items.filter(sender=sender)
    again = mine.filter(field=facts["field"], title=facts["title"]).first()
    if again is not None:
        return again
    refuse_many(mine.count())
    row = DemandItem.objects.create(survey=survey, received_at=at, sender=sender, **facts)
    record_event(actor, "demand.receive", subject_type="demand", subject_id=row.id, at=at)
    return row


@transaction.atomic
def import_demands(actor: Actor, code: str, text: str, *, at: datetime) -> int:
    """Rows of a CSV file (field, title, purpose, user_kind), all or none.

    Raises DemandInvalid, naming the line.
    """
    actor.need(Role.OPERATOR)
    survey = _locked(code)
    if survey.state not in ("open", "closed"):
        raise SurveyClosed(code=code)
    reader = csv.DictReader(text.removeprefix("\ufeff").splitlines())
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise DemandInvalid(field="line 1", reason=f"its columns are not {', '.join(COLUMNS)}")
    made = []
    for row in reader:
        place = f"line {reader.line_num}"
        if None in row or None in row.values():
            raise DemandInvalid(field=place, reason="it has too many or too few values")
        demand = Demand(*(row[name] for name in COLUMNS))
        made.append(DemandItem(survey=survey, received_at=at, **_checked(demand, place)))
    if survey.items.count() + len(made) > ITEMS_MAX:
        raise DemandInvalid(field="items", reason=f"more than {ITEMS_MAX}")
    DemandItem.objects.bulk_create(made)
    facts = {"items": len(made)}
    record_event(
        actor, "demand.import", subject_type="demand_survey", subject_id=survey.id, at=at,
        facts=facts,
    )  # fmt: skip
    return len(made)


def _checked(demand: Demand, place: str) -> dict[str, str]:
    title, purpose = demand.title.strip(), demand.purpose.strip()
    if demand.field not in Field.values:
        raise DemandInvalid(field=place or "field", reason="no field of the plan")
    if not title or len(title) > 200 or not purpose or len(purpose) > 2000:
        raise DemandInvalid(field=place or "title", reason="title or purpose empty or too long")
    kind = demand.user_kind.strip()[:16]
    return {"field": demand.field, "title": title, "purpose": purpose, "user_kind": kind}


@transaction.atomic
def close_survey(actor: Actor, code: str, *, at: datetime) -> DemandSurvey:
    survey = _locked(code)
    SURVEY.move(survey, "close", actor, at=at)
    return survey


@transaction.atomic
def analyse_demands(actor: Actor, code: str, *, at: datetime) -> DemandSurvey:
    """Put like answers of one field together under the first of them.

    Doing it again begins anew, so it can be repeated after more were imported.
    """
    survey = _locked(code)
    SURVEY.move(survey, "analyse", actor, at=at)
    merged = list(survey.items.select_for_update().filter(state="merged"))
    DEMAND.move_all(merged, "split", actor, at=at)
    survey.items.filter(state="received").update(merged_into=None)
    for field in Field.values:
        _merge(actor, survey, field, at)
    return survey


def _merge(actor: Actor, survey: DemandSurvey, field: str, at: datetime) -> None:
    rows = list(
        survey.items.select_for_update().filter(field=field, state="received").order_by("id")
    )
    first = list(range(len(rows)))
    for one, other in similar_pairs([row.title for row in rows], LIKE_PERMILLE):
        a, b = _root(first, one), _root(first, other)
        first[max(a, b)] = min(a, b)
    gone = [(row, rows[_root(first, at_)]) for at_, row in enumerate(rows)]
    moved = [(row, root) for row, root in gone if row.pk != root.pk]
    for row, root in moved:
        row.merged_into = root
    DemandItem.objects.bulk_update([row for row, _ in moved], ["merged_into"])
    DEMAND.move_all([row for row, _ in moved], "merge", actor, at=at)


def _root(first: list[int], at: int) -> int:
    while first[at] != at:
        at = first[at]
    return at


@transaction.atomic
def publish_survey(actor: Actor, code: str, *, at: datetime) -> DemandSurvey:
    survey = _locked(code)
    SURVEY.move(survey, "publish", actor, at=at)
    return survey


@transaction.atomic
def decide_demand(
    actor: Actor, identifier: UUID, *, adopt: bool, reason: str, at: datetime
) -> DemandItem:
    """Adopt or decline an answer and all that were merged into it."""
    row = DemandItem.objects.select_for_update().filter(pk=identifier).first()
    if row is None:
        raise NotFound
    step = "adopt" if adopt else "decline"
    DEMAND.move(row, step, actor, at=at, reason=reason)
    return row


def _locked(code: str) -> DemandSurvey:
    row = DemandSurvey.objects.select_for_update().filter(code=code).first()
    if row is None:
        raise NotFound
    return row
