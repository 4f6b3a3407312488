"""One's own account: places held, two-factor sign-in, API tokens that are shown once."""

from __future__ import annotations

from allauth.account import views as entrance
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from madang.parties.people.queries import open_memberships
from madang.parties.people.tokens import create_token, revoke_token, tokens_of
from madang.portal.navigation import side_menu
from madang.portal.request import SignedInRequest, signed_in, takes


@takes("GET", "POST")
def lost_password(request: HttpRequest) -> HttpResponse:
    """Ask for a link by mail. Where no mail is sent, the page says who hands one over."""
    if not settings.MAIL_IS_ON:
        return render(request, "account/no_mail.html")
    answer: HttpResponse = entrance.password_reset(request)
    return answer


@takes("GET")
@signed_in()
def account(request: SignedInRequest) -> HttpResponse:
    return _account_page(request, secret=None)


@takes("GET")
@signed_in()
def to_account(request: SignedInRequest) -> HttpResponse:
    """Addresses that allauth knows and that we fold into one page."""
    return redirect("account")


@takes("POST")
@signed_in()
@never_cache
def make_token(request: SignedInRequest) -> HttpResponse:
    """A fresh token; its secret stands on this one answer and nowhere else."""
    _row, secret = create_token(request.actor, request.person, at=request.at)
    return _account_page(request, secret=secret)


@takes("POST")
@signed_in()
def end_token(request: SignedInRequest, token_id: int) -> HttpResponse:
    revoke_token(request.actor, token_id, at=request.at)
    messages.success(request, _("The token has been revoked."))
    return redirect("account")


def _account_page(request: SignedInRequest, *, secret: str | None) -> HttpResponse:
    facts = {
        "places": open_memberships(request.person, request.at),
        "has_second_factor": is_mfa_enabled(request.person),
        "tokens": tokens_of(request.actor),
        "secret": secret,
        "desk_name": _("My account"),
        "side": side_menu("account", request.path, request.actor),
    }
    return render(request, "desk/account.html", facts)
