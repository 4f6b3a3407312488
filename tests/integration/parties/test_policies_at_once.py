"""Two people make the next version of one policy: the later one is told."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections, transaction

from madang.parties.actor import system_actor
from madang.parties.errors import PolicyImmutable
from madang.parties.models import PolicyVersion
from madang.parties.policies.actions import declare_policy

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WAIT_S_MAX = 120.0


def declare(days: int) -> None:
    declare_policy(
        system_actor("cli"), kind="call", changes={"sign_days": days},
        valid_from=AT + timedelta(days=1), at=AT,
    )  # fmt: skip


def test_same_next_version_by_two_people_is_refused_to_the_later_one(committed_db) -> None:
    refused: list[PolicyImmutable] = []

    def second() -> None:
        try:
            declare(9)
        except PolicyImmutable as error:
            refused.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=second)
    with transaction.atomic():
        declare(8)
        thread.start()
        _wait_for_a_waiting_insert()
    thread.join()
    assert [one.fields["version"] for one in refused] == [2]
    newest = PolicyVersion.objects.filter(kind="call").order_by("-version").first()
    assert (newest.version, newest.data["sign_days"]) == (2, 8)


def _wait_for_a_waiting_insert() -> None:
    deadline = time.monotonic() + WAIT_S_MAX
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    pytest.fail("the second insert never waited for the first")
