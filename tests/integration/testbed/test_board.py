"""The public board: official passes alone, the signed bytes, nothing ever changed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import DatabaseError, transaction
from django.test import Client
from testbed_bench import KEY

from madang.core.errors import NotAllowed
from madang.parties.actor import Actor, Role, system_actor
from madang.testbed.board.actions import publish_report, withdraw_report
from madang.testbed.board.models import BoardReport
from madang.testbed.errors import ReportNotOfficial, ReportUnknown, ReportUntrusted
from madang.testbed.harness import signing

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 25, tzinfo=UTC)
PUBLIC = KEY.public_key()
FIGURE = {"value": 1234.5, "low": 1200.0, "high": 1300.0, "method": "t, 5 repetitions"}
OFFICIAL = {
    "device": "<b>ATOM</b>", "maker": "Hana Chips", "site": "Gwangju", "scenario": "Offline",
    "profile": "official", "verdict": "passed", "comparable": True,
    "figures": {"samples_per_s": FIGURE, "latency_p99_ms": FIGURE},
    "power": {"class": "wall", "samples_per_joule": 7.25},
    "reported_at": "2026-11-24T00:00:00Z",
}  # fmt: skip


def signed(**changes: object) -> bytes:
    return signing.sign(signing.statement({}, {**OFFICIAL, **changes}), KEY)


def published(**changes: object) -> BoardReport:
    return publish_report(system_actor("cli"), signed(**changes), PUBLIC, at=AT)


def test_an_official_pass_stands_on_the_board_and_its_bytes_can_be_fetched():
    row = published()
    page = Client().get("/testbed/").content.decode()
    assert "&lt;b&gt;ATOM&lt;/b&gt;" in page
    assert "<b>ATOM" not in page
    assert "1,234.50" in page
    assert "7.250" in page
    answer = Client().get(f"/testbed/{row.sha256}/report.json")
    assert answer.content == signed()
    assert signing.opened(answer.content, PUBLIC)


UNSTEADY = {
    "code": "unsteady", "repetition": 0, "detail": "3.018 to 4.111 a second", "fatal": False,
    "meaning": "throughput varies by more than a tenth between repetitions",
}  # fmt: skip
FORETOLD = {
    "figure": "latency_p90_ms", "value": 65.25, "measured": 361.4859, "error": -0.8195,
    "method": "652615040 MAC at 1e+10 a second",
}  # fmt: skip


def test_what_a_report_says_against_its_own_figures_is_told_on_every_page():
    published(findings=[UNSTEADY], prediction=FORETOLD)
    english = Client()
    english.cookies["django_language"] = "en"
    board = english.get("/testbed/").content.decode()
    assert "throughput varied by more than a tenth between repetitions" in board
    page = english.get("/testbed/device/", {"device": "<b>ATOM</b>"}).content.decode()
    assert "3.018 to 4.111 a second" in page
    assert "p90 latency, ms 65.250; measured 361.486 (-82 %)" in page
    (row,) = Client().get("/api/v1/testbed/reports").json()
    assert [one["code"] for one in row["notes"]] == ["unsteady"]


def test_a_report_without_notes_is_told_as_such():
    published()
    english = Client()
    english.cookies["django_language"] = "en"
    page = english.get("/testbed/device/", {"device": "<b>ATOM</b>"}).content.decode()
    assert "nothing was noted." in page
    assert "Predicted before the run" not in page


def test_publishing_again_returns_the_first_row():
    assert published().id == published().id
    assert BoardReport.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"comparable": False, "profile": "quick"},
        {"verdict": "failed"},
        {"verdict": "simulated"},
        {"comparable": 1},
    ],
)
def test_a_quick_failed_or_simulated_run_is_never_on_the_board(changes):
    with pytest.raises(ReportNotOfficial):
        published(**changes)
    assert BoardReport.objects.count() == 0


def test_a_report_of_another_key_or_with_a_changed_byte_is_refused():
    other = Ed25519PrivateKey.generate().public_key()
    with pytest.raises(ReportUntrusted):
        publish_report(system_actor("cli"), signed(), other, at=AT)
    with pytest.raises(ReportUntrusted):
        publish_report(system_actor("cli"), signed()[:-1], PUBLIC, at=AT)


def test_only_the_agency_publishes_and_withdraws():
    maker = Actor(id="m", roles=frozenset({Role.SUPPLIER}))
    with pytest.raises(NotAllowed):
        publish_report(maker, signed(), PUBLIC, at=AT)
    row = published()
    with pytest.raises(NotAllowed):
        withdraw_report(maker, row.sha256, reason="r", at=AT)


def test_a_withdrawn_report_leaves_the_board_and_stays_readable():
    row = published()
    withdraw_report(system_actor("cli"), row.sha256, reason="wrong firmware", at=AT)
    assert "ATOM" not in Client().get("/testbed/").content.decode()
    assert Client().get(f"/testbed/{row.sha256}/report.json").status_code == 200
    with pytest.raises(ReportUnknown):
        withdraw_report(system_actor("cli"), "0" * 64, reason="r", at=AT)


def test_a_row_of_the_board_cannot_be_changed():
    row = published()
    with pytest.raises(DatabaseError), transaction.atomic():
        BoardReport.objects.filter(id=row.id).update(device="other")
