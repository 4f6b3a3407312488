"""Searching data sets: words in Korean and English, facets with their counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When

from madang.datahub.catalogue.card import EMPTY, card_of
from madang.datahub.commits.models import Commit
from madang.datahub.commits.queries import commit_at
from madang.datahub.commits.stored import tree_of
from madang.datahub.hub.gate import shown_to_everybody
from madang.datahub.search.models import SearchRow
from madang.datahub.search.pieces import folded, needed, pieces_of, stem_of, words_of
from madang.datahub.sets.models import DataSet
from madang.datahub.sets.queries import data_sets_for
from madang.parties.actor import Actor

FACETS = ("field", "licence", "access", "kind", "language")
REFRESHED_AT_ONCE = 2_000
KINDS_WALKED_MAX = 20_000
Chosen = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of data sets, how many there are, and how many of each facet's value."""

    rows: list[DataSet]
    total: int
    facets: dict[str, list[tuple[str, int]]]


def search(
    actor: Actor | None, query: str, chosen: Chosen, *, start: int = 0, count: int = 20,
    at: datetime,
) -> Found:  # fmt: skip
    """Best first. A facet's counts are of what the other facets leave, as shops do it."""
    refresh(at)
    rows, words = _matching(data_sets_for(actor), query)
    narrowed = _narrowed(rows, chosen, FACETS)
    facets = {name: _counts(rows, chosen, name) for name in FACETS}
    page = _ranked(narrowed, words)[start : start + count]
    return Found(list(page), narrowed.count(), facets)


def refresh(at: datetime) -> int:
    """Rows of sets that changed since theirs was made. Searching sees to it itself."""
    stale = DataSet.objects.select_related("organisation").filter(
        Q(search=None) | Q(search__made_at__lt=F("changed_at"))
    )[:REFRESHED_AT_ONCE]
    rows = [_row(one, at) for one in stale]
    SearchRow.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["data_set"],
        update_fields=["title", "text", "pieces", "kinds", "languages", "made_at"],
    )
    return len(rows)


def _row(row: DataSet, at: datetime) -> SearchRow:
    """Only what everybody may read: a draft's words must not show through a search."""
    head = shown_to_everybody(row, commit_at(row, "main"))
    title = f"{row.code} {row.name_ko} {row.name_en}"
    owner = row.organisation
    names = f"{owner.name_ko} {owner.name_en}" if owner is not None else ""
    if head is None:
        card, kinds = EMPTY, set[str]()
    else:
        card, kinds = card_of(head), _kinds(head)
    text = f"{title} {names} {' '.join(card.tags)} {card.description} {card.text}"
    return SearchRow(
        data_set=row,
        title=folded(title),
        text=folded(text),
        pieces=sorted(pieces_of(text)),
        kinds=sorted(kinds),
        languages=[one[:16] for one in card.languages],
        made_at=max(at, row.changed_at),
    )


def _kinds(head: Commit) -> set[str]:
    found = set()
    for entry in islice(tree_of(head).walk(), KINDS_WALKED_MAX):
        name = entry.path.rpartition("/")[2]
        if "." in name:
            found.add(name.rpartition(".")[2].lower()[:16])
    return found


def _matching(rows: QuerySet[DataSet], query: str) -> tuple[QuerySet[DataSet], list[str]]:
    """Each word must stand in the text, or what is left of it without its particle where the
    whole word stands nowhere. The rows, and the words that were found."""
    found = []
    for word in words_of(query):
        used, stem, held = word, stem_of(word), _holding(rows, word)
        if stem and not held.exists():
            used, held = stem, _holding(rows, stem)
        rows = held
        found.append(used)
    return rows, found


def _holding(rows: QuerySet[DataSet], word: str) -> QuerySet[DataSet]:
    """Its pairs narrow by the index first."""
    if pieces := needed(word):
        rows = rows.filter(search__pieces__contains=sorted(pieces))
    return rows.filter(search__text__contains=word)


def _narrowed(
    rows: QuerySet[DataSet], chosen: Chosen, names: Sequence[str]
) -> QuerySet[DataSet]:
    for name in names:
        values = list(chosen.get(name, ()))
        if not values:
            continue
        if name == "kind":
            rows = rows.filter(search__kinds__overlap=values)
        elif name == "language":
            rows = rows.filter(search__languages__overlap=values)
        else:
            rows = rows.filter(**{f"{name}__in": values})
    return rows


def _counts(rows: QuerySet[DataSet], chosen: Chosen, name: str) -> list[tuple[str, int]]:
    others = _narrowed(rows, chosen, [one for one in FACETS if one != name]).order_by()
    if name in {"kind", "language"}:
        lists = others.values_list(f"search__{name}s", flat=True)
        found = Counter(value for values in lists for value in values or ())
    else:
        found = Counter(others.values_list(name, flat=True))
    return sorted(((k, n) for k, n in found.items() if k), key=lambda one: (-one[1], one[0]))


def _ranked(rows: QuerySet[DataSet], words: Sequence[str]) -> QuerySet[DataSet]:
    """Words in the name before words in the text."""
    if not words:
        return rows.order_by("code")
    marks = Value(0)
    score = sum(
        (
            Case(When(search__title__contains=word, then=1), default=0,
                 output_field=IntegerField())
            for word in words
        ),
        marks,
    )  # fmt: skip
    return rows.annotate(score=score).order_by("-score", "code")
