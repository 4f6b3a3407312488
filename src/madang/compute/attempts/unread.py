"""Rows of an engine's books that nobody can read: found, read again until they can be, and what
they are about stays held. What cannot be read is not nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from madang.compute.attempts.submissions import OUR_ACCOUNT, by_submission, our_key
from madang.compute.engines.types import UNREADABLE, AttemptFact, Discrepancy
from madang.compute.findings.actions import close_finding, find_all
from madang.compute.findings.models import Finding
from madang.compute.sites.models import Site
from madang.parties.actor import Actor

READ_AGAIN = timedelta(days=7)
"""For so long each reading goes back to such a row: who mends it need do nothing else."""
MARGIN = timedelta(seconds=1)


def note_unread(
    actor: Actor,
    site: Site,
    facts: Iterable[AttemptFact],
    doubts: Iterable[Discrepancy],
    *,
    at: datetime,
) -> frozenset[str]:
    """Found where they may be ours, closed once the books tell in their place what can be read.
    The keys of all jobs that have one: of none of them anybody knows that it is over."""
    unread = {
        one.accounting: one.detail
        for one in doubts
        if one.cause == UNREADABLE and one.accounting is not None
    }
    ours = [fact for fact in by_submission(site, list(unread)) if _may_be_ours(fact)]
    details = {fact.attempt_key: detail for fact, detail in unread.items()}
    found: Mapping[tuple[str, str], Mapping[str, str | int | None]] = {
        (UNREADABLE, fact.attempt_key): {
            "books": details[fact.attempt_key], "account": fact.account, "key": fact.key,
        }
        for fact in ours
    }  # fmt: skip
    find_all(site, found, at=at)
    waits = list(site.findings.filter(cause=UNREADABLE, state="open"))
    read = _read({one.what for one in waits} - details.keys(), facts)
    for what in sorted(read):
        close_finding(actor, site, UNREADABLE, what, at=at)
    return frozenset(str(one.detail.get("key", "")) for one in waits if one.what not in read)


def unread_since(site: Site, at: datetime) -> datetime | None:
    """From when on the books are to be read again for the sake of such rows."""
    rows = site.findings.filter(
        cause=UNREADABLE, state="open", found_at__gte=at - READ_AGAIN
    )  # fmt: skip
    times = [_submitted_at(one) for one in rows]
    return min((one - MARGIN for one in times if one.timestamp()), default=None)


def _may_be_ours(fact: AttemptFact) -> bool:
    return our_key(fact) != "" or OUR_ACCOUNT.fullmatch(fact.account) is not None


def _read(whats: Collection[str], facts: Iterable[AttemptFact]) -> set[str]:
    told = {one.attempt_key.partition("/")[0] for one in facts}
    ids = {one.partition("@")[0] for one in told}
    return {
        what
        for what in whats
        if what.partition("/")[0] in told
        or (what.endswith("@0/-") and what.partition("@")[0] in ids)
    }


def _submitted_at(one: Finding) -> datetime:
    told = one.what.partition("@")[2].partition("/")[0]
    return datetime.fromtimestamp(float(told), UTC)
