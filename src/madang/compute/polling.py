"""One reading of one site: what the engine tells is taken, posted and marked as read in one
transaction; what follows from it (cancels, submissions that wait) is done after it."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from madang.compute.attempts.actions import Reading, locked_rows, take_facts
from madang.compute.attempts.models import Attempt
from madang.compute.attempts.node_clocks import note_clocks
from madang.compute.attempts.overrunning import overrunning
from madang.compute.attempts.settling import Controlled, Place, Taken, settle_job
from madang.compute.attempts.strays import adopt, explain, read_on
from madang.compute.attempts.submissions import OUR_ACCOUNT, by_submission, our_key
from madang.compute.attempts.unheard import named
from madang.compute.attempts.unread import note_unread, unread_since
from madang.compute.attempts.untold import lose, untold
from madang.compute.attempts.writing import Sheet
from madang.compute.engines.types import (
    NODE_CLOCK,
    RECORDS_AWAY,
    UNHEARD,
    UNREADABLE,
    AttemptFact,
    Discrepancy,
    Engine,
    GrantRef,
    JobRef,
    RunState,
)
from madang.compute.errors import EngineRefused, EngineUnwell
from madang.compute.findings.actions import close_notes, find_all
from madang.compute.grants.models import Grant, GrantState
from madang.compute.jobs.actions import cancel_job
from madang.compute.jobs.arrivals import explain_answered
from madang.compute.jobs.cancels import tell_refusals
from madang.compute.jobs.handing import hand_over, ready
from madang.compute.jobs.models import OPEN, Job, JobState, engine_key_of
from madang.compute.policy import ComputePolicy, policy_at
from madang.compute.sites.cursors import set_back
from madang.compute.sites.models import Site
from madang.parties.actor import Actor

JOBS_MAX = 100_000
BORDER = timedelta(seconds=1)
KEYS_AT_ONCE = 5_000
OF_ROWS_AND_NODES = frozenset({UNREADABLE, NODE_CLOCK})
"""What is found of a row or of a node, and says nothing of an attempt that can be told."""
BY_NODES = (UNHEARD, "overcounted")
"""Causes of doubt of which only the nodes' records tell."""


@dataclass(frozen=True, slots=True)
class Polled:
    """What one reading did."""

    facts: int
    changed: int
    lines: int
    cancelled: int
    handed_over: int


def poll_site(actor: Actor, site: Site, engine: Engine, *, at: datetime) -> Polled:
    """Read, post, follow up. Safe to do again and by several workers. Raises EngineUnwell;
    EngineRefused where its books are not for us."""
    policy, began_s = policy_at(at), time.monotonic()
    try:
        handed_over = _hand_over_waiting(actor, site, engine, at)
        facts, cursor = engine.usage(site.cursor)
        live = engine.status(_refs(site))
        since = min(at, site.polled_at or at) - policy.poll_overlap
        since = min(since, unread_since(site, at) or since)
        doubts = engine.reconcile(_told_since(facts, since), at)
    except (EngineUnwell, EngineRefused):
        Site.objects.filter(pk=site.pk).update(failed_at=at)
        raise
    took = timedelta(seconds=time.monotonic() - began_s)  # what ended meanwhile is no future
    policy = replace(policy, clock_skew=policy.clock_skew + took)
    taken = _post(actor, site, facts, live, doubts, cursor, policy, at)
    return Polled(
        facts=len(facts),
        changed=taken.changed,
        lines=taken.lines,
        cancelled=_cancel(
            actor, site, engine, [*taken.too_much, *overrunning(site, policy, at=at)], at
        ),
        handed_over=handed_over,
    )


def _told_since(facts: Iterable[AttemptFact], since: datetime) -> datetime:
    """Books are compared as far back as nobody has looked, and for everything that was just
    told, be it old: what nobody doubts is posted, so that an amount must not come in by a wider
    window than its doubt does."""
    ends = [max(fact.ended_at, fact.submitted_at) for fact in facts if fact.ended_at]
    return min([since, *(end - BORDER for end in ends)])


