"""A whole programme year over the REST API and the test clock, every write sent twice.

Goal: whoever plays the programme from outside finds every step there, from the call to the
closed year and the next one. Method: one story with what goes wrong in life: an appeal that is
won, a stranger's money, a refund after settlement, a second part, a clawback with its
surcharge and the sanction after it; in the end every account is 0 but what was consumed.
"""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.integration.programme.money.conftest import Desk, as_the_application

WON = 1_000_000
YEAR = "/years/api-voucher/2026"
WORDS = {"done": "we called models", "effect": "faster", "problems": "none"}
HEAD = "account,reference,booked_at,amount_won,payer,memo\n"


class Twice(Desk):
    """Somebody on a bad line: each write goes out twice under one key."""

    def _send(self, method: str, path: str, body: dict, **headers: str):
        headers = {"idempotency-key": uuid4().hex} | headers
        first = super()._send(method, path, body, **headers)
        assert super()._send(method, path, body, **headers) == first, path
        return first

    def hand_over(self, name: str) -> str:
        """A document; its id."""
        file = SimpleUploadedFile(name, b"%PDF-1.7", content_type="application/pdf")
        asked = self._client.post("/api/v1/documents", {"file": file}, headers=self._headers)
        return self._told(asked)["id"]


@pytest.fixture
def story(town, person, reviewers):
    for number in (1, 2, 3):
        setattr(town, f"op{number}", Twice(f"op{number}@agency.example"))
    town.experts = {}
    for _, human in reviewers[:3]:
        town.experts[str(human.id)] = token_for(town, human)
    for firm in ("hana", "duri"):
        setattr(town, firm, Twice(f"ceo@{firm}.example"))
    town.nuri = Twice("s@nuri.example")
    as_the_application()
    return Story(town)


def token_for(town, human) -> Twice:
    from madang.parties.people.actions import declare_person

    declare_person(
        town.system, email=human.email, organisation=None, roles=["reviewer"],
        token=f"mdp_test_{human.email}", at=town.now,
    )  # fmt: skip
    return Twice(human.email)


