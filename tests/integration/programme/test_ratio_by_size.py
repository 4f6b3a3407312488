"""A call may state the subsidy's ratio by size; it is resolved once, with the agreement."""

from __future__ import annotations

from datetime import date

import pytest

from madang.cli.declarations.applying import Applier
from madang.cli.declarations.reader import Source, read
from madang.core.errors import MadangError
from madang.core.money import Ratio
from madang.metering.vouchers.queries import terms_of
from madang.parties.documents.actions import store_document
from madang.parties.documents.store import DocumentStore
from madang.parties.models import Organisation
from madang.parties.organisations.actions import declare_organisation
from madang.programme.agreements.amending import propose_amendment, sign_amendment
from madang.programme.calls.actions import approve_call, change_call, create_call, declare_call
from madang.programme.calls.content import content_of
from madang.programme.errors import AmendmentInvalid, CallExists, TermInvalid
from madang.programme.matches.actions import answer_consent, ask_consent
from madang.programme.models import Agreement, Award, Call, CoPaymentObligation
from madang.programme.reimbursements.actions import Bought, claim_reimbursement

BY_SIZE = {"midsize": "7/10", "large": "1/2", "university": "1/1", "public": "1/3"}


@pytest.fixture
def sized_call(system, year, content, at):
    def make(**terms) -> Call:
        stated = {"deposit_days": 14, "subsidy_ratio_by_size": BY_SIZE} | terms
        return declare_call(system, year, content(code="c-size", terms=stated), at=at).row

    return make


@pytest.fixture
def sized(sized_call, apply_for, decide, sign_all):
    """An award of 7 million won to `ours`, a firm of that kind, signed: `sized("large")`."""

    def make(kind: str, *, won: int = 7_000_000, **terms) -> Award:
        call = sized_call(**terms)
        row = apply_for("ours", won, to=call)
        _grow(kind, row.organisation)
        decided = decide(call, {row: 90})
        return sign_all(Award.objects.get(), decided)

    return make


def _grow(kind: str, organisation: Organisation) -> None:
    Organisation.objects.filter(pk=organisation.pk).update(kind=kind)


@pytest.mark.parametrize(
    ("kind", "ratio", "own_won", "vat_won"),
    [
        ("sme", "4/5", 1_750_000, 875_000),
        ("institute", "4/5", 1_750_000, 875_000),
        ("midsize", "7/10", 3_000_000, 1_000_000),
        ("large", "1/2", 7_000_000, 1_400_000),
        ("university", "1/1", 0, 700_000),
        ("public", "1/3", 14_000_000, 2_100_000),
    ],
)
def test_own_part_follows_the_size_to_the_won(
    sized, at, won, kind, ratio, own_won, vat_won
) -> None:
    award = sized(kind)
    agreement = Agreement.objects.get(award=award)
    assert agreement.terms["subsidy_ratio"] == ratio
    assert agreement.terms["deposit_microwon"] == won(own_won + vat_won)
    obligation = CoPaymentObligation.objects.get(award=award)
    assert obligation.cash_microwon == won(own_won + vat_won)
    assert terms_of(award.voucher, at).ratio == Ratio.parse(ratio)


def test_fraction_of_a_won_is_the_firms(sized, won) -> None:
    award = sized("midsize", won=7_000_001)
    # 10,000,001.428571 of supply: 3,000,000.428571 own and 1,000,000.142857 VAT
    assert award.copayment.cash_microwon == won(4_000_001)


def test_call_that_states_nothing_is_as_before(call, apply_for, decide, sign_all, won) -> None:
    assert "subsidy_ratio_by_size" not in call.terms
    row = apply_for("ours", 7_000_000)
    _grow("large", row.organisation)
    decided = decide(call, {row: 90})
    award = sign_all(Award.objects.get(), decided)
    assert award.agreement.terms["subsidy_ratio"] == "4/5"
    assert award.copayment.cash_microwon == won(2_625_000)


