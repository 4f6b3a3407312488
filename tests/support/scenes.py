"""A running platform with a test clock, asked over HTTP alone: for scenarios from outside."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from house import House

from madang.core.clock import CLOCK_FILE, OffsetClock

WON = 1_000_000
STOP_S_MAX = 240
ANSWER_S_MAX = 240
ZONE = "+09:00"


class Refusal(Exception):
    """What the platform refused, with its stable code."""

    def __init__(self, status: int, document: dict) -> None:
        super().__init__(f"{status} {document}")
        self.status, self.code = status, document.get("code")
        self.fields = document.get("fields", {})


class Desk:
    """One person with a token."""

    def __init__(self, url: str, email: str) -> None:
        self._url, self.email = f"{url}/api/v1", email

    def get(self, path: str):
        return self._ask("GET", path, None, {})

    def post(self, path: str, /, *, key: str = "", **body):
        return self._ask("POST", path, body, {"Idempotency-Key": key or uuid4().hex})

    def send(self, path: str, body: dict):
        """A body with a field that `post` keeps for itself."""
        return self._ask("POST", path, body, {"Idempotency-Key": uuid4().hex})

    def put(self, path: str, /, **body):
        return self._ask("PUT", path, body, {"Idempotency-Key": uuid4().hex})

    def hand_over(self, name: str, content: bytes) -> str:
        """A document; its id."""
        mark = uuid4().hex
        head = (
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/pdf\r\n\r\n"
        )
        data = head.encode() + content + f"\r\n--{mark}--\r\n".encode()
        kind = f"multipart/form-data; boundary={mark}"
        return self._ask("POST", "/documents", data, {"Content-Type": kind})["id"]

    def refused(self, path: str, code: str, /, **body) -> Refusal:
        with pytest.raises(Refusal) as found:
            self.post(path, **body)
        assert found.value.code == code, found.value
        return found.value

    def _ask(self, method: str, path: str, body: object, headers: dict[str, str]):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        asked = urllib.request.Request(self._url + path, data=data, method=method)
        asked.add_header("Authorization", f"Bearer mdp_test_{self.email}")
        asked.add_header("Content-Type", "application/json")
        for name, value in headers.items():
            asked.add_header(name, value)
        try:
            with urllib.request.urlopen(asked, timeout=ANSWER_S_MAX) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            raise Refusal(refused.code, json.loads(refused.read())) from None


class Town:
    """The people of all scenarios, the clock they share, and their declarations."""

    def __init__(self, house: House, ready: dict) -> None:
        self.house, self.url, self.gateway = house, ready["portal"], ready["gateway"]
        self._clock = OffsetClock(house.data / CLOCK_FILE)
        self.op1, self.op2, self.op3 = (self.desk(f"op{n}@agency.example") for n in (1, 2, 3))
        self.auditor = self.desk("au@audit.example")

    def desk(self, email: str) -> Desk:
        return Desk(self.url, email)

    def at(self, text: str) -> None:
        """Seoul's wall clock, as `madang clock set` moves it, without a process for each."""
        wanted = datetime.fromisoformat(text.replace(" ", "T") + ZONE)
        self._clock.set_offset(wanted - datetime.now(UTC))

    @property
    def now(self) -> str:
        return self._clock.now().isoformat()

    def declare(self, text: str) -> dict:
        told = self.house.apply(text)
        assert told.code == 0, told.data
        return told.data

    def wells(self) -> None:
        assert self.house.madang("ledger", "verify").data["ok"] is True
        assert self.auditor.get("/ledger/trial-balance")["balanced"] is True

    def sums(self, *codes: str) -> dict[str, int]:
        found = dict.fromkeys(codes, 0)
        for line in self.auditor.get("/ledger/trial-balance")["accounts"]:
            if line["code"] in found:
                found[line["code"]] += line["balance_microwon"]
        return {code: amount // WON for code, amount in found.items()}


PEOPLE = "".join(
    f'[[person]]\nemail = "{email}"\nroles = ["{role}"]\ntoken = "mdp_test_{email}"\n'
    for email, role in (
        *((f"op{n}@agency.example", "operator") for n in (1, 2, 3)),
        ("au@audit.example", "auditor"),
    )
)


class Scene:
    """A programme of one scenario's own: two firms, two suppliers, direct vouchers."""

    def __init__(self, town: Town, name: str) -> None:
        name = f"{name}-{uuid4().hex[:4]}"
        self.town, self.name = town, name
        self.programme, self.lines = f"p-{name}", 0
        self.hana = town.desk(f"ceo@{name}-hana.example")
        self.nuri = town.desk(f"s@{name}-nuri.example")
        self.mirae = town.desk(f"s@{name}-mirae.example")
        town.declare(self._text())

    def _text(self) -> str:
        name = self.name
        parts = [
            f'[[programme]]\ncode = "{self.programme}"\nname = {{ ko = "사업", en = "P" }}\n'
            'year = 2027\nstarts_on = "2027-01-01"\nends_on = "2027-12-31"\n'
            'subsidy_ratio = "4/5"\nvat_rate = "1/10"\nbudget_won = 100_000_000\n'
        ]
        for number, firm in enumerate(("hana", "nuri", "mirae"), start=1):
            role, who = ("beneficiary", "ceo") if firm == "hana" else ("supplier", "s")
            email = f"{who}@{name}-{firm}.example"
            parts.append(
                f'[[organisation]]\ncode = "{name}-{firm}"\n'
                f'name = {{ ko = "{firm}", en = "{firm}" }}\nkind = "sme"\n'
                f'registration_no = "{self.number(number)}"\n'
                f'[[person]]\nemail = "{email}"\norganisation = "{name}-{firm}"\n'
                f'roles = ["{role}"]\ntoken = "mdp_test_{email}"\n'
            )
            if role == "supplier":
                parts.append(
                    f'[[supplier]]\ncode = "{name}-{firm}"\n'
                    f'name = {{ ko = "{firm}", en = "{firm}" }}\n'
                    f'[[offering]]\ncode = "{name}-{firm}/report"\nsupplier = "{name}-{firm}"\n'
                    'meter = "delivery"\n  [[offering.price]]\n  unit = "request"\n'
                    '  won_each = "100000"\n  valid_from = "2027-01-01T00:00:00+09:00"\n'
                )
        return "".join(parts)

    def number(self, place: int) -> str:
        """A registration number of this scenario's own."""
        return f"{100 + sum(map(ord, self.name)) % 800}-81-{place:05d}"

    def grant(self, subsidy_won: int = 8_000_000, deposit_won: int = 3_000_000) -> str:
        """A direct voucher for hana; its code."""
        code = f"v-{self.name}"
        self.town.declare(
            f'[[voucher]]\ncode = "{code}"\nprogramme = "{self.programme}"\n'
            f'organisation = "{self.name}-hana"\nsubsidy_won = {subsidy_won}\n'
            f'deposit_won = {deposit_won}\nexpires_on = "2027-12-31"\nofferings = ["*"]\n'
        )
        return code

    def award(self) -> dict:
        rows = self.town.op1.get("/awards")
        return next(row for row in rows if row["organisation"] == f"{self.name}-hana")

    def use(self, voucher: str, quantity: int, supplier: str = "nuri", **more) -> dict:
        words = {"id": f"d-{uuid4().hex}"} | more
        return self.town.op1.post(
            "/usage", voucher=voucher, offering=f"{self.name}-{supplier}/report",
            quantity=quantity, **words,
        )  # fmt: skip

    def state(self, month: str, supplier: str = "nuri") -> str:
        """Close and confirm; the statement's path."""
        code = f"{self.name}-{supplier}"
        found = self.town.op1.post("/statements", supplier=code, month=month)["statement"]
        path = f"/statements/{code}/{month}/{found['number']}"
        getattr(self, supplier).post(path + "/confirm")
        return path

    def pay(self, path: str) -> int:
        """To the end; what was paid in won."""
        rows = self.town.op1.post(path + "/payouts")
        for row in rows:
            self.town.op2.post(f"/payouts/{row['id']}/approve")
            self.town.op1.post(f"/payouts/{row['id']}/settle")
        return sum(row["amount_microwon"] for row in rows) // WON

    def bank(self, *lines: tuple[str, int, str, str]) -> str:
        """A bank's CSV of the day."""
        head = "account,reference,booked_at,amount_won,payer,memo\n"
        rows = []
        for account, won, payer, memo in lines:
            self.lines += 1
            rows.append(
                f"{account},{self.name}-{self.lines},{self.town.now},{won},{payer},{memo}"
            )
        return head + "\n".join(rows)

    def take_in(self, text: str, desk: Desk | None = None) -> dict:
        asked = {"programme": self.programme, "year": 2027, "text": text}
        return (desk or self.town.op1).post("/bank/imports", **asked)


def select_and_sign(
    scene: Scene, asked_won: int, day: str = "2027-03-", terms: dict | None = None
) -> str:
    """From the call to the last signature of agency, firm and supplier; the award's id."""
    town, name = scene.town, scene.name
    experts = [f"r{n}@{name}.example" for n in (1, 2, 3)]
    town.declare(
        "".join(
            f'[[organisation]]\ncode = "{name}-u{n}"\nname = {{ ko = "u", en = "u" }}\n'
            f'kind = "university"\n[[person]]\nemail = "{email}"\n'
            f'organisation = "{name}-u{n}"\nroles = ["reviewer"]\ntoken = "mdp_test_{email}"\n'
            for n, email in enumerate(experts)
        )
    )
    call = f"c-{name}"
    town.op1.post(
        "/calls", code=call, programme=scene.programme, title_ko="공고", title_en="Call",
        opens_at=f"{day}03T09:00:00+09:00", closes_at=f"{day}20T15:00:00+09:00",
        budget_microwon=20_000_000 * WON, criteria=[{"code": "plan", "weight": 1}],
        rules={"panel": 3, "quorum": 3, "trim_high": 0, "trim_low": 0}, terms=terms or {},
    )  # fmt: skip
    town.op2.post(f"/calls/{call}/approve")
    town.at(f"{day}10 10:00:00")
    row = scene.hana.post(f"/calls/{call}/applications", organisation=f"{name}-hana")["id"]
    scene.hana.put(
        f"/applications/{row}", answers={"title": "plan", "plan": "we call models"},
        requested_microwon=asked_won * WON, supplier=f"{name}-nuri",
    )  # fmt: skip
    scene.hana.post(f"/applications/{row}/submit")
    town.at(f"{day}22 10:00:00")
    town.op1.post(f"/applications/{row}/eligibility", is_eligible=True)
    town.op1.post(f"/calls/{call}/review")
    for email in experts:
        seat = town.op1.post(f"/applications/{row}/assignments", reviewer=email)
        path = f"/assignments/{seat['id']}"
        town.desk(email).post(path + "/pledge", has_conflict=False)
        town.desk(email).post(path + "/review/submit", scores={"plan": 90})
    run = town.op1.post(f"/calls/{call}/rankings")
    for desk in (town.op2, town.op3):
        desk.post(f"/calls/{call}/rankings/{run['id']}/confirm")
    award = scene.award()["id"]
    (agreement,) = [one for one in town.op1.get("/agreements") if one["award"] == award]
    for desk in (town.op1, scene.hana, scene.nuri):
        done = desk.post(
            f"/agreements/{agreement['id']}/sign", sha256=agreement["terms_sha256"]
        )
    assert done["state"] == "signed"
    return award


@contextmanager
def running(house: House) -> Iterator[dict]:
    """`madang up` on a house, until the end; its ready line."""
    ports = ["--portal-port", "0", "--gateway-port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "madang.cli", "up", *ports, "--json"],
        env=house.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        process.stdout.close()
        assert process.wait(STOP_S_MAX) == 0
