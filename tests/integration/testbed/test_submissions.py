"""What makers hand in: checked figure by figure, decided with reasons, appealed, withdrawn."""

from __future__ import annotations

import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from django.test import Client
from metering_market import OPERATOR, OTHER_OPERATOR, Market
from testbed_bench import KEY
from testbed_reports import AT, official, zipped

from madang.core.clock import FixedClock
from madang.core.errors import MadangError, NotAllowed, NotFound
from madang.core.ids import uuid7
from madang.core.units import Meter, Unit
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.documents.actions import store_document
from madang.parties.documents.store import DocumentStore
from madang.parties.errors import FourEyes, TransitionNotAllowed
from madang.testbed.board.models import BoardReport
from madang.testbed.board.queries import board, history_of, pilots
from madang.testbed.errors import (
    AppealLate,
    ArchiveMalformed,
    NothingToAppeal,
    ReasonMissing,
    ReportExists,
    ReportUntrusted,
    SubmissionsTooMany,
)
from madang.testbed.harness import signing
from madang.testbed.harness.running import sign_measured
from madang.testbed.submissions.actions import (
    decline_submission,
    publish_submission,
    remove_submission,
    submit_test_report,
    withdraw_submission,
)
from madang.testbed.submissions.appeals import appeal_submission, decide_submission_appeal
from madang.testbed.submissions.models import Submission
from madang.testbed.submissions.queries import submission_for, submissions_for
from madang.testbed.submissions.worker import testbed_due as due

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(days=30)


class Yard:
    """Two makers, two operators, and a store of files."""

    def __init__(self, folder) -> None:
        self.folder, self.made = folder, 0
        self.store = DocumentStore(folder / "objects")
        self.market = Market()
        self.firm, self.other = (self.market.organisation(one) for one in ("hana", "bada"))
        self.maker, self.stranger = self.actor(self.firm), self.actor(self.other)

    @staticmethod
    def actor(firm) -> Actor:
        places = frozenset({(firm.id, Role.MAKER)})
        roles, own = frozenset({Role.MAKER}), frozenset({firm.id})
        return Actor(str(uuid7()), roles, own, places=places)

    def zip(self, **changes) -> bytes:
        self.made += 1
        return zipped(official(self.folder / f"report-{self.made}", **changes))

    def document(self, content: bytes, firm=None):
        return store_document(
            system_actor("cli"), chunks=[content], file_name="report.zip",
            media_type="application/zip", organisation=(firm or self.firm).id,
            store=self.store, at=AT,
        )  # fmt: skip

    def submitted(self, content: bytes | None = None, *, by=None, firm=None, **more):
        document = self.document(content or self.zip(), firm)
        return submit_test_report(
            by or self.maker, firm or self.firm, document, store=self.store, at=AT, **more
        )

    def checked(self, row, at=AT):
        due(FixedClock(at), store=self.store)
        return Submission.objects.get(id=row.id)

    def published(self, **more):
        row = self.checked(self.submitted(**more))
        publish_submission(OPERATOR, row.id, store=self.store, at=LATER)
        return Submission.objects.get(id=row.id)


@pytest.fixture
def yard(tmp_path):
    return Yard(tmp_path)


def test_a_report_is_checked_published_and_can_be_fetched_with_its_key(yard):
    row = yard.checked(yard.submitted())
    assert (row.state, row.faults, row.verdict) == ("checked", [], "passed")
    publish_submission(OPERATOR, row.id, store=yard.store, at=LATER)
    (report,) = board(model="doubler", scenario="SingleStream")
    assert (report.device, report.site, report.sha256) == ("Doubler", "Gwangju", row.sha256)
    base = f"/testbed/{report.sha256}/"
    envelope = Client().get(base + "report.json").content
    pem = Client().get(base + "key.pub.pem").content
    assert pem == Client().get(f"/api/v1/testbed/reports/{report.sha256}/key.pub.pem").content
    assert signing.opened(envelope, signing.public_key_from(pem))
    again = publish_submission(OPERATOR, row.id, store=yard.store, at=LATER)
    assert again.id == report.id


