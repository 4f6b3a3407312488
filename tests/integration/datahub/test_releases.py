"""From a sealed commit to an opened version and its recall.

Goal: nothing opens without a check of the same digest, and nothing recalled is served on any
path. Method: one small set, asked through the clients' own addresses.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.utils import DatabaseError
from django.test import Client

from madang.core.clock import seoul_date
from madang.core.errors import NotAllowed
from madang.datahub.access.actions import apply_for_access, decide_access, expire_access
from madang.datahub.commits.actions import Change, commit
from madang.datahub.commits.queries import commit_at
from madang.datahub.contents.intake import Announced, take_in
from madang.datahub.errors import (
    AccessNotAsked,
    AccessRepeated,
    CheckMissing,
    NumberInvalid,
    ReleaseEarly,
    VersionRepeated,
    WaiverImpossible,
)
from madang.datahub.models import Access, Use
from madang.datahub.quality.actions import ask_waiver, rerun_check, run_check, sign_waiver
from madang.datahub.releases.actions import (
    open_release,
    prepare_release,
    resume_release,
    suspend_release,
)
from madang.datahub.uses.queries import uses_by_kind, uses_of
from madang.datahub.versions.actions import recall_version, seal_version
from madang.parties.errors import FourEyes, TransitionNotAllowed
from madang.parties.models import Notice, Person
from madang.portal.clock import portal_clock

pytestmark = pytest.mark.django_db
GOOD = '[completeness]\nfiles = "*.csv"\npromised = 2\n[personal]\nfiles = "*.csv"\n'
BAD = GOOD.replace("promised = 2", "promised = 2000")
CSV = "문장,값\n하늘,1\n바다,2\n".encode()


@pytest.fixture
def operator(person):
    return person("op@agency.example", "agency", "operator")


@pytest.fixture
def second(person):
    return person("op2@agency.example", "agency", "operator")


def put(builder, data_set, at, data=CSV, path="a.csv"):
    row = take_in(data_set, [data], Announced(len(data)), at=at)
    return commit(builder, data_set, Change(puts=[(path, bytes(row.sha256))]), at=at)


@pytest.fixture
def head(builder, data_set, at):
    return put(builder, data_set, at)


@pytest.fixture
def version(builder, data_set, head, at):
    return seal_version(builder, data_set, head, number="1.0", at=at)


def opened(operator, builder, version, at):
    run_check(builder, version.commit, targets=GOOD, at=at)
    prepare_release(operator, version.id, opens_on=seoul_date(at), at=at)
    return open_release(operator, version.id, at=at)


def reader(email: str | None = None):
    headers = {"HTTP_AUTHORIZATION": f"Bearer mdp_test_{email}"} if email else {}
    return Client(**headers)


def body(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_version_is_sealed_once_under_its_number_and_commit(builder, data_set, version, at):
    assert version.state == "sealed"
    with pytest.raises(VersionRepeated):
        seal_version(builder, data_set, version.commit, number="1.1", at=at)
    newer = put(builder, data_set, at, b"x\n1\n")
    with pytest.raises(VersionRepeated):
        seal_version(builder, data_set, newer, number="1.0", at=at)
    with pytest.raises(NumberInvalid):
        seal_version(builder, data_set, newer, number="v2", at=at)
    other = seal_version(builder, data_set, newer, number="2.0", at=at)
    assert other.digest != version.digest
    assert other.seal != version.seal


def test_check_is_tied_to_the_digest_and_runs_again_to_the_same_report(builder, version, at):
    one = run_check(builder, version.commit, targets=GOOD, at=at)
    assert (one.state, one.digest) == ("passed", version.digest)
    again = rerun_check(builder, one.id, at=at + timedelta(days=1))
    assert again.pk == one.pk
    two = run_check(builder, version.commit, targets=GOOD, at=at + timedelta(days=2))
    assert two.report_digest == one.report_digest


def test_release_needs_a_standing_check_of_this_very_digest(
    builder, operator, data_set, version, at
):
    day = seoul_date(at)
    with pytest.raises(CheckMissing):
        prepare_release(operator, version.id, opens_on=day, at=at)
    newer = put(builder, data_set, at, b"a,b\n1,2\n3,4\n")
    run_check(builder, newer, targets=GOOD, at=at)  # of another commit
    with pytest.raises(CheckMissing):
        prepare_release(operator, version.id, opens_on=day, at=at)
    run_check(builder, version.commit, targets=GOOD, at=at)
    prepare_release(operator, version.id, opens_on=day, at=at)
    run_check(builder, version.commit, targets=BAD, at=at + timedelta(hours=1))
    with pytest.raises(CheckMissing):  # the newest check counts
        open_release(operator, version.id, at=at + timedelta(hours=2))


def test_failed_check_is_waived_by_two_people_only(builder, operator, second, version, at):
    failed = run_check(builder, version.commit, targets=BAD, at=at)
    assert failed.state == "failed"
    with pytest.raises(NotAllowed):
        ask_waiver(builder, failed.id, reason="늦은 납품", at=at)
    ask_waiver(operator, failed.id, reason="늦은 납품", at=at)
    with pytest.raises(WaiverImpossible):
        ask_waiver(second, failed.id, reason="again", at=at)
    with pytest.raises(FourEyes):
        sign_waiver(operator, failed.id, at=at)
    with pytest.raises(CheckMissing):
        prepare_release(operator, version.id, opens_on=seoul_date(at), at=at)
    sign_waiver(second, failed.id, at=at)
    prepare_release(operator, version.id, opens_on=seoul_date(at), at=at)
    assert open_release(operator, version.id, at=at).state == "open"


def test_release_opens_on_its_day_and_not_before(builder, operator, data_set, version, at):
    run_check(builder, version.commit, targets=GOOD, at=at)
    day = seoul_date(at) + timedelta(days=3)
    prepare_release(operator, version.id, opens_on=day, at=at)
    with pytest.raises(ReleaseEarly):
        open_release(operator, version.id, at=at)
    row = open_release(operator, version.id, at=at + timedelta(days=4))
    assert (row.state, row.opened_at) == ("open", at + timedelta(days=4))
    data_set.refresh_from_db()
    assert not data_set.is_private
    assert commit_at(data_set, "v1.0") == version.commit
    with pytest.raises(TransitionNotAllowed):
        open_release(operator, version.id, at=at + timedelta(days=5))


def test_readers_get_released_versions_and_writers_their_drafts(
    builder, operator, data_set, version, at
):
    opened(operator, builder, version, at)
    draft = put(builder, data_set, at, b"draft\n1\n")
    path = "/datasets/hana/first/resolve"
    assert body(reader().get(f"{path}/main/a.csv")) == CSV
    assert reader().get(f"{path}/{draft.id}/a.csv").status_code == 404
    assert body(reader("b@hana.example").get(f"{path}/main/a.csv")) == b"draft\n1\n"
    assert reader().get("/api/datasets/hana/first").json()["sha"] == version.commit_id


def test_use_is_one_person_one_version_one_day(
    builder, operator, person, data_set, version, at
):
    opened(operator, builder, version, at)
    person("kim@univ.example", "univ", "beneficiary")
    path = "/datasets/hana/first/resolve/main/a.csv"
    for _ in range(3):
        body(reader("kim@univ.example").get(path))
        body(reader().get(path))
        body(reader("b@hana.example").get(path))  # the builder's own
        reader("kim@univ.example").head(path)
    assert uses_of(data_set) == 2
    assert uses_by_kind(data_set) == {"": 1, "sme": 1}
    assert reader().get("/api/datasets/hana/first").json()["downloads"] == 2
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("UPDATE datahub_use SET kind = 'x'")


def test_recalled_version_is_served_on_no_path_and_its_readers_are_told(
    builder, operator, person, data_set, version, at
):
    opened(operator, builder, version, at)
    person("kim@univ.example", "univ", "beneficiary")
    name = "hana/first"
    body(reader("kim@univ.example").get(f"/datasets/{name}/resolve/main/a.csv"))
    later = put(builder, data_set, at, b"# readme\n", "README.md")  # holds the same file
    recall = recall_version(operator, version.id, reason="개인정보 발견", at=at)
    assert recall.told == 1
    notice = Notice.objects.get()
    assert notice.recipient == Person.objects.get(email="kim@univ.example")
    assert notice.facts["number"] == "1.0"
    sha = version.commit_id
    asked = [
        f"/datasets/{name}/resolve/{revision}/a.csv"
        for revision in ("main", sha, "v1.0", sha[:9])
    ]
    asked += [f"/api/datasets/{name}", f"/api/datasets/{name}/revision/{sha}"]
    asked += [f"/api/datasets/{name}/tree/{sha}", f"/api/datasets/{name}/commits/main"]
    asked += [f"/api/datasets/{name}/auth-check"]
    for path in asked:
        answer = reader("kim@univ.example").get(path)
        assert (path, answer.status_code) == (path, 410)
        assert answer["X-Error-Code"] == "GatedRepo"
        assert "개인정보 발견" in answer.json()["error"]
    info = reader().post(f"/api/datasets/{name}/paths-info/{sha}", {"paths": "a.csv"})
    assert info.status_code == 410
    hidden = reader().get(f"/datasets/{name}/resolve/{later.id}/a.csv")
    assert hidden.status_code == 404  # a draft that was never released
    own = reader("b@hana.example").get(f"/datasets/{name}/resolve/{sha}/a.csv")
    assert own.status_code == 410
    assert reader().head(f"/datasets/{name}/resolve/main/a.csv").status_code == 410


def test_next_version_takes_the_place_of_a_recalled_one(
    builder, operator, data_set, version, at
):
    opened(operator, builder, version, at)
    recall_version(operator, version.id, reason="x", at=at)
    clean = put(builder, data_set, at, CSV + "산,3\n".encode())
    second = seal_version(builder, data_set, clean, number="1.1", at=at)
    opened(operator, builder, second, at)
    path = "/datasets/hana/first/resolve"
    assert body(reader().get(f"{path}/main/a.csv")) == CSV + "산,3\n".encode()
    assert reader().get(f"{path}/{version.commit_id}/a.csv").status_code == 410


def test_newer_version_supersedes_and_both_stay_readable(
    builder, operator, data_set, version, at
):
    opened(operator, builder, version, at)
    newer = put(builder, data_set, at, CSV + "산,3\n".encode())
    second = seal_version(builder, data_set, newer, number="2.0", at=at)
    opened(operator, builder, second, at + timedelta(days=1))
    version.refresh_from_db()
    assert version.state == "superseded"
    assert body(reader().get("/datasets/hana/first/resolve/v1.0/a.csv")) == CSV
    with pytest.raises(NotAllowed):
        recall_version(builder, version.id, reason="x", at=at)


def test_suspended_release_is_not_served_until_it_is_opened_again(
    builder, operator, data_set, version, at
):
    opened(operator, builder, version, at)
    suspend_release(operator, version.id, reason="확인 중", at=at)
    path = f"/datasets/hana/first/resolve/{version.commit_id}/a.csv"
    assert reader().get(path).status_code == 404
    assert reader().get("/datasets/hana/first/resolve/main/a.csv").status_code == 404
    resume_release(operator, version.id, reason="이상 없음", at=at)
    open_release(operator, version.id, at=at)
    assert reader().get(path).status_code == 200


def test_gated_set_gives_bytes_on_an_approved_application_until_its_term(
    builder, operator, person, data_set, version, at
):
    data_set.access = Access.GATED
    data_set.save()
    version.refresh_from_db()
    opened(operator, builder, version, at)
    kim = person("kim@univ.example", "univ", "beneficiary")
    row = Person.objects.get(email="kim@univ.example")
    path = "/datasets/hana/first/resolve/main/a.csv"
    refused = reader("kim@univ.example").get(path)
    assert (refused.status_code, refused["X-Error-Code"]) == (403, "GatedRepo")
    assert reader().get("/api/datasets/hana/first").json()["gated"] == "manual"
    ask = {"purpose": "번역 모델", "days": 400, "at": at}
    asked = apply_for_access(kim, row, data_set, **ask)
    with pytest.raises(AccessRepeated):
        apply_for_access(kim, row, data_set, **ask)
    with pytest.raises(NotAllowed):
        decide_access(kim, asked.id, step="approve", at=at)
    assert reader("kim@univ.example").get(path).status_code == 403
    now = portal_clock().now()
    decide_access(builder, asked.id, step="approve", at=now)
    asked.refresh_from_db()
    assert asked.ends_at == now + timedelta(days=400)
    assert body(reader("kim@univ.example").get(path)) == CSV
    assert Notice.objects.get().kind == "datahub.access.approved"
    assert expire_access(data_set, at=now + timedelta(days=399)) == 0
    assert expire_access(data_set, at=now + timedelta(days=400)) == 1
    assert reader("kim@univ.example").get(path).status_code == 403
    assert apply_for_access(kim, row, data_set, **ask).state == "requested"


def test_open_set_takes_no_application_and_secure_bytes_never_leave(
    builder, operator, person, data_set, version, at
):
    kim = person("kim@univ.example", "univ", "beneficiary")
    row = Person.objects.get(email="kim@univ.example")
    with pytest.raises(AccessNotAsked):
        apply_for_access(kim, row, data_set, purpose="x", days=30, at=at)
    data_set.access = Access.SECURE
    data_set.save()
    version.refresh_from_db()
    assert opened(operator, builder, version, at).state == "secure_only"
    answer = reader("kim@univ.example").get("/datasets/hana/first/resolve/main/a.csv")
    assert (answer.status_code, answer["X-Error-Code"]) == (403, "GatedRepo")
    assert Use.objects.count() == 0
