"""What a form's answer says on the next page: kept for a session, which calls of the API have
none of."""

from __future__ import annotations

from collections.abc import Awaitable

from django.contrib.messages.middleware import MessageMiddleware
from django.http import HttpRequest, HttpResponseBase

from madang.portal.middleware.actor import API_PREFIX


class RemarksMiddleware(MessageMiddleware):
    """The framework's own, for pages."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if request.path.startswith(API_PREFIX):
            return self.get_response(request)
        return super().__call__(request)
