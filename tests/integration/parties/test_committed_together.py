"""A transaction whose COMMIT goes with its last statement: whole, or not there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from madang.parties.actor import system_actor
from madang.parties.events.actions import Happened, event_values
from madang.parties.events.models import Event
from madang.parties.people.models import Membership, Person
from madang.parties.rows import insert_rows, insert_together, pipelined_transaction

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)


def person(number: int) -> Person:
    return Person(email=f"p{number}@x.example", password="!", created_at=AT)


def place_of(person: Person) -> Membership:
    return Membership(person=person, roles=["maker"], starts_at=AT)


def told_of(person: Person):
    return event_values(system_actor("worker"), "x.y", Happened(person.pk), "x", AT)


def test_what_only_the_commit_refuses_is_raised_and_nothing_stays(committed_db):
    """A key that leads nowhere: it is looked at when everything is there."""
    with pytest.raises(IntegrityError), pipelined_transaction():
        insert_together([[person(1)], [place_of(person(2))]], Event, [told_of(person(1))])
    assert not Person.objects.exists()
    assert not Event.objects.exists()
    with pipelined_transaction():
        insert_rows([person(1)])
    connection.close()  # it was committed, and once
    assert Person.objects.count() == 1


def test_only_the_outermost_transaction_commits_and_only_when_all_went_well(committed_db):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        with pipelined_transaction():
            insert_rows([person(1)])
        assert connection.in_atomic_block
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), pipelined_transaction():
        insert_rows([person(2)])
        raise ZeroDivisionError
    with pytest.raises(IntegrityError), pipelined_transaction():
        insert_rows([person(3), person(3)])
        insert_rows([person(4)])
    assert not Person.objects.exists()