def test_size_that_changes_later_changes_nothing(
    system, sized_call, apply_for, decide, sign_all, nuri, person, at, won
) -> None:
    """Neither when the text is written anew for a supplier, nor when it is signed."""
    call = sized_call(supplier_consent="after_award")
    row = apply_for("ours", 7_000_000, to=call)
    _grow("large", row.organisation)
    when = decide(call, {row: 90})
    declare_organisation(
        system, code="ours", name_ko="ours", name_en="Ours", kind="midsize", at=at
    )
    before = Agreement.objects.get()
    ceo = person("ceo@ours.example", "ours", "beneficiary")
    asked = ask_consent(ceo, row.id, supplier="nuri", at=when)
    answer_consent(nuri, asked.id, consents=True, at=when)
    after = Agreement.objects.get()
    assert after.terms_sha256 != before.terms_sha256
    assert after.terms["subsidy_ratio"] == "1/2"
    award = sign_all(Award.objects.get(), when)
    assert award.copayment.cash_microwon == won(8_400_000)
    assert terms_of(award.voucher, when).ratio == Ratio(1, 2)


def test_amendment_keeps_the_ratio_and_cannot_change_it(
    sized, operators, person, seoul, won
) -> None:
    award, when = sized("large"), seoul("2026-04-01 10:00")
    _grow("sme", award.organisation)
    with pytest.raises(AmendmentInvalid):
        propose_amendment(
            operators[0], award.agreement.id, changes={"subsidy_ratio": "4/5"}, reason="x",
            at=when,
        )  # fmt: skip
    row = propose_amendment(
        operators[0], award.agreement.id, changes={"subsidy_microwon": won(8_000_000)},
        reason="more is needed", at=when,
    )  # fmt: skip
    for signer in (operators[0], person("ceo@ours.example", "ours", "beneficiary")):
        sign_amendment(signer, row.id, sha256=row.terms_sha256, at=when)
    agreement = Agreement.objects.get(award=award)
    assert (agreement.state, agreement.terms["subsidy_ratio"]) == ("amended", "1/2")
    assert terms_of(award.voucher, when).ratio == Ratio(1, 2)


