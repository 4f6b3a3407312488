"""Declaring GPU classes and their stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from madang.compute.classes.models import GpuClass, Stage
from madang.compute.classes.sizes import check_size, size_of
from madang.compute.errors import (
    ClassExists,
    OfferingNotCompute,
    StageRepeated,
    WholeServersOnly,
)
from madang.compute.policy import policy_at
from madang.compute.sites.models import Site
from madang.core.units import Meter
from madang.metering.offerings.models import Offering
from madang.parties.actor import Actor, Role
from madang.parties.declaring import Declared, Outcome, changed_fields
from madang.parties.events.actions import record_event


@dataclass(frozen=True, slots=True)
class StageFacts:
    cards: int
    opens_on: date


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """A [[gpu_class]] declaration, read."""

    code: str
    gres: str
    cards_max: int
    whole_servers: bool = False
    cards_per_server: int = 8
    teraflops_per_card: int = 0
    precision: str = "fp16"
    size: str = ""
    stages: Sequence[StageFacts] = ()


@transaction.atomic
def declare_class(
    actor: Actor, site: Site, offering: Offering | None, facts: ClassFacts, *, at: datetime
) -> Declared[GpuClass]:
    """Make the class and its stages so. Raises ClassExists, OfferingNotCompute,
    WholeServersOnly, StageRepeated."""
    actor.need(Role.OPERATOR)
    _check(facts)
    if offering is not None and offering.meter != Meter.COMPUTE:
        raise OfferingNotCompute(offering=offering.code)
    wanted: dict[str, object] = {
        "gres": facts.gres, "cards_max": facts.cards_max, "offering": offering,
        "whole_servers": facts.whole_servers, "cards_per_server": facts.cards_per_server,
        "teraflops_per_card": facts.teraflops_per_card, "precision": facts.precision,
        "size": _size(facts, at),
    }  # fmt: skip
    row = (
        GpuClass.objects.select_for_update(of=("self",), no_key=True)
        .filter(code=facts.code)
        .first()
    )
    if row is None:
        row = GpuClass.objects.create(code=facts.code, site=site, created_at=at, **wanted)
        outcome = Outcome.CREATED
    else:
        outcome = _change(row, site, wanted)
    if _stages(row, facts.stages) and outcome is Outcome.UNCHANGED:
        outcome = Outcome.CHANGED
    if outcome is not Outcome.UNCHANGED:
        record_event(
            actor, f"gpu_class.{outcome.value}", subject_type="gpu_class", subject_id=row.id,
            at=at, facts={"cards": sum(one.cards for one in facts.stages)},
        )  # fmt: skip
    return Declared(row, outcome)


def _check(facts: ClassFacts) -> None:
    """What the terms of a class may not say of each other."""
    if facts.whole_servers and facts.cards_max % facts.cards_per_server:
        raise WholeServersOnly(field="cards_max", cards_per_server=facts.cards_per_server)
    days = [one.opens_on for one in facts.stages]
    for place, day in enumerate(days):
        if day in days[:place]:
            raise StageRepeated(field=f"stage[{place}].opens_on", opens_on=day.isoformat())


def _size(facts: ClassFacts, at: datetime) -> str:
    most = policy_at(at).medium_cards_max
    check_size(
        facts.size, cards_max=facts.cards_max, whole_servers=facts.whole_servers,
        teraflops_per_card=facts.teraflops_per_card, medium_max=most,
    )  # fmt: skip
    return size_of(
        facts.size, cards_max=facts.cards_max, whole_servers=facts.whole_servers,
        medium_max=most,
    )  # fmt: skip


def _change(row: GpuClass, site: Site, wanted: dict[str, object]) -> Outcome:
    if row.site_id != site.id:
        raise ClassExists(gpu_class=row.code, field="site")
    changed = changed_fields(row, wanted)
    if changed:
        row.save(update_fields=changed)
    return Outcome.CHANGED if changed else Outcome.UNCHANGED


def _stages(row: GpuClass, wanted: Sequence[StageFacts]) -> bool:
    """True when a stage was added, changed or taken out."""
    held = {stage.opens_on: stage.cards for stage in row.stages.all()}
    given = {stage.opens_on: stage.cards for stage in wanted}
    if held == given:
        return False
    row.stages.exclude(opens_on__in=list(given)).delete()
    for opens_on, cards in given.items():
        Stage.objects.update_or_create(
            gpu_class=row, opens_on=opens_on, defaults={"cards": cards}
        )
    return True
