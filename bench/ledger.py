"""How fast the ledger posts, on a PostgreSQL with fsync on, started for this run.

1. Holds per second by 8 clients, on one voucher and on 100; beside each the limit that the
   same server and clients reach in the same run with nothing but a commit: an UPDATE of one
   row that all share, and an INSERT of a row each. No gate.
2. Shipping: charges per second when 1,000 charges go as one transaction with one capture per
   voucher, against one transaction with one capture per charge. Same server, same run,
   interleaved, medians. Gate: 15 times.

    python -m bench ledger        JSON to bench/results/ledger.json
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

RESULTS = Path(__file__).parent / "results" / "ledger.json"
CLIENTS = 8
HOLD_S = float(os.environ.get("MADANG_BENCH_HOLD_S") or 4)
ROUNDS = int(os.environ.get("MADANG_BENCH_ROUNDS") or 5)
BATCH, SINGLES, VOUCHERS = 1_000, 100, 4
GATE = 15
WON = 1_000_000
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@contextmanager
def server() -> Iterator[str]:
    """A cluster of its own with its defaults, fsync on; migrated."""
    from madang.cli.postgres import EmbeddedPostgres

    with tempfile.TemporaryDirectory(prefix="madang-bench-") as folder:
        cluster = EmbeddedPostgres(Path(folder) / "cluster")
        urls = cluster.start({"max_connections": "50"})
        os.environ.update(
            DATABASE_URL=urls.superuser,
            DJANGO_SETTINGS_MODULE="madang.portal.settings",
            MADANG_DATA=folder,
            MADANG_SECRET_KEY="only-for-this-run",
        )
        try:
            set_up()
            yield folder
        finally:
            from django.db import connections

            connections.close_all()
            cluster.stop()


def set_up() -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_hot (n bigint); INSERT INTO bench_hot VALUES (0);"
            "CREATE TABLE bench_row (id uuid PRIMARY KEY);"
            "CREATE TABLE bench_charge (id uuid PRIMARY KEY, voucher uuid NOT NULL,"
            " amount bigint NOT NULL, journal uuid NOT NULL REFERENCES ledger_journal)"
        )


def stamp():
    from madang.ledger.types import Stamp

    return Stamp(str(uuid4()), "bench", AT, "bench", "1")


def vouchers(count: int):
    """Vouchers with more than the run can hold, each from an award of one programme."""
    from django.db import transaction

    from madang.core.money import Ratio
    from madang.ledger import postings
    from madang.ledger.types import Terms

    year, programme, call = uuid4(), uuid4(), uuid4()
    each = 40_000_000 * WON
    found = []
    with transaction.atomic():
        total = each * count
        for amount in [each] * count:
            postings.appropriate(stamp(), programme_year=year, amount=amount)
            postings.receive_grant(stamp(), programme_year=year, amount=amount)
        postings.open_call(stamp(), programme_year=year, call=call, amount=total)
        for _ in range(count):
            terms = Terms(uuid4(), year, programme, Ratio(4, 5), Ratio(1, 10))
            award = uuid4()
            postings.award(stamp(), programme_year=year, call=call, award=award, amount=each)
            postings.deposit(stamp(), terms, amount=each)
            postings.issue(stamp(), terms, award=award, amount=each)
            found.append(terms)
    return found


def hold_once(terms, supplier: UUID, turn: int) -> None:
    from django.db import transaction

    from madang.ledger import postings

    with transaction.atomic():
        postings.hold(
            stamp(), terms[turn % len(terms)], supplier=supplier, hold_id=uuid4(),
            amount=500_333, expires_at=AT + timedelta(hours=1),
        )  # fmt: skip


def bare_once(sql: str, parameters: list[object]) -> None:
    """The limit: one statement and a commit."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def client(work: str, terms, supplier: UUID, gate, until_s: float, answers) -> None:
    """One process: the same work in a transaction each, until the time is up."""
    from django.db import connection

    connection.ensure_connection()
    gate.wait()
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < until_s:
        if work == "hold":
            hold_once(terms, supplier, done)
        elif work == "update":
            bare_once("UPDATE bench_hot SET n = n + 1", [])
        else:
            bare_once("INSERT INTO bench_row VALUES (%s)", [uuid4()])
        done += 1
    answers.put((done, time.perf_counter() - began))


def rate_per_s(work: str, count: int = 0) -> float:
    """The rate of all clients together, over `count` vouchers."""
    from django.db import connections

    shared, supplier = vouchers(count) if count else [], uuid4()
    connections.close_all()  # nothing is shared with the children
    context = multiprocessing.get_context("fork")
    gate, answers = context.Barrier(CLIENTS), context.Queue()
    clients = [
        context.Process(
            target=client,
            args=(work, shared[n:] + shared[:n], supplier, gate, HOLD_S, answers),
        )
        for n in range(CLIENTS)
    ]
    for process in clients:
        process.start()
    rates = [answers.get(timeout=HOLD_S + 240) for _ in clients]
    for process in clients:
        process.join()
    return sum(done / elapsed_s for done, elapsed_s in rates)


