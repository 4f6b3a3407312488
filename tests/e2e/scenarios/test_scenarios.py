"""Scenarios of a programme's life, played from outside: HTTP, the test clock, declarations.

Each has a programme of its own. The clock is shared and only goes on, so they stand in the
order of a year.
"""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

from scenes import WON, Scene, select_and_sign

WORDS = {"done": "we called models", "effect": "faster", "problems": "none"}


def test_late_and_duplicated_bank_lines_count_once_and_wrong_payers_are_parked(town) -> None:
    town.at("2027-01-11 10:00:00")
    scene = Scene(town, "bank")
    voucher = scene.grant(deposit_won=0)
    own = scene.number(1)
    first = scene.bank(
        ("1110", 500_000, own, voucher), ("1110", 300_000, "999-99-99999", voucher)
    )
    town.at("2027-02-15 10:00:00")  # a month late
    assert scene.take_in(first)["new"] == 2
    again = scene.take_in(first, town.op2)
    assert (again["new"], again["seen"]) == (0, 2)
    assert town.op1.get(f"/vouchers/{voucher}")["deposit"]["paid_microwon"] == 500_000 * WON
    changed = first.replace(",500000,", ",500001,")
    body = {"programme": scene.programme, "year": 2027, "text": changed}
    refusal = town.op1.refused(
        "/bank/imports", "programme.bank_line.exists_with_different_content", **body
    )
    assert (refusal.fields["field"], refusal.fields["line"]) == ("amount_won", 2)
    mine = [row for row in town.op1.get("/receipts") if row["voucher"] == voucher]
    (parked,) = [row for row in mine if row["state"] == "parked"]
    assert parked["amount_microwon"] == 300_000 * WON
    assert any(parked["id"] in json.dumps(row) for row in town.op1.get("/exceptions"))
    town.op1.post(f"/receipts/{parked['id']}/return", reason="not the beneficiary's")
    town.op1.refused(
        f"/receipts/{parked['id']}/match", "deposit.receipt.not_parked",
        voucher=voucher, reason="too late",
    )  # fmt: skip
    town.wells()


def test_agreement_of_three_parties_is_amended_by_all_of_them(town) -> None:
    town.at("2027-03-02 09:00:00")
    scene = Scene(town, "amend")
    award = select_and_sign(scene, asked_won=10_000_000)
    found = scene.hana.get(f"/awards/{award}")
    own, code = found["copayment"]["cash_microwon"] // WON, found["voucher"]
    scene.take_in(scene.bank(("1110", own, scene.number(1), code)))
    town.op2.post(f"/awards/{award}/voucher")
    scene.use(code, 5)

    (agreement,) = [one for one in town.op1.get("/agreements") if one["award"] == award]
    asked = {
        "reason": "another supplier, more money", "supplier": f"{scene.name}-mirae",
        "subsidy_microwon": 12_000_000 * WON, "offerings": [f"{scene.name}-mirae/*"],
    }  # fmt: skip
    row = town.op1.post(f"/agreements/{agreement['id']}/amendments", **asked)
    path = f"/amendments/{row['id']}/sign"
    for desk in (town.op1, scene.hana, scene.nuri):
        row = desk.post(path, sha256=row["terms_sha256"])
        assert row["state"] == "proposed", "the supplier that comes signs, too"
    scene.use(code, 1)  # until then everything stands
    row = scene.mirae.post(path, sha256=row["terms_sha256"])
    assert row["state"] == "signed"
    found = town.op1.get(f"/awards/{award}")
    assert found["amount_microwon"] == 12_000_000 * WON
    town.op1.refused(
        "/usage", "voucher.offering.not_covered", voucher=code, quantity=1,
        offering=f"{scene.name}-nuri/report", id="d-after",
    )  # fmt: skip
    scene.use(code, 2, "mirae")
    town.wells()


