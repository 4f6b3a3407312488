"""Noting what does not agree, once each, and closing it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from madang.compute.attempts.models import Attempt
from madang.compute.findings.models import Finding
from madang.compute.sites.models import Site
from madang.parties.actor import Actor


def find(
    site: Site,
    cause: str,
    what: str,
    *,
    at: datetime,
    attempt: Attempt | None = None,
    gpu_seconds: int = 0,
    detail: Mapping[str, str | int | None] | None = None,
) -> Finding:
    """The same thing found again is the same finding, open again if it was closed by itself."""
    row, is_new = Finding.objects.get_or_create(
        site=site, cause=cause, what=what[:160],
        defaults={
            "attempt": attempt, "gpu_seconds": gpu_seconds, "detail": dict(detail or {}),
            "found_at": at,
        },
    )  # fmt: skip
    if not is_new and row.state == "explained":
        row.state, row.closed_at, row.closed_by = "open", None, ""
        row.save(update_fields=["state", "closed_at", "closed_by"])
    return row


def find_all(
    site: Site, found: Mapping[tuple[str, str], Mapping[str, str | int | None]], *, at: datetime
) -> None:
    """Many, by cause and what. Readings overlap and tell the same again and again: all that was
    found before and is not closed takes one statement."""
    if not found:
        return
    rows = site.findings.filter(what__in={what[:160] for _, what in found})
    known = set(rows.exclude(state="explained").values_list("cause", "what"))
    for (cause, what), detail in found.items():
        if (cause, what[:160]) not in known:
            find(site, cause, what, detail=detail, at=at)


def close_finding(actor: Actor, site: Site, cause: str, what: str, *, at: datetime) -> None:
    """A later reading agrees: explained."""
    Finding.objects.filter(site=site, cause=cause, what=what[:160], state="open").update(
        state="explained", closed_at=at, closed_by=actor.id
    )


NOTED = ("phantom", "unbooked", "records_away")
"""Causes by which no amount is in doubt."""


def close_notes(actor: Actor, site: Site, told: Collection[str], *, at: datetime) -> None:
    """What was only noted and is not among what this reading tells: the books agree by now. Of
    an attempt in doubt its own facts decide."""
    rows = site.findings.filter(cause__in=NOTED, state="open")
    rows = rows.exclude(attempt__is_disputed=True)
    rows.exclude(what__in=told).update(state="explained", closed_at=at, closed_by=actor.id)
