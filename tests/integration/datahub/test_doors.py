"""A closed set gives nothing of its files through any address.

Goal: no address can be forgotten. Method: every name of the three address tables must have its
door in `doors.py`; then each door is asked by each reader of each closed set, and the mark that
stands in its files, their names where those are hidden, too, must be in no answer.
"""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.test import Client
from PIL import Image
from tests.integration.datahub.doors import (
    CODE,
    HUB,
    MARK,
    OPERATIONS,
    PAGES,
    PATH,
    Ask,
    Door,
)

from madang.core.clock import seoul_date
from madang.datahub.access.actions import apply_for_access, decide_access
from madang.datahub.api import ROUTERS
from madang.datahub.commits.actions import Change, commit, make_ref
from madang.datahub.commits.models import RefKind
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.intake import Announced, take_in
from madang.datahub.hub.urls import urlpatterns as hub_urls
from madang.datahub.ingest.converting import convert
from madang.datahub.models import Access, DataSet, Version
from madang.datahub.quality.actions import run_check
from madang.datahub.releases.actions import open_release, prepare_release
from madang.datahub.sets.actions import change_access
from madang.datahub.store.hashes import hash_text
from madang.datahub.versions.actions import recall_version, seal_version
from madang.parties.actor import system_actor
from madang.parties.models import Person
from madang.parties.policies.actions import declare_policy
from madang.portal.clock import portal_clock
from madang.portal.pages.data.urls import urlpatterns as page_urls

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
CSV = f"글,값\n{MARK},1\n바다,2\n".encode()
TARGETS = f'[completeness]\nfiles = "{PATH}"\npromised = 2\n'
KIM, STRANGER = "kim@univ.example", "b@bada.example"
REFUSED = {401, 403, 404, 405, 410}
DOORS = {**HUB, **PAGES, **OPERATIONS}
ROOM = "10.20.0.7"


def test_every_address_has_its_door() -> None:
    operations = {
        operation.operation_id
        for router in ROUTERS
        for view in router.path_operations.values()
        for operation in view.operations
    }
    assert {one.name for one in hub_urls} == set(HUB)
    assert {one.name for one in page_urls} == set(PAGES)
    assert operations == set(OPERATIONS)


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "PNG")
    return out.getvalue()


def sound() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(1600))
    return out.getvalue()


@dataclass
class Opened:
    """A set that was open to everybody, and what a reader kept from those days."""

    row: DataSet
    version: Version
    words: dict[str, str]

    def fill(self, text: str) -> str:
        for name, value in self.words.items():
            text = text.replace(f"{{{name}}}", value)
        return text


def put(builder, row, at, **files: bytes):
    puts = []
    for path, data in files.items():
        content = take_in(row, [data], Announced(len(data)), at=at)
        puts.append((path, bytes(content.sha256)))
    return commit(builder, row, Change(puts=puts), at=at)


@pytest.fixture
def opened(builder, operator, person, data_set, at) -> Opened:
    person(KIM, "univ", "beneficiary")
    person(STRANGER, "bada", "builder")
    person("au@audit.example", "audit", "auditor")
    DataSet.objects.update(is_private=False)
    data_set.refresh_from_db()
    files = {PATH: CSV, "p.png": picture(), "s.wav": sound()}
    head = put(builder, data_set, at, **files, **{"README.md": b"# first\n"})
    version = seal_version(builder, data_set, head, number="1.0", at=at)
    check = run_check(builder, head, targets=TARGETS, at=at)
    prepare_release(operator, version.id, opens_on=seoul_date(at), at=at)
    open_release(operator, version.id, at=at)
    draft = put(builder, data_set, at, **{"b.csv": CSV})
    make_ref(builder, data_set, RefKind.BRANCH, "later", draft, at=at)
    convert(builder, data_set, head, at=at)
    entry = tree_of(head).find(PATH)
    words = {
        "sha": head.id, "short": head.id[:9], "draft": draft.id, "id": str(data_set.id),
        "version": str(version.id), "check": str(check.id), "sha256": entry.sha256.hex(),
        "sha1": entry.sha1.hex(), "xet": hash_text(entry.xet),
    }  # fmt: skip
    return Opened(data_set, version, words)


