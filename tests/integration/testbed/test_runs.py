"""Ordered runs: a job of the local engine measures, the platform signs and charges."""

from __future__ import annotations

import base64
import io
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from compute_stage import PLATFORM, Stage
from metering_market import OPERATOR
from testbed_bench import DEVICE, KEY, spec_text

from madang.compute.engines.local import LocalEngine, Setup
from madang.compute.jobs.models import OPEN, Job
from madang.compute.polling import poll_site
from madang.compute.sites.models import EngineKind
from madang.core.clock import SystemClock
from madang.core.errors import NotAllowed, NotFound, Refused
from madang.core.ids import uuid7
from madang.core.units import Meter, Unit
from madang.ledger import queries as ledger
from madang.metering.errors import BalanceInsufficient
from madang.metering.usage.models import Usage
from madang.metering.vouchers.queries import terms_of
from madang.parties.actor import Actor, Role
from madang.parties.documents.store import DocumentStore
from madang.testbed.errors import (
    ArchiveMalformed,
    OfferingNotForRuns,
    OfferingUnknown,
    SpecMalformed,
    VoucherAndOffering,
)
from madang.testbed.harness.remote import BEGIN, END, from_log
from madang.testbed.submissions.actions import decline_submission, withdraw_submission
from madang.testbed.submissions.models import Submission
from madang.testbed.submissions.runs import (
    accept_test_run,
    cancel_run,
    collect_run,
    order_test_run,
)
from madang.testbed.submissions.worker import check_submission

pytestmark = pytest.mark.django_db
WON = 1_000_000
SHORT = 'profile = "quick"\nmin_duration_s = 0.05\nquery_s_max = 2.0'


def now() -> datetime:
    return datetime.now(UTC)


def files_of() -> bytes:
    """What the specification names beside itself, as a zip."""
    x = np.arange(32, dtype=np.float32).reshape(8, 1, 4)
    samples = io.BytesIO()
    np.savez(samples, x=x, expected=2 * x)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("samples.npz", samples.getvalue())
        archive.writestr("device.py", DEVICE.read_text())
    return held.getvalue()


def order_text(way: str = "good") -> str:
    subject = f'kind = "process"\ncommand = ["{sys.executable}", "device.py", "{way}"]'
    return spec_text(way, subject=subject, run=SHORT)


class Ordering:
    """A maker with a voucher, a grant of the test-bed's, an engine of this machine."""

    def __init__(self, folder: Path) -> None:
        self.stage = Stage(engine=EngineKind.LOCAL, user="", cards=4)
        self.market = self.stage.market
        self.grant = self.stage.grant(
            "g-testbed", gpu_seconds=10_000, cards_max=2, organisation="agency"
        )
        self.engine = LocalEngine("gwangju", folder / "engine", Setup(4))
        self.store = DocumentStore(folder / "objects")
        self.firm = self.market.organisation("hana")
        places = frozenset({(self.firm.id, Role.MAKER)})
        self.maker = Actor(
            str(uuid7()), frozenset({Role.MAKER}), frozenset({self.firm.id}), places=places
        )
        self.market.offering("lab/run", unit=Unit.SECOND, won_each="3", meter=Meter.RUN)
        self.voucher = self.market.voucher("v-hana", organisation="hana", offerings=("lab/*",))

    def order(self, spec: str = "", **more):
        held = {"voucher": "v-hana", "offering": "lab/run", "files": files_of()} | more
        return order_test_run(
            self.maker, self.firm, spec=spec or order_text(), at=now(), **held
        )

    def start(self, row):
        return accept_test_run(OPERATOR, row.id, self.grant, self.engine, at=now())

    def ended(self, row) -> Submission:
        """Waits until the engine tells the job's end, then collects it as the worker does."""
        until = now() + timedelta(minutes=5)
        while Job.objects.get(id=row.job_id).state in OPEN:
            assert now() < until, self.engine
            self.stage.site.refresh_from_db()
            poll_site(PLATFORM, self.stage.site, self.engine, at=now())
        row = Submission.objects.select_related("job__grant__gpu_class__site").get(id=row.id)
        return collect_run(row, self.engine, KEY, SystemClock(), store=self.store)

    def held(self) -> int:
        """The subsidy's seven tenths of what is reserved."""
        return ledger.position(terms_of(self.voucher, now())).held


@pytest.fixture
def ordering(tmp_path):
    return Ordering(tmp_path)


