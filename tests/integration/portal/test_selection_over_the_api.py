"""A whole selection over the REST API, by the test clock: from a form to an upheld appeal.

Goal: every step of calls, applications, review and appeals can be taken from outside, and each
write may come twice. Method: people with tokens, the portal's clock moved by hand, every write
sent twice under one key and compared.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from hashlib import sha256

import pytest

from madang.core.clock import SEOUL
from madang.core.money import Ratio
from madang.parties.suppliers.actions import declare_supplier
from madang.programme.years.actions import declare_programme

pytestmark = pytest.mark.django_db
WON = 1_000_000
MICRO = timedelta(microseconds=1)
FORM = [
    {"code": "title", "kind": "text", "name_ko": "과제명", "name_en": "Title",
     "required": True, "words_max": 10},
    {"code": "topic", "kind": "choices", "name_ko": "분야", "name_en": "Field",
     "choices": ["NLP", "robot"]},
    {"code": "no_arrears", "kind": "check", "name_ko": "체납 없음", "name_en": "No arrears",
     "required": True},
]  # fmt: skip
EXPERTS = ("ahn", "bae", "cho", "dan", "eun", "fox")


@pytest.fixture
def programme(system, person):
    for name in ("one", "two"):
        person(f"{name}@agency.example", "operator")
    for firm in ("hana", "duri"):
        person(f"ceo@{firm}.example", "beneficiary", organisation=firm)
    for name in EXPERTS:
        person(f"{name}@{name}-univ.example", "reviewer", organisation=f"{name}-univ")
    person("s@nuri.example", "supplier", organisation="nuri")
    at = datetime(2026, 1, 5, tzinfo=SEOUL)
    declare_supplier(system, code="nuri", name_ko="누리", name_en="Nuri", at=at)
    declare_programme(
        system, code="api-voucher", name_ko="바우처", name_en="Voucher", year=2026,
        starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31), subsidy_ratio=Ratio(4, 5),
        vat_rate=Ratio(1, 10), budget_microwon=50_000_000 * WON, at=at,
    )  # fmt: skip


@pytest.fixture
def walk(api, still_clock, programme):
    return Walk(api, still_clock)


class Walk:
    """Asks as anybody; every write twice under one key, which must answer the same."""

    def __init__(self, api, clock) -> None:
        self._api, self._clock, self._writes = api, clock, 0

    def at(self, text: str) -> None:
        wanted = datetime.fromisoformat(text).replace(tzinfo=SEOUL)
        self._clock.advance(wanted - self._clock.now())

    def nearly(self, text: str) -> None:
        self.at(text)
        self._clock.advance(-MICRO)

    def get(self, who: str, path: str):
        status, found, _ = self._api(who).get(path)
        assert status == 200, (path, status, found)
        return found

    def post(self, who: str, path: str, body=None, status: int = 200):
        self._writes += 1
        key = f"walk-{self._writes}"
        first, found, _ = self._api(who).post(path, body, idempotency_key=key)
        again, same, _ = self._api(who).post(path, body, idempotency_key=key)
        assert (first, again) == (status, status), (path, first, again, found)
        assert status >= 400 or found == same
        return found

    def put(self, who: str, path: str, body):
        client = self._api(who)
        response = client._client.put(
            f"/api/v1{path}", body, content_type="application/json", headers=client._headers
        )
        assert response.status_code == 200, (path, response.content)
        return response.json()


OP, OP2 = "one@agency.example", "two@agency.example"


def open_call(walk: Walk) -> None:
    walk.at("2026-02-20 10:00")
    walk.put(OP, "/forms/standard", {"fields": FORM})
    walk.post(OP, "/calls", {
        "code": "c-1", "programme": "api-voucher", "title_ko": "공고", "title_en": "Call",
        "opens_at": "2026-03-03T09:00:00+09:00", "closes_at": "2026-03-24T15:00:00+09:00",
        "budget_microwon": 10_000_000 * WON, "form_code": "standard",
        "criteria": [{"code": "plan", "weight": 1}],
        "eligibility": [
            {"code": "sme", "kind": "organisation_kind", "any_of": ["sme"]},
            {"code": "young", "kind": "years_since", "name": "established_on", "at_most": 7},
            {"code": "tax", "kind": "answer", "name": "no_arrears"},
        ],
        "bonuses": [{"code": "rural", "points_milli": 1500,
                     "when": {"code": "r", "kind": "region", "any_of": ["전남"]}}],
        "rules": {"panel": 3, "quorum": 3, "trim_high": 0, "trim_low": 0},
    })  # fmt: skip
    walk.post(OP, "/calls/c-1/approve", status=403)
    walk.post(OP2, "/calls/c-1/approve")


def hand_in(walk: Walk, firm: str) -> str:
    ceo = f"ceo@{firm}.example"
    row = walk.post(ceo, "/calls/c-1/applications", {"organisation": firm})
    path = f"/applications/{row['id']}"
    answers = {"title": f"plan of {firm}", "topic": ["NLP"], "no_arrears": True}
    body = {"answers": answers, "requested_microwon": 8_000_000 * WON}
    walk.put(ceo, path, body | {"answers": {"title": "first words"}})
    walk.put(ceo, path, body)
    assert [draft["number"] for draft in walk.get(ceo, path + "/drafts")] == [2, 1]
    walk.post(ceo, f"/organisations/{firm}/facts",
              {"name": "established_on", "value": "2020-05-01"})  # fmt: skip
    done = walk.post(ceo, path + "/submit")
    assert (done["form_version"], len(done["content_sha256"])) == (1, 64)
    (found,) = walk.get(ceo, path + "/findings")
    assert found["is_met"], found
    return row["id"]


def judge(walk: Walk, seats: list[dict], points: dict[str, int]) -> None:
    experts = {walk.get(f"{n}@{n}-univ.example", "/me")["id"]: n for n in EXPERTS}
    for seat in seats:
        who = experts[seat["reviewer"]]
        who = f"{who}@{who}-univ.example"
        path = f"/assignments/{seat['id']}"
        walk.post(who, path + "/pledge", {"has_conflict": False})
        scores = {"scores": {"plan": points[seat["subject_id"]]}}
        walk.post(who, path + "/review/submit", scores)


def confirm(walk: Walk) -> dict:
    run = walk.post(OP, "/calls/c-1/rankings")
    for who in (OP, OP2):
        done = walk.post(who, f"/calls/c-1/rankings/{run['id']}/confirm")
    assert (done["state"], done["reproduces"]) == ("confirmed", True)
    return done


def test_selection_and_appeal_over_the_api(walk):
    open_call(walk)
    walk.nearly("2026-03-03 09:00")
    walk.post("ceo@hana.example", "/calls/c-1/applications", {"organisation": "hana"}, 422)
    walk.at("2026-03-03 09:00")
    walk.post(OP, "/organisations/hana/facts", {"name": "region", "value": "전남"})
    rows = {firm: hand_in(walk, firm) for firm in ("hana", "duri")}
    walk.nearly("2026-03-24 15:00")
    walk.post(OP, "/calls/c-1/review", status=422)
    walk.at("2026-03-24 15:00")
    for row in rows.values():
        walk.post(OP, f"/applications/{row}/eligibility", {"is_eligible": True})
    panel = walk.post(OP, "/calls/c-1/review")
    walk.post(OP, "/reviewers", {"email": "fox@fox-univ.example", "expertise": ["law"]})
    for name in EXPERTS[:3]:
        body = {"email": f"{name}@{name}-univ.example", "expertise": ["NLP"]}
        walk.post(OP, "/reviewers", body)
    filled = walk.post(OP, f"/panels/{panel['id']}/fill")
    assert (len(filled["assigned"]), filled["short"]) == (6, 0)
    judge(walk, filled["assigned"], {rows["hana"]: 80, rows["duri"]: 81})
    run = confirm(walk)
    assert [line["score"] for line in run["lines"]] == ["81.5000", "81.0000"]
    duri = walk.get("ceo@duri.example", f"/applications/{rows['duri']}")
    assert duri["state"] == "reserve"  # hana's bonus decides
    appeal_and_win(walk, rows)


def appeal_and_win(walk: Walk, rows: dict[str, str]) -> None:
    """duri's notice is opened on 25 March; 10 days end on 4 April, a Saturday: 6 April."""
    walk.at("2026-03-25 10:00")
    ceo, path = "ceo@duri.example", f"/applications/{rows['duri']}"
    result = walk.get(ceo, path + "/result")
    assert (result["rank"], len(result["reviewers"])) == (2, 3)
    told = next(n for n in walk.get(ceo, "/notices") if n["kind"].endswith("reserve"))
    walk.post(ceo, f"/notices/{told['id']}/read")
    body = {"ground": "misreading", "text": "the numbers were misread"}
    walk.at("2026-04-07 00:00")
    late = walk.post(ceo, path + "/appeals", body, 422)
    assert late["code"] == "review.appeal.late"
    walk.nearly("2026-04-07 00:00")
    row = walk.post(ceo, path + "/appeals", body)
    one = f"/appeals/{row['id']}"
    walk.post(OP, one + "/judge", {"admissible": True})
    walk.post(OP, one + "/hear")
    walk.post(OP, one + "/assignments", {"reviewer": "ahn@ahn-univ.example"}, 422)
    seats = [
        walk.post(OP, one + "/assignments", {"reviewer": f"{n}@{n}-univ.example"})
        for n in EXPERTS[3:]
    ]
    judge(walk, seats, {rows["duri"]: 95})
    walk.post(OP, one + "/decide", {"upheld": True, "reason": "misread indeed"})
    sign_all(walk, rows["hana"])
    body = {"amount_microwon": 6_000_000 * WON, "reason": "upheld appeal"}
    walk.post(OP, "/calls/c-1/contingency", body)
    confirm(walk)
    for firm, row_id in rows.items():
        found = walk.get(f"ceo@{firm}.example", f"/applications/{row_id}")
        assert found["state"] == "selected", firm
    assert walk.post(OP, one + "/close")["outcome"] == "upheld"
    awards = {row["organisation"]: row["state"] for row in walk.get(OP, "/awards")}
    assert awards == {"hana": "agreed", "duri": "offered"}