def keep_old_addresses(opened: Opened, email: str) -> None:
    """A read token and the address of a run, given while the set was still open."""
    client = client_of(email, is_page=False)
    token = client.get(f"/api/datasets/{CODE}/xet-read-token/main").json()["accessToken"]
    told = client.get(
        opened.fill("/hub/cas/v1/reconstructions/{xet}"),
        headers={"Authorization": f"Bearer {token}"},
    ).json()
    ((info,),) = told["fetch_info"].values()
    start, end = info["url_range"]["start"], info["url_range"]["end"]
    link = info["url"].partition("testserver")[2]
    opened.words |= {"token": token, "link": link, "range": f"bytes={start}-{end}"}
    found = asked(client, opened, HUB["hub_run"].asks[0])
    assert found.status_code == 206
    assert MARK.encode() in content_of(found)


def client_of(email: str, *, is_page: bool) -> Client:
    if not email:
        return Client()
    if not is_page:
        return Client(headers={"Authorization": f"Bearer mdp_test_{email}"})
    client = Client()
    client.force_login(Person.objects.get(email=email), backend=BACKEND)
    return client


def asked(client: Client, opened: Opened, one: Ask, **environment: str):
    """Words are filled into addresses, headers and bodies alike."""
    headers = {name: opened.fill(value) for name, value in one.headers.items()}
    body = opened.fill(one.body.decode()).encode()
    path = opened.fill(one.path)
    return client.generic(
        one.method, path, body, one.kind, headers=headers or None, **environment
    )


