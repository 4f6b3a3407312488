"""Awards, agreements, co-payment: signed by all in time, or the next one moves up."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from madang.core.clock import rfc3339
from madang.core.errors import NotAllowed, NotFound
from madang.ledger.queries import identities
from madang.metering.errors import DepositShort
from madang.metering.models import Receipt, Voucher
from madang.parties.errors import TransitionNotAllowed
from madang.parties.events.models import Event
from madang.parties.notices.queries import notices_for
from madang.parties.policies.actions import declare_policy
from madang.programme.agreements.actions import sign_agreement
from madang.programme.agreements.queries import agreement_for, agreements_for
from madang.programme.awards.actions import (
    decline_award,
    lapse_award,
    lapse_due,
    promote_reserve,
)
from madang.programme.awards.queries import award_for, awards_for
from madang.programme.banking.actions import import_bank_file
from madang.programme.calls.actions import archive_call, declare_call
from madang.programme.copayments.actions import issue_voucher, record_deposit
from madang.programme.deadlines import due_after, holidays_at
from madang.programme.duties import programme_due
from madang.programme.errors import (
    NotAParty,
    NotDueYet,
    RankingOfAnotherCall,
    ReasonMissing,
    ReserveEmpty,
    SignatureDigest,
    SignatureLate,
    SignedAlready,
    VoucherMissing,
    YearOver,
)
from madang.programme.models import Agreement, Application, Award, CoPaymentObligation
from madang.programme.selection.actions import compute_ranking, confirm_ranking
from madang.review.errors import AlreadyConfirmed

AT = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
MICRO = timedelta(microseconds=1)


@pytest.fixture
def decided(call, apply_for, decide, nuri):
    """hana (with nuri) and duri selected, sena and mir in reserve; when that was decided."""
    rows = {
        apply_for("hana", 12_000_000, supplier="nuri"): 95,
        apply_for("duri", 15_000_000): 90,
        apply_for("sena", 14_000_000): 80,
        apply_for("mir", 2_000_000): 70,
    }
    return decide(call, rows)


def award_of(code: str) -> Award:
    return Award.objects.get(organisation__code=code)


def ceo(person, code: str):
    return person(f"ceo@{code}.example", code, "beneficiary")


def pay(operator, award: Award, at, amount_microwon: int | None = None, **change):
    facts = {
        "payer": award.organisation.code,
        "amount_microwon": amount_microwon or award.copayment.cash_microwon,
        "reference": f"bank-{award.id}",
        "received_at": at,
        "at": at,
    }
    return record_deposit(operator, award.id, **(facts | change))


def test_inv_i3_i4_selected_fit_the_budget_in_order_of_rank(decided, sums) -> None:
    states = {row.organisation.code: row.state for row in Application.objects.all()}
    assert states == {
        "hana": "selected",
        "duri": "selected",
        "sena": "reserve",
        "mir": "reserve",
    }
    assert (sums()["B300"], sums()["B310"]) == (3_000_000, 27_000_000)


def test_every_party_signs_once_and_the_last_concludes(
    decided, operators, person, nuri
) -> None:
    row = award_of("hana").agreement
    hana = ceo(person, "hana")
    for signer in (hana, nuri):
        row = sign_agreement(signer, row.id, sha256=row.terms_sha256, at=decided)
        assert row.state == "pending_signatures"
    assert sign_agreement(hana, row.id, sha256=row.terms_sha256, at=decided) == row
    row = sign_agreement(operators[0], row.id, sha256=row.terms_sha256, at=decided)
    assert row.state == "signed"
    award = award_of("hana")
    assert (award.state, award.voucher.state) == ("agreed", "pending")
    assert award.copayment.state == "pending_deposit"
    assert {party.signed_sha256 for party in row.parties.all()} == {row.terms_sha256}
    with pytest.raises(SignedAlready):
        sign_agreement(operators[1], row.id, sha256=row.terms_sha256, at=decided)


def test_signature_is_refused(
    decided, operators, person, nuri, lee, reviewers, auditor
) -> None:
    row = award_of("hana").agreement
    good = row.terms_sha256
    hana = ceo(person, "hana")
    with pytest.raises(SignatureDigest):
        sign_agreement(hana, row.id, sha256="0" * 64, at=decided)
    with pytest.raises(SignatureLate):
        sign_agreement(hana, row.id, sha256=good, at=row.sign_due_at)
    for outsider in (lee, reviewers[0][0]):
        with pytest.raises(NotFound):
            sign_agreement(outsider, row.id, sha256=good, at=decided)
    with pytest.raises(NotAParty):
        sign_agreement(auditor, row.id, sha256=good, at=decided)
    with pytest.raises(NotAParty):
        sign_agreement(hana, row.id, sha256=good, role="supplier", at=decided)
    with pytest.raises(NotFound):
        sign_agreement(hana, uuid.uuid4(), sha256=good, at=decided)
    sign_agreement(hana, row.id, sha256=good, at=row.sign_due_at - MICRO)


def test_one_person_does_not_sign_for_two_parties(decided, person, system) -> None:
    row = award_of("hana").agreement
    both = person("both@hana.example", "hana", "beneficiary", "operator")
    sign_agreement(both, row.id, sha256=row.terms_sha256, role="agency", at=decided)
    with pytest.raises(SignedAlready):
        sign_agreement(both, row.id, sha256=row.terms_sha256, role="beneficiary", at=decided)
    with pytest.raises(NotAParty):
        sign_agreement(system, row.id, sha256=row.terms_sha256, at=decided)


def test_unsigned_award_lapses_on_its_day_and_the_next_in_rank_moves_up(
    decided, operators, person, sums, sign_all
) -> None:
    award = award_of("duri")
    due = award.agreement.sign_due_at
    with pytest.raises(NotDueYet):
        lapse_award(operators[0], award.id, at=due - MICRO)
    lapse_award(operators[0], award.id, at=due)
    assert award_of("duri").state == "lapsed"
    assert award_of("duri").agreement.state == "lapsed"
    assert award_of("sena").state == "offered"
    assert Application.objects.get(organisation__code="sena").state == "selected"
    assert (sums()["B300"], sums()["B310"]) == (4_000_000, 26_000_000)
    assert all(one.ok for one in identities())
    with pytest.raises(TransitionNotAllowed):
        lapse_award(operators[0], award.id, at=due)
    with pytest.raises(TransitionNotAllowed):
        sign_agreement(
            ceo(person, "duri"),
            award.agreement.id,
            sha256=award.agreement.terms_sha256,
            at=decided,
        )


def test_after_the_years_last_day_nobody_signs_and_nobody_moves_up(
    system, declare_year, content, apply_for, decide, operators, person, seoul
) -> None:
    """A call of December whose ranking is in January would ask for deposits for nothing."""
    year = declare_year(code="short", ends_on=date(2026, 3, 31)).row
    call = declare_call(system, year, content(code="c-late", budget_won=10_000_000), at=AT).row
    rows = {code: apply_for(code, 10_000_000, to=call) for code in ("duri", "sena")}
    decide(call, {rows["duri"]: 90, rows["sena"]: 80})
    award, over = award_of("duri"), seoul("2026-04-01 00:00")
    text = {"sha256": award.agreement.terms_sha256}
    sign_agreement(operators[0], award.agreement.id, at=over - MICRO, **text)
    assert over < award.agreement.sign_due_at
    with pytest.raises(YearOver) as refused:
        sign_agreement(ceo(person, "duri"), award.agreement.id, at=over, **text)
    assert refused.value.fields == {"ends_on": "2026-03-31"}
    lapse_award(operators[0], award.id, at=award.agreement.sign_due_at)
    assert Award.objects.count() == 1
    with pytest.raises(YearOver):
        promote_reserve(operators[0], call.id, at=over)
    assert all(one.ok for one in identities())


def test_nobody_on_the_reserve_list_is_jumped(decided, operators, person, sums) -> None:
    """12 million return, 15 are free: sena's 14 come first; mir's 2 wait although they fit."""
    decline_award(ceo(person, "hana"), award_of("hana").id, reason="moved", at=decided)
    assert award_of("sena").state == "offered"
    assert not Award.objects.filter(organisation__code="mir").exists()
    with pytest.raises(ReserveEmpty):
        promote_reserve(operators[0], award_of("sena").call_id, at=decided)
    assert sums()["B300"] == 1_000_000


def test_next_in_rank_that_does_not_fit_stops_the_list(decided, operators) -> None:
    with pytest.raises(ReserveEmpty):
        promote_reserve(operators[0], award_of("hana").call_id, at=decided)


def test_unpaid_award_lapses_and_its_voucher_is_cancelled(
    decided, operators, sign_all, sums
) -> None:
    award = sign_all(award_of("duri"), decided)
    due = award.copayment.due_at
    pay(operators[0], award, decided, 1_000_000_000_000)
    with pytest.raises(NotDueYet):
        lapse_award(operators[0], award.id, at=due - MICRO)
    lapse_award(operators[0], award.id, at=due)
    assert Voucher.objects.get(pk=award.voucher_id).state == "cancelled"
    assert CoPaymentObligation.objects.get(award=award).state == "voided"
    assert (sums().get("2200", 0), sums()["2600"]) == (0, 1_000_000)
    assert all(one.ok for one in identities())
    with pytest.raises(TransitionNotAllowed):
        pay(operators[0], award, due, reference="too-late")


def test_deposit_of_the_last_day_counts_although_its_file_comes_days_later(
    decided, system, operators, sign_all
) -> None:
    """The bank's time says what is late: the duty waits for the file of the last day."""
    award = sign_all(award_of("duri"), decided)
    wait_for_the_bank(system, decided)
    due, own = award.copayment.due_at, award.copayment.cash_microwon
    heard = due + timedelta(days=2, hours=20)  # the policy says three days
    lapse_due(system, at=heard)
    assert award_of("duri").state == "agreed"
    take_in(
        operators[0], award,
        [(own - 1_000_000, due - MICRO, "in-time"), (1_000_000, due, "late")], at=heard,
    )  # fmt: skip
    assert Receipt.objects.get(reference="late").park_reason == "late"
    assert CoPaymentObligation.objects.get(award=award).state == "pending_deposit"
    take_in(operators[0], award, [(1_000_000, due - MICRO, "the-last-won")], at=heard)
    assert CoPaymentObligation.objects.get(award=award).state == "funded"
    lapse_due(system, at=due + timedelta(days=99))
    assert award_of("duri").state == "agreed"


