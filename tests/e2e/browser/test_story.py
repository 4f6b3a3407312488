"""The main job, walked through the pages in a real browser.

Call → application → review → ranking → award → agreement → deposit → voucher → key → use →
statement → payout → trial balance. Every step is a click of the person whose step it is; only
the delivery is reported by the supplier's system through the API, and the clock is moved by the
command line. The amounts are those of the published example: 1,980,000 = 1,260,000 + 540,000
+ 180,000 won.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

SEOUL = ZoneInfo("Asia/Seoul")
CODE = "c-browser"


@pytest.fixture(scope="module")
def story() -> dict[str, str]:
    """What one step hands to the next."""
    return {}


def test_1_an_operator_writes_a_call_and_another_one_approves_it(people):
    now = datetime.now(SEOUL)
    page = people.window("op@agency.example")
    page.goto("/operator/calls/new/")
    fields = {
        "code": CODE, "title_ko": "2026년 초거대 AI API 바우처 공고",
        "title_en": "Call for API vouchers", "summary_ko": "초거대 AI 모델 이용을 지원합니다.",
        "opens_at": _local(now - timedelta(hours=1)),
        "closes_at": _local(now + timedelta(days=2)), "budget": "1000000000",
        "criteria": "plan | 40 | 계획의 구체성 | Plan\neffect | 60 | 기대 효과 | Effect",
        "panel": "2", "quorum": "2", "trim": "0",
    }  # fmt: skip
    for name, value in fields.items():
        page.fill(f"main [name={name}]", value)
    _press(page, "임시저장")
    expect(page.locator("h1")).to_have_text(fields["title_ko"])
    expect(page.get_by_role("button", name="승인하고 확정")).to_have_count(0)
    other = people.window("op2@agency.example")
    other.goto("/account/desk/")
    other.get_by_role("link", name="공고 승인").click()
    _press(other, "승인하고 확정")
    expect(other.locator(".md-lead .krds-badge")).to_have_text("접수중")


def test_2_a_firm_applies_and_its_draft_saves_itself(people, story):
    page = people.window("kim@hana.example")
    page.goto("/")
    page.get_by_role("link", name="자세히 보고 신청").first.click()
    _press(page, "하나로보틱스 명의로 신청")
    page.fill("[name=q-title]", "로봇 상담 도우미")
    expect(page.locator("#draft-told")).to_contain_text("저장됨")
    page.reload()
    expect(page.locator("[name=q-title]")).to_have_value("로봇 상담 도우미")
    page.set_input_files(
        "input[type=file]",
        {"name": "계획서.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 plan"},
    )
    _press(page, "첨부")
    expect(page.get_by_role("link", name="계획서.pdf")).to_be_visible()
    page.fill("[name=q-plan]", "월 10만 건의 상담을 돕는다.")
    page.fill("[name=requested_won]", "4000000")
    _press(page, "제출")
    expect(page.get_by_text("c-browser-0001").first).to_be_visible()
    story["application"] = page.url


def test_3_after_the_deadline_the_review_begins_without_conflicts(people, story, yard):
    yard.madang("clock", "advance", "3d")
    page = people.window("op@agency.example")
    page.goto(story["application"])
    page.get_by_text("적격", exact=True).click()
    _press(page, "검토 결과 등록")
    _press(page, "평가 시작")
    page.get_by_role("link", name="위촉할 수 있는 위원").click()
    row = page.locator("tr", has_text="정자문")
    expect(row).to_contain_text("자문")
    expect(row.get_by_role("button")).to_have_count(0)
    for name in ("이평가", "최평가"):
        page.locator("tr", has_text=name).get_by_role("button", name="위촉 요청").click()


@pytest.mark.parametrize(
    ("email", "plan", "effect"),
    [("lee@univ.example", "80", "87.5"), ("choi@univ.example", "90", "85")],
)
def test_4_each_expert_pledges_reads_and_scores(people, email, plan, effect):
    page = people.window(email)
    page.goto("/account/desk/")
    page.get_by_role("link", name="열기").first.click()
    expect(page.get_by_text("월 10만 건의 상담을 돕는다.")).to_have_count(0)
    page.get_by_text("나는 이 신청과 공급기업에").click()
    _press(page, "서약하고 열람")
    expect(page.get_by_text("월 10만 건의 상담을 돕는다.")).to_be_visible()
    page.fill("[name=c-plan]", plan)
    page.fill("[name=c-effect]", effect)
    _press(page, "제출")
    expect(page.get_by_text("평가를 제출했습니다.")).to_be_visible()


def test_5_two_people_confirm_a_ranking_that_reproduces(people):
    page = people.window("op@agency.example")
    page.goto(f"/operator/calls/{CODE}/ranking/")
    _press(page, "순위 산정")
    expect(page.get_by_text("완전히 일치")).to_be_visible()
    expect(page.locator("tbody tr").first).to_contain_text("85.7500")
    _press(page, "순위 확정")
    expect(page.get_by_role("button", name="순위 확정")).to_have_count(0)
    other = people.window("op2@agency.example")
    other.goto(f"/operator/calls/{CODE}/ranking/")
    _press(other, "순위 확정")
    expect(other.locator("tbody tr").first).to_contain_text("선정")


def test_6_both_parties_sign_and_the_deposit_becomes_a_voucher(people, story):
    kim = people.window("kim@hana.example")
    kim.goto("/account/desk/")
    kim.get_by_role("link", name=re.compile("열기.*협약 서명")).click()
    _press(kim, "서명")
    page = people.window("op@agency.example")
    page.goto("/operator/awards/")
    page.get_by_role("link", name="하나로보틱스").click()
    story["award"] = page.url
    page.get_by_role("link", name="읽고 서명").click()
    _press(page, "서명")
    expect(page.get_by_text("협약이 체결되었습니다")).to_be_visible()
    page.goto(story["award"])
    page.fill("[name=amount]", "2285715")
    page.fill("[name=reference]", "bank-2026-1")
    _press(page, "입금 등록")
    expect(page.get_by_text("입금완료")).to_be_visible()
    _press(page, "이용권 발급")
    expect(page.get_by_text("사용가능")).to_be_visible()


def test_7_the_firm_makes_a_key_that_is_shown_once_and_sees_its_charge(people, story, yard):
    page = people.window("kim@hana.example")
    page.goto("/vouchers/")
    page.get_by_role("link", name="v-c-browser-0001").click()
    story["voucher"] = page.url
    _press(page, "키 만들기")
    secret = page.locator("#new-key").inner_text()
    assert secret.startswith("mdg_")
    assert len(secret) > 40
    expect(page.locator("#example-curl")).to_contain_text(secret)
    expect(page.locator("#example-python")).to_contain_text("http://127.0.0.1:8080/v1")
    page.goto(story["voucher"])
    expect(page.get_by_text(secret)).to_have_count(0)
    done = yard.api(
        "/usage",
        {"voucher": "v-c-browser-0001", "offering": "nuri/report", "quantity": 1, "id": "d-1"},
        "mdp_test_browser_op",
    )
    assert done["charge_microwon"] == 1_800_000_000_000
    page.reload()
    expect(page.locator("tbody tr", has_text="nuri/report").first).to_contain_text(
        "1,800,000원"
    )
    expect(page.get_by_text("부가세 180,000원 별도")).to_be_visible()


def test_8_the_month_is_settled_confirmed_and_paid_by_two_people(people):
    page = people.window("op@agency.example")
    page.goto("/operator/settlement/")
    page.select_option("[name=supplier]", "nuri")
    _press(page, "정산서 만들기")
    row = page.locator("tfoot")
    for amount in ("1,800,000원", "1,260,000원", "540,000원", "180,000원", "1,980,000원"):
        expect(row).to_contain_text(amount)
    seller = people.window("nu@nuri.example")
    seller.goto("/account/desk/")
    seller.get_by_role("link", name=re.compile("열기.*정산서 확정")).click()
    _press(seller, "정산서 확정")
    expect(seller.locator(".md-lead .krds-badge")).to_have_text("확정")
    with seller.expect_download() as download:
        seller.get_by_role("link", name="PDF").click()
    assert download.value.suggested_filename.endswith(".pdf")
    page.goto("/operator/payouts/")
    _press(page, "지급 만들기")
    expect(page.get_by_text("다른 담당자의 승인 대기").first).to_be_visible()
    other = people.window("op2@agency.example")
    for step in ("승인", "은행 지급 확인"):
        other.goto("/operator/payouts/")
        buttons = other.get_by_role("button", name=re.compile(f"^{step}"))
        for _ in range(buttons.count()):
            buttons.first.click()
    expect(other.locator("tbody .krds-badge")).to_have_text(["지급완료", "지급완료"])


def test_9_the_auditor_finds_the_books_balanced_and_every_charge_behind_a_journal(people):
    page = people.window("au@audit.example", language="en")
    page.goto("/auditor/")
    expect(page.get_by_text("Every book balances to zero.")).to_be_visible()
    page.goto("/auditor/journals/?kind=P8")
    page.locator("tbody a.md-mono").first.click()
    expect(page.get_by_text("nuri/report")).to_be_visible()
    page.goto("/auditor/proof/")
    page.get_by_role("button", name="Verify now").click()
    expect(page.get_by_text("Everything agrees.")).to_be_visible()


def _press(page: Page, name: str) -> None:
    """The button of exactly this name; the page that follows is awaited."""
    page.get_by_role("button", name=name, exact=True).click()


def _local(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M")
