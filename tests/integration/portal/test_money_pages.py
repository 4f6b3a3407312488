"""Pages of execution, cases, years, bank and invoices: used as people use them."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.integration.portal import world as worlds

from madang.metering.models import Receipt, TaxInvoice
from madang.programme.models import ClawbackCase, Report
from madang.programme.reports.workflow import REPORT

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
HEAD = "account,reference,booked_at,amount_won,payer,memo\n"


@pytest.fixture
def town(settings, monkeypatch):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return worlds.build()


def browser(world, email: str, language: str = "en") -> Client:
    client = Client()
    client.cookies["django_language"] = language
    client.force_login(world.people[email], backend=BACKEND)
    return client


def text(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_people_find_what_follows_an_award_on_their_pages(town) -> None:
    """One walk, for a building of the whole world is slow: each part says what it looks at."""
    op, op2 = browser(town, "op@agency.example"), browser(town, "op2@agency.example")
    kim, nu = browser(town, "kim@hana.example"), browser(town, "nu@nuri.example")
    auditor = browser(town, "au@audit.example", "ko")
    execution = f"/awards/{town.award.id}/execution/"

    # the beneficiary hands a report in, the operator accepts it
    shown = text(kim.get(execution))
    assert "Mid-term report" in shown
    assert "Measured use" in shown
    report = Report.objects.get(award=town.award, kind="mid")
    words = {"s-done": "we did it", "s-effect": "b", "s-problems": "c", "row": str(report.id)}
    assert kim.post(execution + "submit-report/", words).status_code == 302
    assert "we did it" in text(op.get(execution)), "it is read before it is accepted"
    back = {"row": str(report.id), "reason": "say how much"}
    assert op.post(execution + "return-report/", back).status_code == 302
    shown = text(kim.get(execution))
    assert "say how much" in shown
    assert ">we did it</textarea>" in shown, "nothing is typed twice"
    assert kim.post(execution + "submit-report/", words).status_code == 302
    assert op.post(execution + "accept-report/", {"row": str(report.id)}).status_code == 302
    report.refresh_from_db()
    assert report.state == "accepted"

    # the auditor reads states in words, and names that the record itself does not hold
    events = text(auditor.get("/auditor/events/", {"subject_type": "report"}))
    assert "report.accept" in events
    assert REPORT.label("accepted", "ko") in events
    assert town.people["op@agency.example"].name in events

    # a check is planned and fails
    planned = {"kind": "mid", "due_at": "2026-06-01T10:00"}
    assert op.post(execution + "plan-check/", planned).status_code == 302
    check = town.award.checks.get()
    failed = {"row": str(check.id), "result": "failed", "reason": "no work was seen"}
    assert op2.post(execution + "record-check/", failed).status_code == 302
    assert "no work was seen" in text(kim.get(execution))
    assert "Failed" in text(op.get(execution)) or "failed" in text(op.get(execution))

    # a case is opened, the debtor answers on its own page
    body = {"ground": "breach", "amount": "10000", "reason": "no work was seen"}
    assert op.post(f"/awards/{town.award.id}/case/", body).status_code == 302
    case = ClawbackCase.objects.order_by("-opened_at").first()
    page = f"/cases/{case.id}/"
    assert kim.get(page).status_code == 404
    for step in ("investigate", "hearing"):
        assert op.post(f"{page}{step}/", {"reason": "r"}).status_code == 302
    assert "Hand in your answer" in text(kim.get(page))
    assert kim.post(f"{page}answer/", {"reason": "we did work"}).status_code == 302
    assert op.post(f"{page}hear/").status_code == 302
    assert "we did work" in text(op2.get(page))
    assert op2.post(f"{page}drop/", {"reason": "they did"}).status_code == 302
    assert "환수 사건" in text(auditor.get("/cases/"))

    # the bank's file is taken in on the year's page, and money is parked in the queue
    year = "/operator/years/api-voucher/2026/"
    line = f"{HEAD}1110,page-9,2026-03-01T10:00:00+09:00,7000,,nobody knows\n"
    for _ in range(2):
        file = SimpleUploadedFile("bank.csv", line.encode())
        assert op.post(f"{year}bank/", {"file": file}).status_code == 302
    assert Receipt.objects.get(reference="page-9").state == "parked"
    assert "page-9" in text(op.get("/operator/exceptions/"))
    assert "Money to be identified" in text(op.get("/operator/exceptions/"))
    assert "only the ledger knows" in text(op.get(year))
    assert "회계연도" in text(auditor.get("/operator/years/"))

    # the supplier records its invoice
    invoice = TaxInvoice.objects.get(supplier__code="nuri")
    assert "It was issued" in text(nu.get("/invoices/"))
    given = {"number": "n-1", "issued_at": "2026-03-01T10:00"}
    assert nu.post(f"/invoices/{invoice.id}/issued/", given).status_code == 302
    assert "n-1" in text(kim.get("/invoices/"))

    # the auditor goes from a figure to its evidence
    shown = text(auditor.get("/auditor/accounts/B500/"))
    assert f"/auditor/journals/{town.charge.journal}/" in shown
    assert town.charge.usage.evidence_sha256 in text(
        auditor.get(f"/auditor/journals/{town.charge.journal}/")
    )

    assert "P8</a> 차감" in text(auditor.get("/auditor/journals/?kind=P8"))

    # quota counts GPU-seconds: it is no money
    balance = text(auditor.get("/auditor/"))
    assert "18,000" in balance
    assert "0.018" not in balance
    assert "18,000" in text(auditor.get("/auditor/accounts/Q100/"))

    # an auditor keeps the own menu on the agency's pages, and reads them without a button
    for page in ("/operator/exceptions/", "/operator/settlement/", "/operator/payouts/"):
        shown = text(auditor.get(page))
        assert "봉인과 검증" in shown, page
        assert 'method="post" action="/operator/' not in shown, page
    assert "/operator/calls/new/" not in text(auditor.get("/operator/calls/"))

    # ties name people and firms, not numbers
    tie = {"a": "person:lee@univ.example", "b": "organisation:hana", "kind": "adviser"}
    assert op.post("/operator/relationships/declare/", tie).status_code == 302
    ties = text(op.get("/operator/relationships/"))
    assert town.people["lee@univ.example"].name in ties
    assert town.firms["hana"].name_en in ties
    assert str(town.firms["hana"].id) not in ties

    # the last day of a month's invoices is the day that the page itself names
    assert re.search(r"-10 24:00", text(nu.get("/invoices/")))

    # everybody sees what is due next
    assert "Hand in the report" in text(kim.get("/account/desk/"))
