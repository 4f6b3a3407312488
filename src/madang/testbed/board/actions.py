"""Putting a report on the board, and taking it off."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import transaction

from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.testbed.board.models import BoardReport, BoardStep
from madang.testbed.errors import ReportNotOfficial, ReportUnknown, ReportUntrusted
from madang.testbed.harness import signing

TEXT_MAX = 200


@transaction.atomic
def publish_report(
    actor: Actor, envelope: bytes, key: Ed25519PublicKey, *, at: datetime
) -> BoardReport:
    """An official pass whose signature holds; publishing again returns the first row."""
    actor.need(Role.OPERATOR)
    predicate = trusted(envelope, key)
    sha256 = hashlib.sha256(envelope).hexdigest()
    texts = {
        name: str(predicate[name])[:TEXT_MAX]
        for name in ("device", "maker", "site", "scenario")
    }
    row, is_new = BoardReport.objects.get_or_create(
        sha256=sha256,
        defaults={
            **texts,
            "key_id": signing.key_id(key),
            "envelope": envelope,
            "figures": predicate["figures"],
            "power": predicate["power"],
            "measured_at": datetime.fromisoformat(str(predicate["reported_at"])),
            "published_at": at,
        },
    )
    if is_new:
        record_event(
            actor, "report_published", subject_type="board_report", subject_id=row.id, at=at
        )
    return row


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
    """Off the board, on record. Takes the report's row locked."""
    actor.need(Role.OPERATOR)
    report = BoardReport.objects.select_for_update().filter(sha256=sha256).first()
    if report is None:
        raise ReportUnknown(report=sha256[:12])
    step, is_new = BoardStep.objects.get_or_create(
        report=report, defaults={"reason": reason, "actor": actor.id, "at": at}
    )
    if is_new:
        record_event(
            actor, "report_withdrawn", subject_type="board_report", subject_id=report.id, at=at
        )
    return step
