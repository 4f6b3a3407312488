"""A process of its own that posts and then waits to be killed, at a point told to it.

    python -m ledger_support.worker STEP JSON

`entry`   a journal and one of its two entries are written with bare SQL
`posting` a whole hold is posted, its transaction not committed
`batch`   three captures are posted in one call, not committed
Prints "here" once it stands there.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from uuid import UUID

import django

django.setup()

from django.db import connection, transaction  # noqa: E402  after setup

from ledger_support.world import AT, WON  # noqa: E402
from madang.core.money import Ratio  # noqa: E402
from madang.ledger import postings  # noqa: E402
from madang.ledger.types import CaptureOrder, Stamp, Terms  # noqa: E402


def main() -> None:
    step, facts = sys.argv[1], json.loads(sys.argv[2])
    with transaction.atomic():
        {"entry": half_a_journal, "posting": a_hold, "batch": some_captures}[step](facts)
        print("here", flush=True)
        sys.stdin.read()


def half_a_journal(facts: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_journal (id, idem, kind, chain, content, content_sha256,"
            " answer, actor, source_type, source_id, effective_at) VALUES (%s, %s, 'P19', %s,"
            " '{}', '', '{}', 'x', 'x', 'x', now())",
            [facts["journal"], facts["id"], facts["programme_year"]],
        )
        cursor.execute("SET session_replication_role = replica")  # past the check per statement
        cursor.execute(
            "INSERT INTO ledger_entry (journal_id, account_id, book, debit, credit)"
            " SELECT %s, id, book, 1000000, 0 FROM ledger_account WHERE code = '1100'",
            [facts["journal"]],
        )


def terms_of(facts: dict[str, str]) -> Terms:
    return Terms(
        UUID(facts["voucher"]), UUID(facts["programme_year"]), UUID(facts["programme"]),
        Ratio(7, 10), Ratio(1, 10),
    )  # fmt: skip


def stamp_of(facts: dict[str, str], suffix: str = "") -> Stamp:
    return Stamp(facts["id"] + suffix, "person:1", AT, "test", "1")


def a_hold(facts: dict[str, str]) -> None:
    postings.hold(
        stamp_of(facts), terms_of(facts), supplier=UUID(facts["supplier"]),
        hold_id=UUID(facts["hold"]), amount=5 * WON, expires_at=AT + timedelta(hours=1),
    )  # fmt: skip


def some_captures(facts: dict[str, str]) -> None:
    postings.capture_many(orders(facts))


def orders(facts: dict[str, str]) -> list[CaptureOrder]:
    return [
        CaptureOrder(
            stamp_of(facts, f"-{n}"), terms_of(facts), UUID(facts["supplier"]),
            UUID(facts["hold"]), n * WON,
        )
        for n in (1, 2, 3)
    ]  # fmt: skip


if __name__ == "__main__":
    main()
