"""The bytes of answers that the gateway makes itself."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

from madang.gateway._http import Request, response

if TYPE_CHECKING:
    from madang.core.errors import MadangError
    from madang.gateway._call import Call
    from madang.gateway._idempotency import Replay
    from madang.wire.messages import Offering

JSON = b"application/json"
SSE = b"text/event-stream; charset=utf-8"
RETRY_S = {409: 1, 503: 1}
_encoder = msgspec.json.Encoder()


def _status(code: int) -> bytes:
    return b"%d %b" % (code, HTTPStatus(code).phrase.encode())


def whole(call: Call, body: bytes) -> bytes:
    """A call's whole answer: what it cost, and what is left."""
    request = call.request
    headers = (
        b"x-madang-call-id: %b\r\nx-madang-charge-microwon: %d\r\n"
        b"x-madang-voucher-available-microwon: %d\r\n"
        % (call.name.encode(), call.charge, call.available_microwon)
    )
    if call.clamped_to:
        headers += b"x-madang-max-tokens: %d\r\n" % call.clamped_to
    return response(b"200 OK", JSON, headers, body, keep_alive=request.keep_alive)


def stream(call: Call) -> bytes:
    """The head of a stream. What it will cost is not known yet."""
    request = call.request
    lines = [
        b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncache-control: no-cache\r\n" % SSE,
        b"x-madang-call-id: %b\r\n" % call.name.encode(),
        b"x-madang-voucher-available-microwon: %d\r\n" % call.available_microwon,
    ]
    if call.clamped_to:
        lines.append(b"x-madang-max-tokens: %d\r\n" % call.clamped_to)
    if request.is_chunkable:
        lines.append(b"transfer-encoding: chunked\r\n")
    if not (request.keep_alive and request.is_chunkable):
        lines.append(b"connection: close\r\n")
    lines.append(b"\r\n")
    return b"".join(lines)


def replayed(request: Request, replay: Replay) -> bytes:
    """An answer given before, for nothing."""
    headers = (
        b"x-madang-call-id: %b\r\nx-madang-charge-microwon: 0\r\nidempotent-replay: true\r\n"
        % replay.call.encode()
    )
    kind = SSE if replay.is_stream else JSON
    return response(b"200 OK", kind, headers, replay.body, keep_alive=request.keep_alive)


def error(request: Request, failure: MadangError, body: bytes, call: str) -> bytes:
    headers = b"x-madang-call-id: %b\r\n" % call.encode() if call else b""
    wait_s = failure.fields.get("retry_after_s", RETRY_S.get(failure.http_status))
    if isinstance(wait_s, int):
        headers += b"retry-after: %d\r\n" % wait_s
    status = _status(failure.http_status)
    return response(status, JSON, headers, body, keep_alive=request.keep_alive)


def text(request: Request, body: bytes) -> bytes:
    kind = b"text/plain; version=0.0.4; charset=utf-8"
    return response(b"200 OK", kind, b"", body, keep_alive=request.keep_alive)


def health(request: Request, body: bytes, *, is_well: bool) -> bytes:
    status = _status(200 if is_well else 503)
    return response(status, JSON, b"", body, keep_alive=request.keep_alive)


def models(request: Request, offerings: list[Offering]) -> bytes:
    """The list, in a shape that both OpenAI's and Anthropic's clients read."""
    rows = [_model(offering) for offering in offerings]
    body = _encoder.encode(
        {
            "object": "list",
            "data": rows,
            "has_more": False,
            "first_id": rows[0]["id"] if rows else None,
            "last_id": rows[-1]["id"] if rows else None,
        }
    )
    return response(b"200 OK", JSON, b"", body, keep_alive=request.keep_alive)


def model(request: Request, offering: Offering) -> bytes:
    body = _encoder.encode(_model(offering))
    return response(b"200 OK", JSON, b"", body, keep_alive=request.keep_alive)


def _model(offering: Offering) -> dict[str, str | int]:
    since_us = min((one.valid_from_us for one in offering.price_sets), default=0)
    return {
        "id": offering.code,
        "object": "model",
        "created": since_us // 1_000_000,
        "owned_by": offering.code.partition("/")[0],
        "type": "model",
        "display_name": offering.code,
        "created_at": "1970-01-01T00:00:00Z",
    }
