"""What Hugging Face clients are told: their error codes, headers, and revisions.

A client shows the header X-Error-Message and decides by X-Error-Code; a missing file must
still carry the commit, or the client takes the server for no hub at all.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from madang.core.errors import MadangError, NotFound, NotSignedIn
from madang.datahub.errors import AccessNeeded, RefUnknown, SecureRoomOnly, VersionRecalled
from madang.datahub.sets.models import DataSet
from madang.datahub.sets.queries import data_set_for
from madang.parties.api import ApiRequest

P = ParamSpec("P")
View = Callable[Concatenate[ApiRequest, P], HttpResponseBase]
REPO, REVISION, ENTRY, GATED = "RepoNotFound", "RevisionNotFound", "EntryNotFound", "GatedRepo"


def hub_view(*methods: str) -> Callable[[View[P]], Callable[..., HttpResponseBase]]:
    """A view for clients: only these methods, refusals in their words. It reads the body in
    pieces and counts them, for files come in one request however long they are."""

    def decorate(view: View[P]) -> Callable[..., HttpResponseBase]:
        @csrf_exempt
        @functools.wraps(view)
        def inner(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method not in methods:
                return HttpResponse(status=405, headers={"Allow": ", ".join(methods)})
            try:
                assert hasattr(request, "actor"), "ActorMiddleware has run"
                return view(request, *args, **kwargs)  # type: ignore[arg-type]  # it has
            except MadangError as error:
                return refused(error)

        inner.counts_its_body = True  # type: ignore[attr-defined]  # read by BodyMiddleware
        return inner

    return decorate


def refused(error: MadangError) -> HttpResponse:
    """A refusal as clients read it."""
    codes: dict[type[MadangError], str] = {
        RefUnknown: REVISION,
        NotFound: REPO,
        AccessNeeded: GATED,
        SecureRoomOnly: GATED,
        VersionRecalled: GATED,
    }
    code = codes.get(type(error), "")
    status = 401 if isinstance(error, NotSignedIn) else error.http_status
    return failure(
        status, code, error.sentence("en"), told=error.code, korean=error.sentence("ko")
    )


def failure(
    status: int, code: str, message: str, *, told: str = "", commit: str = "", korean: str = ""
) -> HttpResponse:
    """An error answer; `message` also goes into the header that clients show."""
    headers = {"X-Error-Message": header_text(message)}
    if code:
        headers["X-Error-Code"] = code
    if commit:
        headers["X-Repo-Commit"] = commit
    told_in_full = {"error": message, "code": told or code}
    if korean:
        told_in_full["error_ko"] = korean
    return JsonResponse(told_in_full, status=status, headers=headers)


def header_text(text: str) -> str:
    """UTF-8 in a header's own characters, as new clients read it; no line break."""
    plain = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
    return plain.encode().decode("latin-1")


def repo(request: ApiRequest, code: str) -> DataSet:
    """The data set for this reader; without a right it does not exist."""
    return data_set_for(request.actor, code)


def need_person(request: ApiRequest) -> None:
    if getattr(request, "person", None) is None:
        raise NotSignedIn
