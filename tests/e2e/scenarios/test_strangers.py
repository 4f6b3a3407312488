"""What a stranger tries who has the contract alone: HTTP, declarations, the test clock."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from scenes import WON, Refusal, Scene, select_and_sign

WAIT_S_MAX = 180
JOB_OVER = {"completed", "failed", "cancelled", "timeout"}


def test_slips_of_a_client_are_named_and_leave_nothing(town) -> None:
    town.at("2027-01-31 23:59:57")
    scene = Scene(town, "slips")
    voucher = scene.grant()
    offering = f"{scene.name}-nuri/report"
    use = {"voucher": voucher, "offering": offering, "id": "d-1"}
    town.op1.refused("/usage", "usage.quantity.unclear", **use)
    both = use | {"quantity": 1, "quantities": {"request": 1}}
    town.op1.refused("/usage", "usage.quantity.unclear", **both)
    for at in ("2027-01-31T10:00:00", "0001-01-01T00:00:00+09:00"):
        town.op1.refused("/usage", "portal.form.invalid", **use, quantity=1, used_at=at)
    money = {"amount_microwon": WON, "reference": scene.name, "payer": f"{scene.name}-hana"}
    path = f"/vouchers/{voucher}/deposits"
    town.op1.refused(path, "portal.form.invalid", **money, received_at="2027-01-31T10:00:00")
    late = "2028-01-31T10:00:00+09:00"
    town.op1.refused(path, "deposit.receipt.in_future", **money, received_at=late)
    price = {"unit": "request", "microwon_per_million": 1, "valid_from": "2027-06-01T00:00:00"}
    scene.nuri.refused(f"/offerings/{offering}/prices", "portal.form.invalid", **price)
    assert town.op1.post("/usage", **use, quantity=1)["replayed"] is False, "the id is free"
    asked = urllib.request.Request(f"{town.url}/api/v1/me", method="DELETE")
    with pytest.raises(urllib.error.HTTPError) as found:
        urllib.request.urlopen(asked)
    found.value.close()
    assert found.value.code == 405
    assert found.value.headers["content-type"].startswith("application/problem+json")
    town.wells()


def test_two_teams_emptied_by_eight_callers_at_once_stop_at_their_limits(town) -> None:
    town.at("2027-02-01 10:00:00")
    scene = Scene(town, "teams")
    voucher = scene.grant()
    limits = {"red": 950_000, "blue": 1_200_000}  # 100,000 won a piece
    for team, limit in limits.items():
        scene.hana.put(f"/vouchers/{voucher}/teams/{team}", limit_microwon=limit * WON)

    def call(number: int) -> str:
        try:
            scene.use(voucher, 1, team="red" if number % 2 else "blue", id=f"t-{number}")
        except Refusal as refused:
            return refused.code
        return "done"

    with ThreadPoolExecutor(8) as callers:
        said = list(callers.map(call, range(30)))
    assert (said[1::2].count("done"), said[0::2].count("done")) == (9, 12)
    assert set(said) == {"done", "voucher.team.limit_reached"}
    found = scene.hana.get(f"/vouchers/{voucher}/teams")
    spent = {one["code"]: one["spent_microwon"] // WON for one in found}
    assert spent == {"red": 900_000, "blue": 1_200_000}
    town.wells()


def test_gpu_time_of_one_machine_by_arrays_prices_and_a_budget_cut_in_mid_run(town) -> None:
    town.at("2027-03-10 10:00:00")
    scene = Scene(town, "gpu")
    name = scene.name
    text = gpu_text(name, scene.programme)
    town.declare(text)
    firm, uni = scene.hana, town.desk(f"prof@{name}-uni.example")
    task = ["sh", "-c", "exit $(( SLURM_ARRAY_TASK_ID % 2 ))"]
    sweep = {"key": "sweep", "cards": 1, "time_limit_s": 30, "array": 3, "command": task}
    firm.send("/compute/jobs", sweep | {"grant": f"{name}-firm"})
    long = {"key": "long", "cards": 2, "time_limit_s": 1500, "command": ["sleep", "900"]}
    uni.send("/compute/jobs", long | {"grant": f"{name}-uni"})
    over(town, uni, f"{name}-uni", {"running"})
    town.declare(text.replace("gpu_seconds = 3_600", "gpu_seconds = 700"))
    (long,) = over(town, uni, f"{name}-uni", JOB_OVER)
    assert long["state"] == "cancelled"
    (sweep,) = over(town, firm, f"{name}-firm", JOB_OVER)
    states = sorted(one["state"] for one in sweep["attempts"])
    assert (sweep["state"], states) == ("failed", ["completed", "completed", "failed"])
    assert sweep["charge_microwon"] == sweep["gpu_seconds"] * 3 * WON // 2
    paid_half = long["charge_microwon"]
    assert paid_half == long["gpu_seconds"] * WON // 2, "a university pays another price"
    held = uni.get(f"/compute/grants/{name}-uni")["gpu_seconds"]
    assert (held["held"], held["used"] + held["available"]) == (0, 700)
    told = town.house.madang("compute", "reconcile", "--site", name)
    assert (told.code, told.data["drift_gpu_seconds"], told.data["lines"]) == (0, 0, [])
    town.wells()


def test_deposit_of_the_last_day_is_read_from_the_file_of_the_next_morning(town) -> None:
    """Where the agency waits for it; what the bank received too late is parked all the same."""
    town.at("2027-04-01 10:00:00")
    path = town.house.data / "bank.toml"
    path.write_text("hear_days = 3\n")
    told = town.house.madang("policy", "change", "bank", str(path), "--as", town.op1.email)
    assert told.code == 0, told
    scene = Scene(town, "morning")
    award = select_and_sign(scene, asked_won=10_000_000, day="2027-04-")
    owed = scene.hana.get(f"/awards/{award}")
    own, code = owed["copayment"]["cash_microwon"] // WON, owed["voucher"]
    assert (own, owed["copayment"]["due_at"]) == (3_750_000, "2027-05-06T15:00:00Z")
    town.at("2027-05-06 23:59:58")
    in_time = scene.bank(("1110", own - 1, scene.number(1), code))
    town.at("2027-05-07 00:00:01")
    late = scene.bank(("1110", 1, scene.number(1), code))
    town.at("2027-05-07 09:00:00")
    town.op1.post("/due")
    assert scene.take_in(late)["outcomes"] == {"parked": 1}
    assert scene.take_in(in_time)["outcomes"] == {"deposit": 1}
    found = scene.hana.get(f"/awards/{award}")
    assert (found["state"], found["copayment"]["state"]) == ("agreed", "pending_deposit")
    mine = [row for row in town.op1.get("/receipts") if row["voucher"] == code]
    (parked,) = [row for row in mine if row["state"] == "parked"]
    path = f"/receipts/{parked['id']}/match"
    town.op2.post(path, voucher=code, reason="one won, a bank's fee")
    town.op2.post(f"/awards/{award}/voucher")
    assert town.op1.get(f"/vouchers/{code}")["supply"]["spendable_microwon"] == 12_500_000 * WON
    use = {"voucher": code, "offering": f"{scene.name}-nuri/report", "quantity": 1, "id": "d-1"}
    before = "2027-04-21T23:59:59+09:00"  # it was signed on the twenty-second
    town.op1.refused("/usage", "usage.time.before_voucher", **use, used_at=before)
    first = town.op1.post("/usage", **use)
    town.at("2027-05-07 09:05:00")
    again = town.op1.post("/usage", **use)  # sent again, and without a time of its own
    assert (again["replayed"], again["no"]) == (True, first["no"])
    town.wells()


def test_clawback_that_a_refund_overtook_is_decided_anew_and_each_part_told(town) -> None:
    town.at("2027-05-10 10:00:00")
    scene = Scene(town, "anew")
    voucher = scene.grant()
    done = scene.use(voucher, 10)
    town.at("2027-06-02 10:00:00")
    assert scene.pay(scene.state("2027-05")) == 1_100_000
    opened = {
        "award": scene.award()["id"], "ground": "requirement", "reason": "papers are missing",
        "found_microwon": 800_000 * WON,
    }  # fmt: skip
    case = town.op1.post("/cases", **opened)
    assert town.op1.post("/cases", **opened)["id"] == case["id"]
    path = f"/cases/{case['id']}"
    town.op1.post(path + "/investigate", reason="a closer look")
    town.op1.post(path + "/hearing", reason="what is alleged")
    scene.hana.post(path + "/answer", text="we look for them")
    town.op1.post(path + "/hear")
    all_of_it = {"principal_microwon": 800_000 * WON, "reason": "none was found"}
    town.op2.post(path + "/decide", **all_of_it)
    charge = next(row for row in town.op1.get("/charges") if row["call"] == done["call"])
    refund = {"refund": str(uuid4()), "amount_microwon": 100_000 * WON, "reason": "one is void"}
    town.op1.post(f"/charges/{charge['no']}/refund", **refund)
    left = town.op3.refused(path + "/demand", "programme.case.too_large").fields
    assert left["settled_microwon"] == 720_000 * WON
    town.op2.post(path + "/decide", principal_microwon=720_000 * WON, reason="the rest")
    assert town.op3.post(path + "/demand")["owed_microwon"] == 1_440_000 * WON
    town.op1.post(path + "/collect", amount_microwon=440_000 * WON, reference=scene.name)
    town.op1.post(path + "/instalments", count=3, reason="asked for time")
    over = {"amount_microwon": 1_000_001 * WON, "reference": f"{scene.name}-2"}
    told = town.op1.refused(path + "/collect", "programme.case.more_than_owed", **over)
    assert told.fields["owed_microwon"] == 1_000_000 * WON
    paid = {"amount_microwon": 400_000 * WON, "reference": f"{scene.name}-3"}
    parts = town.op1.post(path + "/collect", **paid)["instalments"]
    won = [(one["amount_microwon"] // WON, one["paid_microwon"] // WON) for one in parts]
    assert won == [(333_340, 333_340), (333_330, 66_660), (333_330, 0)]
    town.wells()


def test_year_of_a_bankrupt_supplier_that_owes_a_refund_closes_to_zero(town) -> None:
    """333,333 won are to come back: 266,666 subsidy, 66,667 own part and 33,333 VAT. 100,001
    come in cash, 110,000 are kept back from a payout that was made already, 156,665 never."""
    town.at("2027-11-01 10:00:00")
    scene = Scene(town, "bankrupt")
    voucher = scene.grant()
    call = scene.use(voucher, 12)["call"]
    assert scene.pay(scene.state("2027-11")) == 1_320_000
    rows = town.op1.get(f"/charges?voucher={voucher}")
    number = next(row["no"] for row in rows if row["call"] == call)
    refund, asked = str(uuid4()), {"amount_microwon": 333_333 * WON, "reason": "undelivered"}
    town.op1.post(f"/charges/{number}/refund", refund=refund, **asked)
    path = f"/refunds/{refund}"
    town.op1.post(path + "/collect", by="cash", amount_microwon=100_001 * WON)
    scene.use(voucher, 1)
    rest = scene.state("2027-11")
    payouts = town.op1.post(rest + "/payouts")
    why = {"ground": "bankrupt", "reason": "the estate is empty"}
    why |= {"document": town.op1.hand_over("court.pdf", b"%PDF-1.7")}
    told = town.op1.refused(
        path + "/write-off/propose", "charge.write_off.set_off_first", **why
    )
    assert told.fields["available_microwon"] == 110_000 * WON
    for row in payouts:
        town.op2.post(f"/payouts/{row['id']}/withdraw", reason="it owes us more")
    town.op1.post(path + "/collect", by="offset", amount_microwon=110_000 * WON)
    assert town.op1.post(rest + "/payouts") == []
    town.op1.post(f"/suppliers/{scene.name}-nuri/exit", kind="bankrupt", reason="the court")
    assert town.op1.post(path + "/write-off/propose", **why)["state"] == "proposed"
    town.op1.refused(path + "/write-off", "parties.approval.same_person")
    (lost,) = town.op2.post(path + "/write-off")["write_offs"]
    parts = lost["subsidy_microwon"] // WON, lost["deposit_microwon"] // WON
    assert parts == (86_665, 70_000)
    town.wells()
    cli = town.house.madang("refund", "write-off", refund, "--as", town.op3.email)
    assert (cli.code, cli.error["code"]) == (1, "charge.refund.written_off")
    town.at("2028-01-05 10:00:00")
    town.op1.post("/due")
    town.op1.post(f"/vouchers/{voucher}/close")
    back = town.op1.post(f"/vouchers/{voucher}/deposit-return")
    # 3,000,000 less 360,000 and 30,000, and 30,000 that were kept back
    assert back["amount_microwon"] == 2_640_000 * WON
    town.op2.post(f"/deposit-returns/{back['id']}/approve")
    town.op1.post(f"/deposit-returns/{back['id']}/pay")
    year = f"/years/{scene.programme}/2027"
    assert town.auditor.get(year)["open"] == []
    town.op1.post(year + "/begin-close")
    (owed,) = town.op1.get(year + "/treasury")
    # 960,000 and 80,000 were consumed, 100,001 and 80,000 came back
    assert owed["amount_microwon"] == (100_000_000 - 859_999) * WON
    town.op2.post(f"/treasury-returns/{owed['id']}/remit")
    assert town.op2.post(year + "/close")["state"] == "closed"
    town.op1.refused(path + "/revive", "charge.refund.year_closed", reason="it pays")
    town.wells()


def over(town, desk, grant: str, states: set[str]) -> list[dict]:
    """The grant's jobs, once each is in one of these states."""
    deadline = time.monotonic() + WAIT_S_MAX
    while True:
        town.house.madang("compute", "poll")
        found = [desk.get(f"/compute/jobs/{one['id']}") for one in jobs_of(desk, grant)]
        if all(one["state"] in states for one in found):
            return found
        assert time.monotonic() < deadline, found