def test_firm_that_paid_its_supplier_first_is_reimbursed(town) -> None:
    town.at("2027-03-24 09:00:00")
    scene = Scene(town, "reimburse")
    award = select_and_sign(
        scene, asked_won=4_000_000, day="2027-04-", terms={"pay_direction": "reimburse"}
    )
    found = scene.hana.get(f"/awards/{award}")
    assert (found["state"], found["voucher"]) == ("issued", None)
    assert found["copayment"]["cash_microwon"] == 0
    town.at("2027-06-01 10:00:00")
    paper = scene.hana.hand_over("invoice.pdf", b"%PDF-1.7 paid")
    claim = {
        "seller_no": scene.number(2), "invoice_no": f"{scene.name}-1",
        "delivered_on": "2027-05-20", "paid_on": "2027-05-31",
        "supply_microwon": 3_000_000 * WON, "documents": [paper],
    }  # fmt: skip
    row = scene.hana.post(f"/awards/{award}/claims", **claim)
    assert row["subsidy_microwon"] == 2_400_000 * WON
    scene.hana.refused(f"/awards/{award}/claims", "programme.claim.invoice_claimed", **claim)
    more = claim | {"invoice_no": f"{scene.name}-2"}
    scene.hana.refused(f"/awards/{award}/claims", "programme.claim.too_large", **more)
    path = f"/milestones/{row['milestone']}"
    town.op1.post(path + "/accept")
    payout = town.op1.post(path + "/payout")
    town.op1.refused(f"/payouts/{payout['id']}/approve", "parties.approval.same_person")
    town.op2.post(f"/payouts/{payout['id']}/approve")
    assert town.op1.post(f"/payouts/{payout['id']}/settle")["state"] == "settled"
    town.op1.post(f"/awards/{award}/milestones/release", reason="all is bought")
    (one,) = scene.hana.get(f"/awards/{award}/claims")
    assert one["state"] == "accepted"
    town.wells()


def test_failed_payout_is_retried_then_held_then_released(town) -> None:
    town.at("2027-06-10 10:00:00")
    scene = Scene(town, "payout")
    voucher = scene.grant()
    scene.use(voucher, 10)
    town.at("2027-07-02 10:00:00")
    path = scene.state("2027-06")
    rows = town.op1.post(path + "/payouts")
    assert sum(row["amount_microwon"] for row in rows) == 1_100_000 * WON
    for row in rows:
        town.op1.refused(f"/payouts/{row['id']}/approve", "parties.approval.same_person")
        town.op2.post(f"/payouts/{row['id']}/approve")
        town.op1.post(f"/payouts/{row['id']}/fail", reason="the account is closed")
    retried = town.op1.post(path + "/payouts")
    assert {row["id"] for row in rows}.isdisjoint({row["id"] for row in retried})
    hold = town.op1.post(
        "/payout-holds", supplier=f"{scene.name}-nuri", reason="the account is looked at"
    )
    for row in retried:
        refusal = town.op2.refused(f"/payouts/{row['id']}/approve", "payout.hold.open")
        assert refusal.fields["hold"] == hold["id"]
    town.op2.post(f"/payout-holds/{hold['id']}/lift", reason="it was a slip of the pen")
    rows = [row for row in town.op1.get("/payouts") if row["id"] in {r["id"] for r in retried}]
    for row in rows:
        if row["state"] == "held":
            town.op1.post(f"/payouts/{row['id']}/release", reason="lifted")
        town.op2.post(f"/payouts/{row['id']}/approve")
        town.op1.post(f"/payouts/{row['id']}/settle")
    (statement,) = [
        one
        for one in town.op1.get(f"/settlements/{scene.name}-nuri/2027-06")["statements"]
        if one["number"] == 1
    ]
    assert statement["state"] == "paid"
    town.wells()


def test_supplier_is_bankrupt_in_mid_voucher(town) -> None:
    town.at("2027-07-05 10:00:00")
    scene = Scene(town, "bankrupt")
    voucher = scene.grant()
    done = scene.use(voucher, 4)
    town.op1.post(
        f"/suppliers/{scene.name}-nuri/exit", kind="bankrupt", reason="by the court's word"
    )
    town.op1.refused(
        "/usage", "offering.state.suspended", voucher=voucher, quantity=1,
        offering=f"{scene.name}-nuri/report", id="d-after",
    )  # fmt: skip
    charge = next(row for row in town.op1.get("/charges") if row["call"] == done["call"])
    town.op1.post(
        f"/charges/{charge['no']}/refund", refund=str(uuid4()), amount_microwon=100_000 * WON,
        reason="one report never came",
    )  # fmt: skip
    scene.use(voucher, 5, "mirae")  # the rest buys from others
    town.at("2027-08-02 10:00:00")
    path = scene.state("2027-07")
    for row in town.op1.post(path + "/payouts"):
        town.op2.refused(f"/payouts/{row['id']}/approve", "payout.hold.open")
    assert scene.pay(scene.state("2027-07", "mirae")) == 550_000
    town.wells()


