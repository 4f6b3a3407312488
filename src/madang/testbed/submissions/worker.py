"""What falls due: reports to be checked, jobs to be collected. Each is safe to do again."""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.compute.errors import EngineUnwell
from madang.compute.sites.engines import engine_for
from madang.core.clock import Clock
from madang.parties.actor import Actor, system_actor
from madang.parties.documents.store import DocumentStore
from madang.testbed.submissions.actions import decided, locked_submission, tell
from madang.testbed.submissions.checking import faults_of, opened_report
from madang.testbed.submissions.models import Submission, SubmissionState
from madang.testbed.submissions.runs import collect_run, signing_key
from madang.testbed.submissions.workflow import SUBMISSION

log = logging.getLogger("madang.testbed")
AT_ONCE = 5


def testbed_due(clock: Clock, *, store: DocumentStore) -> int:
    """A few of each, oldest first; how many were looked at."""
    testing = Submission.objects.filter(state=SubmissionState.TESTING).exclude(job=None)
    rows = testing.select_related("job__site", "job__grant__gpu_class__site", "organisation")
    seen = 0
    for row in rows.order_by("created_at")[:AT_ONCE]:
        assert row.job is not None
        try:
            engine = engine_for(row.job.site, clock.now())
            collect_run(row, engine, signing_key(), clock, store=store)
            seen += 1
        except EngineUnwell as err:
            log.warning("engine unwell", extra={"site": row.job.site.code, "code": err.code})
    waiting = Submission.objects.filter(state=SubmissionState.SUBMITTED).order_by("created_at")
    for identifier in waiting.values_list("id", flat=True)[:AT_ONCE]:
        check_submission(system_actor("worker"), identifier, store=store, at=clock.now())
        seen += 1
    return seen


@transaction.atomic
def check_submission(
    actor: Actor, submission: UUID, *, store: DocumentStore, at: datetime
) -> Submission:
    """Every figure again from the raw logs: then the report waits for a decision, is a trial,
    failed, or is not to be trusted. Locks the submission while it is checked."""
    row = locked_submission(submission)
    if row.state != SubmissionState.SUBMITTED:
        return row
    assert row.archive is not None, row.id
    path = store.path_of(row.archive.sha256)
    row.faults = faults_of(path)
    if not row.faults:
        for name, text in opened_report(path).words().items():
            setattr(row, name, text)
    row.save()
    step = _step(row)
    SUBMISSION.move(row, step, actor, at=at)
    decided(row, actor, "; ".join(row.faults), at)
    tell(row, row.state, at)
    return row


def _step(row: Submission) -> str:
    if row.faults:
        return "fault"
    if row.profile != "official" or row.verdict == "simulated":
        return "keep_trial"
    return "check" if row.verdict == "passed" else "fail"
