"""What every page shares: headers, languages, health, sign-in, refusals."""

from __future__ import annotations

import json
import re

import pytest
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import OperationalError
from django.test import Client
from django.utils import translation
from django.utils.translation import get_language
from tests.integration.portal.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def test_a_page_allows_nothing_but_our_own_scripts_and_styles(browse):
    response = browse().get("/")
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/nowhere/", "/healthz", "/api/v1/me", "/api/v1/nowhere"])
def test_refusals_and_the_api_have_the_policy_of_pages(browse, path):
    page, answer = browse().get("/"), Client().get(path)
    header = "content-security-policy"
    assert answer.headers[header] == page.headers[header]
    assert page.headers[header].count(";") == 9


@pytest.mark.parametrize("path", ["/", "/catalogue/", "/account/sign-in/", "/nowhere/"])
def test_no_page_holds_an_inline_script_or_style(browse, path):
    text = browse().get(path).content.decode()
    assert re.search(r"<script(?![^>]*\bsrc=)", text) is None
    assert re.search(r"\sstyle=|<style|\son\w+=", text) is None


def test_the_page_is_korean_unless_english_is_chosen(browse):
    assert '<html lang="ko">' in Client().get("/").content.decode()
    assert '<html lang="en">' in browse(language="en").get("/").content.decode()


@pytest.mark.parametrize("path", ["/", "/nowhere/", "/api/v1/me"])
def test_the_language_of_a_request_ends_with_it(browse, path):
    browse(language="en").get(path, headers={"accept-language": "en"})
    assert get_language() == "ko"


def test_a_request_is_begun_in_the_portals_language(browse, monkeypatch):
    """Whatever the thread spoke before: middleware before the framework's own may speak."""
    heard = []
    before = SessionMiddleware.process_request

    def listening(self, request):
        heard.append(get_language())
        before(self, request)

    monkeypatch.setattr(SessionMiddleware, "process_request", listening)
    with translation.override("en"):
        Client().get("/")
    assert heard == ["ko"]


def test_the_language_switch_keeps_the_choice():
    browser = Client()
    browser.post("/language/", {"language": "en", "next": "/catalogue/"})
    assert '<html lang="en">' in browser.get("/").content.decode()


def test_health_says_that_the_database_is_reached():
    response = Client().get("/healthz")
    assert (response.status_code, json.loads(response.content)["ok"]) == (200, True)


def test_health_is_bad_when_the_database_is_not_reached(monkeypatch):
    def broken():
        raise OperationalError("connection refused")

    monkeypatch.setattr("madang.portal.pages.health.connection.cursor", broken)
    response = Client().get("/healthz")
    assert (response.status_code, json.loads(response.content)["ok"]) == (503, False)


@pytest.mark.parametrize(
    ("path", "media_type", "asking"),
    [
        ("/catalogue/", "text/html", "_by_session"),
        ("/api/v1/me", "application/problem", "_by_token"),
    ],
)
def test_a_mistake_of_ours_is_told_without_the_database(monkeypatch, path, media_type, asking):
    def broken(*args, **kwargs):
        raise OperationalError("the database is gone")

    monkeypatch.setattr(f"madang.portal.middleware.actor.{asking}", broken)
    monkeypatch.setattr("madang.portal.context.unread_notices", broken)
    response = Client(raise_request_exception=False).get(path)
    assert response.status_code == 500
    assert response.headers["content-type"].startswith(media_type)
    assert "portal.platform.unforeseen" in response.content.decode()
    assert "the database is gone" not in response.content.decode()


def test_metrics_name_routes_and_never_addresses(browse):
    browse().get("/catalogue/secret-product/")
    text = Client().get("/metrics").content.decode()
    assert 'route="catalogue"' in text or 'route="offering"' in text
    assert "secret-product" not in text


def test_a_foreign_host_name_is_refused():
    assert Client(headers={"host": "evil.example"}).get("/").status_code == 400