def test_settled_money_is_clawed_back_in_instalments(town) -> None:
    town.at("2027-08-03 10:00:00")
    scene = Scene(town, "clawback")
    voucher = scene.grant()
    scene.use(voucher, 20)
    town.at("2027-09-02 10:00:00")
    assert scene.pay(scene.state("2027-08")) == 2_200_000
    case = town.op1.post(
        "/cases", award=scene.award()["id"], ground="breach", reason="not what was agreed",
        found_microwon=900_000 * WON,
    )  # fmt: skip
    path = f"/cases/{case['id']}"
    town.op1.post(path + "/investigate", reason="a closer look")
    town.op1.refused(
        "/usage", "voucher.state.suspended", voucher=voucher, quantity=1,
        offering=f"{scene.name}-nuri/report", id="d-suspended",
    )  # fmt: skip
    case = town.op1.post(path + "/hearing", reason="what is alleged")
    town.op1.refused(path + "/hear", "programme.case.hearing_not_over")
    scene.hana.post(path + "/answer", text="we misread the agreement")
    town.op1.post(path + "/hear")
    town.op2.post(path + "/decide", principal_microwon=900_000 * WON, reason="it was so")
    case = town.op3.post(path + "/demand")
    assert (case["multiplier"], case["owed_microwon"]) == (2, 2_700_000 * WON)
    plan = town.op1.post(path + "/instalments", count=3, every_days=30, reason="asked for")
    first, *rest = plan["instalments"]
    paid = {"amount_microwon": first["amount_microwon"], "reference": f"{scene.name}-one"}
    town.op1.post(path + "/collect", **paid)
    town.op1.post(path + "/collect", **paid)  # the bank tells it twice
    assert town.op1.get(path)["owed_microwon"] == 1_800_000 * WON
    for number, one in enumerate(rest):
        town.at(f"2027-1{number}-20 10:00:00")
        case = town.op1.post(
            path + "/collect", amount_microwon=one["amount_microwon"],
            reference=f"{scene.name}-{one['number']}",
        )  # fmt: skip
    assert case["state"] == "collected"
    assert town.op2.post(path + "/remit", reference="tr")["to_remit_microwon"] == 0
    town.wells()


def test_call_that_began_before_the_expiry_is_charged_after_it(town) -> None:
    """The year ends at 24:00 in Seoul while a model still thinks: its lease is kept for it."""
    town.at("2027-12-20 10:00:00")
    scene = Scene(town, "expiry")
    with SlowModel() as model:
        secret = f"mdg_test_{scene.name}"
        voucher = scene.grant()
        town.declare(
            f'[[offering]]\ncode = "{scene.name}-nuri/slow"\nsupplier = "{scene.name}-nuri"\n'
            f'meter = "model"\nupstream = "{model.url}"\nallow_private = true\n'
            'upstream_model = "slow"\ncontext_tokens_max = 2048\nuses = ["chat"]\n'
            '[[offering.price]]\nunit = "token.in"\nwon_per_million = "1000000000"\n'
            'valid_from = "2027-01-01T00:00:00+09:00"\n'
            '[[offering.price]]\nunit = "token.out"\nwon_per_million = "1000000000"\n'
            'valid_from = "2027-01-01T00:00:00+09:00"\n'
            f'[[key]]\nvoucher = "{voucher}"\nsecret = "{secret}"\nrpm_max = 60\n'
        )
        town.at("2027-12-31 23:30:00")
        answers: list[tuple[int, dict]] = []
        thread = threading.Thread(
            target=lambda: answers.append(chat(town.gateway, secret, f"{scene.name}-nuri/slow"))
        )
        thread.start()
        model.wait_until_asked()
        town.at("2028-01-01 00:00:01")
        assert town.op1.post("/due")["vouchers_expired"] >= 0  # the worker may have been first
        found = town.op1.get(f"/vouchers/{voucher}")
        assert found["state"] == "expired"
        assert found["subsidy"]["held_microwon"] > 0, "the call's lease is kept"
        late = chat(town.gateway, secret, f"{scene.name}-nuri/slow")
        assert (late[0], late[1]["error"]["code"]) == (403, "voucher.state.expired")
        model.answer()
        thread.join()
    ((status, body),) = answers
    assert (status, body["usage"]["total_tokens"]) == (200, 12)
    told = town.house.madang("voucher", "show", voucher).data
    assert told["supply"]["charged_microwon"] == 12_000 * WON
    assert told["calls"] == {"committed": 1, "unsettled": 0, "estimated": 0}
    assert told["subsidy"]["held_microwon"] == told["subsidy"]["available_microwon"] == 0
    town.wells()


