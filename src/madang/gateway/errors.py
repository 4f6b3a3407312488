"""Every error that the gateway tells a caller. The codes are a contract and never change.

Refused
├── RequestMalformed      400  gateway.request.malformed
├── KeyUnknown            401  gateway.key.unknown
├── KeyRevoked            401  gateway.key.revoked
├── BalanceInsufficient   402  voucher.balance.insufficient
├── TeamLimitReached      402  voucher.team.limit_reached
├── OfferingNotCovered    403  voucher.offering.not_covered
├── VoucherSuspended      403  voucher.state.suspended
├── VoucherExpired        403  voucher.state.expired
├── ModelUnknown          404  gateway.model.unknown
├── CallInFlight          409  gateway.call.in_flight
├── BodyTooLarge          413  gateway.body.too_large
├── BodyDiffers           422  gateway.idempotency.body_differs
└── RateExceeded          429  gateway.rate.exceeded
Unwell
├── UpstreamFailed        502  gateway.upstream.failed
├── LedgerUnavailable     503  gateway.ledger.unavailable
└── UpstreamTimeout       504  gateway.upstream.timeout
"""

from __future__ import annotations

import msgspec

from madang.core.errors import (
    Conflict,
    MadangError,
    Malformed,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Refused,
    Unwell,
)


class RequestMalformed(Malformed):
    code = "gateway.request.malformed"


class KeyUnknown(NotSignedIn):
    code = "gateway.key.unknown"


class KeyRevoked(NotSignedIn):
    code = "gateway.key.revoked"


class BalanceInsufficient(Refused):
    code = "voucher.balance.insufficient"
    http_status = 402


class TeamLimitReached(Refused):
    code = "voucher.team.limit_reached"
    http_status = 402


class OfferingNotCovered(NotAllowed):
    code = "voucher.offering.not_covered"


class VoucherSuspended(NotAllowed):
    code = "voucher.state.suspended"


class VoucherExpired(NotAllowed):
    code = "voucher.state.expired"


class ModelUnknown(NotFound):
    code = "gateway.model.unknown"


class CallInFlight(Conflict):
    code = "gateway.call.in_flight"


class BodyTooLarge(Refused):
    code = "gateway.body.too_large"
    http_status = 413


class BodyDiffers(Refused):
    code = "gateway.idempotency.body_differs"


class RateExceeded(Refused):
    code = "gateway.rate.exceeded"
    http_status = 429


class UpstreamFailed(Unwell):
    code = "gateway.upstream.failed"
    http_status = 502


class LedgerUnavailable(Unwell):
    code = "gateway.ledger.unavailable"


class UpstreamTimeout(Unwell):
    code = "gateway.upstream.timeout"
    http_status = 504


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError)
"""What reading JSON from outside may raise."""

OPENAI_TYPES: dict[int, str] = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
}
"""The `type` beside our `code`; what is not listed is invalid_request_error or api_error."""


def type_of(error: MadangError) -> str:
    """The word that OpenAI's and Anthropic's clients know for this kind of error."""
    default = "api_error" if error.http_status >= 500 else "invalid_request_error"
    return OPENAI_TYPES.get(error.http_status, default)