def test_award_that_nobody_paid_lapses_once_the_bank_has_been_heard(
    decided, system, operators, sign_all
) -> None:
    award = sign_all(award_of("duri"), decided)
    wait_for_the_bank(system, decided)
    heard = due_after(award.copayment.due_at - MICRO, 3, holidays=holidays_at(decided))
    assert award.copayment.due_at < heard
    lapse_due(system, at=heard - MICRO)
    with pytest.raises(NotDueYet) as found:
        lapse_award(operators[0], award.id, at=heard - MICRO)
    assert found.value.fields["due_at"] == rfc3339(heard), "a person waits for it as well"
    assert award_of("duri").state == "agreed"
    assert [lapse_due(system, at=heard) for _ in range(2)] == [1, 0]
    assert award_of("duri").state == "lapsed"


def test_unpaid_award_lapses_at_midnight_where_no_file_is_waited_for(
    decided, system, sign_all
) -> None:
    award = sign_all(award_of("duri"), decided)
    due = award.copayment.due_at
    for at, state in ((due - MICRO, "agreed"), (due, "lapsed")):
        lapse_due(system, at=at)
        assert award_of("duri").state == state


def wait_for_the_bank(system, at) -> None:
    declare_policy(system, kind="bank", changes={"hear_days": 3}, valid_from=at, at=at)


