"""Letting results out of a room: asked inside it, looked at by another, taken outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from madang.core.errors import NotAllowed, NotFound
from madang.datahub.access.actions import apply_for_access, decide_access
from madang.datahub.commits.actions import Change, commit
from madang.datahub.contents.intake import Announced, take_in
from madang.datahub.errors import (
    AccessNeeded,
    ResultIsOfTheSet,
    ResultKindRefused,
    ResultReasonMissing,
    ResultsNotAsked,
    ResultsOutsideRoom,
    ResultsTooMuch,
    ResultsWaiting,
)
from madang.datahub.models import Access, AccessRequest, DataSet, ResultExport, ResultFile
from madang.datahub.results.actions import ask_export, decide_export, withdraw_export
from madang.datahub.results.looking import Handed
from madang.datahub.results.queries import exports_for, file_for
from madang.parties.actor import Actor, system_actor
from madang.parties.documents.store import default_store
from madang.parties.errors import FourEyes, TransitionNotAllowed
from madang.parties.events.models import Event
from madang.parties.models import Person
from madang.parties.notices.models import Notice
from madang.parties.people.actions import declare_person
from madang.parties.people.queries import actor_for
from madang.parties.policies.actions import declare_policy
from madang.portal.clock import portal_clock

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
ROOM, OUTSIDE, KIM = "10.20.0.7", "192.0.2.7", "kim@univ.example"
TABLE = "모형,정확도\n가,0.91\n".encode()
CODE = "hana/first"


def handed(name: str, data: bytes) -> Handed:
    return Handed(name, lambda: [data])


@dataclass
class Room:
    """A secure set, its approved user, and the agency's person."""

    row: DataSet
    kim: Actor
    kim_row: Person
    operator: Actor
    now: object

    def ask(self, *files: Handed, address: str = ROOM) -> ResultExport:
        files = files or (handed("결과.csv", TABLE),)
        return ask_export(
            self.kim, self.kim_row, self.row, purpose="논문의 표", files=files, address=address,
            at=self.now,
        )  # fmt: skip

    def decide(self, row: ResultExport, step: str, reason: str = "") -> ResultExport:
        return decide_export(self.operator, row.id, step=step, reason=reason, at=self.now)


@pytest.fixture
def room(builder, operator, person, data_set, at, settings, tmp_path) -> Room:
    settings.DATA_DIR = tmp_path
    now = portal_clock().now()
    kim = person(KIM, "univ", "beneficiary")
    kim_row = Person.objects.get(email=KIM)
    content = take_in(data_set, [b"a,b\n1,2\n"], Announced(8), at=at)
    commit(builder, data_set, Change(puts=[("a.csv", bytes(content.sha256))]), at=at)
    DataSet.objects.update(is_private=False, access=Access.SECURE)
    data_set.refresh_from_db()
    declare_policy(
        system_actor("cli"), kind="datahub", changes={"secure_rooms": ["10.20.0.0/24"]},
        valid_from=at, at=at,
    )  # fmt: skip
    asked = apply_for_access(kim, kim_row, data_set, purpose="연구", days=30, at=now)
    decide_access(operator, asked.id, step="approve", at=now)
    return Room(data_set, kim, kim_row, operator, now)


def client_of(email: str) -> Client:
    return Client(headers={"Authorization": f"Bearer mdp_test_{email}"})