def test_the_same_report_is_the_same_submission_and_of_another_firm_refused(yard):
    content = yard.zip()
    first = yard.submitted(content)
    assert yard.submitted(content).id == first.id
    with pytest.raises(ReportExists):
        yard.submitted(content, by=yard.stranger, firm=yard.other)


def spoiled(content: bytes, name: str, change) -> bytes:
    """The archive with one file changed, or without it."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as held, zipfile.ZipFile(out, "w") as made:
        for one in held.namelist():
            body = held.read(one)
            if one == name:
                body = change(body)
            if body is not None:
                made.writestr(one, body)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("runs/03/samples.csv", lambda b: b.replace(b"500000000", b"400000000", 1), "changed"),
        ("runs/02/mlperf_log_detail.txt", lambda b: None, "missing"),
        ("spec.toml", lambda b: None, "no figure was worked out again"),
        ("measured.json", lambda b: b"{}", "was changed"),
    ],
)
def test_a_report_whose_logs_are_not_those_that_were_signed_is_turned_away(
    yard, name, change, words
):
    row = yard.checked(yard.submitted(spoiled(yard.zip(), name, change)))
    assert row.state == "faulty"
    assert words in " ".join(row.faults)
    with pytest.raises(TransitionNotAllowed):
        publish_submission(OPERATOR, row.id, store=yard.store, at=AT)
    assert BoardReport.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "change", "error"),
    [
        ("report.json", lambda b: b.replace(b"payload", b"Payload", 1), ReportUntrusted),
        ("report.json", lambda b: None, ArchiveMalformed),
        ("key.pub.pem", lambda b: b"no key", MadangError),
        ("", None, ArchiveMalformed),
    ],
)
def test_what_is_no_signed_report_is_refused_at_once(yard, name, change, error):
    content = spoiled(yard.zip(), name, change) if name else b"PK\x03\x04 no zip"
    with pytest.raises(error):
        yard.submitted(content)
    assert Submission.objects.count() == 0


def test_a_failed_report_stays_on_record_and_never_reaches_the_board(yard):
    row = yard.checked(yard.submitted(yard.zip(wrong=True)))
    assert (row.state, row.verdict) == ("failed", "failed")
    with pytest.raises(TransitionNotAllowed):
        publish_submission(OPERATOR, row.id, store=yard.store, at=AT)


def test_a_quick_report_is_a_trial_apart_from_the_board(yard, tmp_path):
    made = official(tmp_path / "quick", device="Quick one")
    spec = made.path.parent / "spec.toml"
    quick = 'profile = "quick"\nmin_duration_s = 1.0'
    spec.write_text(spec.read_text().replace('profile = "official"', quick))
    made = sign_measured(made.path.parent, KEY, FixedClock(AT))
    row = yard.checked(yard.submitted(zipped(made)))
    assert (row.state, row.profile) == ("trial", "quick")
    assert "Quick one" not in Client().get("/testbed/").content.decode()
    assert "Quick one" in Client().get("/testbed/trials/").content.decode()
    with pytest.raises(TransitionNotAllowed):
        publish_submission(OPERATOR, row.id, store=yard.store, at=AT)


def test_a_maker_takes_a_published_report_off_the_board_and_its_history_says_why(yard):
    row = yard.published()
    with pytest.raises(ReasonMissing):
        withdraw_submission(yard.maker, row.id, reason=" ", at=LATER)
    withdraw_submission(yard.maker, row.id, reason="new firmware", at=LATER)
    assert list(board()) == list(pilots()) == []
    (report,) = history_of("Doubler")
    assert (report.last_kind, report.last_reason) == ("withdrawn", "new firmware")
    assert "new firmware" in Client().get("/testbed/device/?device=Doubler").content.decode()
    assert Client().get(f"/testbed/{row.sha256}/report.json").status_code == 200
    again = withdraw_submission(yard.maker, row.id, reason="again", at=LATER)
    assert again.reason == "new firmware"


def test_an_appeal_is_decided_by_another_person_and_puts_the_report_back(yard):
    row = yard.published()
    remove_submission(OPERATOR, row.id, reason="looked odd", at=LATER)
    assert list(board()) == []
    appeal = appeal_submission(yard.maker, row.id, text="The logs are there.", at=LATER)
    again = appeal_submission(yard.maker, row.id, text="other words", at=LATER)
    assert again.id == appeal.id
    with pytest.raises(FourEyes):
        decide_submission_appeal(OPERATOR, appeal.id, upheld=True, reason="r", at=LATER)
    done = decide_submission_appeal(
        OTHER_OPERATOR, appeal.id, upheld=True, reason="The logs hold.", at=LATER
    )
    assert (done.state, done.answer) == ("upheld", "The logs hold.")
    assert Submission.objects.get(id=row.id).state == "published"
    assert [one.sha256 for one in board()] == [row.sha256]
    steps = [one.kind for one in BoardReport.objects.get().steps.order_by("id")]
    assert steps == ["withdrawn", "restored"]


def test_an_upheld_appeal_against_a_refusal_checks_again_and_a_denied_one_changes_nothing(yard):
    row = yard.checked(yard.submitted())
    decline_submission(OPERATOR, row.id, reason="no room", at=LATER)
    appeal = appeal_submission(yard.maker, row.id, text="why", at=LATER)
    decide_submission_appeal(OTHER_OPERATOR, appeal.id, upheld=True, reason="r", at=LATER)
    assert yard.checked(row, LATER).state == "checked"
    decline_submission(OPERATOR, row.id, reason="still", at=LATER + timedelta(days=1))
    second = appeal_submission(yard.maker, row.id, text="again", at=LATER + timedelta(days=2))
    assert second.id != appeal.id
    decide_submission_appeal(
        OTHER_OPERATOR, second.id, upheld=False, reason="it stands", at=LATER
    )
    assert Submission.objects.get(id=row.id).state == "declined"


def test_appeals_have_reasons_an_end_and_something_to_be_about(yard):
    row = yard.checked(yard.submitted())
    with pytest.raises(NothingToAppeal):
        appeal_submission(yard.maker, row.id, text="t", at=LATER)
    decline_submission(OPERATOR, row.id, reason="r", at=LATER)
    with pytest.raises(ReasonMissing):
        appeal_submission(yard.maker, row.id, text="  ", at=LATER)
    with pytest.raises(AppealLate):
        appeal_submission(yard.maker, row.id, text="t", at=LATER + timedelta(days=30))


def test_other_firms_see_and_move_nothing_and_makers_decide_nothing(yard):
    row = yard.checked(yard.submitted())
    assert list(submissions_for(yard.stranger)) == []
    with pytest.raises(NotFound):
        submission_for(yard.stranger, row.id)
    acts = (
        lambda who: withdraw_submission(who, row.id, reason="r", at=AT),
        lambda who: appeal_submission(who, row.id, text="t", at=AT),
    )
    for act in acts:
        with pytest.raises(NotFound):
            act(yard.stranger)
    decisions = (
        lambda who: publish_submission(who, row.id, store=yard.store, at=AT),
        lambda who: decline_submission(who, row.id, reason="r", at=AT),
        lambda who: remove_submission(who, row.id, reason="r", at=AT),
    )
    for act in decisions:
        with pytest.raises(NotAllowed):
            act(yard.maker)


def test_a_firm_has_only_so_many_open_at_a_time(yard):
    for number in range(20):
        Submission.objects.create(
            kind="report", organisation=yard.firm, state="submitted", by="x", created_at=AT,
            sha256=f"{number:064}",
        )  # fmt: skip
    with pytest.raises(SubmissionsTooMany):
        yard.submitted()


def test_answers_for_one_won_come_from_the_products_price(yard):
    yard.market.offering("nuri/device", unit=Unit.SECOND, won_each="2", meter=Meter.DELIVERY)
    yard.published(offering="nuri/device")
    report = BoardReport.objects.get()
    assert report.results == 5 * 1300
    assert report.cost_basis == "price"
    assert report.cost_microwon == 5 * 650 * 2 * 1_000_000
    page = Client().get("/testbed/").content.decode()
    assert "1.000" in page
    answer = Client().get("/api/v1/testbed/reports?scenario=SingleStream").json()
    assert answer[0]["results_per_won"] == "1.000"
