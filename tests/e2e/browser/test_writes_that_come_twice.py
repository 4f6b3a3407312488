"""The same write, sent many times at once to a real portal, happens once."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

TOKEN = "mdp_test_browser_op"
TIMES = 6


def _post(yard, path: str, body: dict, key: str) -> tuple[int, dict]:
    request = urllib.request.Request(
        f"{yard.url}/api/v1{path}",
        json.dumps(body).encode(),
        {
            "content-type": "application/json",
            "authorization": f"Bearer {TOKEN}",
            "idempotency-key": key,
        },
    )
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())


def _call(code: str) -> dict:
    opens_at = datetime.now(UTC) + timedelta(days=10)
    closes_at = opens_at + timedelta(days=1)
    return {
        "code": code, "programme": "api-voucher", "title_ko": "동시에", "title_en": "At once",
        "opens_at": opens_at.isoformat(), "closes_at": closes_at.isoformat(),
        "budget_microwon": 1_000_000_000, "criteria": [{"code": "plan", "weight": 1}],
    }  # fmt: skip


def test_one_key_sent_many_times_at_once_does_one_thing_and_answers_all(yard):
    body = _call("c-at-once")
    with ThreadPoolExecutor(TIMES) as pool:
        answers = list(pool.map(lambda _: _post(yard, "/calls", body, "one"), range(TIMES)))
    assert {status for status, _ in answers} == {200}
    assert len({document["id"] for _, document in answers}) == 1


def test_without_a_common_key_only_the_first_gets_the_code(yard):
    body = _call("c-each-own")
    with ThreadPoolExecutor(TIMES) as pool:
        answers = list(
            pool.map(lambda n: _post(yard, "/calls", body, f"own-{n}"), range(TIMES))
        )
    statuses = sorted(status for status, _ in answers)
    assert statuses[0] == 200
    assert set(statuses[1:]) == {409}