def take_in(operator, award: Award, lines, *, at) -> None:
    """The bank's file, of duri's payments without a word."""
    text = "account,reference,booked_at,amount_won,payer,memo\n" + "\n".join(
        f"1110,{reference},{received_at.isoformat()},{amount // 1_000_000},duri,"
        for amount, received_at, reference in lines
    )
    import_bank_file(operator, award.call.programme_year, text, at=at)


def test_paid_award_does_not_lapse(decided, operators, sign_all) -> None:
    award = sign_all(award_of("duri"), decided)
    pay(operators[0], award, decided)
    assert CoPaymentObligation.objects.get(award=award).state == "funded"
    with pytest.raises(NotDueYet):
        lapse_award(operators[0], award.id, at=award.copayment.due_at + timedelta(days=99))


def test_duty_lapses_whatever_is_overdue_once(decided, system, operators, sign_all) -> None:
    paid = sign_all(award_of("hana"), decided)
    pay(operators[0], paid, decided)
    due = award_of("duri").agreement.sign_due_at
    assert lapse_due(system, at=due - MICRO) == 0
    assert lapse_due(system, at=due) == 1
    assert lapse_due(system, at=due) == 0
    assert award_of("hana").state == "agreed"


@pytest.fixture
def free(system, year, content, apply_for, decide, sign_all, at):
    """A signed award with nothing to deposit, and when it was decided."""
    call = declare_call(
        system, year, content(code="c-free", terms={"deposit_required": "none"}), at=at
    ).row
    decided = decide(call, {apply_for("hana", 10_000_000, to=call): 90})
    award = sign_all(Award.objects.get(), decided)
    return award, decided