def _open_jobs(site: Site) -> QuerySet[Job]:
    rows = Job.objects.filter(site=site, state__in=OPEN).select_related(
        "site", "grant__gpu_class__site", "grant__gpu_class__offering", "grant__voucher"
    )
    return rows.order_by("grant_id", "id")


def _refs(site: Site) -> list[JobRef]:
    """What the controller is asked about: every open job that the engine has taken."""
    rows = Job.objects.filter(site=site, state__in=OPEN, engine_job__gt="").order_by("id")
    found = rows.values_list("id", "engine_job", "engine_at", "grant__account", "grant__user")
    return [
        JobRef(name, engine_key_of(id), GrantRef(account, user or site.user), since)
        for id, name, since, account, user in found[:JOBS_MAX]
    ]


def _hand_over_waiting(actor: Actor, site: Site, engine: Engine, at: datetime) -> int:
    """Submissions that the engine is not known to have, and grants that changed. What it says
    no to is told to whoever submits on that grant: the others are read all the same."""
    waiting = list(_open_jobs(site).filter(state=JobState.INTENT)[:JOBS_MAX])
    handed = hand_over(actor, waiting, engine, at=at)
    explain_answered(actor, site, at=at)
    changed = Grant.objects.filter(gpu_class__site=site, engine_ready=False)
    for grant in changed.filter(jobs__isnull=False).distinct():
        with suppress(EngineRefused):
            ready(grant, engine)
    return len(handed.jobs) + len(handed.refusals)


@transaction.atomic
def _post(
    actor: Actor,
    site: Site,
    facts: list[AttemptFact],
    live: list[AttemptFact],
    doubts: list[Discrepancy],
    cursor: str,
    policy: ComputePolicy,
    at: datetime,
) -> Taken:
    """Poll, post and cursor move together. Grants are locked in their one order."""
    taken = Taken(Sheet(actor, at))
    unread = note_unread(actor, site, facts, doubts, at=at)
    note_clocks(actor, site, facts, doubts, at=at)
    doubts = named(site, [one for one in doubts if one.cause not in OF_ROWS_AND_NODES])
    facts = by_submission(site, facts)
    only_nodes = [one.node for one in doubts if one.cause == UNHEARD and one.node]
    doubted = _seen_by_nodes(site, doubts)
    doubted |= {_doubted_key(one): one.cause for one in doubts if one.doubts}
    news = _news(site, [*facts, *_only_controller(facts, live), *only_nodes], doubted)
    known, strangers = _by_job(site, news)
    strays = adopt(actor, site, strangers, known, policy, at=at)
    for grant, found in strays.facts.items():
        for fact in found:
            known[grant, UUID(hex=our_key(fact))].append(fact)
    notes = {(one.cause, _doubted_key(one)): one.detail for one in doubts if not one.doubts}
    find_all(site, {what: {"books": detail} for what, detail in notes.items()}, at=at)
    close_notes(actor, site, {_doubted_key(one) for one in doubts}, at=at)
    adopted = [fact for found in strays.facts.values() for fact in found]
    has = _controlled(site, facts, [*live, *adopted])
    lost = _vanished(site, facts, has, at - policy.poll_overlap)
    has = replace(has, live=has.live | unread)
    gone = untold(site, has, policy, at=at)
    for place in (*_unsettled(site), *lost, *gone.places):
        known.setdefault(place, [])
    clocks = site.findings.filter(cause="clock", state="open")
    wrong = frozenset(clocks.values_list("what", flat=True))
    rows, settled = locked_rows(site, known), []
    for place, found in sorted(known.items()):
        reading = Reading(found, doubted, frozenset(lost.get(place, ())), wrong)
        if take_facts(actor, rows[place], reading, policy, taken, at=at):
            settled.append(rows[place])
    taken.sheet.write()
    for job in settled:
        settle_job(actor, job.grant, job.job, job.attempts, has, taken, at=at)
    for place, missing_since in sorted(gone.long.items()):
        job = rows[place]
        lose(actor, job.grant, job.job, job.attempts, taken.sheet, since=missing_since, at=at)
    taken.sheet.write()
    gone.note(at=at)
    charged = {one.attempt_key for one in adopted}
    accounts = {
        ("unmatched", one.attempt_key): one.account
        for one in strangers
        if one.attempt_key not in charged
    }
    find_all(site, {what: {"account": name} for what, name in accounts.items()}, at=at)
    explain(actor, site, at=at)
    Site.objects.filter(pk=site.pk).update(polled_at=at, failed_at=None)
    back = unread_since(site, at)
    cursor = set_back(cursor, back) if back else cursor
    read_on(site, cursor, strays.passed_over_at, policy)
    return taken


