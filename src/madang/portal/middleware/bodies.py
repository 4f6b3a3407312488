"""How much one request may say: 1 MiB, and more where an operation takes the text of a file.

The framework refuses a longer body only when somebody reads it, in bare words or as if the
mistake were ours. Here its length is read from the request's head, before the body is.
What takes its body in pieces, as the data hub takes files, counts for itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

from madang.portal.errors import BodyTooLarge
from madang.portal.middleware.actor import API_PREFIX
from madang.portal.pages.failures import failure_page
from madang.portal.problems import problem

FILE_TEXT_BYTES_MAX = 2**25
"""A whole file as one JSON text, each of its letters in up to six bytes (`\\u00e9`)."""
FILE_TEXTS = re.compile(
    r"/api/v1/(bank/imports|compute/jobs/batch"
    r"|compute/sites/[^/]+/utilisation|datahub/surveys/[^/]+/import)"
)
DISCARDED_BYTES_MAX = 2**26
PIECE_BYTES = 2**16
MULTIPART = "multipart/form-data"


class BodyMiddleware:
    """Refuses before reading. Parts of a form are counted where they are taken apart."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length, most = _length_of(request), settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if length <= most or request.content_type == MULTIPART or _counts_itself(request):
            return self._get_response(request)
        is_known = getattr(request, "person", None) is not None
        if is_known and FILE_TEXTS.fullmatch(request.path):
            most = FILE_TEXT_BYTES_MAX
        if length <= most:
            request._body = request.read()  # as Django does it, but for its one limit
            return self._get_response(request)
        _discard(request)
        return _refused(request, BodyTooLarge(bytes_max=most))


def _length_of(request: HttpRequest) -> int:
    told = request.META.get("CONTENT_LENGTH") or "0"
    return int(told) if told.isascii() and told.isdigit() else 0


def _counts_itself(request: HttpRequest) -> bool:
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return False
    return getattr(view, "counts_its_body", False)


def _discard(request: HttpRequest) -> None:
    """A client that is still sending hears no answer; but not for ever."""
    for _ in range(DISCARDED_BYTES_MAX // PIECE_BYTES):
        if not request.read(PIECE_BYTES):
            return


def _refused(request: HttpRequest, error: BodyTooLarge) -> HttpResponseBase:
    if request.path.startswith(API_PREFIX):
        return problem(request, error)
    return failure_page(request, error)
