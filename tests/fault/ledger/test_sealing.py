"""The sealer passes no committed journal over, whenever transactions end."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from django.db import connection, transaction
from ledger_support.world import WON, World

from madang.ledger import queries
from madang.ledger.models import Journal, Seal


@pytest.fixture
def world(committed_db) -> World:
    with transaction.atomic():
        return World()


def interest(world: World) -> None:
    world.post("interest", programme_year=world.year, amount=WON)


def test_a_transaction_that_began_first_and_ended_last_is_sealed_later(world):
    posted, may_end = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                World()
                posted.set()
                assert may_end.wait(timeout=30)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert posted.wait(timeout=30)
    with transaction.atomic():
        interest(world)
    first = queries.seal().sealed
    assert first == Journal.objects.count()
    assert queries.seal().sealed == 0
    may_end.set()
    thread.join(timeout=30)
    assert queries.seal().sealed == 6
    assert queries.verify().unsealed == 0
    assert queries.verify().ok


def test_one_sealer_at_a_time_seals_each_journal_once(world):
    for _ in range(30):
        with transaction.atomic():
            interest(world)
    answers = []

    def work() -> None:
        try:
            answers.append(queries.seal(batch=7))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    queries.seal()
    numbers = Counter(Seal.objects.values_list("number", flat=True))
    assert set(numbers.values()) == {1}
    assert sorted(numbers) == list(range(1, Journal.objects.count() + 1))
    assert queries.verify().ok


def test_a_restored_database_counts_transactions_afresh_and_is_sealed_all_the_same(world):
    queries.seal()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE ledger_seal_run SET horizon = 1000000000")
    with transaction.atomic():
        interest(world)
    assert queries.verify().unsealed == 1
    assert queries.seal().sealed == 1
    assert queries.verify().ok


def test_each_programme_year_has_a_chain_of_its_own(world):
    with transaction.atomic():
        other = World()
    queries.seal()
    chains = Counter(Seal.objects.values_list("chain", flat=True))
    assert chains == {world.year: 6, other.year: 6}
    assert queries.verify().oldest_unsealed_at is None