def test_reimbursement_is_the_share_of_the_agreement(
    sized, person, seoul, tmp_path, won
) -> None:
    award, when = sized("midsize", pay_direction="reimburse"), seoul("2026-06-01 10:00")
    _grow("sme", award.organisation)
    ceo = person("ceo@ours.example", "ours", "beneficiary")
    paper = store_document(
        ceo, chunks=[b"%PDF-1.7"], file_name="i.pdf", media_type="application/pdf",
        organisation=award.organisation_id, store=DocumentStore(tmp_path), at=when,
    )  # fmt: skip
    shares = []
    for number, supply in enumerate((1_000_001, 3, 3), start=1):
        bought = Bought(
            "220-81-00009", f"A-{number}", date(2026, 5, 20), date(2026, 5, 29), won(supply)
        )
        row = claim_reimbursement(ceo, award.id, bought, evidence=[paper.id], at=when)
        shares.append(row.amount_microwon // won(1))
    assert shares == [700_000, 2, 2], "7/10 of 1,000,001 · 1,000,004 · 1,000,007"


@pytest.mark.parametrize(
    ("stated", "field", "reason"),
    [
        ({}, "", "none is named"),
        ({"tiny": "1/2"}, ".tiny", "no such size: tiny"),
        ({"large": "0/1"}, ".large", "not above 0 and up to 1: 0/1"),
        ({"large": "3/2"}, ".large", "not above 0 and up to 1: 3/2"),
        ({"large": "1/0"}, ".large", "not above 0 and up to 1: 1/0"),
        ({"large": "half"}, ".large", "not above 0 and up to 1: half"),
        ({"large": 1}, ".large", "not above 0 and up to 1: 1"),
        ({"midsize": "7/10", "large": "-1/2"}, ".large", "not above 0 and up to 1: -1/2"),
        (["1/2"], "", "not ratios by size"),
    ],
)
def test_refusals_of_ratios_by_size(system, year, content, at, stated, field, reason) -> None:
    with pytest.raises(TermInvalid) as refused:
        words = content(terms={"deposit_days": 1, "subsidy_ratio_by_size": stated})
        declare_call(system, year, words, at=at)
    told = refused.value.fields
    assert (told["field"], told["reason"]) == ("subsidy_ratio_by_size" + field, reason)
    assert "기관 규모별 지원 비율" in refused.value.sentence("ko")
    assert reason.partition(":")[0] not in refused.value.sentence("ko")


TEXT = """
[[call]]
code = "c-declared"
programme = "api-voucher"
opens_at = "2026-03-03T09:00:00+09:00"
closes_at = "2026-03-24T15:00:00+09:00"
budget_won = 1_000_000
criteria = [{ code = "plan", weight = 1 }]
panel = 3
quorum = 3
subsidy_ratio_by_size = { midsize = "7/10", large = "1/2" }
"""


def applied(system, at, text: str) -> None:
    Applier(system, None, at).run(read([Source("call.toml", text)]))


def test_declared_ratios_are_frozen_with_the_call(system, year, at) -> None:
    applied(system, at, TEXT.replace("c-declared", "c-plain").replace("subsidy_ratio", "#"))
    applied(system, at, TEXT)
    row, plain = Call.objects.get(code="c-declared"), Call.objects.get(code="c-plain")
    assert row.terms == plain.terms | {
        "subsidy_ratio_by_size": {"midsize": "7/10", "large": "1/2"}
    }
    applied(system, at, TEXT)
    assert Call.objects.get(code="c-declared").frozen_sha256 == row.frozen_sha256
    with pytest.raises(CallExists) as refused:
        applied(system, at, TEXT.replace("1/2", "3/5"))
    assert refused.value.fields["field"] == "terms"


@pytest.mark.parametrize(
    ("old", "new", "field", "line"),
    [
        ("large =", "tiny =", "subsidy_ratio_by_size.tiny", 11),
        ('"1/2"', '"5/4"', "subsidy_ratio_by_size.large", 11),
        ('"1/2"', "2", "subsidy_ratio_by_size.large", 11),
        ('{ midsize = "7/10", large = "1/2" }', '"1/2"', "subsidy_ratio_by_size", 11),
        (
            'subsidy_ratio_by_size = { midsize = "7/10", large = "1/2" }',
            '[call.subsidy_ratio_by_size]\nmidsize = "7/10"\nlarge = "0/2"',
            "subsidy_ratio_by_size.large", 13,
        ),
    ],
)  # fmt: skip
def test_declaration_that_is_wrong_names_file_line_and_field(
    system, year, at, old, new, field, line
) -> None:
    with pytest.raises(MadangError) as refused:
        applied(system, at, TEXT.replace(old, new))
    told = refused.value.as_dict()
    assert (told["file"], told["line"], told["field"]) == ("call.toml", line, field)
    assert not Call.objects.filter(code="c-declared").exists()


def test_draft_may_change_its_ratios_and_an_approved_call_may_not(
    operators, year, content, seoul, at
) -> None:
    words = content(
        opens_at=seoul("2026-03-05 09:00"), terms={"subsidy_ratio_by_size": {"large": "1/2"}}
    )
    row = create_call(operators[0], year, words, at=at)
    assert content_of(row).terms["subsidy_ratio_by_size"] == {"large": "1/2"}
    other = content(opens_at=words.opens_at, terms={"subsidy_ratio_by_size": {"sme": "1/1"}})
    change_call(operators[0], row.id, other, at=at)
    done = approve_call(operators[1], row.id, at=at)
    assert done.terms["subsidy_ratio_by_size"] == {"sme": "1/1"}
    with pytest.raises(MadangError):
        change_call(operators[0], row.id, words, at=at)
