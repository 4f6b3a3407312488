"""Calls that go well: what the caller gets, what is charged, what the supplier was sent."""

from __future__ import annotations

import json

import pytest

from gateway_parts.stage import WON, body, wait_for
from madang.core.units import Unit
from madang.wire.pricing import charge_microwon
from madang.wire.record import RecordFlag, RecordKind

PRICES = {Unit.TOKEN_IN: 1_400_000_000, Unit.TOKEN_OUT: 4_200_000_000}


def charge_of(served) -> int:
    return charge_microwon(
        {Unit.TOKEN_IN: served.prompt_tokens, Unit.TOKEN_OUT: served.completion_tokens}, PRICES
    )


def served_of(stage, response):
    return stage.supplier.served[response.headers["x-madang-call-id"]]


def commit_of(stage, response):
    call = response.headers["x-madang-call-id"]
    found = [
        record
        for record in stage.till.records()
        if str(record.call) == call and record.kind is RecordKind.COMMIT
    ]
    assert len(found) == 1
    return found[0]


def test_a_call_is_charged_what_the_supplier_counted(stage):
    response = stage.chat(stage.key(), ask={"out": 7})
    served = served_of(stage, response)
    assert response.status_code == 200
    assert response.json()["usage"]["completion_tokens"] == served.completion_tokens == 7
    assert int(response.headers["x-madang-charge-microwon"]) == charge_of(served)
    assert commit_of(stage, response).cost_microwon == charge_of(served)


def test_sequential_calls_lower_the_available_supply_by_exactly_the_charge(stage):
    secret = stage.key(10)
    available = 10 * WON
    for out in (1, 5, 9, 2, 7, 64):
        response = stage.chat(secret, ask={"out": out})
        available -= int(response.headers["x-madang-charge-microwon"])
        assert int(response.headers["x-madang-voucher-available-microwon"]) == available


def test_the_supplier_gets_the_callers_bytes_with_our_fields(stage):
    response = stage.chat(stage.key(), temperature=0.25, seed=7, max_tokens=9, x_own=[1, {}])
    sent = served_of(stage, response).body
    assert sent["model"] == "mock"
    assert sent["max_tokens"] == 9
    assert sent["messages"] == body()["messages"]
    assert (sent["temperature"], sent["seed"], sent["x_own"]) == (0.25, 7, [1, {}])
    assert "stream_options" not in sent


def test_max_completion_tokens_becomes_the_one_limit_that_is_sent(stage):
    response = stage.chat(stage.key(), max_completion_tokens=3, ask={"out": 50})
    sent = served_of(stage, response).body
    assert sent["max_tokens"] == 3
    assert "max_completion_tokens" not in sent


def test_without_max_tokens_the_models_limit_is_sent(stage):
    response = stage.chat(stage.key(), max_tokens=...)
    assert served_of(stage, response).body["max_tokens"] == 2048
    assert "x-madang-max-tokens" not in response.headers


def test_no_header_of_the_caller_travels_on(stage):
    response = stage.chat(stage.key(), headers={"x-secret": "1", "cookie": "a=b"})
    headers = served_of(stage, response).headers
    assert "x-secret" not in headers
    assert "cookie" not in headers
    assert "authorization" not in headers
    assert headers["x-madang-call-id"] == response.headers["x-madang-call-id"]


def test_the_upstream_key_comes_from_the_secrets_folder(stage):
    secrets = stage.folder / "secrets"
    secrets.mkdir(exist_ok=True)
    (secrets / "nuri-key").write_text("sk-upstream\n")
    stage.offer("nuri/keyed", upstream_key="file:nuri-key")
    response = stage.chat(stage.key(), model="nuri/keyed")
    assert served_of(stage, response).headers["authorization"] == "bearer sk-upstream"


def test_an_explicit_max_tokens_beyond_the_money_is_clamped_and_told(stage):
    response = stage.chat(stage.key(0.4), max_tokens=2000, ask={"out": 2000})
    limit = int(response.headers["x-madang-max-tokens"])
    assert 0 < limit < 2000
    assert served_of(stage, response).body["max_tokens"] == limit
    assert int(response.headers["x-madang-charge-microwon"]) <= 0.4 * WON


def test_a_voucher_can_be_spent_to_the_last_token(stage):
    """C5: sequential calls use at least 99 % before the first 402."""
    secret, won = stage.key(20), 20
    spent = 0
    for _ in range(400):
        response = stage.chat(secret, max_tokens=40, ask={"out": 40, "in": 6})
        if response.status_code == 402:
            break
        assert response.status_code == 200, response.text
        spent += int(response.headers["x-madang-charge-microwon"])
    assert response.status_code == 402
    error = response.json()["error"]
    assert error["code"] == "voucher.balance.insufficient"
    assert error["available_microwon"] == won * WON - spent
    assert error["needed_microwon"] > error["available_microwon"]
    assert spent >= 0.99 * won * WON
    assert stage.till.charged(stage.voucher(secret).id) == spent <= won * WON


