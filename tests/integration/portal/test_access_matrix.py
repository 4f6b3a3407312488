"""Who gets in where: every address × every role, own and other organisation.

Goal: nobody sees another organisation's data, and no address is forgotten. Method: the table
in access_matrix.txt says what each of nine people is answered; each request runs in a
savepoint that is rolled back, so that rows do not disturb each other. An address that is not
in the table fails, and so does a line whose address is gone.

`login` is the way to the door; a number is the status. Objects belong to the firm hana, to
the supplier nuri and to the reviewer lee; park, mo and choi are their strangers.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from tests.integration.portal import world as worlds
from tests.integration.portal.routes import HUB, Ask, api_routes, asks, page_routes

pytestmark = pytest.mark.django_db

TABLE = Path(__file__).with_name("access_matrix.txt")
PEOPLE = {
    "anon": None,
    "kim": "kim@hana.example",
    "park": "park@bada.example",
    "nu": "nu@nuri.example",
    "mo": "mo@mirae.example",
    "lee": "lee@univ.example",
    "choi": "choi@univ.example",
    "op": "op@agency.example",
    "op2": "op2@agency.example",
    "au": "au@audit.example",
}
STRANGERS = ("anon", "park", "mo", "choi")
PUBLIC = {
    "page GET front", "page GET calls", "page GET call", "page GET catalogue",
    "page GET offering", "page GET awards", "page GET healthz", "page GET metrics",
    "page GET account_login", "page GET join", "page GET join_asked",
    "page GET account_reset_password", "page GET account_reset_password_done",
    "page GET account_reset_password_from_key", "page GET account_reset_password_from_key_done",
    "page POST set_language", "api GET list_catalogue",
    "api GET list_calls", "api GET show_call", "api GET show_lottery", "api GET list_budgets",
    "api GET list_holidays",
    "api GET list_plans",
    "api GET list_public_awards",
    "api GET list_sites",
    "api GET show_plan",
    "api GET show_site",
    "page GET gpu_site",
    "page GET gpu_sites",
    "page GET plan",
    "page GET plans",
    "page GET data_roadmap",
    "page GET data_field",
    "page GET data_surveys",
    "page GET data_survey",
    "page POST answer_survey",
    "page GET data_demand",
    "page POST comment_demand",
    "api GET list_demands",
    "api POST submit_demand",
    "api GET list_proposals",
    "api GET list_comments",
    "api GET list_data_sets",
    "api GET show_roadmap",
    "page GET testbed_board",
    "page GET testbed_pilots",
    "page GET testbed_trials",
    "api GET list_board_reports",
    "api GET show_device_history",
    "hub GET hub_data_sets",
    "hub POST hub_validate_yaml",
    "hub PUT hub_lfs_put",
    "hub GET hub_search", "hub GET hub_dcat", "hub GET hub_ckan",
    "hub GET hub_ckan_short", "page GET data_search",
}  # fmt: skip


def test_every_address_answers_every_role_as_the_table_says(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    world = worlds.build()
    clients = {name: _client(world, email) for name, email in PEOPLE.items()}
    expected = _table()
    secrets = _secrets(world)
    found, leaks = {}, []
    for ask in asks(world):
        answers = {name: _answer(clients[name], name, ask) for name in PEOPLE}
        found[ask.label] = {name: status for name, (status, _) in answers.items()}
        leaks += [
            f"{ask.label}: {name} reads {secret}"
            for name in STRANGERS
            for secret in secrets
            if answers[name][0] == "200" and secret in answers[name][1]
        ]
    wrong = [
        f"{label}: {name} expected {expected[label][name]}, got {answers[name]}"
        for label, answers in found.items()
        if label in expected
        for name in PEOPLE
        if expected[label][name] != answers[name]
    ]
    assert wrong == []
    assert leaks == []


def test_the_table_names_exactly_the_addresses_that_exist():
    pages = {name for name, _ in page_routes()}
    there = {f"{'hub' if name.startswith(HUB) else 'page'} {name}" for name in pages}
    there |= {f"api {name}" for name, _, _ in api_routes()}
    listed = {" ".join(label.split()[::2]) for label in _table()}
    assert there - listed == set(), "addresses without a line in access_matrix.txt"
    assert listed - there == set(), "lines whose address is gone"


def test_what_is_not_public_leads_the_nameless_to_the_door_or_nowhere():
    for label, answers in _table().items():
        if label not in PUBLIC:
            assert answers["anon"] in {"login", "302", "401", "404", "405"}, label


def test_nobody_but_the_parties_and_the_agency_is_let_in_to_an_object():
    """Lines marked with * are about rows of hana, nuri or lee."""
    for label, answers in _table(marked=True).items():
        for name in STRANGERS:
            assert answers[name] in {"login", "401", "403", "404"}, (label, name)


def _client(world, email: str | None) -> Client:
    client = Client(raise_request_exception=False)
    client.cookies["django_language"] = "en"
    if email is not None:
        backend = "allauth.account.auth_backends.AuthenticationBackend"
        client.force_login(world.people[email], backend=backend)
    return client


def _secrets(world) -> list[str]:
    """What only the parties, the agency and the auditor may read, on any page or list."""
    rows = (world.award, world.agreement, world.payout, world.assignment, world.parked)
    rows += (world.challenge, world.appeal)
    applications = world.applications.values()
    return [
        world.voucher.code,
        world.key.prefix,
        "bank-1",
        "로봇 상담 도우미",
        "그분은 경쟁사의 고문입니다.",
        "상담용 모델을 찾습니다.",
        "첨부 한 장이 빠진 채 평가되었습니다.",
        "부르지 않은 호출이 차감되었습니다.",
        "서류는 모두 있습니다.",
        "하나-1 칩",
        *(str(row.id) for row in (*rows, *applications)),
        *(row.receipt_no for row in applications if row.receipt_no),
    ]


def _answer(client: Client, name: str, ask: Ask) -> tuple[str, str]:
    """The status, and the words of an answer that is no file."""
    with transaction.atomic():
        response = _ask_api(client, name, ask) if ask.is_api else _ask_page(client, ask)
        transaction.set_rollback(True)
    location = response.headers.get("location", "")
    if response.status_code == 302 and location.startswith("/account/sign-in/"):
        return "login", ""
    words = "" if response.streaming else response.content.decode(errors="replace")
    return str(response.status_code), words


def _ask_page(client: Client, ask: Ask):
    if ask.method == "GET":
        return client.get(ask.path)
    if ask.name == "attach_document":
        file = SimpleUploadedFile("a.pdf", b"%PDF-1.7", content_type="application/pdf")
        return client.post(ask.path, {"file": file})
    return client.post(ask.path, ask.body)


def _ask_api(client: Client, name: str, ask: Ask):
    headers = {}
    if PEOPLE[name]:
        headers["authorization"] = f"Bearer mdp_test_{PEOPLE[name]}"
    if ask.name in {"attach_document", "store_document"}:
        file = SimpleUploadedFile("a.pdf", b"%PDF-1.7", content_type="application/pdf")
        return client.post(ask.path, {"file": file}, headers=headers)
    if ask.method == "GET":
        return client.get(ask.path, headers=headers)
    send = getattr(client, ask.method.lower())
    return send(
        ask.path, json.dumps(ask.body), content_type="application/json", headers=headers
    )


def _table(*, marked: bool = False) -> dict[str, dict[str, str]]:
    """The lines of the table; only those about somebody's object when `marked`."""
    head, *lines = [
        line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.strip()
    ]
    names = head.split()[1:]
    rows: dict[str, dict[str, str]] = {}
    for line in lines:
        is_marked = line.startswith("*")
        parts = line.removeprefix("*").split()
        assert " ".join(parts[:3]) not in rows, f"twice: {line}"
        if not marked or is_marked:
            rows[" ".join(parts[:3])] = dict(zip(names, parts[3:], strict=True))
    return rows