def content_of(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_results_leave_the_room_after_another_person_has_looked_at_them(room) -> None:
    row = room.ask(handed("결과.csv", TABLE), handed("그림.png", b"\x89PNG\r\n\x1a\nx"))
    file = row.files.get(number=1)
    with pytest.raises(NotFound):
        file_for(room.kim, file.id)
    assert file_for(room.operator, file.id) == file
    room.decide(row, "approve")
    assert file_for(room.kim, file.id).sha256 == file.sha256
    assert b"".join(default_store().read(file.sha256)) == TABLE
    assert Notice.objects.get(kind="datahub.results.approved").recipient == room.kim_row
    steps = Event.objects.filter(subject_type="result_export", subject_id=str(row.id))
    actions = list(steps.order_by("id").values_list("action", "actor"))
    assert actions == [
        ("result_export.ask", room.kim.id),
        ("result_export.approve", room.operator.id),
    ]


def test_numbers_of_people_are_counted_by_kind_and_never_kept(room) -> None:
    text = "가,010-1234-5678\n나,010-8765-4321\n다,900101-1234568\n".encode()
    pdf = b"%PDF-1.7 010-1234-5678"
    row = room.ask(handed("표.csv", text), handed("글.pdf", pdf), handed("a.md", b"plain"))
    signs = dict(row.files.values_list("name", "signs"))
    assert signs == {"표.csv": {"phone": 2, "resident": 1}, "글.pdf": None, "a.md": {}}


CASES = {
    "another kind": ([handed("a.zip", b"PK\x03\x04")], ResultKindRefused),
    "no kind": ([handed("model", b"weights")], ResultKindRefused),
    "another inside": ([handed("a.png", b"a,b\n1,2\n")], ResultKindRefused),
    "binary as text": ([handed("a.csv", b"\xff\xfe\x00a")], ResultKindRefused),
    "a NUL in text": ([handed("a.txt", b"a\x00b")], ResultKindRefused),
    "empty": ([handed("a.csv", b"")], ResultKindRefused),
    "none": ([], ResultsTooMuch),
    "too many": ([handed(f"{n}.txt", b"a") for n in range(4)], ResultsTooMuch),
    "too large": ([handed("a.txt", b"a" * 65)], ResultsTooMuch),
    "too large together": ([handed("a.txt", b"a" * 40), handed("b.txt", b"a" * 40)],
                           ResultsTooMuch),
    "a file of the set": ([handed("mine.csv", b"a,b\n1,2\n")], ResultIsOfTheSet),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_let_out_is_refused_whole(room, at, case) -> None:
    limits = {"result_files_max": 3, "result_size_bytes_max": 64}
    declare_policy(system_actor("cli"), kind="datahub", changes=limits, valid_from=at, at=at)
    files, error = CASES[case]
    with pytest.raises(error):
        ask_export(
            room.kim, room.kim_row, room.row, purpose="p", files=files, address=ROOM,
            at=room.now,
        )  # fmt: skip
    assert not ResultExport.objects.exists()
    assert not ResultFile.objects.exists()


def test_nothing_is_read_beyond_the_limit(room, at) -> None:
    def endless():
        yield b"a" * 100
        raise AssertionError("asked for more than may be kept")

    limits = {"result_size_bytes_max": 64}
    declare_policy(system_actor("cli"), kind="datahub", changes=limits, valid_from=at, at=at)
    with pytest.raises(ResultsTooMuch):
        room.ask(Handed("a.txt", endless))


def test_results_are_asked_in_the_room_by_who_may_use_the_set_there(
    room, person, operator
) -> None:
    with pytest.raises(ResultsOutsideRoom):
        room.ask(address=OUTSIDE)
    other = person("lee@univ.example", "univ", "beneficiary")
    lee = Person.objects.get(email="lee@univ.example")
    ask = partial(ask_export, purpose="p", files=[handed("a.md", b"a")], address=ROOM)
    with pytest.raises(AccessNeeded):
        ask(other, lee, room.row, at=room.now)
    AccessRequest.objects.update(ends_at=room.now - timedelta(seconds=1))
    with pytest.raises(AccessNeeded):
        room.ask()
    DataSet.objects.update(access=Access.GATED)
    room.row.refresh_from_db()
    with pytest.raises(ResultsNotAsked):
        room.ask()


def test_requests_of_one_person_do_not_pile_up(room, at) -> None:
    changes = {"results_waiting_max": 1}
    declare_policy(system_actor("cli"), kind="datahub", changes=changes, valid_from=at, at=at)
    first = room.ask()
    with pytest.raises(ResultsWaiting):
        room.ask()
    withdraw_export(room.kim, first.id, at=room.now)
    assert room.ask().state == "requested"


def test_requester_never_decides_not_even_as_an_operator(room, at) -> None:
    """In the action, and in the database for whatever would go around it."""
    row = room.ask()
    with pytest.raises(NotAllowed):
        decide_export(builder_like(room), row.id, step="approve", at=room.now)
    declare_person(
        system_actor("cli"), email=KIM, organisation="agency", roles=["operator"],
        token=f"mdp_test_{KIM}", at=at,
    )  # fmt: skip
    both = actor_for(room.kim_row, at=room.now, origin="api")
    with pytest.raises(FourEyes):
        decide_export(both, row.id, step="approve", at=room.now)
    with pytest.raises(NotFound):
        file_for(both, row.files.get().id)
    with pytest.raises(IntegrityError), transaction.atomic():
        ResultExport.objects.filter(pk=row.pk).update(decided_by=room.kim_row)


def builder_like(room: Room) -> Actor:
    """The set's own builder: lets nobody's results out."""
    return actor_for(Person.objects.get(email="b@hana.example"), at=room.now, origin="api")


def test_keeping_in_and_taking_back_say_why_and_close_the_files(room) -> None:
    row = room.ask()
    with pytest.raises(ResultReasonMissing):
        room.decide(row, "deny", "  ")
    room.decide(row, "deny", "표가 원본 행을 보여 줍니다")
    with pytest.raises(TransitionNotAllowed):
        room.decide(row, "approve")
    told = Notice.objects.get(kind="datahub.results.denied")
    assert told.facts["reason"] == "표가 원본 행을 보여 줍니다"
    second = room.ask()
    room.decide(second, "approve")
    file = second.files.get()
    assert file_for(room.kim, file.id)
    room.decide(second, "revoke", "오류")
    with pytest.raises(NotFound):
        file_for(room.kim, file.id)


def test_who_lost_the_right_for_cause_takes_nothing_along(room) -> None:
    row = room.ask()
    decide_access(
        room.operator, AccessRequest.objects.get().id, step="revoke", reason="목적 외 이용",
        at=room.now,
    )  # fmt: skip
    with pytest.raises(AccessNeeded):
        room.decide(row, "approve")
    room.decide(row, "deny", "목적 외 이용")


def test_only_the_requester_withdraws_and_nobody_else_sees_it(room, stranger) -> None:
    row = room.ask()
    assert not exports_for(stranger).exists()
    assert not exports_for(builder_like(room)).exists()
    with pytest.raises(NotFound):
        withdraw_export(stranger, row.id, at=room.now)
    with pytest.raises(NotAllowed):
        withdraw_export(room.operator, row.id, at=room.now)
    withdraw_export(room.kim, row.id, at=room.now)
    with pytest.raises(TransitionNotAllowed):
        room.decide(row, "approve")


def sent(field: str = "files") -> dict[str, object]:
    files = [SimpleUploadedFile("결과.csv", TABLE), SimpleUploadedFile("글.md", b"# one")]
    return {"purpose": "논문의 표", field: files}


def test_programs_ask_decide_and_take_over_the_api(room) -> None:
    kim, operator = client_of(KIM), client_of("op@agency.example")
    path = f"/api/v1/datahub/sets/{CODE}/results"
    outside = kim.post(path, sent(), REMOTE_ADDR=OUTSIDE)
    assert (outside.status_code, outside.json()["code"]) == (
        403, "datahub.results.outside_room",
    )  # fmt: skip
    asked = kim.post(path, sent(), REMOTE_ADDR=ROOM)
    assert asked.status_code == 200, asked.content
    told = asked.json()
    file = f"/api/v1/datahub/result-files/{told['files'][0]['id']}"
    assert kim.get(file, REMOTE_ADDR=ROOM).status_code == 404
    assert content_of(operator.get(file)) == TABLE
    decide = f"/api/v1/datahub/results/{told['id']}/decide"
    assert kim.post(decide, {"step": "approve"}, "application/json").status_code == 403
    done = operator.post(decide, {"step": "approve"}, "application/json")
    assert done.json()["state"] == "approved"
    answer = kim.get(file)
    assert content_of(answer) == TABLE
    assert "attachment" in answer.headers["content-disposition"]
    takes = Event.objects.filter(action="result_export.take").order_by("id")
    assert [one.actor for one in takes] == [room.operator.id, room.kim.id]
    assert [one["id"] for one in kim.get("/api/v1/datahub/results").json()] == [told["id"]]


def entered(email: str, language: str = "ko") -> Client:
    client = Client()
    client.cookies["django_language"] = language
    client.force_login(Person.objects.get(email=email), backend=BACKEND)
    return client


@pytest.mark.parametrize(
    ("language", "words"),
    [("ko", "안심존 안에서 반출을 신청"), ("en", "inside the secure room")],
)
def test_pages_lead_from_the_room_to_the_agencys_desk_and_back(room, language, words) -> None:
    kim, operator = entered(KIM, language), entered("op@agency.example", language)
    page = f"/data/sets/{CODE}/results/"
    outside = kim.get(page, REMOTE_ADDR=OUTSIDE).content.decode()
    assert words in outside
    assert 'type="file"' not in outside
    assert 'type="file"' in kim.get(page, REMOTE_ADDR=ROOM).content.decode()
    assert kim.post(page, sent("results"), REMOTE_ADDR=ROOM).status_code == 302
    row = ResultExport.objects.get()
    desk = operator.get("/data-access/").content.decode()
    assert f"/data-access/results/{row.id}/" in desk
    shown = operator.get(f"/data-access/results/{row.id}/").content.decode()
    assert "결과.csv" in shown
    decide = f"/data-access/results/{row.id}/decide/"
    assert operator.post(decide, {"step": "deny"}).status_code == 422
    assert operator.post(decide, {"step": "approve"}).status_code == 302
    file = row.files.get(number=1)
    assert f"/data/result-files/{file.id}/" in kim.get(page).content.decode()
    assert content_of(kim.get(f"/data/result-files/{file.id}/")) == TABLE


def test_withdrawing_is_a_button_of_the_requesters_page(room) -> None:
    row = room.ask()
    path = f"/data/results/{row.id}/withdraw/"
    assert entered("op@agency.example").post(path).status_code == 403
    assert entered(KIM).post(path, REMOTE_ADDR=ROOM).status_code == 302
    row.refresh_from_db()
    assert row.state == "withdrawn"


def test_builders_and_the_agency_decide_applications_on_a_page(room, builder, operator) -> None:
    """A gated set's builder approves and takes back; a refusal says why."""
    AccessRequest.objects.all().delete()
    DataSet.objects.update(access=Access.GATED)
    room.row.refresh_from_db()
    row = apply_for_access(
        room.kim, room.kim_row, room.row, purpose="기계 번역", days=30, at=room.now
    )
    own = entered("b@hana.example")
    assert "기계 번역" in own.get("/data-access/").content.decode()
    path = f"/data-access/applications/{row.id}/"
    assert own.post(path, {"step": "deny"}).status_code == 422
    assert own.post(path, {"step": "nonsense"}).status_code == 422
    assert own.post(path, {"step": "approve"}).status_code == 302
    row.refresh_from_db()
    assert row.state == "approved"
    assert own.post(path, {"step": "revoke", "reason": "끝"}).status_code == 302
    assert "끝" in entered(KIM).get(f"/data/sets/{CODE}/").content.decode()


WRITES = (
    ("post", "/api/v1/documents", {"file": SimpleUploadedFile("a.txt", b"a")}),
    ("post", "/api/repos/create", {"name": "x"}),
    ("post", f"/api/datasets/{CODE}/commit/main", {}),
    ("post", "/data/surveys/s/answer/", {}),
    ("put", f"/api/datasets/{CODE}/settings", {}),
)


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_out_of_a_room_nothing_else_is_written(room, method, path, body) -> None:
    for client in (client_of(KIM), entered(KIM)):
        answer = getattr(client, method)(path, body, REMOTE_ADDR=ROOM)
        assert answer.status_code == 403
        assert "datahub.room.takes_nothing" in answer.content.decode()
        elsewhere = getattr(client, method)(path, body, REMOTE_ADDR=OUTSIDE)
        assert "datahub.room.takes_nothing" not in elsewhere.content.decode()


def test_a_room_reads_as_before(room) -> None:
    kim = client_of(KIM)
    ask = partial(kim.post, REMOTE_ADDR=ROOM)
    found = ask(f"/api/datasets/{CODE}/paths-info/main", {"paths": "a.csv"})
    assert found.status_code == 200
    path = f"/datasets/{CODE}/resolve/main/a.csv"
    assert content_of(kim.get(path, REMOTE_ADDR=ROOM)) == b"a,b\n1,2\n"
    bundle = ask(
        f"/api/datasets/{CODE}/bundle/main", '{"paths": ["a.csv"]}', "application/json"
    )
    assert bundle.status_code == 200