def test_programme_year_closes_and_rolls_over(town) -> None:
    town.at("2027-12-31 22:00:00")
    scene = Scene(town, "close")
    voucher = scene.grant()
    scene.use(voucher, 7)
    town.at("2028-01-02 10:00:00")
    town.op1.post("/due")
    assert scene.pay(scene.state("2027-12")) == 770_000
    year = f"/years/{scene.programme}/2027"
    waiting = town.op1.get(year)["open"]
    assert waiting, "a voucher that is expired and not settled keeps the year open"
    town.op1.refused(year + "/begin-close", "programme.year.not_ready")
    town.op1.post(f"/vouchers/{voucher}/close")
    back = town.op1.post(f"/vouchers/{voucher}/deposit-return")
    assert back["amount_microwon"] == (3_000_000 - 210_000) * WON
    town.op2.post(f"/deposit-returns/{back['id']}/approve")
    town.op1.post(f"/deposit-returns/{back['id']}/pay")
    assert town.op1.get(year)["open"] == []
    made = town.op1.post(
        year + "/roll-over", budget_microwon=50_000_000 * WON, carried_microwon=10_000_000 * WON
    )
    town.op1.refused(f"/roll-overs/{made['id']}/approve", "parties.approval.same_person")
    assert town.op2.post(f"/roll-overs/{made['id']}/approve")["to_year"] == 2028
    town.op1.post(year + "/begin-close")
    (owed,) = town.op1.get(year + "/treasury")
    town.op2.post(f"/treasury-returns/{owed['id']}/remit")
    assert town.op2.post(year + "/close")["state"] == "closed"
    town.op1.refused(
        "/usage", "voucher.state.not_active", voucher=voucher, quantity=1,
        offering=f"{scene.name}-nuri/report", id="d-closed",
    )  # fmt: skip
    town.wells()


# What scenarios share -----------------------------------------------------------------------


def chat(gateway: str, secret: str, model: str) -> tuple[int, dict]:
    body = {"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]}
    asked = urllib.request.Request(f"{gateway}/v1/chat/completions", json.dumps(body).encode())
    asked.add_header("Authorization", f"Bearer {secret}")
    asked.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(asked, timeout=300) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())


class SlowModel:
    """A supplier's server that answers when it is told to."""

    WAIT_S_MAX = 300

    def __init__(self) -> None:
        self._asked, self._may = threading.Event(), threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                outer._asked.set()
                assert outer._may.wait(outer.WAIT_S_MAX)
                body = json.dumps(
                    {
                        "id": "x", "object": "chat.completion", "created": 0, "model": "slow",
                        "choices": [{
                            "index": 0, "finish_reason": "stop",
                            "message": {"role": "assistant", "content": "yes"},
                        }],
                        "usage": {
                            "prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12
                        },
                    }
                ).encode()  # fmt: skip
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def wait_until_asked(self) -> None:
        assert self._asked.wait(self.WAIT_S_MAX), "the gateway never asked"

    def answer(self) -> None:
        self._may.set()

    def __enter__(self) -> SlowModel:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._may.set()
        self._server.shutdown()
        self._server.server_close()
