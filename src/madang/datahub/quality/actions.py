"""Running checks, running them again, and answering for one that failed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.datahub.commits.models import Commit
from madang.datahub.errors import WaiverImpossible
from madang.datahub.quality.models import QualityCheck, Waiver
from madang.datahub.quality.report import check, targets_digest
from madang.datahub.quality.stored import CommitFiles
from madang.datahub.quality.targets import targets_from
from madang.datahub.quality.workflow import QUALITY
from madang.datahub.sets.actions import need_writer
from madang.datahub.versions.actions import commit_digest
from madang.parties.actor import Actor, Role, need_four_eyes
from madang.parties.events.actions import record_event


@transaction.atomic
def run_check(
    actor: Actor, commit: Commit, *, targets: str, cluster: str = "", at: datetime
) -> QualityCheck:
    """Measure a commit against a file of targets. The report is tied to the commit's digest.

    With `cluster` (tcp://…) the measuring is done there; the report is the same.

    Raises TargetsMalformed, CheckImpossible.
    """
    need_writer(actor, commit.data_set)
    wanted = targets_from(targets)
    row = QualityCheck.objects.create(
        commit=commit,
        digest=commit_digest(commit),
        targets=targets,
        targets_digest=targets_digest(wanted),
        ran_by=actor.id,
        ran_at=at,
    )
    QUALITY.move(row, "run", actor, at=at)
    report = check(CommitFiles(commit), wanted, digest=row.digest, cluster=cluster)
    row.report, row.report_digest = report.as_data(), report.report_digest
    row.save(update_fields=["report", "report_digest"])
    step = "pass" if report.is_passed else "fail"
    QUALITY.move(row, step, actor, at=at, facts={"report": row.report_digest})
    return row


@transaction.atomic
def rerun_check(actor: Actor, identifier: UUID, *, at: datetime) -> QualityCheck:
    """The same targets on the same commit. An equal report confirms the row that is there.

    Another report (the rules are newer) takes its place. Takes the check's lock.
    """
    old = _locked(identifier)
    need_writer(actor, old.commit.data_set)
    wanted = targets_from(old.targets)
    report = check(CommitFiles(old.commit), wanted, digest=old.digest)
    if report.report_digest == old.report_digest:
        record_event(
            actor,
            "quality_check.confirm",
            subject_type="quality_check",
            subject_id=old.id,
            at=at,
            facts={"report": old.report_digest},
        )
        return old
    QUALITY.move(old, "recheck", actor, at=at)
    return run_check(actor, old.commit, targets=old.targets, at=at)


@transaction.atomic
def ask_waiver(actor: Actor, identifier: UUID, *, reason: str, at: datetime) -> Waiver:
    """The first of two operators answers for a failed check. Raises WaiverImpossible."""
    actor.need(Role.OPERATOR)
    row = _locked(identifier)
    if row.state != "failed" or Waiver.objects.filter(quality_check=row).exists():
        raise WaiverImpossible(state=row.state)
    waiver = Waiver.objects.create(
        quality_check=row, reason=reason, asked_by=actor.id, asked_at=at
    )
    _record(actor, row, "quality_check.ask_waiver", reason, at)
    return waiver


@transaction.atomic
def sign_waiver(actor: Actor, identifier: UUID, *, at: datetime) -> Waiver:
    """The second person signs. Raises FourEyes, NotFound."""
    actor.need(Role.OPERATOR)
    row = _locked(identifier)
    waiver = Waiver.objects.select_for_update().filter(quality_check=row).first()
    if waiver is None:
        raise NotFound
    need_four_eyes(actor, waiver.asked_by)
    QUALITY.move(row, "waive", actor, at=at, reason=waiver.reason)
    waiver.signed_by, waiver.signed_at = actor.id, at
    waiver.save(update_fields=["signed_by", "signed_at"])
    return waiver


def _record(actor: Actor, row: QualityCheck, action: str, reason: str, at: datetime) -> None:
    record_event(
        actor, action, subject_type="quality_check", subject_id=row.id, at=at, reason=reason
    )


def _locked(identifier: UUID) -> QualityCheck:
    rows = QualityCheck.objects.select_for_update(of=("self",))
    row = rows.select_related("commit__data_set").filter(pk=identifier).first()
    if row is None:
        raise NotFound
    return row