def test_award_with_nothing_to_deposit_waits_for_its_voucher_and_never_lapses(
    free, system, operators, person
) -> None:
    award, decided = free
    assert (award.state, award.copayment.state) == ("agreed", "funded")
    assert lapse_due(system, at=award.copayment.due_at + timedelta(days=30)) == 0
    ceo = person("ceo@hana.example", "hana", "beneficiary")
    told = [row for row in notices_for(ceo) if row.kind.startswith("programme.agreement")]
    assert [row.kind for row in told] == ["programme.agreement.free"]
    assert issue_voucher(operators[0], award.id, at=decided).state == "active"


def test_award_signed_before_obligations_of_nothing_were_met_is_mended_by_the_duty(
    free, system, operators
) -> None:
    award, _ = free
    CoPaymentObligation.objects.update(state="pending_deposit")  # as it was left once
    late = award.copayment.due_at + timedelta(days=30)
    assert lapse_due(system, at=late) == 0, "there is nothing to be late with"
    assert [programme_due(at=late).obligations_met for _ in range(2)] == [1, 0]
    event = Event.objects.filter(action="copayment.fund").latest("at")
    assert (event.actor, event.facts, event.at) == ("system", {"repaired": True}, late)
    assert issue_voucher(operators[0], award.id, at=late).state == "active"


def test_voucher_is_not_issued_before_signature_and_deposit(
    decided, operators, sign_all
) -> None:
    with pytest.raises(VoucherMissing):
        issue_voucher(operators[0], award_of("duri").id, at=decided)
    with pytest.raises(VoucherMissing):
        pay(operators[0], award_of("duri"), decided, 1_000_000)
    award = sign_all(award_of("duri"), decided)
    needed = award.copayment.cash_microwon
    pay(operators[0], award, decided, needed - 1_000_000)
    with pytest.raises(DepositShort):
        issue_voucher(operators[0], award.id, at=decided)
    assert award_of("duri").state == "agreed"
    assert Voucher.objects.get(pk=award.voucher_id).state == "pending"
    pay(operators[0], award, decided, 1_000_000, reference="the last won")
    assert issue_voucher(operators[0], award.id, at=decided).state == "active"


def test_deposit_of_somebody_else_is_parked_and_does_not_count(
    decided, operators, sign_all, sums
) -> None:
    award = sign_all(award_of("duri"), decided)
    for payer in ("nuri", None):
        pay(operators[0], award, decided, payer=payer, reference=f"from {payer}")
    assert {receipt.state for receipt in Receipt.objects.all()} == {"parked"}
    with pytest.raises(DepositShort):
        issue_voucher(operators[0], award.id, at=decided)
    assert CoPaymentObligation.objects.get(award=award).state == "pending_deposit"


def test_award_is_declined_by_its_firm_with_a_reason_until_it_is_issued(
    decided, operators, person, lee, sign_all
) -> None:
    award = sign_all(award_of("hana"), decided)
    hana = ceo(person, "hana")
    with pytest.raises(NotAllowed):
        decline_award(operators[0], award.id, reason="x", at=decided)
    with pytest.raises(NotFound):
        decline_award(ceo(person, "mir"), award.id, reason="x", at=decided)
    with pytest.raises(ReasonMissing):
        decline_award(hana, award.id, reason=" ", at=decided)
    pay(operators[0], award, decided)
    issue_voucher(operators[0], award.id, at=decided)
    with pytest.raises(TransitionNotAllowed):
        decline_award(hana, award.id, reason="x", at=decided)


def test_archived_call_promotes_nobody(decided, operators, person, sums) -> None:
    archive_call(operators[0], award_of("hana").call_id, at=decided)
    decline_award(ceo(person, "hana"), award_of("hana").id, reason="moved", at=decided)
    assert not Award.objects.filter(organisation__code="sena").exists()
    assert sums()["B300"] == 12_000_000


def test_only_operators_move_money(decided, nuri, person, auditor) -> None:
    award = award_of("hana")
    for actor in (nuri, auditor, ceo(person, "hana")):
        for act in (
            lambda who: issue_voucher(who, award.id, at=decided),
            lambda who: pay(who, award, decided, 1_000_000),
            lambda who: lapse_award(who, award.id, at=decided),
            lambda who: promote_reserve(who, award.call_id, at=decided),
        ):
            with pytest.raises(NotAllowed):
                act(actor)


