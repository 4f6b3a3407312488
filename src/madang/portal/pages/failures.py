"""Pages for what went wrong."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views import defaults

from madang.core.errors import MadangError, NotFound
from madang.portal.errors import BodyTooLarge, CsrfFailed, Unforeseen
from madang.portal.problems import problem
from madang.portal.sentences import sentence_of


def failure_page(
    request: HttpRequest, error: MadangError, words: Sequence[str] = ()
) -> HttpResponse:
    """One page for all of them: the sentence, the code, a way on, and what was typed where
    its form is gone."""
    facts = {"sentence": sentence_of(error), "code": error.code, "status": error.http_status}
    facts |= {"words": words}
    return render(request, "failures/failure.html", facts, status=error.http_status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, NotFound())


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What the framework refuses while it reads: too many words in the parts of a form."""
    if isinstance(exception, RequestDataTooBig):
        return _answer(request, BodyTooLarge(bytes_max=settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
    return defaults.bad_request(request, exception)


def unforeseen(request: HttpRequest) -> HttpResponse:
    """Without the menus: what went wrong may be the database that they are read from."""
    error = Unforeseen()
    if request.path.startswith("/api/"):
        return problem(request, error)
    facts = {"sentence": sentence_of(error), "code": error.code, "status": error.http_status}
    text = render_to_string("failures/unforeseen.html", facts)
    return HttpResponse(text, status=error.http_status)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(request, CsrfFailed(reason=reason))


def _answer(request: HttpRequest, error: MadangError) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem(request, error)
    return failure_page(request, error)
