"""Putting a report on the board, and taking it off."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection, transaction

from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.testbed.board.costs import Cost
from madang.testbed.board.models import BoardReport, BoardStep, CostBasis, StepKind
from madang.testbed.board.queries import is_standing
from madang.testbed.errors import ReportNotOfficial, ReportUnknown, ReportUntrusted
from madang.testbed.harness import signing

TEXT_MAX = 200


@transaction.atomic
def publish_report(
    actor: Actor,
    envelope: bytes,
    key: Ed25519PublicKey,
    *,
    at: datetime,
    cost: Cost | None = None,
) -> BoardReport:
    """An official pass whose signature holds; publishing again returns the first row."""
    actor.need(Role.OPERATOR)
    predicate = trusted(envelope, key)
    row, is_new = BoardReport.objects.get_or_create(
        sha256=hashlib.sha256(envelope).hexdigest(),
        defaults={
            **texts_of(predicate),
            "key_id": signing.key_id(key),
            "public_key": signing.public_pem(key).decode(),
            "envelope": envelope,
            "figures": predicate["figures"],
            "power": predicate["power"],
            "results": cost.results if cost else None,
            "cost_microwon": cost.amount_microwon if cost else None,
            "cost_basis": cost.basis if cost else CostBasis.NONE,
            "measured_at": datetime.fromisoformat(str(predicate["reported_at"])),
            "published_at": at,
        },
    )
    if is_new:
        record_event(
            actor, "report_published", subject_type="board_report", subject_id=row.id, at=at
        )
    return row


def texts_of(predicate: dict[str, object]) -> dict[str, str]:
    """What a report is sorted by. Reports of before `model` was there name a file."""
    names = ("device", "maker", "site", "model", "scenario")
    texts = {name: str(predicate.get(name, ""))[:TEXT_MAX] for name in names}
    if not texts["model"]:
        frozen = predicate.get("frozen")
        files = frozen.get("files") if isinstance(frozen, dict) else None
        found = [one for one in files or [] if str(one).endswith(".onnx")]
        texts["model"] = str(found[0])[:TEXT_MAX] if found else ""
    return texts


def trusted(envelope: bytes, key: Ed25519PublicKey) -> dict[str, object]:
    """The report inside. Refuses what is not signed, not official, or no pass."""
    try:
        statement = json.loads(signing.opened(envelope, key))
    except signing.Broken as err:
        raise ReportUntrusted(reason=err.reason) from err
    if statement.get("predicateType") != signing.PREDICATE_TYPE:
        raise ReportUntrusted(reason="the statement is no report of a test-bed")
    predicate = statement["predicate"]
    assert isinstance(predicate, dict)  # signed by a key that we were told to trust
    if predicate["comparable"] is not True or predicate["verdict"] != "passed":
        profile, verdict = str(predicate["profile"]), str(predicate["verdict"])
        raise ReportNotOfficial(profile=profile, verdict=verdict)
    return predicate


@transaction.atomic
def withdraw_report(actor: Actor, sha256: str, *, reason: str, at: datetime) -> BoardStep:
    """Off the board, on record. Done again, it answers with the step that stands."""
    actor.need(Role.OPERATOR)
    return _step(actor, sha256, StepKind.WITHDRAWN, reason=reason, at=at)


@transaction.atomic
def restore_report(actor: Actor, sha256: str, *, reason: str, at: datetime) -> BoardStep:
    """Back on the board, because taking it off was wrong."""
    actor.need(Role.OPERATOR)
    return _step(actor, sha256, StepKind.RESTORED, reason=reason, at=at)


def _step(actor: Actor, sha256: str, kind: StepKind, *, reason: str, at: datetime) -> BoardStep:
    report = BoardReport.objects.filter(sha256=sha256).first()
    if report is None:
        raise ReportUnknown(report=sha256[:12])
    _lock(report)
    last = report.steps.order_by("at", "id").last()
    if last is not None and is_standing(report) == (kind == StepKind.RESTORED):
        return last
    step = BoardStep.objects.create(
        report=report, kind=kind, reason=reason, actor=actor.id, at=at
    )
    record_event(
        actor, f"report_{kind}", subject_type="board_report", subject_id=report.id, at=at
    )
    return step


def _lock(report: BoardReport) -> None:
    """Until the transaction ends. The platform may not lock a row that it may not change."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [report.id.int >> 65])
