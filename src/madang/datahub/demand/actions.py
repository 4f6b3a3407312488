"""Asking what is needed, gathering answers, and putting like ones together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound, Words
from madang.datahub.demand.models import DemandItem, DemandSurvey
from madang.datahub.demand.reading import Demand, checked, faults_in_words, read_demands
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
CODE_TAKEN = Words("there is a survey of that code", "같은 코드의 수요조사가 이미 있습니다")
ENDS_EARLY = Words("it must lie after the beginning", "시작한 뒤여야 합니다")
NO_ANSWER = Words("it holds no answer", "응답이 한 건도 없습니다")
TWO_FIELDS = Words(
    "they are of two fields; like demands of one field go together",
    "분야가 서로 다릅니다. 같은 분야의 수요만 합칠 수 있습니다",
)


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
    if DemandSurvey.objects.filter(code=code).exists():
        raise DemandInvalid(field="code", reason=CODE_TAKEN)
    if closes_at <= opens_at:
        raise DemandInvalid(field="closes_at", reason=ENDS_EARLY)
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
    given = checked(demand)
    refuse_personal(given.title, given.purpose)
    sender = sender_of(actor, address, at)
    mine = survey.items.filter(sender=sender)
    again = mine.filter(field=given.field, title=given.title).first()
    if again is not None:
        return again
    refuse_many(mine.count())
    row = DemandItem.objects.create(
        survey=survey, received_at=at, sender=sender, **asdict(given)
    )
    record_event(actor, "demand.receive", subject_type="demand", subject_id=row.id, at=at)
    return row


@transaction.atomic
def import_demands(actor: Actor, code: str, text: str, *, at: datetime) -> int:
    """Rows of a CSV file (field, title, purpose, user_kind), all or none.

    Raises DemandInvalid, naming every line that is at fault.
    """
    actor.need(Role.OPERATOR)
    survey = _locked(code)
    if survey.state not in ("open", "closed"):
        raise SurveyClosed(code=code)
    read = read_demands(text)
    if read.faults or not read.demands:
        raise DemandInvalid(
            field=f"line {read.faults[0].line}" if read.faults else "file",
            reason=faults_in_words(read.faults) if read.faults else NO_ANSWER,
        )
    if survey.items.count() + len(read.demands) > ITEMS_MAX:
        most = Words(f"more than {ITEMS_MAX} answers", f"응답이 {ITEMS_MAX}건을 넘습니다")
        raise DemandInvalid(field="items", reason=most)
    DemandItem.objects.bulk_create(
        DemandItem(survey=survey, received_at=at, **asdict(one)) for one in read.demands
    )
    facts = {"items": len(read.demands)}
    record_event(
        actor, "demand.import", subject_type="demand_survey", subject_id=survey.id, at=at,
        facts=facts,
    )  # fmt: skip
    return len(read.demands)


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


@transaction.atomic
def decide_demands(
    actor: Actor, chosen: Sequence[UUID], *, adopt: bool, reason: str, at: datetime
) -> None:
    """Adopt or decline all that were chosen, or none: one that cannot be refuses the rest."""
    for one in sorted(set(chosen)):
        decide_demand(actor, one, adopt=adopt, reason=reason, at=at)


@transaction.atomic
def merge_demands(
    actor: Actor, first: UUID, others: Sequence[UUID], *, at: datetime
) -> DemandItem:
    """A person puts answers of one field together under the first, before publication.

    What was merged into the others comes along. Raises DemandInvalid, NotFound.
    """
    actor.need(Role.OPERATOR)
    root = _to_arrange(first)
    asked = [one for one in others if one != first]
    rows = list(root.survey.items.select_for_update().filter(pk__in=asked, merged_into=None))
    if not rows or len(rows) != len(set(asked)):
        raise NotFound
    if any(row.field != root.field for row in rows):
        raise DemandInvalid(field="field", reason=TWO_FIELDS)
    DEMAND.move_all(rows, "merge", actor, at=at)
    DemandItem.objects.filter(pk__in=asked).update(merged_into=root)
    DemandItem.objects.filter(merged_into__in=asked).update(merged_into=root)
    return root


@transaction.atomic
def split_demand(actor: Actor, identifier: UUID, *, at: datetime) -> DemandItem:
    """A person takes an answer out of its cluster, before publication."""
    actor.need(Role.OPERATOR)
    row = _to_arrange(identifier)
    DEMAND.move(row, "split", actor, at=at)
    row.merged_into = None
    row.save(update_fields=["merged_into"])
    return row


def _to_arrange(identifier: UUID) -> DemandItem:
    """Under its lock, while its survey is analysed and not yet public."""
    rows = DemandItem.objects.select_for_update(of=("self",)).select_related("survey")
    row = rows.filter(pk=identifier).first()
    if row is None:
        raise NotFound
    if row.survey.state != "analysed":
        raise SurveyClosed(code=row.survey.code)
    return row


def _locked(code: str) -> DemandSurvey:
    row = DemandSurvey.objects.select_for_update().filter(code=code).first()
    if row is None:
        raise NotFound
    return row