def holding() -> dict[str, float]:
    """Each rate beside its limit, one after the other in the same run."""
    one, hot = rate_per_s("hold", 1), rate_per_s("update")
    many, rows = rate_per_s("hold", 100), rate_per_s("insert")
    return {
        "one_voucher_per_s": round_off(one),
        "one_row_updates_per_s": round_off(hot),
        "one_voucher_of_its_limit": round(one / hot, 2),
        "hundred_vouchers_per_s": round_off(many),
        "single_inserts_per_s": round_off(rows),
        "hundred_vouchers_of_their_limit": round(many / rows, 2),
    }


class Shipping:
    """Charges on a few vouchers at one supplier, shipped in two ways."""

    def __init__(self) -> None:
        from django.db import transaction

        from madang.ledger import postings

        self.terms = vouchers(VOUCHERS)
        self.supplier = uuid4()
        self.leases = [uuid4() for _ in self.terms]
        with transaction.atomic():
            for terms, lease in zip(self.terms, self.leases, strict=True):
                postings.hold(
                    stamp(), terms, supplier=self.supplier, hold_id=lease,
                    amount=20_000_000 * WON, expires_at=AT + timedelta(hours=1),
                )  # fmt: skip

    def charges(self, count: int) -> list[tuple[UUID, int, int]]:
        """Id, which voucher, amount: 1.7 won and a little, as of a small call."""
        return [(uuid4(), n % VOUCHERS, 1_728_393 + n) for n in range(count)]

    def order(self, which: int, amount: int):
        from madang.ledger.types import CaptureOrder

        return CaptureOrder(
            stamp(), self.terms[which], self.supplier, self.leases[which], amount
        )

    def batched(self, charges: list[tuple[UUID, int, int]]) -> None:
        """One transaction: one capture per voucher, all charges in one insert."""
        from django.db import connection, transaction

        from madang.ledger import postings

        with transaction.atomic(), connection.cursor() as cursor:
            sums = [sum(a for _, v, a in charges if v == which) for which in range(VOUCHERS)]
            captured = postings.capture_many(
                [self.order(which, amount) for which, amount in enumerate(sums)]
            )
            journals = [c.posted.journal for c in captured]
            cursor.execute(
                "INSERT INTO bench_charge SELECT * FROM"
                " unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::uuid[])",
                [
                    [id for id, _, _ in charges],
                    [self.terms[which].voucher for _, which, _ in charges],
                    [amount for _, _, amount in charges],
                    [journals[which] for _, which, _ in charges],
                ],
            )

    def one_by_one(self, charges: list[tuple[UUID, int, int]]) -> None:
        """A transaction per charge: a capture and a row."""
        from django.db import connection, transaction

        from madang.ledger import postings

        for id, which, amount in charges:
            with transaction.atomic(), connection.cursor() as cursor:
                (captured,) = postings.capture_many([self.order(which, amount)])
                cursor.execute(
                    "INSERT INTO bench_charge VALUES (%s, %s, %s, %s)",
                    [id, self.terms[which].voucher, amount, captured.posted.journal],
                )


def per_s(ship, charges: list[tuple[UUID, int, int]]) -> float:
    began = time.perf_counter()
    ship(charges)
    return len(charges) / (time.perf_counter() - began)


def shipping() -> dict[str, float]:
    """Interleaved rounds after one that warms up; medians."""
    work = Shipping()
    batched, single = [], []
    for turn in range(ROUNDS + 1):
        b = per_s(work.batched, work.charges(BATCH))
        s = per_s(work.one_by_one, work.charges(SINGLES))
        if turn:
            batched.append(b)
            single.append(s)
    fast, slow = statistics.median(batched), statistics.median(single)
    return {
        "batched_charges_per_s": round_off(fast),
        "single_charges_per_s": round_off(slow),
        "ratio": round(fast / slow, 1),
        "gate": GATE,
    }


def round_off(rate: float) -> float:
    return round(rate, 1)


def sealing() -> dict[str, float]:
    """The sealer and the verification over all that the run has posted."""
    from madang.ledger import queries

    began = time.perf_counter()
    sealed = queries.seal().sealed
    sealed_s = time.perf_counter() - began
    began = time.perf_counter()
    verified = queries.verify()
    assert verified.ok, verified
    verified_s = time.perf_counter() - began
    return {
        "journals": verified.journals,
        "sealed_per_s": round_off(sealed / sealed_s),
        "verified_per_s": round_off(verified.journals / verified_s),
    }


def measure() -> dict[str, object]:
    with server():
        return {
            "name": "ledger",
            "clients": CLIENTS,
            "holds": holding(),
            "shipping": (ship := shipping()),
            "sealing": sealing(),
            "ok": ship["ratio"] >= GATE,
        }


def main() -> int:
    result = measure()
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