def _news(
    site: Site, facts: Iterable[AttemptFact], doubted: Mapping[str, str]
) -> list[AttemptFact]:
    """Readings overlap: what is known and posted is passed over, and so is what runs and is
    known to. What is in doubt, or has ended and still holds, is looked at again."""
    told = {(fact.attempt_key, fact.digest): fact for fact in facts}
    keys, known = list({key for key, _ in told}), set()
    rows = Attempt.objects.filter(site=site, is_disputed=False).filter(
        Q(is_held=False) | Q(ended_at=None, job__state=JobState.RUNNING)
    )
    for start in range(0, len(keys), KEYS_AT_ONCE):
        some = rows.filter(attempt_key__in=keys[start : start + KEYS_AT_ONCE])
        known |= set(some.values_list("attempt_key", "fact_digest"))
    known = {one for one in known if one[0] not in doubted} | _in_doubt(site, doubted)
    return [fact for one, fact in told.items() if one not in known]


def _seen_by_nodes(site: Site, doubts: Iterable[Discrepancy]) -> dict[str, str]:
    """While the nodes' records are away, what they contradicted before stays in doubt."""
    if all(one.cause != RECORDS_AWAY for one in doubts):
        return {}
    rows = site.findings.filter(cause__in=BY_NODES, state="open", attempt__is_disputed=True)
    return dict(rows.values_list("what", "cause"))


def _in_doubt(site: Site, doubted: Mapping[str, str]) -> set[tuple[str, str]]:
    """What was found in doubt for this very reason and has not changed: it stays so."""
    if not doubted:
        return set()
    rows = site.findings.filter(state="open", what__in=doubted, attempt__is_disputed=True)
    found = rows.values_list("what", "cause", "attempt__fact_digest")
    return {(key, digest) for key, cause, digest in found if doubted[key] == cause}


def _controlled(
    site: Site, facts: Iterable[AttemptFact], live: Iterable[AttemptFact]
) -> Controlled:
    """What the controller still has. Also what it alone has seen the end of: the books will
    tell it, and the job is not over before they have."""
    ended = {fact.attempt_key for fact in facts if fact.ended_at is not None}
    alone = {
        one.attempt_key: one.key
        for one in live
        if not one.state.is_live and one.started_at and one.attempt_key not in ended
    }
    posted = Attempt.objects.filter(
        site=site, attempt_key__in=alone.keys(), ended_at__isnull=False
    )
    known = set(posted.values_list("attempt_key", flat=True))
    waits = {key for attempt_key, key in alone.items() if attempt_key not in known}
    return Controlled(
        live=frozenset(
            one.key
            for one in live
            if one.state.is_live and one.state is not RunState.ENDING
            if one.attempt_key not in ended
        ) | waits,
        ending=frozenset(one.key for one in live if one.state is RunState.ENDING),
    )  # fmt: skip


def _unsettled(site: Site) -> Iterable[Place]:
    """Jobs that are open although all that ran of them has ended: also those of which nothing
    is told any more."""
    told = Attempt.objects.filter(job=OuterRef("pk")).exclude(attempt_key="")
    rows = Job.objects.filter(site=site, state__in=OPEN, engine_job__gt="")
    rows = rows.filter(Exists(told)).exclude(Exists(told.filter(ended_at__isnull=True)))
    return rows.values_list("grant_id", "id")[:JOBS_MAX]


