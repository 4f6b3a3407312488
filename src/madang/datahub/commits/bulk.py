"""Many new data sets with their first files, in as many statements as one of them takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from madang.datahub.commits.actions import EMPTY, MAIN, Change, built
from madang.datahub.commits.models import Commit, Ref, RefKind
from madang.datahub.commits.pages import Entry, paged
from madang.datahub.commits.stored import PAGES
from madang.datahub.sets.models import DataSet
from madang.parties.actor import Actor
from madang.parties.events.actions import Happened, record_events


@dataclass(frozen=True, slots=True)
class Beginning:
    """A data set that has no row yet, and its files in the order of their paths."""

    row: DataSet
    entries: Sequence[Entry]


@transaction.atomic
def begin_many(
    actor: Actor, beginnings: Sequence[Beginning], *, title: str, at: datetime
) -> list[Commit]:
    """What `create_data_set` and one `commit` each would leave, written together.

    The rows of the data sets are there already; names and rights were checked by the caller.
    """
    firsts = [
        built(actor, one.row, Change(title="initial commit"), EMPTY, None, at)
        for one in beginnings
    ]
    pages: dict[bytes, bytes] = {}
    heads: list[Commit] = []
    for one, first in zip(beginnings, firsts, strict=True):
        index, fresh = paged(one.entries)
        pages |= fresh
        heads.append(built(actor, one.row, Change(title=title), index, first, at))
    PAGES.save(pages)
    Commit.objects.bulk_create([*firsts, *heads])
    Ref.objects.bulk_create(
        Ref(data_set=row.data_set, kind=RefKind.BRANCH, name=MAIN, commit=row) for row in heads
    )
    created = [Happened(one.row.id, facts={"code": one.row.code}) for one in beginnings]
    record_events(actor, "data_set.create", created, subject_type="data_set", at=at)
    committed = [
        Happened(
            row.data_set_id,
            facts={"commit": row.id, "files": row.files, "size_bytes": row.size_bytes},
        )
        for row in [*firsts, *heads]
    ]
    record_events(actor, "commit.create", committed, subject_type="data_set", at=at)
    return heads
