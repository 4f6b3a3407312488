"""Journals as they were posted."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from madang.ledger import errors
from madang.ledger.journals.models import Entry, Journal

LIMIT_MAX = 1_000


@dataclass(frozen=True, slots=True)
class EntryView:
    code: str
    dimensions: dict[str, str]
    book: str
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class JournalView:
    """A journal with its entries, debits first."""

    id: UUID
    idem: str
    kind: str
    chain: UUID
    actor: str
    source_type: str
    source_id: str
    effective_at: datetime
    booked_at: datetime
    corrects: UUID | None
    content: dict[str, str | int]
    entries: tuple[EntryView, ...]


def journal(id: UUID, *, using: str = "default") -> JournalView:
    """One journal. Raises JournalUnknown."""
    found = next(iter(_views(Journal.objects.using(using).filter(id=id))), None)
    if found is None:
        raise errors.JournalUnknown(journal=str(id))
    return found


def journal_of(idem: str, *, using: str = "default") -> UUID | None:
    """The journal of a posting's own id; None when it had nothing to move, or never came."""
    return Journal.objects.using(using).filter(idem=idem).values_list("id", flat=True).first()


def journals_of(idems: Collection[str], *, using: str = "default") -> dict[str, UUID]:
    """As journal_of, for many ids at once: by id, those that have a journal."""
    rows = Journal.objects.using(using).filter(idem__in=list(idems))
    return dict(rows.values_list("idem", "id"))


def journals(
    *,
    kind: str | None = None,
    voucher: UUID | None = None,
    supplier: UUID | None = None,
    source_type: str | None = None,
    source_id: str | None = None,
    before: UUID | None = None,
    limit: int = 100,
    using: str = "default",
) -> list[JournalView]:
    """Journals, newest first; `before` a journal's id gives the next page."""
    wanted = {
        "kind": kind,
        "entries__account__voucher": voucher,
        "entries__account__supplier": supplier,
        "source_type": source_type,
        "source_id": source_id,
        "id__lt": before,
    }
    filters = {name: value for name, value in wanted.items() if value is not None}
    rows = Journal.objects.using(using).filter(**filters).distinct().order_by("-id")
    return list(_views(rows[: min(limit, LIMIT_MAX)]))


def _views(rows: QuerySet[Journal]) -> Iterator[JournalView]:
    entries = Prefetch("entries", Entry.objects.select_related("account").order_by("id"))
    for row in rows.prefetch_related(entries):
        yield JournalView(
            id=row.id,
            idem=row.idem,
            kind=row.kind,
            chain=row.chain,
            actor=row.actor,
            source_type=row.source_type,
            source_id=row.source_id,
            effective_at=row.effective_at,
            booked_at=row.booked_at,
            corrects=row.corrects_id,
            content=row.content,
            entries=_entries(row),
        )


def _entries(row: Journal) -> tuple[EntryView, ...]:
    views = [
        EntryView(e.account.code_id, e.account.dimensions, e.book, e.debit, e.credit)
        for e in row.entries.all()
    ]
    return tuple(sorted(views, key=lambda e: (not e.debit, e.code)))
