"""Rows that are inserted by a statement composed once are the rows that Django would insert."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DataError, IntegrityError, connection, transaction

from madang.parties.actor import system_actor
from madang.parties.events.actions import Happened, event_values
from madang.parties.events.models import Event
from madang.parties.organisations.models import Organisation, OrganisationKind
from madang.parties.people.models import Membership, Person
from madang.parties.rows import (
    Change,
    asked,
    insert_rows,
    insert_values,
    lock_rows,
    pipelined,
    set_state,
    set_unchanged,
)

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 1, 0, 0, 123456, tzinfo=UTC)
COUNT = 40


class Word(str):
    __slots__ = ()


class Number(int):
    pass


def event(**more) -> Event:
    told = {"n": 1, "is": True, "none": None, "한글": "\\ \" '"}
    plain = {"at": AT, "actor": "op", "origin": "api", "action": "x.y", "subject_type": "x"}
    facts = plain | {"subject_id": "1", "facts": told}
    return Event(**(facts | more))


def person(number: int) -> Person:
    return Person(email=f"p{number}@x.example", password="!", created_at=AT)


def test_what_was_inserted_reads_as_it_was_meant():
    of_classes = {"n": Number(7), "kind": OrganisationKind.SME}
    rows = [
        event(before="가'나\\", after=""),
        event(at=AT + timedelta(days=1), facts={}),
        event(action=Word("x.z"), facts=of_classes),
    ]
    insert_rows(rows)
    for row in rows:
        read = Event.objects.get(pk=row.pk)
        columns = [one.attname for one in Event._meta.concrete_fields]
        assert [getattr(read, one) for one in columns] == [getattr(row, one) for one in columns]
        assert (row._state.adding, row._state.db) == (False, "default")
    insert_rows([])
    assert insert_values(Event, []) == []
    assert Event.objects.filter(subject_type="x").count() == 3


def test_rows_get_the_numbers_that_the_database_gave_in_their_order():
    people = [person(number) for number in range(COUNT)]
    insert_rows(people)
    places = [
        Membership(person=one, roles=["reviewer", "maker"], starts_at=AT) for one in people
    ]
    insert_rows(places)
    assert [one.pk for one in places] == sorted(one.pk for one in places)
    for place in places:
        read = Membership.objects.get(pk=place.pk)
        assert (read.person_id, read.roles) == (place.person_id, ["reviewer", "maker"])
        assert (read.ends_at, read.organisation_id) == (None, None)


def test_what_the_database_refuses_is_refused_at_once_or_at_the_end_of_a_pipeline():
    with pytest.raises(DataError), transaction.atomic():
        insert_rows([event(actor="x" * 65)])
    twice = [person(1), person(1)]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(twice)
    with pytest.raises(IntegrityError), transaction.atomic(), pipelined():
        insert_rows(twice)
        insert_rows([event()])
    assert Person.objects.count() == Event.objects.count() == 0


def test_rows_are_locked_in_the_order_of_their_ids_and_given_another_state():
    firms = [
        Organisation(code=f"o{n}", name_ko="가", name_en="a", kind="sme", created_at=AT)
        for n in range(3)
    ]
    insert_rows(firms)
    gone = Organisation(code="o3", name_ko="가", name_en="a", kind="sme", created_at=AT)
    Organisation.objects.filter(pk=firms[1].pk).update(name_ko="나")
    with transaction.atomic(), pipelined():
        found = lock_rows([*reversed(firms), gone])()
    assert [(one.code, one.name_ko) for one in found] == [
        ("o0", "가"),
        ("o1", "나"),
        ("o2", "가"),
    ]
    assert (
        found[0] is firms[0] and found[2] is firms[2]
    )  # what has not changed is not built anew
    assert firms[1].name_ko == "가"
    with pytest.raises(Exception, match="state"), transaction.atomic():
        set_state(firms, "there is no such column")


def test_rows_that_somebody_else_has_changed_stay_and_are_not_told():
    firms = [
        Organisation(code=f"o{n}", name_ko="가", name_en="a", kind="sme", created_at=AT)
        for n in range(3)
    ]
    insert_rows(firms)
    Organisation.objects.filter(pk=firms[1].pk).update(kind="university")
    given = [(one, {"name_ko": f"{one.code}호", "name_en": "x"}) for one in firms]
    system = system_actor("worker")
    told = [event_values(system, "x.y", Happened(one.pk), "x", AT) for one in firms]
    change = Change({"kind": "sme", "name_en": "a"}, {"kind": "institute"})
    assert set_unchanged(given, change, Event, told) == {firms[0].pk, firms[2].pk}
    now = Organisation.objects.order_by("code").values_list("name_ko", "name_en", "kind")
    assert list(now) == [
        ("o0호", "x", "institute"), ("가", "a", "university"), ("o2호", "x", "institute"),
    ]  # fmt: skip
    ids = Event.objects.order_by("id").values_list("subject_id", flat=True)
    assert list(ids) == [str(firms[0].pk), str(firms[2].pk)]
    assert set_unchanged(given, change, Event, told[:0]) == set()


def prepared_here(mark: str) -> int:
    with connection.cursor() as cursor:
        sql = "SELECT count(*) FROM pg_prepared_statements WHERE right(statement, %s) = %s"
        cursor.execute(sql, [len(mark), mark])
        return cursor.fetchone()[0]


def add_one(number: int, mark: str) -> None:
    assert asked(f"SELECT %s::int + 1 -- {mark}", [number], tuple[int])() == [(number + 1,)]


def test_what_is_sent_again_is_planned_once():
    """Also behind a rollback, after which the driver forgets what it has prepared."""
    for number in range(3):
        add_one(number, "planned once")
    assert prepared_here("planned once") == 1
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        raise ZeroDivisionError
    add_one(7, "planned once")
    assert prepared_here("planned once") == 1


def test_behind_a_pooler_nothing_is_prepared(monkeypatch):
    monkeypatch.setattr(connection.connection, "prepare_threshold", None)
    add_one(1, "behind a pooler")
    assert prepared_here("behind a pooler") == 0