def test_awards_and_agreements_are_read_by_their_parties_alone(
    decided, operators, auditor, person, nuri, reviewers
) -> None:
    award = award_of("hana")
    for reader in (ceo(person, "hana"), nuri, *operators, auditor):
        assert award_for(reader, award.id) == award
        assert agreement_for(reader, award.agreement.id) == award.agreement
    for stranger in (ceo(person, "duri"), ceo(person, "sena"), reviewers[0][0]):
        assert not awards_for(stranger).filter(pk=award.pk).exists()
        assert not agreements_for(stranger).filter(award=award).exists()
        with pytest.raises(NotFound):
            award_for(stranger, award.id)
        with pytest.raises(NotFound):
            agreement_for(stranger, award.agreement.id)


def test_run_of_another_call_is_refused(
    call, apply_for, review_all, operators, system, year, content, at, seoul
) -> None:
    when = review_all(call, {apply_for("hana", 1_000_000): 90})
    run = compute_ranking(operators[0], call.id, at=when)
    other = declare_call(system, year, content(code="c-2"), at=at).row
    with pytest.raises(RankingOfAnotherCall):
        confirm_ranking(operators[0], other.id, run.id, at=when)
    with pytest.raises(NotFound):
        confirm_ranking(operators[0], call.id, uuid.uuid4(), at=when)
    with pytest.raises(NotFound):
        compute_ranking(operators[0], uuid.uuid4(), at=when)
    with pytest.raises(TransitionNotAllowed):
        compute_ranking(operators[0], other.id, at=when)


def in_threads(*acts) -> list[str]:
    """Run all at the same instant; what each answered, or the name of its refusal."""
    start, answers = threading.Barrier(len(acts)), []

    def run(act) -> None:
        start.wait()
        try:
            answers.append(str(act()))
        except (AlreadyConfirmed, TransitionNotAllowed, NotDueYet) as err:
            answers.append(type(err).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(answers)


def test_inv_i4_confirmations_at_once_award_once_and_within_the_budget(
    committed_db, call, apply_for, review_all, operators, sums
) -> None:
    """Goal: four confirmations by two people at one instant make each award once."""
    rows = {apply_for(f"f{i}", 10_000_000): 90 - i for i in range(4)}
    when = review_all(call, rows)
    run = compute_ranking(operators[0], call.id, at=when)
    answers = in_threads(
        *(
            lambda who=who: confirm_ranking(who, call.id, run.id, at=when).state
            for who in (*operators, *operators)
        )
    )
    assert answers[-2:] == ["computed", "confirmed"]
    assert set(answers[:2]) <= {"AlreadyConfirmed", "TransitionNotAllowed"}
    assert Award.objects.count() == 3
    assert (sums().get("B300", 0), sums()["B310"]) == (0, 30_000_000)


def test_two_lapses_at_once_return_the_money_once(
    committed_db, decided, operators, sums
) -> None:
    award = award_of("duri")
    due = award.agreement.sign_due_at
    answers = in_threads(
        *(
            lambda who=who: lapse_award(who, award.id, at=due).state
            for who in (*operators, *operators)
        )
    )
    assert answers == ["TransitionNotAllowed"] * 3 + ["lapsed"]
    assert (sums()["B300"], sums()["B310"]) == (4_000_000, 26_000_000)


def test_last_two_signatures_at_once_conclude_one_agreement(
    committed_db, decided, operators, person
) -> None:
    award = award_of("duri")
    row = award.agreement
    answers = in_threads(
        *(
            lambda who=who: (
                sign_agreement(who, row.id, sha256=row.terms_sha256, at=decided).state
            )
            for who in (operators[0], ceo(person, "duri"))
        )
    )
    assert answers == ["pending_signatures", "signed"]
    assert Voucher.objects.filter(award=award).count() == 1
    assert Agreement.objects.get(pk=row.pk).state == "signed"


def test_below_the_pass_score_nobody_is_selected_and_it_is_told(
    system, year, content, apply_for, decide, person, at, sums
) -> None:
    rules = {"panel": 5, "quorum": 3, "pass_score": 60}
    strict = declare_call(system, year, content(code="c-strict", rules=rules), at=at).row
    good, poor = (apply_for(code, 1_000_000, to=strict) for code in ("hana", "duri"))
    decide(strict, {good: 90, poor: 10})
    states = [Application.objects.get(pk=row.pk).state for row in (good, poor)]
    assert states == ["selected", "rejected"]
    kinds = {notice.kind for notice in notices_for(ceo(person, "duri"))}
    assert kinds == {"programme.application.received", "programme.application.rejected"}
    assert sums()["B310"] == 1_000_000
