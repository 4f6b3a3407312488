"""Every refusal: one row per reason, the success row shares the set-up."""

from __future__ import annotations

import dataclasses
import json

import msgspec
import pytest

from gateway_parts.stage import body, wait_for
from madang.core.errors import MadangError
from madang.gateway import errors

CHAT = "/v1/chat/completions"
IMAGE = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]
SPELLED = '[{"role":"user","content":[{"\\u0074ype":"input_audio"}]}]'

BODIES = {
    "no JSON": (b"{", 400, "gateway.request.malformed"),
    "no object": (b"[]", 400, "gateway.request.malformed"),
    "no body": (b"", 400, "gateway.request.malformed"),
    "a name that is not UTF-8": (b'{"\xff":1}', 400, "gateway.request.malformed"),
    "a model that is not UTF-8": (
        b'{"model":"nuri/\xff","messages":[]}',
        400,
        "gateway.request.malformed",
    ),
    "no model": (body(model=...), 400, "gateway.request.malformed"),
    "a model that is no text": (body(model=3), 400, "gateway.request.malformed"),
    "no messages": (body(messages=...), 400, "gateway.request.malformed"),
    "max_tokens of zero": (body(max_tokens=0), 400, "gateway.request.malformed"),
    "max_tokens below zero": (body(max_tokens=-1), 400, "gateway.request.malformed"),
    "max_tokens as text": (body(max_tokens="9"), 400, "gateway.request.malformed"),
    "max_tokens as a fraction": (body(max_tokens=1.5), 400, "gateway.request.malformed"),
    "max_tokens beyond reason": (body(max_tokens=2**63), 400, "gateway.request.malformed"),
    "too many answers": (body(n=129), 400, "gateway.request.malformed"),
    "stream as text": (body(stream="yes"), 400, "gateway.request.malformed"),
    "options of a strange kind": (
        body(stream=True, stream_options=[1]),
        400,
        "gateway.request.malformed",
    ),
    "an image without a bound": (body(messages=IMAGE), 400, "gateway.request.malformed"),
    "audio behind a spelled key": (
        json.dumps(body()).replace(json.dumps(body()["messages"]), SPELLED).encode(),
        400,
        "gateway.request.malformed",
    ),
    "a field that lifts the limit": (body(n_predict=10**6), 400, "gateway.request.malformed"),
    "several tries for one answer": (body(best_of=5), 400, "gateway.request.malformed"),
    "a template of one's own": (body(chat_template="x"), 400, "gateway.request.malformed"),
    "sound": (body(modalities=["text", "audio"]), 400, "gateway.request.malformed"),
    "an unknown model": (body(model="nuri/none"), 404, "gateway.model.unknown"),
    "a product of others": (body(model="other/big"), 403, "voucher.offering.not_covered"),
    "a product not listed": (body(model="nuri/hidden"), 404, "gateway.model.unknown"),
    "a unit nobody can bound": (body(model="nuri/image"), 404, "gateway.model.unknown"),
    "a product without a price now": (body(model="nuri/later"), 404, "gateway.model.unknown"),
    "an upstream that is not allowed": (
        body(model="nuri/private"),
        502,
        "gateway.upstream.failed",
    ),
    "an upstream key that is not set": (
        body(model="nuri/keyless"),
        502,
        "gateway.upstream.failed",
    ),
    "an upstream that is not there": (body(model="nuri/gone"), 502, "gateway.upstream.failed"),
    "the supplier refuses it": (
        body(ask={"mode": "status", "status": 422}),
        400,
        "gateway.request.malformed",
    ),
    "the supplier is broken": (
        body(ask={"mode": "status", "status": 500}),
        502,
        "gateway.upstream.failed",
    ),
    "the supplier redirects": (
        body(ask={"mode": "status", "status": 302}),
        502,
        "gateway.upstream.failed",
    ),
    "the supplier talks nonsense": (
        body(ask={"mode": "not_json"}),
        502,
        "gateway.upstream.failed",
    ),
    "the supplier hangs up": (body(ask={"mode": "close"}), 502, "gateway.upstream.failed"),
    "the answer is cut off": (body(ask={"mode": "truncate"}), 502, "gateway.upstream.failed"),
}


@pytest.fixture(scope="module")
def secret(stage):
    later = stage.till.offerings[1].price_sets[0]
    later = msgspec.structs.replace(later, no=9, valid_from_us=2**61)
    stage.offer("other/big")
    stage.offer("nuri/hidden", listed=False)
    stage.offer("nuri/image", prices={"token.in": "1", "token.out": "1", "image": "1"})
    stage.offer("nuri/later", price_sets=[later])
    stage.offer("nuri/private", allow_private=False)
    stage.offer("nuri/keyless", upstream_key="env:MADANG_UPSTREAM_NOT_SET")
    stage.offer("nuri/gone", upstream="http://127.0.0.1:9/v1")
    return stage.key()


