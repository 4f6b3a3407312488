"""What every route of the API shares: tokens, problems, languages, replays."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from tests.integration.portal.conftest import token_of

from madang.parties.people.models import ApiToken
from madang.portal.models import IdempotentAnswer
from madang.portal.rest import api as ninja_api

pytestmark = pytest.mark.django_db

SEAT = "/assignments/01a21878-851f-704a-8b4d-b03cb277f73a/review/submit"


def test_a_token_says_who_asks(api, person):
    person("kim@hana.example", "beneficiary", organisation="hana")
    status, document, _ = api("kim@hana.example").get("/me")
    assert status == 200
    assert document["roles"] == ["beneficiary"]
    assert document["organisations"] == ["hana"]


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer mdp_unknown", "Basic a2ltOmtpbQ=="])
def test_without_a_valid_token_there_is_a_problem_document(header):
    headers = {"authorization": header} if header else {}
    response = Client().get("/api/v1/me", headers=headers)
    assert response.status_code == 401
    assert response.headers["content-type"].startswith("application/problem+json")
    assert json.loads(response.content)["code"] == "core.request.not_signed_in"
    assert "Bearer" in response.headers["www-authenticate"]


def test_a_session_opens_no_route_of_the_api(browse, person):
    browser = browse(person("kim@hana.example", "beneficiary", organisation="hana"))
    assert browser.get("/api/v1/me").status_code == 401


def test_a_revoked_token_stops_at_once(api, person, system):
    person("kim@hana.example", "beneficiary", organisation="hana")
    ApiToken.objects.update(revoked_at="2026-01-01T00:00:00Z")
    assert api("kim@hana.example").get("/me")[0] == 401


def test_a_refusal_speaks_the_language_that_is_asked_for(api):
    _, korean, _ = api(language="ko").get("/me")
    _, english, _ = api(language="en").get("/me")
    assert re.search("[가-힣]", korean["detail"])
    assert not re.search("[가-힣]", english["detail"])
    assert korean["code"] == english["code"]


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/nowhere", {}, 404, "core.request.not_found"),
        ("/vouchers/none/keys", {}, 404, "core.request.not_found"),
        ("/vouchers/none/keys", {"rpm_max": "many"}, 422, "portal.form.invalid"),
        ("/vouchers/none/keys", {"rpm_max": 0}, 422, "portal.form.invalid"),
        ("/statements", {"month": "2026-01"}, 422, "portal.form.invalid"),
        (SEAT, {"scores": {"plan": True}}, 422, "portal.form.invalid"),
        (SEAT, {"scores": {"plan": 80.5}}, 422, "portal.form.invalid"),
        (SEAT, {"scores": {"plan": 80}}, 404, "core.request.not_found"),
        (SEAT, {"scores": {"plan": 80.0}}, 404, "core.request.not_found"),
    ],
)
def test_bad_requests_are_refused_with_a_code(api, person, path, body, status, code):
    person("op@agency.example", "operator")
    answered, document, _ = api("op@agency.example").post(path, body)
    assert (answered, document["code"]) == (status, code)


@pytest.mark.parametrize("path", ["/me?x=%00", "/vouchers/%00", "/charges?voucher=a%00"])
def test_an_address_with_a_nul_leads_nowhere(api, person, path):
    person("op@agency.example", "operator")
    status, document, _ = api("op@agency.example").get(path)
    assert (status, document["code"]) == (404, "core.request.not_found")


def test_a_body_with_a_nul_is_refused(api, person):
    person("op@agency.example", "operator")
    body = {"supplier": "nu\x00ri", "month": "2026-01"}
    status, document, _ = api("op@agency.example").post("/statements", body)
    assert (status, document["code"]) == (422, "portal.form.invalid")


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\udc00\ud83d"])
@pytest.mark.parametrize("place", ["supplier", "any"])
def test_half_of_a_surrogate_pair_is_refused(api, person, text, place):
    person("op@agency.example", "operator")
    body = {"supplier": "nuri", "month": "2026-01"} | {place: [{text: 1}, text]}
    if place == "supplier":
        body[place] = text
    status, document, _ = api("op@agency.example").post("/statements", body)
    assert (status, document["code"]) == (422, "portal.form.invalid")
    whole = {"supplier": "\U0001f600 한", "month": "2026-01"}  # sent as two escapes
    assert api("op@agency.example").post("/statements", whole)[0] == 404


def test_a_body_that_is_no_json_is_refused(person):
    person("op@agency.example", "operator")
    response = Client().post(
        "/api/v1/statements",
        "{not json",
        content_type="application/json",
        headers={"authorization": f"Bearer {token_of('op@agency.example')}"},
    )
    assert response.status_code == 422
    assert json.loads(response.content)["code"] == "portal.form.invalid"


@pytest.mark.parametrize("key", [{}, {"idempotency-key": "long"}])
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
def test_a_body_that_is_too_long_is_refused_with_a_code(person, key, kind):
    person("op@agency.example", "operator")
    body = '{"supplier": "%s", "month": "2026-01"}' % ("x" * 2_000_000)
    if kind != "application/json":
        head = '--x\r\nContent-Disposition: form-data; name="supplier"\r\n\r\n'
        body = f"{head}{body}\r\n--x--\r\n"
    response = Client().post(
        "/api/v1/statements",
        body.encode(),
        content_type=kind,
        headers={"authorization": f"Bearer {token_of('op@agency.example')}", **key},
    )
    assert response.headers["content-type"].startswith("application/problem+json")
    document = json.loads(response.content)
    assert (response.status_code, document["code"]) == (413, "portal.body.too_large")
    assert document["fields"] == {"bytes_max": 1_048_576}


def test_a_file_as_long_as_its_operation_takes_is_read(api, person):
    """And a longer one is the operation's own to refuse; a stranger's is not read at all."""
    person("op@agency.example", "operator")
    body = {"programme": "none", "year": 2026, "text": "x" * 2_000_000}
    path = "/bank/imports"
    assert api("op@agency.example").post(path, body)[1]["code"] == "programme.programme.unknown"
    longer = body | {"text": "x" * 5_000_001}
    assert api("op@agency.example").post(path, longer)[1]["code"] == "portal.form.invalid"
    assert api().post(path, body)[1]["code"] == "portal.body.too_large"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart"])
def test_a_page_tells_that_a_form_is_too_long(browse, person, kind):
    browser = browse(person("kim@hana.example", "beneficiary", organisation="hana"))
    words = {"next": "x" * 2_000_000}
    if kind == "multipart":
        answer = browser.post("/language/", words)
    else:
        answer = browser.post("/language/", urlencode(words), content_type=kind)
    assert answer.status_code == 413
    assert b"portal.body.too_large" in answer.content


def test_invalid_fields_are_named_and_their_values_are_not_repeated(api, person):
    person("op@agency.example", "operator")
    _, document, response = api("op@agency.example").post(
        "/vouchers/v/keys", {"rpm_max": "s3cret-in-a-wrong-field"}
    )
    assert document["invalid"][0]["field"].endswith("rpm_max")
    assert b"s3cret" not in response.content


def test_the_same_key_and_body_answer_once_and_again(api, person):
    kim = person("kim@hana.example", "beneficiary", organisation="hana")
    notice = _notice(kim)
    ask = api("kim@hana.example")
    first = ask.post(f"/notices/{notice}/read", idempotency_key="k-1")
    second = ask.post(f"/notices/{notice}/read", idempotency_key="k-1")
    assert first[:2] == second[:2]
    assert second[2].headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first[2].headers


def test_the_same_key_with_another_request_is_refused(api, person):
    kim = person("kim@hana.example", "beneficiary", organisation="hana")
    one, other = _notice(kim), _notice(kim)
    ask = api("kim@hana.example")
    ask.post(f"/notices/{one}/read", idempotency_key="k-1")
    status, document, _ = ask.post(f"/notices/{other}/read", idempotency_key="k-1")
    assert (status, document["code"]) == (422, "portal.idempotency.body_differs")


def test_a_key_belongs_to_one_person(api, person):
    kim = person("kim@hana.example", "beneficiary", organisation="hana")
    lee = person("lee@bada.example", "beneficiary", organisation="bada")
    api("kim@hana.example").post(f"/notices/{_notice(kim)}/read", idempotency_key="k-1")
    status, _, _ = api("lee@bada.example").post(
        f"/notices/{_notice(lee)}/read", idempotency_key="k-1"
    )
    assert status == 200


def test_a_refusal_is_not_kept_so_that_a_later_try_may_succeed(api, person):
    person("kim@hana.example", "beneficiary", organisation="hana")
    path = "/notices/00000000-0000-7000-8000-000000000000/read"
    assert api("kim@hana.example").post(path, idempotency_key="k-1")[0] == 404
    assert IdempotentAnswer.objects.count() == 0


def test_a_stored_answer_is_sealed_and_goes_after_a_day(api, person, still_clock):
    kim = person("kim@hana.example", "beneficiary", organisation="hana")
    notice = _notice(kim)
    ask = api("kim@hana.example")
    ask.post(f"/notices/{notice}/read", idempotency_key="k-1")
    assert str(notice).encode() not in bytes(IdempotentAnswer.objects.get().answer)
    still_clock.advance(timedelta(hours=25))
    again = ask.post(f"/notices/{notice}/read", idempotency_key="k-1")
    assert "idempotency-replayed" not in again[2].headers


@pytest.mark.parametrize("key", ["", "x" * 201, "tab\there"])
def test_a_malformed_key_is_refused(api, person, key):
    person("kim@hana.example", "beneficiary", organisation="hana")
    status, document, _ = api("kim@hana.example").post("/vouchers/v/keys", idempotency_key=key)
    assert (status, document["code"]) == (400, "portal.idempotency.key_malformed")


def test_the_openapi_document_is_public_and_names_every_operation_once():
    response = Client().get("/api/v1/openapi.json")
    assert response.status_code == 200
    names = [
        operation["operationId"]
        for methods in json.loads(response.content)["paths"].values()
        for operation in methods.values()
    ]
    assert len(names) == len(set(names))
    assert all(re.fullmatch("[a-z]+(_[a-z]+)*", name) for name in names)
    assert ninja_api.get_openapi_schema()["info"]["title"] == "Madang"


def test_every_write_lists_its_key_and_every_operation_its_refusal():
    paths = ninja_api.get_openapi_schema()["paths"]
    for methods in paths.values():
        for method, operation in methods.items():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            names = {one["name"] for one in operation.get("parameters", [])}
            assert ("Idempotency-Key" in names) == (method != "get"), operation["operationId"]


def _notice(person):
    from madang.parties.notices.actions import send_notice

    made = send_notice(
        [person], "parties.account.welcome", subject_type="person", subject_id=person.id,
        at="2026-03-01T00:00:00Z",
    )  # fmt: skip
    return made[0].id
