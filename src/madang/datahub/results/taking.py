"""A result as an attachment: a browser never draws what somebody handed in."""

from __future__ import annotations

from urllib.parse import quote

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase

from madang.datahub.results.models import ResultFile
from madang.parties.documents.store import default_store


def attachment(file: ResultFile) -> HttpResponseBase:
    response = StreamingHttpResponse(
        default_store().read(file.sha256), content_type="application/octet-stream"
    )
    named = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
    response.headers["content-disposition"] = named
    response.headers["content-length"] = str(file.size_bytes)
    return response
