"""Scenarios of agreements, steps, teams and debts, played from outside over HTTP.

Each has a programme of its own; what is due is reckoned by hand from the reference page. They
stand in the order of a year, for the clock only goes on.
"""

from __future__ import annotations

import threading

from scenes import WON, Refusal, Scene, select_and_sign

ANSWERS = {"title": "plan", "plan": "we call models"}


def test_suppliers_word_is_given_to_an_amount(town) -> None:
    town.at("2027-01-11 10:00:00")
    scene = Scene(town, "word")
    call = f"c-{scene.name}"
    town.op1.post(
        "/calls", code=call, programme=scene.programme, title_ko="공고", title_en="Call",
        opens_at="2027-01-12T09:00:00+09:00", closes_at="2027-01-29T15:00:00+09:00",
        budget_microwon=20_000_000 * WON, criteria=[{"code": "plan", "weight": 1}],
        rules={"panel": 3, "quorum": 3, "trim_high": 0, "trim_low": 0},
        terms={"supplier_consent": "before_submission"},
    )  # fmt: skip
    town.op2.post(f"/calls/{call}/approve")
    town.at("2027-01-13 10:00:00")
    made = scene.hana.post(f"/calls/{call}/applications", organisation=f"{scene.name}-hana")
    path, body = f"/applications/{made['id']}", {"supplier": f"{scene.name}-nuri"}

    def ask_for(won: int) -> None:
        scene.hana.put(path, answers=ANSWERS, requested_microwon=won * WON, **body)

    def word() -> dict:
        asked = scene.hana.post(path + "/matches", **body)
        return scene.nuri.post(f"/matches/{asked['id']}/answer", consents=True)

    ask_for(1)
    assert word()["agreed_microwon"] == 1 * WON
    ask_for(10_000_000)
    refusal = scene.hana.refused(path + "/submit", "programme.match.amount_exceeded")
    assert refusal.fields["agreed_microwon"] == 1 * WON
    assert word()["agreed_microwon"] == 10_000_000 * WON
    assert scene.hana.post(path + "/submit")["state"] == "submitted"
    try:
        ask_for(9_000_000)
    except Refusal as refused:
        assert refused.code == "programme.application.handed_in"
    else:
        raise AssertionError("what was handed in was rewritten")


def test_teams_share_a_voucher_and_its_alerts_come_once(town) -> None:
    town.at("2027-02-01 09:00:00")
    scene = Scene(town, "teams")
    voucher = scene.grant()  # 8 million at 4/5: 10 million won of supply
    teams = f"/vouchers/{voucher}/teams"
    scene.hana.put(teams + "/a", name="A", limit_microwon=500_000 * WON)
    scene.hana.put(teams + "/b", name="B", limit_microwon=90_000_000 * WON)  # above the voucher
    scene.use(voucher, 3, team="a")
    scene.hana.put(teams + "/a", name="A", limit_microwon=200_000 * WON)  # below its use
    use = {"voucher": voucher, "offering": f"{scene.name}-nuri/report", "team": "a"}
    refusal = town.op1.refused(
        "/usage", "voucher.team.limit_reached", id="below", quantity=1, **use
    )
    assert refusal.fields["left_microwon"] == 0
    scene.hana.put(teams + "/a", name="A", limit_microwon=400_000 * WON)
    codes: list[str] = []

    def race(number: int) -> None:
        try:
            town.op1.post("/usage", id=f"race-{number}", quantity=1, **use)
            codes.append("")
        except Refusal as refused:
            codes.append(refused.code)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(codes) == ["", *["voucher.team.limit_reached"] * 3]

    def alerts() -> list[str]:
        town.op1.post("/due")
        rows = scene.hana.get("/notices")
        return sorted(
            row["kind"] for row in rows if row["kind"].startswith("metering.voucher.")
        )

    scene.use(voucher, 75, team="b")  # 7.9 million
    assert alerts() == []
    scene.use(voucher, 1)  # 8.0 million: 80 % to the won
    assert alerts() == alerts() == ["metering.voucher.spent"]
    town.op1.refused(
        "/usage", "voucher.balance.insufficient", id="above", quantity=21,
        **use | {"team": "b"},
    )  # fmt: skip
    town.wells()