def test_a_form_without_its_token_is_refused(person):
    browser = Client(enforce_csrf_checks=True)
    response = browser.post("/account/sign-in/", {"login": "a@b.example", "password": "x"})
    assert response.status_code == 403
    assert "portal.form.stale" in response.content.decode()


def test_somebody_signs_in_and_out(person):
    person("kim@hana.example", "beneficiary", organisation="hana")
    browser = Client()
    answer = browser.post(
        "/account/sign-in/", {"login": "kim@hana.example", "password": PASSWORD}
    )
    assert answer.status_code == 302
    assert browser.get("/account/").status_code == 200
    browser.post("/account/sign-out/")
    assert browser.get("/account/").status_code == 302


def test_an_address_that_guesses_is_stopped(person, settings):
    person("kim@hana.example", "beneficiary", organisation="hana")
    browser = Client()
    wrong = {"login": "kim@hana.example", "password": "wrong"}
    statuses = [browser.post("/account/sign-in/", wrong).status_code for _ in range(11)]
    assert statuses[0] == 200
    right = {"login": "kim@hana.example", "password": PASSWORD}
    assert browser.post("/account/sign-in/", right).status_code != 302
    assert browser.get("/account/").status_code == 302


def test_nobody_signs_up_by_themselves():
    assert Client().get("/account/sign-up/").status_code == 404


def test_a_page_for_people_who_signed_in_leads_to_the_door():
    response = Client().get("/account/")
    assert (response.status_code, response.url) == (302, "/account/sign-in/?next=/account/")


def test_a_token_is_shown_once_and_can_be_revoked(browse, person):
    kim = person("kim@hana.example", "beneficiary", organisation="hana")
    browser = browse(kim)
    shown = browser.post("/account/tokens/").content.decode()
    secret = re.search(r"mdp_[\w-]{40,}", shown)
    assert secret is not None
    assert secret[0] not in browser.get("/account/").content.decode()
    ask = Client(headers={"authorization": f"Bearer {secret[0]}"})
    assert ask.get("/api/v1/me").status_code == 200
    newest = kim.tokens.order_by("-pk").first()
    browser.post(f"/account/tokens/{newest.pk}/revoke/")
    assert ask.get("/api/v1/me").status_code == 401


def test_the_second_factor_is_asked_for_once_it_is_on(person):
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    kim = person("kim@hana.example", "beneficiary", organisation="hana")
    TOTP.activate(kim, generate_totp_secret())
    browser = Client()
    answer = browser.post(
        "/account/sign-in/", {"login": "kim@hana.example", "password": PASSWORD}
    )
    assert answer.url.startswith("/account/sign-in/code/")
    assert browser.get("/account/").status_code == 302


def test_the_second_factors_secret_is_stored_sealed(person):
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    secret = generate_totp_secret()
    TOTP.activate(person("kim@hana.example", "operator"), secret)
    assert secret not in json.dumps(Authenticator.objects.get().data)


def test_a_notice_counts_as_delivered_when_it_is_opened(browse, person):
    from madang.parties.notices.actions import send_notice

    kim = person("kim@hana.example", "beneficiary", organisation="hana")
    (notice,) = send_notice(
        [kim], "parties.account.welcome", subject_type="person", subject_id=kim.id,
        at="2026-03-01T00:00:00Z",
    )  # fmt: skip
    browse(kim).post(f"/account/notices/{notice.id}/read/")
    notice.refresh_from_db()
    assert notice.delivered_by == "page"


def test_nobody_opens_the_notice_of_somebody_else(browse, person):
    from madang.parties.notices.actions import send_notice

    kim = person("kim@hana.example", "beneficiary", organisation="hana")
    lee = person("lee@bada.example", "beneficiary", organisation="bada")
    (notice,) = send_notice(
        [kim], "parties.account.welcome", subject_type="person", subject_id=kim.id,
        at="2026-03-01T00:00:00Z",
    )  # fmt: skip
    assert browse(lee).post(f"/account/notices/{notice.id}/read/").status_code == 404