def test_the_row_that_succeeds(stage, secret):
    assert stage.chat(secret).status_code == 200


@pytest.mark.parametrize(("given", "status", "code"), BODIES.values(), ids=BODIES)
def test_a_body_is_refused(stage, secret, given, status, code):
    content = given if isinstance(given, bytes) else json.dumps(given).encode()
    headers = {"authorization": f"Bearer {secret}"}
    response = stage.http.post(CHAT, headers=headers, content=content)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code), response.text
    assert error["message"]
    assert error["message_ko"]


def test_nothing_is_charged_or_held_for_what_was_refused(stage, secret):
    voucher = stage.voucher(secret).id
    wait_for(lambda: stage.gateway.metric("calls_open") == 0, "no call is open")
    charged = stage.till.charged(voucher)
    assert charged == int(stage.chat(secret).headers["x-madang-charge-microwon"]) or charged
    wait_for(
        lambda: stage.till.spendable[voucher] + stage.till.charged(voucher) == 1000 * 10**6,
        "every hold is back",
    )


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic eDp5"])
def test_an_unknown_key_is_refused(stage, header):
    response = stage.http.post(CHAT, headers={"authorization": header}, json=body())
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "gateway.key.unknown"


STATES = {
    "suspended": ("voucher.state.suspended", {"state": "suspended"}),
    "pending": ("voucher.state.suspended", {"state": "pending"}),
    "expired": ("voucher.state.expired", {"state": "expired"}),
    "closed": ("voucher.state.expired", {"state": "closed"}),
    "past its day": ("voucher.state.expired", {"expires_at_us": 1}),
}


@pytest.mark.parametrize(("code", "changes"), STATES.values(), ids=STATES)
def test_a_voucher_that_may_not_be_spent(stage, code, changes):
    response = stage.chat(stage.key(**changes))
    assert (response.status_code, response.json()["error"]["code"]) == (403, code)


def test_a_key_counts_as_revoked_from_the_next_snapshot_on(stage):
    secret = stage.key()
    assert stage.chat(secret).status_code == 200
    key = next(k for k in stage.till.keys.values() if k.voucher == stage.voucher(secret).id)
    stage.till.push(keys=[msgspec.structs.replace(key, revoked=True)])
    response = wait_for(
        lambda: (r := stage.chat(secret)).status_code != 200 and r, "the revocation"
    )
    assert response.json()["error"]["code"] == "gateway.key.revoked"


def test_a_frozen_voucher_gives_its_leases_back(stage):
    secret = stage.key()
    charged = int(stage.chat(secret).headers["x-madang-charge-microwon"])
    voucher = stage.voucher(secret)
    stage.till.push(vouchers=[msgspec.structs.replace(voucher, state="suspended")])
    wait_for(lambda: stage.till.spendable[voucher.id] == 1000 * 10**6 - charged)
    assert stage.chat(secret).json()["error"]["code"] == "voucher.state.suspended"


def test_more_requests_than_allowed_wait_a_while(stage):
    secret = stage.key(rpm_max=3)
    answers = [stage.chat(secret) for _ in range(7)]
    refused = [one for one in answers if one.status_code == 429]
    assert 1 <= len(refused) <= 4
    assert refused[0].json()["error"]["code"] == "gateway.rate.exceeded"
    assert 1 <= int(refused[0].headers["retry-after"]) <= 61


def test_no_money_at_all_is_402_with_the_amounts(stage):
    response = stage.chat(stage.key(0.01))
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (402, "voucher.balance.insufficient")
    assert (error["available_microwon"], error["held_microwon"]) == (10_000, 0)
    assert error["needed_microwon"] > 10_000


def test_a_wrong_method_or_path_is_refused(stage, secret):
    headers = {"authorization": f"Bearer {secret}"}
    assert stage.http.get(CHAT, headers=headers).status_code == 400
    assert stage.http.post("/v1/images", headers=headers, json={}).status_code == 404
    assert stage.http.get("/nothing").status_code == 404


def test_every_code_has_both_sentences_and_stands_in_the_contract():
    classes = [
        one
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, MadangError) and "errors" in one.__module__
    ]
    mine = [one for one in classes if one.__module__ == errors.__name__]
    assert len(mine) == 16
    for one in mine:
        error = one()
        assert error.sentence("en")
        assert error.sentence("ko")


def test_limits_are_frozen():
    from madang.gateway import Limits

    with pytest.raises(dataclasses.FrozenInstanceError):
        Limits().body_bytes_max = 1
