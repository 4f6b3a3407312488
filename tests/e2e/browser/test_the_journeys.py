"""One whole journey of each kind of person, beside the main job, with axe on every page.

Goal: everybody can do their work in the browser alone. Method: the programme's other paths are
prepared through the API as the people whose steps they are; then each person begins at the own
desk, where what is due next stands, and goes on by links and buttons only. `Traveller.look`
runs axe on each page that is passed through. They run after the story and before the crawl,
which follows every link that they leave behind; alone they run, too.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

OP, OP2 = "mdp_test_browser_op", "mdp_test_browser_op2"
PARK, YUN = "mdp_test_journey_park", "mdp_test_journey_yun"
WON = 1_000_000
SEOUL = ZoneInfo("Asia/Seoul")


@dataclass
class Prepared:
    """What the journeys find when they begin."""

    award: str
    charge: int
    receipts: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def town(yard) -> Prepared:
    """A voucher that was used twice, a statement, a hold, and a call under review."""
    year = datetime.now(UTC).year
    text = Path(__file__).with_name("journeys.toml").read_text(encoding="utf-8")
    path = yard.data / "journeys.toml"
    path.write_text(text.replace("NEXT", str(year + 1)).replace("YEAR", str(year)))
    yard.madang("apply", str(path))
    receipts = _under_review(yard)
    for number in (1, 2):
        used = {"voucher": "v-journey", "offering": "mirae/report", "quantity": 1}
        _post(yard, "/usage", used | {"id": f"journey-{number}"}, OP)
    (award,) = [row["id"] for row in _get(yard, "/awards", OP) if row["organisation"] == "bada"]
    _post(yard, f"/awards/{award}/in-kind/pledges", {"amount_microwon": 500_000 * WON}, OP)
    month = _now(yard).astimezone(SEOUL).strftime("%Y-%m")
    _post(yard, "/payout-holds", {"supplier": "mirae", "reason": "서류가 이상합니다."}, OP2)
    _post(yard, "/statements", {"supplier": "mirae", "month": month}, OP)
    third = {"voucher": "v-journey", "offering": "mirae/report", "quantity": 1}
    _post(yard, "/usage", third | {"id": "journey-3"}, OP)
    charges = _get(yard, "/charges?voucher=v-journey", PARK)
    return Prepared(award, max(row["no"] for row in charges), receipts)


def _under_review(yard) -> dict[str, str]:
    """Two firms apply from one network; one expert is asked about both."""
    now = _now(yard)
    closes_at = now + timedelta(days=1)
    question = {"code": "plan", "kind": "text", "name_ko": "계획", "name_en": "Plan"}
    call = {
        "code": "c-journey", "programme": "api-voucher", "title_ko": "여정 공고",
        "title_en": "Call of the journeys", "opens_at": (now - timedelta(hours=1)).isoformat(),
        "closes_at": closes_at.isoformat(), "budget_microwon": 100_000_000 * WON,
        "criteria": [{"code": "plan", "weight": 1, "name_ko": "계획", "name_en": "Plan"}],
        "form": [question],
        "rules": {"panel": 2, "quorum": 1, "trim_high": 0, "trim_low": 0},
    }  # fmt: skip
    _post(yard, "/calls", call, OP)
    _post(yard, "/calls/c-journey/approve", {}, OP2)
    rows = {}
    for firm, token in (("bada", PARK), ("gaon", YUN)):
        made = _post(yard, "/calls/c-journey/applications", {"organisation": firm}, token)
        saved = {"answers": {"plan": f"{firm}의 계획"}, "requested_microwon": 1_000_000 * WON}
        _send(yard, "PUT", f"/applications/{made['id']}", saved, token)
        rows[firm] = _post(yard, f"/applications/{made['id']}/submit", {}, token)
    yard.madang("clock", "advance", "2d")
    for row in rows.values():
        _post(yard, f"/applications/{row['id']}/eligibility", {"is_eligible": True}, OP)
    _post(yard, "/calls/c-journey/review", {}, OP)
    for row in rows.values():
        expert = {"reviewer": "han@lab.example"}
        _post(yard, f"/applications/{row['id']}/assignments", expert, OP)
    return {firm: row["receipt_no"] for firm, row in rows.items()}


def _now(yard) -> datetime:
    """The yard's clock, which the story moves."""
    return datetime.fromisoformat(yard.madang("clock", "show")["now"])


def _post(yard, path: str, body: dict, token: str):
    return _send(yard, "POST", path, body, token)


def _get(yard, path: str, token: str):
    return _send(yard, "GET", path, None, token)


