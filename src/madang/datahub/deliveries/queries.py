"""Deliveries, what is due next, and the sample that an expert looks at."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from madang.core.errors import NotFound
from madang.datahub.deliveries.models import Delivery
from madang.datahub.plan.models import BuildProject
from madang.datahub.quality.files import FILE_BYTES_MAX, TABLES, frame_of, matching
from madang.datahub.quality.personal import judged
from madang.datahub.quality.stored import CommitFiles
from madang.datahub.quality.targets import Targets, targets_from
from madang.datahub.terms.queries import terms_in_force
from madang.datahub.terms.steps import BuildStep, stored_steps
from madang.parties.actor import Actor, Role

SAMPLE_ROWS = 30


@dataclass(frozen=True, slots=True)
class Due:
    """What a project owes next."""

    number: int
    of: int
    step: BuildStep


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows drawn by a seed: the same delivery always shows the same ones."""

    seed: str
    file: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def deliveries_for(actor: Actor) -> QuerySet[Delivery]:
    """All for operators, auditors and experts; a builder's own."""
    rows = Delivery.objects.select_related(
        "project__organisation", "project__data_set", "quality_check", "commit", "terms"
    ).order_by("-handed_in_at")
    if actor.sees_everything:
        return rows
    own = [place for place, role in actor.places if role in (Role.BUILDER, Role.BENEFICIARY)]
    mine = Q(project__organisation__in=own)
    if actor.has(Role.REVIEWER):
        mine |= ~Q(project__organisation__in=actor.organisations)
    return rows.filter(mine)


def delivery_for(actor: Actor, identifier: UUID) -> Delivery:
    row = deliveries_for(actor).filter(pk=identifier).first()
    if row is None:
        raise NotFound
    return row


def due_of(project: BuildProject) -> Due | None:
    """The first step without an accepted delivery; None without terms, or when all is done."""
    terms = terms_in_force(project)
    if terms is None:
        return None
    steps = stored_steps(terms.steps)
    done = project.deliveries.filter(state="accepted").count()
    return Due(done + 1, len(steps), steps[done]) if done < len(steps) else None


def sample_of(row: Delivery) -> Sample | None:
    """Rows of the first table, as many of each class as there are classes; None without one."""
    targets = targets_from(row.terms.targets)
    files = CommitFiles(row.commit)
    pattern = targets.completeness.files if targets.completeness else "*"
    names = [name for name in matching(files, pattern) if name.endswith(TABLES)]
    if not names or files.size(names[0]) > FILE_BYTES_MAX:
        return None
    frame = frame_of(names[0], files.read(names[0]))
    drawn = _drawn(frame.height, _classes(targets, frame.to_dict(as_series=False)), row.digest)
    rows = tuple((at + 1, tuple(_shown(v) for v in frame.row(at))) for at in drawn)
    return Sample(row.digest, names[0], tuple(frame.columns), rows)


def _shown(value: str | None) -> str:
    """A cell that holds a person's number says which kind, and not the number."""
    kinds = sorted({kind for kind, _ in judged(value)}) if value else []
    return f"●●● ({', '.join(kinds)})" if kinds else value or ""


def _classes(targets: Targets, columns: dict[str, list[str | None]]) -> list[str | None]:
    return columns.get(targets.balance.column, []) if targets.balance else []


def _drawn(height: int, classes: list[str | None], seed: str) -> list[int]:
    """Places of rows in turn from each class, by the seed alone."""
    groups: dict[str | None, list[int]] = defaultdict(list)
    for at in range(height):
        groups[classes[at] if classes else None].append(at)
    rng = random.Random(seed)  # noqa: S311  a draw that everybody can repeat, no secret
    queues = [rng.sample(rows, len(rows)) for _, rows in sorted(groups.items(), key=str)]
    drawn: list[int] = []
    while queues and len(drawn) < SAMPLE_ROWS:
        queues = [queue for queue in queues if queue]
        drawn += [queue.pop() for queue in queues]
    return sorted(drawn[:SAMPLE_ROWS])