def content_of(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def doors() -> list[tuple[str, Door]]:
    return [(name, one) for name, one in DOORS.items() if one.kind != "apart"]


def look(opened: Opened, email: str, kinds: set[str], hidden: tuple[str, ...]) -> None:
    """Asks every door: those of `kinds` must refuse, and nothing hidden is in any answer."""
    for name, one in doors():
        client = client_of(email, is_page=name in PAGES)
        for ask in one.asks:
            answer = asked(client, opened, ask)
            place = (email, name, opened.fill(ask.path), ask.method, answer.status_code)
            data = content_of(answer)
            if one.kind in kinds:
                assert _is_refused(answer), place
            assert answer.status_code < 500, (*place, data[:300])
            for word in hidden:
                assert word.encode() not in data, (*place, word)


def _is_refused(answer) -> bool:
    """Outright, or sent to sign in."""
    signs_in = answer.status_code == 302 and answer["Location"].startswith("/account/sign-in/")
    return signs_in or answer.status_code in REFUSED


OUTSIDERS = ("", KIM, STRANGER)


def test_open_set_gives_its_files_through_every_door_that_serves_bytes(opened) -> None:
    """The doors are asked rightly: else a refusal would say nothing."""
    keep_old_addresses(opened, KIM)
    for name, one in doors():
        client = client_of(KIM, is_page=name in PAGES)
        for ask in one.asks if one.kind in {"bytes", "names"} else ():
            is_draft = any(word in ask.path for word in ("draft", "/later/", "convert"))
            answer = asked(client, opened, ask)
            expected = {404} if is_draft else {200, 206}
            assert answer.status_code in expected, (name, ask, content_of(answer)[:300])


@pytest.mark.parametrize("access", [Access.GATED, Access.SECURE])
def test_closed_files_are_given_to_no_outsider_through_any_door(
    opened, builder, at, access
) -> None:
    keep_old_addresses(opened, KIM)
    change_access(builder, opened.row.id, access=access, at=at)
    for email in (*OUTSIDERS, "au@audit.example"):
        look(opened, email, {"bytes", "write"}, (MARK,))


def test_private_set_is_hidden_from_strangers_in_every_answer(opened, builder, at) -> None:
    keep_old_addresses(opened, KIM)
    change_access(builder, opened.row.id, is_private=True, at=at)
    for email in OUTSIDERS:
        look(opened, email, {"bytes", "write", "names"}, (MARK, PATH, opened.words["sha"]))


def test_recalled_version_is_given_to_nobody_through_any_door(opened, operator, at) -> None:
    """Not to its builders and the agency either; pages and lists keep only its name."""
    keep_old_addresses(opened, KIM)
    recall_version(operator, opened.version.id, reason="개인정보", at=at)
    for email in OUTSIDERS:
        look(opened, email, {"bytes", "write"}, (MARK,))
    of_the_version = {"{sha}", "{short}", "v1.0", "1.0", "{xet}", "{link}"}
    for name, one in doors():
        for ask in one.asks if one.kind == "bytes" else ():
            if not any(word in ask.path for word in of_the_version):
                continue
            for email in ("b@hana.example", "op@agency.example"):
                answer = asked(client_of(email, is_page=False), opened, ask)
                assert answer.status_code in REFUSED, (email, name, ask)


def test_version_recalled_before_it_was_opened_is_not_to_be_had_as_a_draft(
    builder, operator, person, data_set, at
) -> None:
    person(KIM, "univ", "beneficiary")
    DataSet.objects.update(is_private=False)
    data_set.refresh_from_db()
    first = put(builder, data_set, at, **{PATH: CSV})
    second = put(builder, data_set, at, **{"b.txt": b"b"})
    version = seal_version(builder, data_set, second, number="1.0", at=at)
    recall_version(operator, version.id, reason="개인정보", at=at)
    for revision in (first.id, second.id, "main"):
        path = f"/datasets/{CODE}/resolve/{revision}/{PATH}"
        assert client_of(KIM, is_page=False).get(path).status_code in REFUSED


def test_secure_set_is_read_in_the_room_alone_and_until_the_term_is_over(
    opened, builder, operator, at
) -> None:
    now = portal_clock().now()
    change_access(builder, opened.row.id, access=Access.SECURE, at=at)
    rooms = {"secure_rooms": ["no network", "10.20.0.0/24"]}
    declare_policy(system_actor("cli"), kind="datahub", changes=rooms, valid_from=at, at=at)
    kim = Person.objects.get(email=KIM)
    opened.row.refresh_from_db()
    path = Ask(f"/datasets/{CODE}/resolve/main/{PATH}")

    def status(email: str, address: str) -> int:
        client = client_of(email, is_page=False)
        return asked(client, opened, path, REMOTE_ADDR=address).status_code

    assert status(KIM, ROOM) == 403, "nobody approved it"
    actor = system_actor("cli")
    row = apply_for_access(actor, kim, opened.row, purpose="연구", days=30, at=now)
    with pytest.raises(Exception, match="not"):
        decide_access(builder, row.id, step="approve", at=now)
    decide_access(operator, row.id, step="approve", at=now)
    assert status(KIM, ROOM) == 200
    assert status(KIM, "10.20.1.7") == 403, "outside"
    assert status("", ROOM) == 403
    assert status(STRANGER, ROOM) == 403
    type(row).objects.filter(pk=row.pk).update(ends_at=now - timedelta(seconds=1))
    assert status(KIM, ROOM) == 403, "its term is over"


def test_what_the_agency_closed_is_opened_wider_by_the_agency_alone(
    opened, builder, operator, at
) -> None:
    own = client_of("b@hana.example", is_page=False)
    path = f"/api/datasets/{CODE}/settings"
    for narrow in (Access.GATED, Access.SECURE):
        change_access(builder, opened.row.id, access=narrow, at=at)
        answer = own.put(path, b'{"gated": false}', "application/json")
        assert (answer.status_code, answer.json()["code"]) == (403, "datahub.access.wider")
    change_access(operator, opened.row.id, access=Access.OPEN, at=at)
    assert DataSet.objects.get().access == Access.OPEN