def test_lottery_is_fixed_before_anybody_scores_and_checked_by_anybody(walk):
    """Two firms with the same score, money for one: who lost works out why."""
    open_call(walk)
    walk.at("2026-03-03 09:00")
    rows = {firm: hand_in(walk, firm) for firm in ("hana", "duri")}
    anybody = walk._api()
    assert anybody.get("/calls/c-1/lottery")[0] == 404, "nothing is fixed yet"
    walk.at("2026-03-24 15:00")
    for row in rows.values():
        walk.post(OP, f"/applications/{row}/eligibility", {"is_eligible": True})
    panel = walk.post(OP, "/calls/c-1/review")
    status, before, _ = anybody.get("/calls/c-1/lottery")
    assert (status, before["seed"], before["draws"]) == (200, "", [])
    for name in EXPERTS[:3]:
        walk.post(OP, "/reviewers", {"email": f"{name}@{name}-univ.example"})
    filled = walk.post(OP, f"/panels/{panel['id']}/fill")
    judge(walk, filled["assigned"], dict.fromkeys(rows.values(), 80))
    confirm(walk)
    _, after, _ = anybody.get("/calls/c-1/lottery")
    assert after["seed_sha256"] == before["seed_sha256"]
    assert sha256(after["seed"].encode()).hexdigest() == before["seed_sha256"]
    tickets = {
        firm: sha256(f"{after['seed']}:{row}".encode()).hexdigest()
        for firm, row in rows.items()
    }
    assert [one["ticket"] for one in after["draws"]] == sorted(tickets.values())
    assert [one["outcome"] for one in after["draws"]] == ["selected", "reserve"]
    for firm, row in rows.items():
        mine = walk.get(f"ceo@{firm}.example", f"/applications/{row}")["state"]
        assert {"ticket": tickets[firm], "outcome": mine} in after["draws"]


def sign_all(walk: Walk, application: str) -> None:
    award = next(row for row in walk.get(OP, "/awards") if row["application"] == application)
    agreement = next(r for r in walk.get(OP, "/agreements") if r["award"] == award["id"])
    for who in (OP, "ceo@hana.example"):
        body = {"sha256": agreement["terms_sha256"]}
        walk.post(who, f"/agreements/{agreement['id']}/sign", body)