def jobs_of(desk, grant: str) -> list[dict]:
    return desk.get(f"/compute/jobs?grant={grant}")


def gpu_text(name: str, programme: str) -> str:
    """A university beside the scene's firm, a site of one machine, a priced class."""
    grants = "".join(
        f'[[voucher]]\ncode = "{name}-{who}"\nprogramme = "{programme}"\n'
        f'organisation = "{firm}"\nsubsidy_won = 1_000_000\ndeposit_won = 400_000\n'
        f'expires_on = "2027-12-31"\nofferings = ["{name}-nuri/*"]\n'
        f'[[grant]]\ncode = "{name}-{who}"\norganisation = "{firm}"\ngpu_class = "{name}"\n'
        f'voucher = "{name}-{who}"\ngpu_seconds = {seconds}\ncards_max = 4\n'
        'starts_on = "2027-03-01"\nends_on = "2027-08-31"\n'
        for who, firm, seconds in (
            ("firm", f"{name}-hana", "1_000"), ("uni", f"{name}-uni", "3_600"),
        )
    )  # fmt: skip
    price = (
        '  [[offering.price]]\n  unit = "gpu_second"\n'
        '  valid_from = "2027-01-01T00:00:00+09:00"\n'
    )
    return (
        f'[[organisation]]\ncode = "{name}-uni"\nname = {{ ko = "대학", en = "University" }}\n'
        f'kind = "university"\n[[person]]\nemail = "prof@{name}-uni.example"\n'
        f'organisation = "{name}-uni"\nroles = ["beneficiary"]\n'
        f'token = "mdp_test_prof@{name}-uni.example"\n'
        f'[[offering]]\ncode = "{name}-nuri/gpu"\nsupplier = "{name}-nuri"\nmeter = "compute"\n'
        f'{price}  won_each = "1.5"\n{price}  won_each = "0.5"\n'
        '  for_kinds = ["university"]\n'
        f'[[site]]\ncode = "{name}"\nengine = "local"\n'
        f'[[gpu_class]]\ncode = "{name}"\nsite = "{name}"\ngres = "gpu:h100"\n'
        f'offering = "{name}-nuri/gpu"\ncards_max = 8\n'
        '  [[gpu_class.stage]]\n  cards = 8\n  opens_on = "2027-01-01"\n' + grants
    )