def test_cached_input_is_priced_apart_and_never_twice(stage):
    prices = {"token.in": "1000000000", "token.in.cached": "100000000", "token.out": "0"}
    stage.offer("nuri/cached", prices=prices)
    response = stage.chat(stage.key(), model="nuri/cached", ask={"in": 30, "cached": 20})
    assert int(response.headers["x-madang-charge-microwon"]) == 10 * 1000 + 20 * 100
    record = commit_of(stage, response)
    assert (record.token_in, record.token_in_cached) == (10, 20)


def test_cached_input_without_a_price_of_its_own_is_plain_input(stage):
    response = stage.chat(stage.key(), ask={"in": 30, "cached": 20})
    assert commit_of(stage, response).token_in == 30


def test_a_price_for_the_request_itself_is_charged_once(stage):
    stage.offer("nuri/flat", prices={"request": "5000000000000"})
    response = stage.chat(stage.key(), model="nuri/flat")
    assert int(response.headers["x-madang-charge-microwon"]) == 5_000_000
    record = commit_of(stage, response)
    assert (record.other_quantity, record.other_unit.name) == (1, "REQUEST")


def test_completions_and_embeddings_are_metered_too(stage):
    secret = stage.key()
    text = stage.chat(secret, "/v1/completions", messages=..., prompt="마당은")
    assert text.json()["choices"][0]["text"]
    assert int(text.headers["x-madang-charge-microwon"]) == charge_of(served_of(stage, text))
    many = stage.chat(
        secret, "/v1/embeddings", messages=..., max_tokens=..., input=["a b", "c"]
    )
    assert many.json()["data"]
    assert "max_tokens" not in served_of(stage, many).body
    assert int(many.headers["x-madang-charge-microwon"]) == charge_of(served_of(stage, many))


def test_usage_above_the_bound_is_charged_up_to_the_reservation_and_flagged(stage):
    response = stage.chat(stage.key(), max_tokens=1, ask={"mode": "above", "out": 100})
    record = commit_of(stage, response)
    assert RecordFlag.ABOVE_BOUND in record.flags
    assert record.cost_microwon == record.est_microwon
    assert record.token_out == 100


BAD_USAGE = {
    "absent": {"mode": "no_usage"},
    "negative": {"usage": {"prompt_tokens": -1}},
    "a fraction": {"usage": {"completion_tokens": 1.5}},
    "a text": {"usage": {"completion_tokens": "7"}},
    "beyond 32 bits": {"usage": {"completion_tokens": 2**32}},
    "more cached than there is": {"in": 5, "cached": 6},
    "details of a strange kind": {"usage": {"prompt_tokens_details": [1]}},
}


@pytest.mark.parametrize("ask", BAD_USAGE.values(), ids=BAD_USAGE)
def test_usage_that_is_none_is_estimated_from_what_was_seen(stage, ask):
    response = stage.chat(stage.key(), ask=ask)
    record = commit_of(stage, response)
    assert response.status_code == 200
    assert RecordFlag.ESTIMATED in record.flags
    assert 0 < record.cost_microwon <= record.est_microwon


def test_embeddings_without_usage_are_estimated_from_their_input(stage):
    ask, secret = {"mode": "no_usage"}, stage.key()
    texts = ["x" * 39, "y" * 20]
    response = stage.chat(
        secret, "/v1/embeddings", messages=..., max_tokens=..., input=texts, ask=ask
    )
    record = commit_of(stage, response)
    assert RecordFlag.ESTIMATED in record.flags
    assert record.token_in >= 59 // 4
    assert 0 < record.cost_microwon <= record.est_microwon


def test_answer_text_cannot_pose_as_usage(stage):
    fake = '"usage":{"prompt_tokens":0,"completion_tokens":0}'
    response = stage.chat(stage.key(), ask={"say": fake, "out": 9})
    assert commit_of(stage, response).token_out == 9
    nested = {"message": {"usage": {"prompt_tokens": 0, "completion_tokens": 0}}, "out": 8}
    assert commit_of(stage, stage.chat(stage.key(), ask=nested)).token_out == 8


def test_models_are_listed_and_shown_one_by_one(stage):
    headers = {"authorization": f"Bearer {stage.key()}"}
    rows = stage.http.get("/v1/models", headers=headers).json()["data"]
    assert "nuri/small" in [row["id"] for row in rows]
    for path in ("/v1/models/nuri/small", "/v1/models/nuri%2Fsmall"):
        assert stage.http.get(path, headers=headers).json()["id"] == "nuri/small"
    missing = stage.http.get("/v1/models/nuri/none", headers=headers)
    assert missing.json()["error"]["code"] == "gateway.model.unknown"


def test_x_api_key_is_as_good_as_a_bearer(stage):
    headers = {"x-api-key": stage.key()}
    assert stage.http.post("/v1/chat/completions", headers=headers, json=body()).is_success


def test_many_small_pieces_make_one_answer(stage):
    response = stage.chat(stage.key(), ask={"piece": 7, "out": 30})
    assert json.loads(response.content)["usage"]["completion_tokens"] == 30


def test_leases_lie_idle_for_two_seconds_at_most(stage):
    secret = stage.key()
    response = stage.chat(secret)
    voucher = stage.voucher(secret).id
    charged = int(response.headers["x-madang-charge-microwon"])
    wait_for(lambda: stage.till.spendable[voucher] == 1000 * WON - charged, "all given back")
