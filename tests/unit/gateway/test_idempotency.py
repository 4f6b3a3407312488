"""Idempotency-Key: one caller wins, the others get its answer, nothing is charged twice."""

from __future__ import annotations

import threading

from gateway_parts.stage import wait_for


def once(name: str, **changes) -> dict:
    return {"headers": {"idempotency-key": name}} | changes


def test_a_second_call_gets_the_first_answer_for_nothing(stage):
    secret = stage.key()
    first = stage.chat(secret, **once("a"))
    charged = stage.till.charged(stage.voucher(secret).id)
    second = stage.chat(secret, **once("a"))
    assert second.content == first.content
    assert second.headers["idempotent-replay"] == "true"
    assert second.headers["x-madang-charge-microwon"] == "0"
    assert second.headers["x-madang-call-id"] == first.headers["x-madang-call-id"]
    assert stage.till.charged(stage.voucher(secret).id) == charged > 0


def test_a_stream_is_replayed_as_a_stream(stage):
    secret = stage.key()
    with stage.stream(secret, **once("s")) as response:
        first = response.read()
    with stage.stream(secret, **once("s")) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["idempotent-replay"] == "true"
        assert response.read() == first
    assert first.endswith(b"data: [DONE]\n\n")


def test_another_body_under_the_same_key_is_refused(stage):
    secret = stage.key()
    stage.chat(secret, **once("b"))
    response = stage.chat(secret, **once("b", max_tokens=9))
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "gateway.idempotency.body_differs"


def test_the_same_name_under_another_key_is_another_call(stage):
    first, second = stage.chat(stage.key(), **once("c")), stage.chat(stage.key(), **once("c"))
    assert "idempotent-replay" not in second.headers
    assert first.headers["x-madang-call-id"] != second.headers["x-madang-call-id"]


def test_a_call_in_flight_is_told_so(stage):
    secret, first = stage.key(), []
    ask = {"gate": "in-flight"}
    thread = threading.Thread(
        target=lambda: first.append(stage.chat(secret, **once("d", ask=ask)))
    )
    thread.start()
    wait_for(lambda: any(s.body.get("user") == '{"gate": "in-flight"}'
                         for s in stage.supplier.served.values()))  # fmt: skip
    second = stage.chat(secret, **once("d", ask=ask))
    assert second.status_code == 409
    assert second.json()["error"]["code"] == "gateway.call.in_flight"
    assert second.headers["retry-after"] == "1"
    stage.supplier.gates["in-flight"].set()
    thread.join(10)
    assert second.json()["error"]["call_id"] == first[0].headers["x-madang-call-id"]
    assert stage.chat(secret, **once("d", ask=ask)).headers["idempotent-replay"] == "true"


def test_a_call_that_cost_nothing_may_be_made_again(stage):
    secret = stage.key()
    ask = {"mode": "status", "status": 500}
    assert stage.chat(secret, **once("e", ask=ask)).status_code == 502
    again = stage.chat(secret, **once("e", ask=ask))
    assert again.status_code == 502
    assert "idempotent-replay" not in again.headers


def test_a_charged_answer_too_large_to_keep_is_not_made_again(stage):
    secret = stage.key(10_000)
    ask = {"say": "x" * 2_000_000, "out": 3}
    first = stage.chat(secret, **once("f", ask=ask))
    assert first.status_code == 200
    second = stage.chat(secret, **once("f", ask=ask))
    assert second.status_code == 409
    assert second.json()["error"]["call_id"] == first.headers["x-madang-call-id"]


def test_an_empty_name_is_refused(stage):
    response = stage.chat(stage.key(), **once(""))
    assert response.json()["error"]["code"] == "gateway.request.malformed"


def test_the_kept_answer_is_sealed(stage):
    stage.chat(stage.key(), **once("g", ask={"say": "secret words"}))
    kept = [claim["replay"] for claim in stage.till.claims.values() if claim["replay"]]
    assert kept
    assert all(b"secret words" not in replay for replay in kept)