class Story:
    """What happens, in the order in which it happens."""

    def __init__(self, town) -> None:
        self.town = town
        self.bank_lines = 0

    # The call --------------------------------------------------------------------------

    def open_call(self) -> None:
        town = self.town
        town.at("2026-03-03 10:00")
        words = {
            "code": "c-1", "programme": "api-voucher", "title_ko": "공고", "title_en": "Call",
            "opens_at": "2026-03-04T09:00:00+09:00", "closes_at": "2026-03-24T15:00:00+09:00",
            "budget_microwon": 10_000_000 * WON,
            "criteria": [{"code": "plan", "weight": 1}],
            "rules": {"panel": 3, "quorum": 3, "trim_high": 0, "trim_low": 0},
            "terms": {"tranches": ["1/2", "1/2"], "deposit_days": 14, "sign_days": 10},
        }  # fmt: skip
        town.op1.post("/calls", **words)
        town.op1.refused("/calls/c-1/approve", "parties.approval.same_person")
        town.op2.post("/calls/c-1/approve")

    def hand_in(self, firm: str, won: int, supplier: str = "") -> str:
        desk = getattr(self.town, firm)
        row = desk.post("/calls/c-1/applications", organisation=firm)
        desk.put(
            f"/applications/{row['id']}",
            answers={"title": f"plan of {firm}", "plan": "we call models"},
            requested_microwon=won * WON, supplier=supplier or None,
        )  # fmt: skip
        return row["id"]

    def select(self) -> None:
        """hana wins, duri waits; the last microsecond counts."""
        town = self.town
        town.at("2026-03-10 10:00")
        self.hana = self.hand_in("hana", 8_000_000, "nuri")
        town.hana.post(f"/applications/{self.hana}/submit")
        self.duri = self.hand_in("duri", 6_000_000)
        town.at("2026-03-24 15:00")
        town.duri.refused(f"/applications/{self.duri}/submit", "programme.call.not_open")
        town.after(microseconds=-1)
        assert town.duri.post(f"/applications/{self.duri}/submit")["receipt_no"]
        town.at("2026-03-25 10:00")
        for row in (self.hana, self.duri):
            town.op1.post(f"/applications/{row}/eligibility", is_eligible=True)
        town.op1.post("/calls/c-1/review")
        for row, points in ((self.hana, 90), (self.duri, 80)):
            for identifier, desk in town.experts.items():
                self.judge(row, identifier, desk, points)
        self.rank()
        assert town.hana.get(f"/applications/{self.hana}")["state"] == "selected"
        assert town.duri.get(f"/applications/{self.duri}")["state"] == "reserve"

    def judge(self, row: str, reviewer: str, desk: Twice, points: int) -> None:
        email = desk.get("/me")["email"]
        seat = self.town.op1.post(f"/applications/{row}/assignments", reviewer=email)
        path = f"/assignments/{seat['id']}"
        desk.refused(f"{path}/review/submit", "review.pledge.missing",
                     scores={"plan": points})  # fmt: skip
        desk.post(f"{path}/pledge", has_conflict=False)
        desk.post(f"{path}/review/submit", scores={"plan": points})

    def rank(self) -> None:
        town = self.town
        run = town.op1.post("/calls/c-1/rankings")
        path = f"/calls/c-1/rankings/{run['id']}/confirm"
        town.op2.post(path)
        assert town.op3.post(path)["state"] == "confirmed"

    def appeal(self) -> None:
        """duri appeals within its days, and wins; hana has signed and stays as it is."""
        town = self.town
        for notice in town.duri.get("/notices"):
            town.duri.post(f"/notices/{notice['id']}/read")
        self.agree("hana", town.op1, town.hana, town.nuri)
        row = town.duri.post(
            f"/applications/{self.duri}/appeals", ground="administrative_error",
            text="a page was not shown to the reviewers",
        )  # fmt: skip
        path = f"/appeals/{row['id']}"
        town.op1.post(path + "/judge", admissible=True)
        town.op1.post(path + "/hear")
        town.op1.refused(
            path + "/decide", "parties.approval.same_person", upheld=True, reason="seen"
        )
        town.op2.post(path + "/decide", upheld=True, reason="the page was indeed missing")
        town.op1.post(
            "/calls/c-1/contingency", amount_microwon=4_000_000 * WON, reason="appeal"
        )
        self.rank()
        town.op1.post(path + "/close")
        self.agree("duri", town.op1, town.duri)

    def award(self, firm: str) -> dict:
        rows = self.town.op1.get("/awards")
        return next(row for row in rows if row["organisation"] == firm)

    def agree(self, firm: str, *desks: Desk) -> None:
        award = self.award(firm)
        rows = self.town.op1.get("/agreements")
        agreement = next(row for row in rows if row["award"] == award["id"])
        for desk in desks:
            path = f"/agreements/{agreement['id']}/sign"
            done = desk.post(path, sha256=agreement["terms_sha256"])
        assert done["state"] == "signed"

    # Money in --------------------------------------------------------------------------

    def bank(self, *lines: tuple[str, int, str, str]) -> None:
        """The file of the day; it comes a second time a day later."""
        rows = []
        for account, won, payer, memo in lines:
            self.bank_lines += 1
            when = self.town.now.isoformat()
            rows.append(f"{account},b-{self.bank_lines},{when},{won},{payer},{memo}")
        body = {"programme": "api-voucher", "year": 2026, "text": HEAD + "\n".join(rows)}
        assert self.town.op1.post("/bank/imports", **body)["new"] == len(lines)
        assert self.town.op2.post("/bank/imports", **body)["seen"] == len(lines)

    def pay_in(self) -> None:
        """A stranger pays for hana: parked, sent back; then hana and duri pay."""
        town = self.town
        code = self.award("hana")["voucher"]
        own = self.deposit_won("hana")
        assert own == 1_500_000  # half of 8 million: supply 5 million, 1 million own, VAT
        self.bank(("1110", own, "999-99-99999", code))
        award = self.award("hana")["id"]
        town.op1.refused(f"/awards/{award}/voucher", "voucher.deposit.insufficient")
        (parked,) = [row for row in town.op1.get("/receipts") if row["state"] == "parked"]
        assert any(parked["id"] in str(row) for row in town.op1.get("/exceptions"))
        town.op1.post(f"/receipts/{parked['id']}/return", reason="somebody else's money")
        self.bank(
            ("1110", own, "101-81-00001", code),
            ("1110", self.deposit_won("duri"), "101-81-00002", self.award("duri")["voucher"]),
        )
        for firm in ("hana", "duri"):
            done = town.op2.post(f"/awards/{self.award(firm)['id']}/voucher")
            assert done["state"] == "active", done

    def deposit_won(self, firm: str) -> int:
        subsidy = self.award(firm)["amount_microwon"] // WON // 2
        supply = subsidy * 5 // 4
        return supply - subsidy + supply // 10

    # A year of use -----------------------------------------------------------------------

    def use(self, firm: str, quantity: int) -> dict:
        return self.town.op1.post(
            "/usage", voucher=self.award(firm)["voucher"], offering="nuri/report",
            quantity=quantity, id=f"d-{uuid4().hex}",
        )  # fmt: skip

    def settle(self, month: str, meanwhile=lambda: None) -> int:
        """Close, confirm, pay; what was paid in won."""
        town = self.town
        found = town.op1.post("/statements", supplier="nuri", month=month)["statement"]
        path = f"/statements/nuri/{month}/{found['number']}"
        town.nuri.post(path + "/confirm")
        meanwhile()
        rows = town.op1.post(path + "/payouts")
        for row in rows:
            town.op1.refused(f"/payouts/{row['id']}/approve", "parties.approval.same_person")
            town.op2.post(f"/payouts/{row['id']}/approve")
            town.op1.post(f"/payouts/{row['id']}/settle")
        return sum(row["amount_microwon"] for row in rows) // WON

    def spend(self) -> None:
        town = self.town
        town.at("2026-04-10 10:00")
        self.use("hana", 40)
        self.use("duri", 10)
        town.at("2026-04-30 23:59:59")
        last = self.use("duri", 1)
        assert last["started_at"] == "2026-04-30T14:59:59Z"
        town.at("2026-05-02 09:00")
        assert self.settle("2026-04") == 51 * 110_000
        refund = self.refund_after_settlement(last["call"])
        self.second_part()
        self.use("hana", 10)
        town.at("2026-06-02 09:00")
        # the offset of what duri's refund came to: 50,000 of supply with its VAT
        kept = self.settle("2026-05", lambda: self.keep_back(refund))
        assert kept == 10 * 110_000 - 55_000

    def refund_after_settlement(self, call: str) -> str:
        town = self.town
        rows = town.op1.get("/charges")
        charge = next(row for row in rows if row["call"] == call)
        refund = str(uuid4())
        done = town.op1.post(
            f"/charges/{charge['no']}/refund", refund=refund, amount_microwon=50_000 * WON,
            reason="half of it was late",
        )  # fmt: skip
        assert (done["settled"], done["left_microwon"]) == (True, 55_000 * WON)
        return refund

    def keep_back(self, refund: str) -> None:
        """From what the supplier is owed; duri may spend it again."""
        town, path = self.town, f"/vouchers/{self.award('duri')['voucher']}"
        before = town.duri.get(path)
        done = town.op1.post(f"/refunds/{refund}/collect", by="offset")
        assert done["left_microwon"] == 0
        after = town.duri.get(path)
        gained = after["supply"]["spendable_microwon"] - before["supply"]["spendable_microwon"]
        assert gained == 50_000 * WON

    def second_part(self) -> None:
        """hana reports in the middle of its time, pays for its second half and gets it."""
        town = self.town
        award = self.award("hana")["id"]
        path = f"/awards/{award}/tranches/release"
        town.op1.refused(path, "programme.tranche.not_ready")
        self.report("hana", "mid")
        town.op1.refused(path, "voucher.deposit.insufficient")
        code = self.award("hana")["voucher"]
        self.bank(("1110", 1_500_000, "101-81-00001", code))
        assert town.op1.post(path)["state"] == "released"

    def report(self, firm: str, kind: str) -> None:
        desk = getattr(self.town, firm)
        mine = self.award(firm)["id"]
        row = next(
            row for row in desk.get("/reports") if (row["award"], row["kind"]) == (mine, kind)
        )
        desk.post(f"/reports/{row['id']}/submit", sections=WORDS)
        self.town.op1.post(f"/reports/{row['id']}/accept")

    # What went wrong ---------------------------------------------------------------------

    def claw_back(self) -> None:
        """Fraud of duri: 400,000 won, five times as much on top, and five years without."""
        town = self.town
        case = town.op1.post(
            "/cases", award=self.award("duri")["id"], ground="fraud",
            found_microwon=400_000 * WON, reason="copied bills",
        )  # fmt: skip
        path = f"/cases/{case['id']}"
        town.op1.post(path + "/investigate", reason="a closer look")
        town.op1.post(path + "/hearing", reason="what is alleged")
        town.duri.post(path + "/answer", text="we are sorry")
        town.op1.post(path + "/hear")
        decided = {"principal_microwon": 400_000 * WON, "reason": "it was so"}
        town.op1.refused(path + "/decide", "parties.approval.same_person", **decided)
        town.op2.post(path + "/decide", **decided)
        town.op2.refused(path + "/demand", "parties.approval.same_person")
        case = town.op3.post(path + "/demand")
        assert case["surcharge_microwon"] == 5 * 400_000 * WON
        assert case["owed_microwon"] == 2_400_000 * WON
        (sanction,) = town.op1.get("/sanctions")
        assert sanction["organisation"] == "duri"
        plan = town.op1.post(path + "/instalments", count=3, every_days=30, reason="asked for")
        for one in plan["instalments"]:
            case = town.op1.post(
                path + "/collect", amount_microwon=one["amount_microwon"],
                reference=f"pay-{one['number']}",
            )  # fmt: skip
        assert case["state"] == "collected"
        assert town.op2.post(path + "/remit", reference="tr-1")["to_remit_microwon"] == 0
        self.stays_away()

    def stays_away(self) -> None:
        """Who is excluded cannot hand in."""
        town = self.town
        words = {
            "code": "c-2", "programme": "api-voucher", "title_ko": "둘째", "title_en": "Second",
            "opens_at": "2026-07-01T09:00:00+09:00", "closes_at": "2026-07-20T15:00:00+09:00",
            "budget_microwon": 1_000_000 * WON, "criteria": [{"code": "plan", "weight": 1}],
        }  # fmt: skip
        town.op1.post("/calls", **words)
        town.op2.post("/calls/c-2/approve")
        town.at("2026-07-02 10:00")
        row = town.duri.post("/calls/c-2/applications", organisation="duri")
        path = f"/applications/{row['id']}"
        town.duri.put(path, answers={"title": "again", "plan": "x"}, requested_microwon=WON)
        town.duri.refused(path + "/submit", "parties.organisation.sanctioned")
        town.op1.post("/calls/c-2/cancel", reason="nobody else came")

    # The end -----------------------------------------------------------------------------

    def end(self) -> None:
        town = self.town
        town.at("2027-01-01 00:00")
        town.after(microseconds=-1)
        due = town.op1.post("/due")  # duri's voucher ended with its case: only it is settled
        assert (due["vouchers_expired"], due["settlements_opened"]) == (0, 1)
        town.after(microseconds=1)
        due = town.op1.post("/due")
        assert (due["vouchers_expired"], due["settlements_opened"]) == (1, 1)
        assert town.op1.post("/due")["vouchers_expired"] == 0
        town.at("2027-01-05 10:00")
        self.settle_rest()
        for firm in ("hana", "duri"):
            self.report(firm, "result")
            self.settle_project(firm)
        town.op1.post("/calls/c-1/archive")
        assert town.auditor.get(YEAR)["open"] == []
        self.roll_over()
        self.close_year()

    def settle_rest(self) -> None:
        """hana's five reports of May are on June's statement; nothing is left by now."""
        found = self.town.op1.post("/statements", supplier="nuri", month="2026-12")
        assert found["unchanged"]

    def settle_project(self, firm: str) -> None:
        town, desk = self.town, getattr(self.town, firm)
        mine = self.award(firm)["id"]
        row = next(row for row in town.op1.get("/project-settlements") if row["award"] == mine)
        path = f"/project-settlements/{row['id']}"
        desk.post(path + "/submit")
        town.op2.post(path + "/confirm")
        town.op1.post(path + "/return")
        back = town.op1.post(f"/vouchers/{self.award(firm)['voucher']}/deposit-return")
        town.op2.post(f"/deposit-returns/{back['id']}/approve")
        town.op1.post(f"/deposit-returns/{back['id']}/pay")

    def roll_over(self) -> None:
        town = self.town
        made = town.op1.post(
            YEAR + "/roll-over", budget_microwon=50_000_000 * WON,
            carried_microwon=10_000_000 * WON,
        )  # fmt: skip
        path = f"/roll-overs/{made['id']}/approve"
        town.op1.refused(path, "parties.approval.same_person")
        assert town.op2.post(path)["to_year"] == 2027

    def close_year(self) -> None:
        town = self.town
        town.op1.post(YEAR + "/begin-close")
        (owed,) = town.op1.get(YEAR + "/treasury")
        town.op2.post(f"/treasury-returns/{owed['id']}/remit")
        town.op1.refused(YEAR + "/close", "parties.approval.same_person")
        assert town.op2.post(YEAR + "/close")["state"] == "closed"


def test_year_from_the_call_to_the_next_year_over_the_api(story, year) -> None:
    town = story.town
    story.open_call()
    story.select()
    story.appeal()
    story.pay_in()
    town.wells()
    story.spend()
    town.wells()
    story.claw_back()
    town.wells()
    story.end()
    town.wells()
    found = town.auditor.get("/ledger/trial-balance")
    assert found["balanced"], json.dumps(found)
    assert town.auditor.get("/bank/reconciliation?programme=api-voucher&year=2026&account=1110")
    old = {
        (line["code"], line["balance_microwon"] // WON)
        for line in found["accounts"]
        if line["balance_microwon"] and str(year.id) in line["dimensions"].values()
    }
    assert {code for code, _ in old} <= {
        "4100", "4190", "5100", "5190", "B100", "B500", "B650"
    }, old  # fmt: skip
