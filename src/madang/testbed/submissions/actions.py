"""Handing a report in, taking it back, and what the agency decides about it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.metering.offerings.models import Offering, OfferingState
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.documents.models import Document
from madang.parties.documents.store import DocumentStore
from madang.parties.events.actions import record_event
from madang.parties.notices.actions import send_notice
from madang.parties.organisations.models import Organisation
from madang.parties.people.queries import members_of
from madang.testbed.board.actions import publish_report, restore_report, withdraw_report
from madang.testbed.board.costs import Cost, cost_by_price, work_of
from madang.testbed.board.models import BoardReport, CostBasis
from madang.testbed.errors import (
    OfferingUnknown,
    ReasonMissing,
    ReportExists,
    SubmissionsTooMany,
)
from madang.testbed.harness import archive
from madang.testbed.harness.remote import time_limit_s
from madang.testbed.harness.signing import REPORT_BYTES_MAX
from madang.testbed.harness.spec import NOWHERE, spec_from
from madang.testbed.policy import policy_at
from madang.testbed.submissions.checking import Found, opened_report
from madang.testbed.submissions.models import (
    OPEN_STATES,
    Submission,
    SubmissionKind,
    SubmissionState,
)
from madang.testbed.submissions.paying import release_run, reserve_run
from madang.testbed.submissions.workflow import SUBMISSION

SUBJECT = "testbed_submission"
REASON_LENGTH_MAX = 1000


@transaction.atomic
def submit_test_report(
    actor: Actor,
    organisation: Organisation,
    document: Document,
    *,
    offering: str = "",
    store: DocumentStore,
    at: datetime,
) -> Submission:
    """A maker hands in the zip of a report's folder; the worker checks every figure of it.

    The signature is checked at once. The same report again is the same submission. `offering`
    names the product whose price tells what an answer costs. Locks the organisation.
    """
    actor.need_at(Role.MAKER, organisation.id)
    path = store.path_of(document.sha256)
    envelope, _ = archive.envelope_and_key(path, bytes_max=REPORT_BYTES_MAX)
    sha256 = hashlib.sha256(envelope).hexdigest()
    _limited(organisation, at)
    before = _handed_in(organisation, sha256)
    if before is not None:
        return before
    found = opened_report(path)
    row = Submission.objects.create(
        kind=SubmissionKind.REPORT,
        organisation=organisation,
        state=SubmissionState.SUBMITTED,
        sha256=sha256,
        archive=document,
        offering=product_named(offering),
        by=actor.id,
        created_at=at,
        **found.words(),
    )
    record_event(
        actor, f"{SUBJECT}.submit", subject_type=SUBJECT, subject_id=row.id, at=at,
        after=row.state, facts={"sha256": sha256},
    )  # fmt: skip
    return row


def _handed_in(organisation: Organisation, sha256: str) -> Submission | None:
    """The same report of the same firm; of another firm it is refused."""
    held = Submission.objects.exclude(state=SubmissionState.WITHDRAWN)
    before = held.filter(sha256=sha256).first()
    if before is not None and before.organisation_id != organisation.id:
        raise ReportExists
    return before


def _limited(organisation: Organisation, at: datetime) -> None:
    """Raises SubmissionsTooMany. Locks the organisation, so that two cannot slip through."""
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    open_ones = Submission.objects.filter(organisation=organisation, state__in=OPEN_STATES)
    most = policy_at(at).open_submissions_max
    if open_ones.count() >= most:
        raise SubmissionsTooMany(most=most)


limited = _limited


def product_named(code: str) -> Offering | None:
    """A listed product by its code: the catalogue is public."""
    if not code:
        return None
    found = Offering.objects.filter(code=code, state=OfferingState.LISTED).first()
    if found is None:
        raise OfferingUnknown(offering=code)
    return found


@transaction.atomic
def withdraw_submission(
    actor: Actor, submission: UUID, *, reason: str, at: datetime
) -> Submission:
    """철회 by its maker, at any time: off the board, on record; what was held returns."""
    row = locked_submission(submission)
    actor.need_at(Role.MAKER, row.organisation_id)
    if row.state == SubmissionState.WITHDRAWN:
        return row
    need_reason(reason)
    before = row.state
    SUBMISSION.move(row, "withdraw", actor, at=at, reason=reason)
    _decided(row, actor, reason, at)
    release_run(system_actor(actor.origin), row, at=at)
    if before == SubmissionState.PUBLISHED:
        withdraw_report(system_actor(actor.origin), row.sha256, reason=reason, at=at)
    return row


@transaction.atomic
def publish_submission(
    actor: Actor, submission: UUID, *, store: DocumentStore, at: datetime
) -> BoardReport:
    """게시: an official pass whose every figure was worked out again."""
    actor.need(Role.OPERATOR)
    row = locked_submission(submission)
    if row.state == SubmissionState.PUBLISHED:
        return BoardReport.objects.get(sha256=row.sha256)
    SUBMISSION.move(row, "publish", actor, at=at)
    found = opened_report(_path(row, store))
    report = publish_report(actor, found.envelope, found.key, at=at, cost=_cost(row, found))
    _decided(row, actor, "", at)
    tell(row, "published", at)
    return report


def _cost(row: Submission, found: Found) -> Cost | None:
    work = work_of(found.report)
    if row.charge_microwon:
        return Cost(work.results, row.charge_microwon, CostBasis.CHARGED)
    if row.offering is None or row.kind == SubmissionKind.RUN:
        return None
    return cost_by_price(row.offering, work, at=found.reported_at)


@transaction.atomic
def decline_submission(
    actor: Actor, submission: UUID, *, reason: str, at: datetime
) -> Submission:
    """게시 거절, or an order that is not run. Always with a reason."""
    actor.need(Role.OPERATOR)
    row = locked_submission(submission)
    need_reason(reason)
    SUBMISSION.move(row, "decline", actor, at=at, reason=reason)
    _decided(row, actor, reason, at)
    release_run(system_actor(actor.origin), row, at=at)
    tell(row, "declined", at)
    return row


@transaction.atomic
def remove_submission(
    actor: Actor, submission: UUID, *, reason: str, at: datetime
) -> Submission:
    """게시 내림: off the board by the agency, with a reason."""
    actor.need(Role.OPERATOR)
    row = locked_submission(submission)
    need_reason(reason)
    SUBMISSION.move(row, "remove", actor, at=at, reason=reason)
    withdraw_report(actor, row.sha256, reason=reason, at=at)
    _decided(row, actor, reason, at)
    tell(row, "removed", at)
    return row


def restore_submission(actor: Actor, row: Submission, *, reason: str, at: datetime) -> None:
    """What an upheld appeal asks for. The caller holds the row's lock."""
    if row.state == SubmissionState.REMOVED:
        SUBMISSION.move(row, "restore", actor, at=at, reason=reason)
        restore_report(actor, row.sha256, reason=reason, at=at)
    elif row.archive_id is not None:
        SUBMISSION.move(row, "check_again", actor, at=at, reason=reason)
    else:
        SUBMISSION.move(row, "order_again", actor, at=at, reason=reason)
        limit_s = time_limit_s(spec_from(row.spec.encode(), NOWHERE))
        reserve_run(system_actor(actor.origin), row, seconds_max=limit_s, at=at)
        row.save()
    _decided(row, actor, reason, at)


def locked_submission(identifier: UUID) -> Submission:
    """Raises NotFound."""
    row = (
        Submission.objects.select_for_update(of=("self",))
        .select_related("organisation", "offering", "voucher__organisation", "archive", "job")
        .filter(pk=identifier)
        .first()
    )
    if row is None:
        raise NotFound
    return row


def need_reason(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing


def _decided(row: Submission, actor: Actor, reason: str, at: datetime) -> None:
    row.decided_by, row.decided_at = actor.id, at
    row.reason = reason.strip()[:REASON_LENGTH_MAX]
    row.save(update_fields=["decided_by", "decided_at", "reason"])


decided = _decided


def _path(row: Submission, store: DocumentStore) -> Path:
    assert row.archive is not None, row.id
    return store.path_of(row.archive.sha256)


def tell(row: Submission, what: str, at: datetime) -> None:
    """The maker's people, at once."""
    send_notice(
        members_of(row.organisation_id, Role.MAKER), f"testbed.submission.{what}",
        subject_type=SUBJECT, subject_id=row.id, at=at,
        facts={"device": row.device, "scenario": row.scenario, "reason": row.reason},
    )  # fmt: skip