def _send(yard, method: str, path: str, body: dict | None, token: str):
    request = urllib.request.Request(
        f"{yard.url}/api/v1{path}",
        json.dumps(body).encode() if body is not None else None,
        {"content-type": "application/json", "authorization": f"Bearer {token}"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request) as response:
            return json.loads(response.read())
    except urllib.error.HTTPError as refused:
        raise AssertionError(f"{method} {path}: {refused.read().decode()}") from refused


class Traveller:
    """Somebody at their own window, who looks at every page."""

    def __init__(self, page: Page) -> None:
        self.page, self.seen = page, 0

    def at(self, path: str) -> Traveller:
        answer = self.page.goto(path)
        assert answer is not None, path
        assert answer.ok, f"{path} answers {answer.status}"
        return self.look()

    def go(self, way: Locator | str) -> Traveller:
        """Click on what leads to another page, and look at that one."""
        found = self.page.locator(way).first if isinstance(way, str) else way
        with self.page.expect_navigation():
            found.click()
        return self.look()

    def desk(self) -> Traveller:
        return self.at("/account/desk/")

    def due(self, what: str) -> Traveller:
        """The first step of this name that is due, opened from one's own desk."""
        self.desk()
        row = self.page.locator(".md-due li", has_text=what).first
        return self.go(row.get_by_role("link").first)

    def side(self, name: str) -> Traveller:
        """By the side menu."""
        return self.go(self.page.locator(".md-side").get_by_role("link", name=name, exact=True))

    def follow(self, name: str) -> Traveller:
        return self.go(self.page.locator("main").get_by_role("link", name=name).first)

    def row_of(self, path: str, about: str) -> Traveller:
        """The row that names `about`, opened from a list."""
        self.at(path)
        row = self.page.locator("main tbody tr", has_text=about).first
        return self.go(row.get_by_role("link").first)

    def unfold(self, name: str) -> Traveller:
        self.page.locator("main details:not([open]) > summary", has_text=name).first.click()
        return self

    def fill(self, **values: str) -> Traveller:
        for name, value in values.items():
            self.page.locator(f"main [name={name}]:visible").first.fill(value)
        return self

    def press(self, name: str) -> Traveller:
        """A visible button that is called so, and the page that follows."""
        named = re.compile(rf"^\s*{re.escape(name)}(\s|$)")
        return self.go(self.page.locator("main button:visible").filter(has_text=named).first)

    def sees(self, *words: str) -> Traveller:
        for word in words:
            expect(self.page.locator("main")).to_contain_text(word)
        return self

    def look(self) -> Traveller:
        """One heading, no violation, of colours neither."""
        assert self.page.locator("h1").count() == 1, self.page.url
        result = Axe().run(self.page)
        assert not result.violations_count, f"{self.page.url}\n{result.generate_report()}"
        self.seen += 1
        return self


@pytest.fixture
def travel(people):
    def begin(email: str = "", language: str = "ko") -> Traveller:
        return Traveller(people.window(email, language))

    return begin


def test_a_citizen_sees_what_public_money_is_for(travel, town):
    anybody = travel(language="en").at("/").sees("Budget against executed")
    anybody.at("/calls/").at("/calls/c-journey/").sees("Plan")
    anybody.at("/catalogue/").follow("mirae/report").sees("1,000,000")
    anybody.at("/awards/").at("/plans/").at("/gpu/").at("/data/").at("/testbed/")
    anybody.go("button[name=language][value=ko]")
    assert anybody.page.locator("html").get_attribute("lang") == "ko"
    anybody.at("/operator/holds/")
    assert "/account/sign-in/" in anybody.page.url, "what is not public leads to the door"
    anybody.at("/").go("button[name=language][value=en]")
    assert anybody.page.locator("html").get_attribute("lang") == "en"


def test_a_reviewer_pledges_for_one_application_and_steps_back_from_another(travel, town):
    han = travel("han@lab.example").desk()
    expect(han.page.locator(".md-due li", has_text="서약하고 열람")).to_have_count(2)
    han.at("/reviewer/").follow(town.receipts["gaon"])
    han.fill(reason="대표자와 같은 연구실에 있었습니다.").press("회피")
    han.at("/reviewer/").follow(town.receipts["bada"])
    han.page.get_by_text("나는 이 신청과 공급기업에").click()
    han.press("서약하고 열람").sees("bada의 계획")
    han.page.fill("main [name=c-plan]", "88")
    han.press("임시저장")
    expect(han.page.locator("main [name=c-plan]")).to_have_value("88")
    han.press("제출").sees("평가를 제출했습니다.").side("이의신청")
    han.desk()
    expect(han.page.locator(".md-due")).to_have_count(0)


def test_a_beneficiary_divides_the_voucher_objects_asks_and_hands_in_papers(travel, town):
    park = travel("park@bada.example")
    park.at("/vouchers/").follow("v-journey").press("키 만들기")
    park.at("/vouchers/v-journey/").follow("팀")
    park.fill(code="lab", name="연구팀", limit_microwon="1500000").press("팀 설정")
    park.sees("연구팀", "1,500,000원").unfold("팀에 배정").press("팀에 배정").sees("박바다")
    park.at("/vouchers/v-journey/").follow("호출과 차감 내역")
    park.go("main tbody th a").sees("1,000,000원").unfold("이 차감에 이의 제기")
    park.fill(text="받지 않은 보고서가 차감되었습니다.").press("이 차감에 이의 제기")
    park.sees("공급기업이 답변하고")
    park.at("/vouchers/v-journey/").follow("전담기관에 요청")
    park.page.select_option("main [name=kind]", "other")
    park.fill(text="과제가 늦어졌습니다.").press("요청")
    park.sees("과제가 늦어졌습니다.").side("요청").sees("그 밖의 요청")
    park.at("/vouchers/v-journey/").follow("입금과 환불").sees("4,000,000원")
    park.at("/vouchers/v-journey/").follow("보고서·변경협약·정산").unfold("증빙 제출")
    paper = {"name": "현물.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 kind"}
    park.page.locator("main [name=amount]:visible").fill("300000")
    park.page.set_input_files("main input[type=file]", paper)
    park.press("증빙 제출").sees("현물.pdf", "300,000원")
    park.side("세금계산서").side("환수 사건").side("사전협의")


def test_a_supplier_answers_confirms_and_sees_why_nothing_is_paid(travel, town):
    mo = travel("mo@mirae.example")
    mo.due("정산서 확정").press("정산서 확정")
    mo.due("이의에 답변").sees("받지 않은 보고서가").unfold("답변")
    mo.fill(text="한 건은 보내지 못했습니다.").press("답변").sees("공급기업 답변")
    mo.side("계좌와 거래 상태").sees("서류가 이상합니다.").unfold("계좌 등록")
    mo.fill(bank="한빛은행", number="110-123-456789").press("계좌 등록").sees("6789")
    mo.due("세금계산서를 발급하세요").unfold("발급 완료 기록")
    issued = (datetime.now(UTC) + timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M")
    mo.fill(number="20260001", issued_at=issued).press("발급 완료 기록").sees("20260001")
    mo.side("사전협의").side("상품").side("미정산 내역")


def test_operators_decide_what_waits_two_by_two(travel, town):
    op, op2 = travel("op@agency.example"), travel("op2@agency.example")
    op.row_of("/requests/", "그 밖의 요청").unfold("거절")
    op.fill(reason="직접 배정된 이용권은 연장하지 않습니다.").press("거절").sees("반려")
    op.due("요청 결정").sees("한 건은 보내지 못했습니다.").unfold("수용")
    op.fill(reason="공급기업이 인정했습니다.").press("수용").sees("환불액")
    op.at(f"/charges/{town.charge}/").sees("바로 다시 사용 가능")
    op.due("현물 증빙 검토").press("인정").sees("인정")
    op.side("예외 처리").follow("지급보류").unfold("보류 해제")
    op.fill(reason="서류를 확인했습니다.").press("보류 해제").sees("해제")
    op.side("공급기업").press("통장 사본과 일치").sees("계좌를 확인했습니다.")
    op.side("회계연도").follow("초거대 AI API 바우처").unfold("이자 기록")
    op.fill(amount="700", reference="interest-1").press("이자 기록")
    op.at("/auditor/journals/?kind=P19")
    op.go("main tbody a.md-mono").unfold("정정 제안").fill(
        reason="다른 사업의 이자입니다."
    ).press("정정 제안")
    op.sees("다른 담당자의 승인 대기")
    op2.due("정정 기록").press("정정 기록").sees("반대 분개")
    op.side("회계연도").follow("초거대 AI API 바우처").unfold("이월 제안")
    op.fill(budget_won="1000000000", carried_won="0").press("이월 제안")
    op2.due("이월 결정").fill(reason="예산이 정해지지 않았습니다.").press("거절").sees("반려")
    op.side("의심 사항").press("지금 찾기").follow("같은 네트워크")
    op.fill(reason="한 사람이 두 기관으로 신청했습니다.").press("사실로 확인")
    op.unfold("이 건으로 환수 사건 열기").press("이 건으로 환수 사건 열기")
    op.sees("같은 네트워크", "근거").side("분쟁").side("정정").side("지급")


def test_an_auditor_goes_from_a_figure_to_its_evidence(travel, town):
    au = travel("au@audit.example", language="en").desk()
    au.at("/auditor/").sees("Every book balances to zero.").follow("2300S")
    entries = au.page.locator("main tbody tr", has=au.page.locator("a[href^='/auditor/']"))
    au.go(entries.filter(has_text="P8").first.locator("a[href*='/journals/']").first).sees(
        "SHA-256 of the evidence", "/report"
    )
    au.go("main a[href^='/charges/']").sees("SHA-256 of the evidence", "Not given back").at(
        "/auditor/"
    )
    au.side("Corrections").sees("다른 사업의 이자입니다.").at("/auditor/").side("Exceptions")
    au.at("/auditor/").side("Payouts on hold").sees("서류가 이상합니다.")
    au.at("/vouchers/v-journey/").follow("Journals").sees("P8", "P10")
    au.at("/auditor/proof/").press("Verify now").sees("Everything agrees.")
    au.at("/auditor/events/").sees("flag.confirm", "case.evidence")
