"""A refusal becomes a page, a message beside the form, or a problem document."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from madang.core.errors import MadangError, NotAllowed, NotFound, NotSignedIn, Refused
from madang.portal.errors import MethodNotAllowed
from madang.portal.pages.failures import failure_page
from madang.portal.problems import problem
from madang.portal.sentences import sentence_of

log = logging.getLogger("madang.portal.refusal")


class RefusalMiddleware:
    """Only pages come here with an exception; the API turns its own into problem documents.

    But for one: which method an address takes is the framework's to say, before the API hears
    of it, and it says so in bare words.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self._get_response(request)
        if answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED and _of_the_api(request):
            return _wrong_method(request, answer)
        return answer

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if not isinstance(exception, MadangError):
            return None
        log.info("refused", extra={"code": exception.code, "status": exception.http_status})
        if isinstance(exception, NotSignedIn):
            return redirect_to_login(request.get_full_path())
        if _stays_on_the_form(request, exception):
            messages.error(request, sentence_of(exception))
            return HttpResponseRedirect(_form_address(request), status=303)
        return failure_page(request, exception)


def _of_the_api(request: HttpRequest) -> bool:
    found = request.resolver_match
    return found is not None and found.namespace == "api"


def _wrong_method(request: HttpRequest, answer: HttpResponseBase) -> HttpResponse:
    told = problem(request, MethodNotAllowed())
    told.headers["allow"] = answer.headers.get("allow", "")
    return told


def _stays_on_the_form(request: HttpRequest, error: MadangError) -> bool:
    hidden = isinstance(error, NotFound | NotAllowed | MethodNotAllowed)
    return (
        request.method == "POST"
        and isinstance(error, Refused)
        and not hidden
        and bool(_form_address(request))
    )


def _form_address(request: HttpRequest) -> str:
    """The page that the form stood on: only an address of our own."""
    referer = request.headers.get("referer", "")
    own = url_has_allowed_host_and_scheme(
        referer, {request.get_host()}, require_https=request.is_secure()
    )
    if not own:
        return ""
    parts = urlsplit(referer)
    return parts.path + (f"?{parts.query}" if parts.query else "")