def test_an_ordered_run_is_measured_by_a_job_signed_here_and_charged_by_its_seconds(ordering):
    row = ordering.order()
    assert (row.state, row.held_microwon) == ("ordered", row.held_quantity * 3 * WON)
    assert ordering.held() == row.held_microwon * 7 // 10
    started = ordering.start(row)
    assert ordering.start(row).job_id == started.job_id
    done = ordering.ended(started)
    assert (done.state, done.faults) == ("submitted", [])
    attempt = done.job.attempts.get()
    lasted = attempt.ended_at - attempt.started_at
    seconds = -(-lasted // timedelta(seconds=1))
    usage = Usage.objects.get(external_id=done.usage_id)
    assert usage.quantities == {"second": seconds}
    assert usage.evidence_sha256 == done.sha256
    assert done.charge_microwon == seconds * 3 * WON
    assert ordering.held() == 0
    checked = check_submission(PLATFORM, done.id, store=ordering.store, at=now())
    assert (checked.state, checked.faults, checked.verdict) == ("trial", [], "passed")
    assert ordering.ended(checked).state == "trial"
    assert Usage.objects.count() == 1


@pytest.mark.parametrize(("way", "finding"), [("wrong", "wrong_answers"), ("hangs", "hung")])
def test_a_bad_system_in_a_job_makes_a_signed_report_that_names_it(ordering, way, finding):
    done = ordering.ended(ordering.start(ordering.order(order_text(way))))
    assert done.state == "submitted"
    checked = check_submission(PLATFORM, done.id, store=ordering.store, at=now())
    assert (checked.state, checked.verdict) == ("trial", "failed")
    with zipfile.ZipFile(ordering.store.path_of(checked.archive.sha256)) as held:
        envelope = held.read("report.json").decode()
    payload = base64.b64decode(envelope.split('"payload":"')[1].split('"')[0])
    assert f'"code":"{finding}"'.encode() in payload


def test_a_job_that_leaves_no_report_ends_the_order_and_charges_nothing(ordering):
    files = io.BytesIO()
    with zipfile.ZipFile(files, "w") as archive:
        archive.writestr("samples.npz", b"no arrays")
    done = ordering.ended(ordering.start(ordering.order(files=files.getvalue())))
    assert (done.state, done.faults) == ("failed", ["the job ended as failed"])
    assert (Usage.objects.count(), ordering.held()) == (0, 0)


def test_an_archive_of_another_specification_is_no_report(ordering):
    row = ordering.start(ordering.order())
    Submission.objects.filter(id=row.id).update(spec=row.spec + "# other\n")
    done = ordering.ended(row)
    assert done.state == "failed"
    assert "another specification" in done.faults[0]


def test_a_run_without_a_price_is_charged_to_nobody(ordering):
    done = ordering.ended(ordering.start(ordering.order(voucher="", offering="")))
    assert (done.state, done.charge_microwon) == ("submitted", None)
    assert Usage.objects.count() == 0


def test_what_was_reserved_returns_when_an_order_is_declined_or_withdrawn(ordering):
    first, second = ordering.order(), ordering.order()
    assert ordering.held() == 2 * first.held_microwon * 7 // 10
    decline_submission(OPERATOR, first.id, reason="no card is free", at=now())
    withdraw_submission(ordering.maker, second.id, reason="not yet", at=now())
    assert ordering.held() == 0


def test_a_withdrawn_run_ends_its_job_and_is_never_collected(ordering):
    row = ordering.start(ordering.order(order_text("hangs")))
    withdraw_submission(ordering.maker, row.id, reason="mistake", at=now())
    row.refresh_from_db()
    cancel_run(ordering.maker, row, ordering.engine, at=now())
    done = ordering.ended(row)
    assert (done.state, Usage.objects.count(), ordering.held()) == ("withdrawn", 0, 0)
    assert Job.objects.get(id=row.job_id).state == "cancelled"


REFUSED = [
    ({"voucher": ""}, VoucherAndOffering),
    ({"offering": ""}, VoucherAndOffering),
    ({"offering": "lab/none"}, OfferingUnknown),
    ({"voucher": "v-none"}, NotFound),
    ({"offering": "gj/report"}, OfferingNotForRuns),
    ({"files": b"x" * 200_000}, ArchiveMalformed),
    ({"spec": "device = 1"}, SpecMalformed),
    ({"spec": order_text().replace("quick", "official")}, SpecMalformed),
]


@pytest.mark.parametrize(("change", "error"), REFUSED)
def test_an_order_that_cannot_be_run_or_paid_reserves_nothing(ordering, change, error):
    ordering.market.offering("gj/report")
    with pytest.raises(error):
        ordering.order(**change)
    assert (Submission.objects.count(), ordering.held()) == (0, 0)


def test_a_run_that_the_voucher_cannot_pay_is_refused(ordering):
    ordering.market.offering("lab/dear", unit=Unit.REQUEST, won_each="900000000",
                             meter=Meter.RUN)  # fmt: skip
    with pytest.raises(BalanceInsufficient):
        ordering.order(offering="lab/dear")


def test_an_endpoint_of_a_private_address_is_not_ordered_through_a_page(ordering):
    text = order_text().replace("process", "openai").replace("command", "#")
    text = text.replace('kind = "openai"', 'kind = "openai"\naddress = "http://127.0.0.1/v1"')
    with pytest.raises(Refused):
        ordering.order(
            text.replace("SingleStream", "LLM").replace(
                'name = "LLM"', 'name = "LLM"\nexpected_qps = 1\nttft_ms = 1\ntpot_ms = 1'
            )
        )


def test_only_the_agency_starts_a_run_and_only_makers_order_one(ordering):
    row = ordering.order()
    with pytest.raises(NotAllowed):
        accept_test_run(ordering.maker, row.id, ordering.grant, ordering.engine, at=now())
    visitor = Actor(str(uuid7()), frozenset({Role.BENEFICIARY}), frozenset({ordering.firm.id}))
    with pytest.raises(NotAllowed):
        order_test_run(visitor, ordering.firm, spec=order_text(), at=now())


def test_an_archive_comes_back_through_a_log_too():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a", "b")
    text = base64.b64encode(content.getvalue()).decode()
    assert from_log(f"noise\n{BEGIN}\n{text[:10]}\n{text[10:]}\n{END}\n") == content.getvalue()
    for log in ("", f"{BEGIN}\n{text}", f"{BEGIN}\n!!\n{END}", f"{BEGIN}\naGVq\n{END}"):
        with pytest.raises(ArchiveMalformed):
            from_log(log)
