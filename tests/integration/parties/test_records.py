"""Events and policies are added to, never changed; documents and notices."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from madang.core.errors import NotAllowed, NotFound
from madang.parties.documents.actions import store_document
from madang.parties.documents.queries import document_for
from madang.parties.documents.store import DocumentStore
from madang.parties.errors import (
    DocumentEmpty,
    DocumentTooLarge,
    DocumentTypeRefused,
    FactInvalid,
    PolicyUnknown,
)
from madang.parties.events.actions import record_event
from madang.parties.events.queries import events_about, events_for
from madang.parties.notices.actions import read_notice, record_delivery, send_notice
from madang.parties.notices.queries import first_delivery, notices_about, notices_for
from madang.parties.notices.texts import notice_kinds, notice_text
from madang.parties.people.queries import person_by_email
from madang.parties.policies.actions import declare_policy
from madang.parties.policies.queries import current_policy, policy_history


@pytest.mark.parametrize("table", ["parties_event", "parties_policyversion"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {t} SET id = id", "DELETE FROM {t}", "TRUNCATE {t} CASCADE"],
)
def test_inv_i9_records_are_never_changed_not_even_by_the_owner(
    system, at, table, statement
) -> None:
    record_event(system, "test.thing", subject_type="thing", subject_id="1", at=at)
    with (
        pytest.raises(IntegrityError, match="rows are only ever added"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(t=table))


def test_reason_lies_apart_from_its_event_and_may_be_erased(system, at) -> None:
    event = record_event(
        system, "test.thing", subject_type="thing", subject_id="1", at=at, reason="Kim is ill"
    )
    assert "Kim" not in str(event.__dict__)
    event.reason_row.delete()
    assert events_about(system, "thing", "1").get() == event


def test_record_is_read_by_operators_and_auditors_only(person, system, at) -> None:
    record_event(system, "test.thing", subject_type="thing", subject_id="1", at=at)
    outsider = person("kim@hana.example", "hana", "beneficiary")
    auditor = person("aud@audit.example", None, "auditor")
    assert events_for(auditor).exists()
    with pytest.raises(NotAllowed):
        events_for(outsider)


def test_policy_version_is_chosen_by_time_and_old_ones_stay(system, at) -> None:
    later = at + timedelta(days=30)
    declared = declare_policy(
        system, kind="review", changes={"panel": 9}, valid_from=later, at=at
    )
    assert declared.outcome == "created"
    again = declare_policy(system, kind="review", changes={"panel": 9}, valid_from=later, at=at)
    assert again.outcome == "unchanged"
    assert current_policy("review", later - timedelta(microseconds=1)).number("panel") == 7
    assert current_policy("review", later).number("panel") == 9
    assert [row.version for row in policy_history("review")] == [1, 2]
    with pytest.raises(PolicyUnknown):
        current_policy("weather", at)
    for changes in ({"luck": 1}, {"panel": "seven"}, {"panel": True}, {"tie": "lottery"}):
        with pytest.raises(FactInvalid):
            declare_policy(system, kind="review", changes=changes, valid_from=at, at=at)
    with pytest.raises(PolicyUnknown):
        declare_policy(system, kind="weather", changes={}, valid_from=at, at=at)


def keep(actor, tmp_path, at, content=b"%PDF-1.7 plan", media_type="application/pdf", **more):
    organisation = next(iter(actor.organisations), None)
    facts = {"organisation": organisation, "file_name": "../../etc/plan.pdf"} | more
    return store_document(
        actor,
        chunks=[content[:3], content[3:]],
        media_type=media_type,
        store=DocumentStore(tmp_path),
        at=at,
        **facts,
    )


def test_inv_i13_document_is_kept_once_per_content_under_its_digest(
    person, tmp_path, at
) -> None:
    kim = person("kim@hana.example", "hana", "beneficiary")
    first, second = (keep(kim, tmp_path, at) for _ in range(2))
    assert first.sha256 == second.sha256
    assert first.file_name == "plan.pdf"
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.name for path in files] == [first.sha256]
    assert b"".join(DocumentStore(tmp_path).read(first.sha256)) == b"%PDF-1.7 plan"


@pytest.mark.parametrize(
    ("content", "media_type", "refusal"),
    [
        (b"", "application/pdf", DocumentEmpty),
        (b"MZ\x00\x00", "application/pdf", DocumentTypeRefused),
        (b"%PDF-1.7", "application/x-msdownload", DocumentTypeRefused),
        (b"%PDF-1.7", "image/png", DocumentTypeRefused),
        (b"a\x00b", "text/plain", DocumentTypeRefused),
        (b"%PDF-" + b"x" * 200, "application/pdf", DocumentTooLarge),
    ],
)
def test_document_is_refused_and_leaves_no_row(
    system, person, tmp_path, at, content, media_type, refusal
) -> None:
    kim = person("kim@hana.example", "hana", "beneficiary")
    declare_policy(
        system, kind="documents", changes={"size_bytes_max": 100}, valid_from=at, at=at
    )
    with pytest.raises(refusal):
        keep(kim, tmp_path, at, content, media_type)
    assert not list(tmp_path.glob("incoming-*"))


def test_document_is_seen_by_its_organisation_and_no_other(person, tmp_path, at) -> None:
    kim = person("kim@hana.example", "hana", "beneficiary")
    lee = person("lee@duri.example", "duri", "beneficiary")
    operator = person("op@agency.example", None, "operator")
    row = keep(kim, tmp_path, at)
    assert document_for(kim, row.id) == document_for(operator, row.id) == row
    with pytest.raises(NotFound):
        document_for(lee, row.id)
    with pytest.raises(NotAllowed):
        keep(lee, tmp_path, at, organisation=next(iter(kim.organisations)))


def test_notice_arrives_once_and_its_first_arrival_counts(person, system, at) -> None:
    kim = person("kim@hana.example", "hana", "beneficiary")
    lee = person("lee@duri.example", "duri", "beneficiary")
    row = person_by_email("kim@hana.example")
    kind = "parties.account.welcome"
    (notice,) = send_notice([row], kind, subject_type="person", subject_id=row.id, at=at)
    assert first_delivery(kind, "person", row.id) is None
    record_delivery(system, notice, channel="email", at=at + timedelta(hours=1))
    read_notice(kim, notice.id, at=at + timedelta(days=2))
    assert first_delivery(kind, "person", row.id) == at + timedelta(hours=1)
    assert notices_for(kim).get().read_at == at + timedelta(days=2)
    assert not notices_for(lee).exists()
    assert notices_about(system, "person", row.id).count() == 1
    with pytest.raises(NotFound):
        read_notice(lee, notice.id, at=at)


def test_every_kind_of_notice_speaks_both_languages() -> None:
    for kind in notice_kinds():
        for language in ("ko", "en"):
            text = notice_text(kind, {}, language)
            assert text.title
            assert text.body