def test_steps_follow_an_amended_amount(town) -> None:
    town.at("2027-03-02 09:00:00")
    scene = Scene(town, "steps")
    award = select_and_sign(scene, asked_won=10_000_000, terms={"fulfilment": "milestones"})
    path = f"/awards/{award}/milestones"

    def plan(*parts: tuple[str, int]) -> list[dict]:
        steps = [
            {"name_ko": "단계", "name_en": "step", "due_on": day, "amount_microwon": won * WON}
            for day, won in parts
        ]
        rows = town.op1.send(path, {"steps": steps})
        scene.hana.post(path + "/agree")
        return rows

    first, second = plan(("2027-06-30", 6_000_000), ("2027-12-31", 4_000_000))
    paper = scene.hana.hand_over("work.pdf", b"%PDF-1.7 work")
    scene.hana.post(f"/milestones/{first['id']}/submit", documents=[paper])
    town.op2.post(f"/milestones/{first['id']}/accept")
    (agreement,) = [one for one in town.op1.get("/agreements") if one["award"] == award]
    amend = f"/agreements/{agreement['id']}/amendments"
    words = {"reason": "less is built"}
    refusal = town.op1.refused(
        amend, "programme.amendment.invalid", subsidy_microwon=5_999_999 * WON, **words
    )
    assert refusal.fields["reason"] == "below what is handed in"
    row = town.op1.post(amend, subsidy_microwon=8_000_000 * WON, **words)
    for desk in (town.op1, scene.hana, scene.nuri):
        desk.post(f"/amendments/{row['id']}/sign", sha256=row["terms_sha256"])
    scene.hana.post(f"/milestones/{second['id']}/submit", documents=[paper])
    refusal = town.op2.refused(
        f"/milestones/{second['id']}/accept", "programme.milestone.sum_differs"
    )
    assert refusal.fields["missing_microwon"] == -2_000_000 * WON
    town.op2.post(f"/milestones/{second['id']}/return", reason="the amount is another")
    (third,) = plan(("2027-12-31", 2_000_000))[-1:]
    scene.hana.post(f"/milestones/{third['id']}/submit", documents=[paper])
    town.op2.post(f"/milestones/{third['id']}/accept")
    payout = town.op1.post(f"/milestones/{third['id']}/payout")
    assert payout["amount_microwon"] == 2_000_000 * WON
    assert town.op1.post(path + "/release", reason="done") == []
    town.wells()


def test_debt_of_a_fraud_is_paid_in_part_and_written_off(town) -> None:
    town.at("2027-04-01 09:00:00")
    scene = Scene(town, "fraud")
    voucher = scene.grant()
    scene.use(voucher, 20)
    town.at("2027-05-03 10:00:00")
    assert scene.pay(scene.state("2027-04")) == 2_200_000
    case = town.op1.post(
        "/cases", award=scene.award()["id"], ground="fraud", reason="ghosts",
        found_microwon=800_005 * WON,
    )  # fmt: skip
    path = f"/cases/{case['id']}"
    town.op1.post(path + "/investigate", reason="a closer look")
    scene.hana.refused(path + "/answer", "programme.case.hearing_over", text="too early")
    town.op1.post(path + "/hearing", reason="what is alleged")
    scene.nuri.refused(path + "/answer", "core.request.not_found", text="not mine")
    scene.hana.post(path + "/answer", text="it was not so")
    town.op1.post(path + "/hear")
    decision = {"principal_microwon": 800_005 * WON, "reason": "it was so"}
    town.op1.refused(path + "/decide", "parties.approval.same_person", **decision)
    row = town.op2.post(path + "/decide", **decision)
    # below ten won nothing is counted; fraud: five times
    assert (row["principal_microwon"], row["surcharge_microwon"]) == (
        800_000 * WON, 4_000_000 * WON,
    )  # fmt: skip
    town.op2.refused(path + "/demand", "parties.approval.same_person")
    assert town.op3.post(path + "/demand")["owed_microwon"] == 4_800_000 * WON
    (sanction,) = scene.hana.get("/sanctions")
    assert (sanction["strikes"], sanction["ends_at"]) == (1, "2032-05-03T15:00:00Z")
    plan = town.op1.post(path + "/instalments", count=3, every_days=30, reason="asked for")
    assert {one["amount_microwon"] for one in plan["instalments"]} == {1_600_000 * WON}
    paid = {"amount_microwon": 1_000_005 * WON, "reference": f"{scene.name}-1"}
    row = town.op1.post(path + "/collect", **paid)
    assert row == town.op1.post(path + "/collect", **paid), "the bank tells it twice"
    assert row["owed_microwon"] == 3_799_995 * WON
    assert town.op1.post(path + "/remit", reference="tr-1")["to_remit_microwon"] == 5 * WON
    town.op2.refused(path + "/write-off", "programme.case.write_off_not_proposed")
    town.op1.post(path + "/write-off/propose", reason="nothing is left of the firm")
    town.op1.refused(path + "/write-off", "parties.approval.same_person")
    assert town.op2.post(path + "/write-off")["state"] == "written_off"
    assert town.op1.post(path + "/remit", reference="tr-2")["to_remit_microwon"] == 0
    town.wells()
