"""I15: a closed year takes no posting; a correction of it is booked in the open year."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from ledger_support.world import AT, WON, World

from madang.ledger import errors, queries
from madang.ledger.years.actions import end_year
from madang.ledger.years.models import YearEnd


@pytest.fixture
def closed(world) -> World:
    world.first = world.post("interest", programme_year=world.year, amount=WON)
    end_year(world.year, by="person:1", at=AT)
    return world


def test_posting_in_a_closed_year_is_refused_and_the_transaction_goes_on(closed) -> None:
    with pytest.raises(errors.YearClosed) as refusal:
        closed.post("interest", programme_year=closed.year, amount=WON)
    assert refusal.value.fields["programme_year"] == str(closed.year)
    with pytest.raises(errors.YearClosed):
        closed.hold(10 * WON)
    closed.post("interest", programme_year=uuid4(), amount=WON)


def test_id_that_is_on_file_still_answers_as_the_first_time(world) -> None:
    stamp = world.stamp("again")
    first = world.post("interest", programme_year=world.year, amount=WON, stamp=stamp)
    end_year(world.year, by="person:1", at=AT)
    second = world.post("interest", programme_year=world.year, amount=WON, stamp=stamp)
    assert (second.journal, second.replayed) == (first.journal, True)


def test_correction_joins_the_chain_of_the_open_year(closed) -> None:
    with pytest.raises(errors.YearClosed):
        closed.post("correct", programme_year=closed.year, journal=closed.first.journal)
    done = closed.post("correct", programme_year=uuid4(), journal=closed.first.journal)
    assert queries.journal(done.journal).corrects == closed.first.journal
    assert queries.balances_differ() == ()


def test_old_claims_are_still_collected_and_remitted(world) -> None:
    case = uuid4()
    held = world.lease(100 * WON)
    world.capture(held, 100 * WON)
    world.post("freeze_statement", world.terms, supplier=world.supplier)
    world.post("decide_clawback", world.terms, case=case, principal=50 * WON)
    end_year(world.year, by="person:1", at=AT)
    for name in ("collect_clawback", "remit_clawback"):
        world.post(name, programme_year=world.year, case=case, principal=50 * WON)


def test_database_itself_lets_nobody_around_it(closed) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_journal (id, idem, kind, chain, content, content_sha256,"
            " answer, actor, source_type, source_id, effective_at)"
            " VALUES (%s, 'x', 'P19', %s, '{}',"
            " '', '{}', 'a', 't', 's', now())",
            [uuid4(), closed.year],
        )
    for statement in (
        "UPDATE ledger_year_end SET closed_by = 'x'",
        "DELETE FROM ledger_year_end",
        "TRUNCATE ledger_year_end",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert YearEnd.objects.count() == 1
