"""From a call to a voucher that can be spent, with the ledger looked at after every step."""

from __future__ import annotations

import pytest

from madang.ledger.postings import hold
from madang.ledger.queries import identities
from madang.ledger.types import Stamp
from madang.metering.vouchers.queries import terms_of, voucher_report
from madang.parties.models import Event, Notice
from madang.parties.notices.queries import notices_for
from madang.programme.copayments.actions import issue_voucher, record_deposit
from madang.programme.models import Application, Award
from madang.programme.public import concluded
from madang.programme.selection.actions import compute_ranking, confirm_ranking
from madang.programme.years.queries import budgets_of
from madang.review.rankings.queries import reproduces, standing_run


def assert_identities() -> None:
    """Every identity of the ledger's reference, section 5, as the ledger itself checks them."""
    assert [one for one in identities() if not one.ok] == []


def test_spine_from_call_to_voucher(
    call, apply_for, review_all, sign_all, operators, nuri, sums, won, seoul, year
) -> None:
    """Goal: the money of a call reaches a voucher, step by step, every won accounted for.

    Three firms apply for 12, 12 and 10 million of 30; the two best fit, the third is reserve.
    """
    assert sums() == {
        "1100": 100_000_000,
        "2100": 100_000_000,
        "B100": 100_000_000,
        "B200": 70_000_000,
        "B300": 30_000_000,
    }
    best = apply_for("hana", 12_000_000, supplier="nuri")
    good = apply_for("duri", 12_000_000)
    fair = apply_for("sena", 10_000_000)
    assert [row.receipt_no for row in (best, good, fair)] == [
        f"c-2026-1-{n:04d}" for n in (1, 2, 3)
    ]
    when = review_all(call, {best: 90, good: 80, fair: 70})
    run = compute_ranking(operators[0], call.id, at=when)
    assert confirm_ranking(operators[0], call.id, run.id, at=when).state == "computed"
    assert not Award.objects.exists()
    assert confirm_ranking(operators[1], call.id, run.id, at=when).state == "confirmed"
    assert reproduces(standing_run(run.panel_id))
    states = [Application.objects.get(pk=row.pk).state for row in (best, good, fair)]
    assert states == ["selected", "selected", "reserve"]
    assert (sums()["B300"], sums()["B310"]) == (6_000_000, 24_000_000)
    assert_identities()

    award = sign_all(Award.objects.get(application=best), when)
    assert (award.state, award.voucher.state) == ("agreed", "pending")
    deposit = award.copayment.cash_microwon
    assert deposit == won(3_000_000 + 1_500_000)  # 3 of 15 million supply, and a tenth of 15
    record_deposit(
        operators[0],
        award.id,
        payer="hana",
        amount_microwon=deposit,
        reference="bank-1",
        received_at=when,
        at=when,
    )
    voucher = issue_voucher(operators[1], award.id, at=when)
    assert voucher.state == "active"
    assert voucher.code == "v-c-2026-1-0001"
    assert voucher.expires_at == seoul("2027-01-01 00:00")
    report = voucher_report(operators[0], voucher.code, when)
    assert report["supply"]["spendable_microwon"] == won(15_000_000)
    assert sums() == {
        "1100": 100_000_000,
        "1110": 4_500_000,
        "2100": 100_000_000,
        "2200": 4_500_000,
        "B100": 100_000_000,
        "B200": 70_000_000,
        "B300": 6_000_000,
        "B310": 12_000_000,
        "B400": 12_000_000,
    }
    assert_identities()
    (figures,) = budgets_of([year])
    assert figures.awarded_microwon == won(12_000_000)
    assert [row.amount_microwon for row in concluded()] == [won(12_000_000)]

    # The whole of it can be held, and not a micro-won more.
    terms, supplier = terms_of(voucher, when), best.supplier_id
    stamp = Stamp("hold-1", "system", when, "test", "1")
    held = hold(
        stamp,
        terms,
        supplier=supplier,
        hold_id=award.id,
        amount=won(15_000_000),
        expires_at=voucher.expires_at,
    )
    assert held.parts.total == won(16_500_000)
    assert_identities()


def test_issuing_and_depositing_again_change_nothing(
    call, apply_for, decide, sign_all, operators, sums
) -> None:
    row = apply_for("hana", 8_000_000)
    when = decide(call, {row: 90})
    award = sign_all(Award.objects.get(application=row), when)
    facts = {
        "payer": "hana",
        "amount_microwon": award.copayment.cash_microwon,
        "reference": "bank-1",
        "received_at": when,
        "at": when,
    }
    first = record_deposit(operators[0], award.id, **facts)
    issue_voucher(operators[0], award.id, at=when)
    before, events = sums(), Event.objects.count()
    assert record_deposit(operators[0], award.id, **facts) == first
    assert issue_voucher(operators[1], award.id, at=when).state == "active"
    assert (sums(), Event.objects.count()) == (before, events)


def test_inv_i9_every_step_left_an_event_without_a_name_in_it(
    call, apply_for, decide, sign_all, operators
) -> None:
    row = apply_for("hana", 8_000_000)
    when = decide(call, {row: 90})
    sign_all(Award.objects.get(application=row), when)
    actions = set(Event.objects.values_list("action", flat=True))
    assert {
        "call.adopt",
        "application.submit",
        "application.find_eligible",
        "call.start_review",
        "assignment.accept",
        "assignment.submit",
        "ranking.compute",
        "ranking.confirm",
        "application.select",
        "agreement.signature",
        "agreement.sign",
        "award.agree",
        "voucher.create",
    } <= actions
    words = str(list(Event.objects.values_list("facts", "actor", "subject_id")))
    for word in ("@", "Hana", "plan of", "we call models"):
        assert word not in words


def test_inv_i10_every_outward_decision_was_told(
    call, apply_for, decide, person, seoul, operators
) -> None:
    rows = {apply_for("hana", 30_000_000): 90, apply_for("duri", 1_000_000): 80}
    decide(call, rows)
    kinds = [
        [notice.kind for notice in notices_for(person(f"ceo@{c}.example", c, "beneficiary"))]
        for c in ("hana", "duri")
    ]
    assert [sorted(found) for found in kinds] == [
        ["programme.application.received", "programme.application.selected"],
        ["programme.application.received", "programme.application.reserve"],
    ]
    assert Notice.objects.filter(delivered_at__isnull=False).count() == 0


@pytest.mark.parametrize("requested_won", [30_000_000, 7])
def test_award_is_exactly_what_was_requested(
    call, apply_for, decide, won, requested_won
) -> None:
    row = apply_for("hana", requested_won)
    decide(call, {row: 90})
    assert Award.objects.get(application=row).amount_microwon == won(requested_won)
