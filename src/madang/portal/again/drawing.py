"""Finds the page on which a refused form stood, and draws it again by its own view."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from copy import copy
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.template.response import SimpleTemplateResponse
from django.urls import Resolver404, resolve
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme

from madang.core.errors import MadangError, Refused
from madang.portal.again.filling import Edit, Said, applied, filled
from madang.portal.again.markup import Form, Reader, form_of
from madang.portal.errors import FormInvalid
from madang.portal.forms import beside
from madang.portal.sentences import sentence_of, spoken

log = logging.getLogger("madang.portal.again")

PAGES = "madang.portal.pages."
"""Only pages are drawn: neither the API nor the hub is ever asked in a session's name."""
DRAWN_FROM = "drawn-from"
"""The page that a form of a page drawn again stands on; its address is that of the step."""
OURS = frozenset({"csrfmiddlewaretoken", DRAWN_FROM})
OPAQUE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}")
OK = 200
OWN_STATUS = frozenset({403, 429})
"""Not what was typed is wrong, but who typed it, or how often."""


def drawn_again(request: HttpRequest, error: MadangError) -> HttpResponse | None:
    """The page with the refused form filled in again; None where nothing was to fill in."""
    sent = dict(request.POST.lists())
    for address in dict.fromkeys(_addresses(request)):
        text = _page(request, address)
        forms = Reader(text).forms if text else []
        form = form_of(forms, request.path, address, sent, OURS)
        if form is None:
            continue
        if not form.typed:
            return None
        edits = [*filled(form, sent, _said(error, form)), *_with_its_page(forms, address)]
        is_own = error.http_status in OWN_STATUS or not isinstance(error, Refused)
        status = error.http_status if is_own else Refused.http_status
        return HttpResponse(applied(text, edits), status=status)
    return None


def form_address(request: HttpRequest) -> str:
    """The page that the form stood on: only an address of our own, else nothing."""
    sent = request.POST.get(DRAWN_FROM) or request.headers.get("referer", "")
    own = url_has_allowed_host_and_scheme(
        sent, {request.get_host()}, require_https=request.is_secure()
    )
    if not own:
        return ""
    parts = urlsplit(sent)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def words_sent(request: HttpRequest) -> list[str]:
    """What somebody wrote, where its form is not there any more."""
    return [
        value
        for name, values in request.POST.lists()
        for value in values
        if name not in OURS
        and "password" not in name
        and value.strip()
        and not OPAQUE.fullmatch(value)
    ]


def _addresses(request: HttpRequest) -> Iterator[str]:
    """Where the form may have stood: where it says, then the pages above where it led."""
    yield form_address(request)
    parts = request.path.strip("/").split("/")
    for count in range(len(parts), 0, -1):
        yield f"/{'/'.join(parts[:count])}/"


def _page(request: HttpRequest, address: str) -> str:
    """The text of a page as the same person reads it now; empty for what cannot be drawn."""
    try:
        match = resolve(urlsplit(address).path)
        if not match.func.__module__.startswith(PAGES):
            return ""
        asked = _asking(request, address)
        asked.resolver_match = match
        response: HttpResponseBase = match.func(asked, *match.args, **match.kwargs)
    except (MadangError, Http404, Resolver404):
        return ""
    except Exception:  # whatever a page could not do, the refusal is told all the same
        log.exception("not drawn again", extra={"route": request.path})
        return ""
    is_page = response.headers.get("content-type", "").startswith("text/html")
    if response.status_code != OK or not is_page or not isinstance(response, HttpResponse):
        return ""
    if isinstance(response, SimpleTemplateResponse):
        response.render()
    return response.content.decode()


def _asking(request: HttpRequest, address: str) -> HttpRequest:
    """The same person at the same instant, asking for a page."""
    parts = urlsplit(address)
    asked = copy(request)
    asked.META = {
        **request.META,
        "REQUEST_METHOD": "GET",
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
    }
    asked.method = "GET"
    asked.path = asked.path_info = parts.path
    asked.GET = QueryDict(parts.query)
    asked.POST = QueryDict()
    asked._files = MultiValueDict()  # type: ignore[attr-defined]  # FILES
    return asked


def _said(error: MadangError, form: Form) -> Said:
    """Each sentence at its place: a field of this form, or above it."""
    names = {control.name for control in form.typed}
    said = Said()
    for fault in error.faults if isinstance(error, FormInvalid) else ():
        if fault.name in names:
            said.beside[fault.name] = fault.sentences
        else:
            lead = f"{fault.label}: " if fault.label else ""
            said.above += [lead + text for text in fault.sentences]
    if said.beside or said.above:
        return said
    name = beside(error, names)
    if name is None:
        return Said(above=[sentence_of(error)])
    return Said(beside={name: [error.reason(spoken())]})


def _with_its_page(forms: list[Form], address: str) -> list[Edit]:
    """Each form of this page says where it stands: the browser shows the step's address."""
    mark = format_html('<input type="hidden" name="{}" value="{}">', DRAWN_FROM, address)
    return [(form.tag.end, form.tag.end, mark) for form in forms if form.is_post]
