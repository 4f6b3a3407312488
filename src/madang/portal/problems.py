"""RFC 9457 problem details, with our stable code and the reader's language."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, JsonResponse

from madang.core.errors import MadangError
from madang.portal.sentences import sentence_of, spoken

MEDIA_TYPE = "application/problem+json; charset=utf-8"


def problem(
    request: HttpRequest,
    error: MadangError,
    *,
    invalid: Sequence[dict[str, str]] = (),
) -> JsonResponse:
    """The error as a document. `invalid` names fields of the body that cannot be taken."""
    sentence = sentence_of(error)
    document: dict[str, object] = {
        "type": f"urn:madang:error:{error.code}",
        "title": sentence,
        "status": error.http_status,
        "detail": sentence,
        "instance": request.path,
        "code": error.code,
        "fields": error.fields,
    }
    if invalid:
        document["invalid"] = list(invalid)
    response = JsonResponse(document, status=error.http_status, content_type=MEDIA_TYPE)
    response.headers["content-language"] = spoken()
    if error.http_status == 401:
        response.headers["www-authenticate"] = 'Bearer realm="madang"'
    return response
