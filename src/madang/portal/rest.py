"""The REST API: one OpenAPI document, routers from the rooms, problems for answers.

Each room keeps its routes in its own `api.py`; here they are put together. The token is read by
ActorMiddleware, replays are answered by IdempotencyMiddleware, and an operation's id is the
name of the action that it calls.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser
from ninja.security import HttpBearer

from madang import __version__
from madang.compute.api import ROUTERS as COMPUTE
from madang.core.errors import MadangError, NotFound, NotSignedIn
from madang.core.words import korean
from madang.datahub.api import ROUTERS as DATAHUB
from madang.metering.api import ROUTERS as METERING
from madang.parties.actor import Actor
from madang.parties.api import Problem
from madang.parties.routes import ROUTERS as PARTIES
from madang.portal.errors import BodyTooLarge, FormInvalid, Unforeseen
from madang.portal.middleware.idempotency import KEY_LENGTH_MAX
from madang.portal.openapi import OwnNamesSchema
from madang.portal.problems import MEDIA_TYPE, problem
from madang.portal.rest_books import router as books
from madang.portal.rest_due import router as due
from madang.portal.sentences import spoken
from madang.programme.api import ROUTERS as PROGRAMME
from madang.review.api import ROUTERS as REVIEW
from madang.testbed.api import ROUTERS as TESTBED

log = logging.getLogger("madang.portal.api")
PROBLEM_SCHEMA = Problem.model_json_schema()
KEY_PARAMETER = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH_MAX},
    "description": "The same key with the same body answers as the first time, for 24 hours.",
}


SURROGATES = re.compile(rb"\\u[dD][89a-fA-F]")
SURROGATE = re.compile("[\ud800-\udfff]")


class TokenAuth(HttpBearer):
    """ActorMiddleware has looked the token up already."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        person = getattr(request, "person", None)
        actor: Actor | None = getattr(request, "actor", None)
        return actor if person is not None else None


class CleanParser(Parser):
    """JSON of characters that the database's text can hold: no NUL, no half of a pair."""

    def parse_body(self, request: HttpRequest) -> dict[str, object]:
        if b"\x00" in request.body or b"\\u0000" in request.body:
            raise FormInvalid(reason="NUL")
        read: dict[str, object] = super().parse_body(request)
        if SURROGATES.search(request.body) and SURROGATE.search(
            json.dumps(read, ensure_ascii=False)
        ):
            raise FormInvalid(reason="half of a surrogate pair")
        return read


class MadangApi(NinjaAPI):
    """Adds to every operation what all have: the problem document, the key of a write."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, object] | None = None
    ) -> OpenAPISchema:
        if path_prefix is None:
            path_prefix = self.get_root_path(path_params or {})
        schema = OwnNamesSchema(self, path_prefix)
        refusal = {
            "description": "A refusal with its stable code",
            "content": {MEDIA_TYPE.split(";", maxsplit=1)[0]: {"schema": PROBLEM_SCHEMA}},
        }
        for methods in schema["paths"].values():
            for method, operation in methods.items():
                operation["responses"]["default"] = refusal
                if method != "get":
                    operation.setdefault("parameters", []).append(KEY_PARAMETER)
        return schema


api = MadangApi(
    title="Madang",
    version=__version__,
    description=(
        "Programmes, vouchers, metered use and settlement. Amounts are integers of micro-won "
        "in fields that end in `_microwon`; times are RFC 3339. Writes take `Idempotency-Key`. "
        "Refusals are RFC 9457 problem details whose `code` is stable; `Accept-Language` "
        "chooses between ko and en."
    ),
    urls_namespace="api",
    docs_url=None,  # the packaged viewer loads scripts from another host
    openapi_url="/openapi.json",
    auth=TokenAuth(),
    parser=CleanParser(),
)
for room in (PARTIES, METERING, REVIEW, PROGRAMME, COMPUTE, DATAHUB, TESTBED, (books, due)):
    for router in room:
        api.add_router("", router)


@api.exception_handler(MadangError)
def refused(request: HttpRequest, error: MadangError) -> HttpResponse:
    log.info("refused", extra={"code": error.code, "status": error.http_status})
    return problem(request, error)


@api.exception_handler(AuthenticationError)
def not_signed_in(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return problem(request, NotSignedIn())


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(request, NotFound())


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Names each field by its place in the body, and what it must be, in the reader's language;
    what was sent is not repeated."""
    found = [
        {"field": _place(item["loc"]), "reason": _reason(str(item["msg"]))}
        for item in error.errors
    ]
    names = ", ".join(item["field"] for item in found)
    return problem(request, FormInvalid(reason=names), invalid=found)


def _reason(words: str) -> str:
    """The framework speaks English alone."""
    own = words.removeprefix("Value error, ")
    return korean(own, "madang.portal") if spoken() == "ko" else own


def _place(parts: Sequence[object]) -> str:
    """`body.amount`: without the name that the code has for the body."""
    where, *rest = [str(part) for part in parts]
    return ".".join([where, *(rest[1:] if where == "body" and len(rest) > 1 else rest)])


@api.exception_handler(RequestDataTooBig)
def too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    """Fields of a form, counted while it is taken apart."""
    return problem(request, BodyTooLarge(bytes_max=settings.DATA_UPLOAD_MAX_MEMORY_SIZE))


@api.exception_handler(HttpError)
def malformed(request: HttpRequest, error: HttpError) -> HttpResponse:
    """The framework's own refusals: a body that is no JSON."""
    if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return problem(request, Unforeseen())
    return problem(request, FormInvalid(reason="body"))


@api.exception_handler(Exception)
def unforeseen(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("unforeseen", exc_info=error)
    return problem(request, Unforeseen())