def _vanished(
    site: Site, facts: Iterable[AttemptFact], has: Controlled, before: datetime
) -> dict[Place, list[str]]:
    """Attempts that ran long ago, that no book shows any more and no controller has: in doubt,
    for absent never means finished."""
    told = {fact.attempt_key for fact in facts}
    rows = Attempt.objects.filter(
        site=site, is_disputed=False, ended_at__isnull=True, started_at__lt=before,
    ).select_related("job")  # fmt: skip
    found: dict[Place, list[str]] = defaultdict(list)
    for row in rows:
        key = row.job.engine_key
        if row.attempt_key not in told and key not in has.live | has.ending:
            found[row.job.grant_id, row.job_id].append(row.attempt_key)
    return found


def _only_controller(
    facts: list[AttemptFact], live: list[AttemptFact]
) -> Iterable[AttemptFact]:
    """Running attempts that accounting does not show yet. What the controller says has ended
    waits for accounting: one source alone closes nothing."""
    told = {fact.attempt_key for fact in facts}
    return [one for one in live if one.state.has_cards if one.attempt_key not in told]


def _by_job(
    site: Site, facts: list[AttemptFact]
) -> tuple[dict[Place, list[AttemptFact]], list[AttemptFact]]:
    """Facts by grant and job, found by the key in the engine's job; and those of nobody."""
    ids = {UUID(hex=key) for fact in facts if (key := our_key(fact))}
    grants = dict(Job.objects.filter(site=site, id__in=ids).values_list("id", "grant_id"))
    accounts = dict(
        Job.objects.filter(site=site, id__in=ids).values_list("id", "grant__account")
    )
    known: dict[Place, list[AttemptFact]] = defaultdict(list)
    strangers = []
    for fact in facts:
        key = our_key(fact)
        job = UUID(hex=key) if key else None
        if job is not None and job in grants and accounts[job] == fact.account:
            known[grants[job], job].append(fact)
        elif key or OUR_ACCOUNT.fullmatch(fact.account):
            strangers.append(fact)
    return known, strangers


def _doubted_key(one: Discrepancy) -> str:
    fact = one.accounting or one.controller or one.node
    return fact.attempt_key if fact else one.job_id


def _cancel(
    actor: Actor, site: Site, engine: Engine, too_much: Iterable[UUID], at: datetime
) -> int:
    """Jobs that no longer fit, and jobs whose cancel has not reached the engine."""
    wanted = set(too_much)
    gone = Q(grant__state__in=[GrantState.WITHDRAWN, GrantState.ENDED])
    gone |= Q(grant__ends_at__lte=at)  # whenever the duty comes round that ends it
    jobs = list(_open_jobs(site).filter(gone | Q(grant__owed_back__gt=0))[:JOBS_MAX])
    wanted |= _beyond_their_grants(jobs, at)
    ending = _open_jobs(site).filter(Q(id__in=wanted) | Q(cancel_asked_at__isnull=False))
    asked, refused = list(ending), {}
    for job in asked:
        reason = job.cancel_reason or "no longer within the grant"
        try:
            cancel_job(actor, job, engine, reason=reason, at=at)
        except EngineRefused as err:  # the others are ended all the same
            refused[job] = str(err.fields.get("reason", ""))
    tell_refusals(actor, site, refused, at=at)
    return len(asked) - len(refused)


def _beyond_their_grants(jobs: Iterable[Job], at: datetime) -> set[UUID]:
    """All jobs of a grant that ended or was withdrawn; and as many of a grant that owes quota
    back, newest first, as hold what it owes."""
    wanted: set[UUID] = set()
    owed: dict[UUID, int] = {}
    for job in sorted(jobs, key=lambda one: one.created_at, reverse=True):
        grant = job.grant
        left = owed.setdefault(grant.id, grant.owed_back)
        is_over = grant.ends_at <= at or grant.state in {GrantState.WITHDRAWN, GrantState.ENDED}
        if is_over or left > 0:
            wanted.add(job.id)
            holds = job.attempts.filter(is_held=True).values_list("held_gpu_seconds")
            owed[grant.id] = left - sum(held for (held,) in holds)
    return wanted
