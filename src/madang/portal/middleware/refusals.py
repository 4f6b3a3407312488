"""A refusal becomes a page, a message beside the form, or a problem document."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect

from madang.core.errors import MadangError, NotAllowed, NotFound, NotSignedIn, Refused
from madang.portal.again import drawn_again, form_address, words_sent
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
        if request.method != "POST" or isinstance(exception, MethodNotAllowed):
            return failure_page(request, exception)
        return drawn_again(request, exception) or _told_elsewhere(request, exception)


def _of_the_api(request: HttpRequest) -> bool:
    found = request.resolver_match
    return found is not None and found.namespace == "api"


def _wrong_method(request: HttpRequest, answer: HttpResponseBase) -> HttpResponse:
    told = problem(request, MethodNotAllowed())
    told.headers["allow"] = answer.headers.get("allow", "")
    return told


def _told_elsewhere(request: HttpRequest, error: MadangError) -> HttpResponse:
    """Where there is no form to draw again: a message where nothing was typed, else a page
    that gives back the words."""
    words, address = words_sent(request), form_address(request)
    is_hidden = isinstance(error, NotFound | NotAllowed)
    if words or is_hidden or not address or not isinstance(error, Refused):
        return failure_page(request, error, words)
    messages.error(request, sentence_of(error))
    return HttpResponseRedirect(address, status=303)
