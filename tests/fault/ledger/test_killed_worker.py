"""L4: a worker that dies inside a journal leaves nothing, and its retry succeeds.

Method: a real process stands between two writes of one transaction and is killed with
SIGKILL; then the same work is done again under the same ids.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connections, transaction
from ledger_support import worker
from ledger_support.world import WON, World

from madang.ledger import postings, queries
from madang.ledger.models import Entry, Hold, HoldEvent, Journal

ROOT = Path(__file__).parents[3]
KILLS = int(
    os.environ.get("MADANG_TEST_KILLS") or (300 if "MADANG_TEST_LONG" in os.environ else 2)
)


@pytest.fixture
def world(committed_db) -> World:
    with transaction.atomic():
        return World()


def facts_for(world: World, hold) -> dict[str, str]:
    return {
        "id": f"killed-{uuid4()}",
        "journal": str(uuid4()),
        "hold": str(hold),
        "voucher": str(world.terms.voucher),
        "programme_year": str(world.year),
        "programme": str(world.programme),
        "supplier": str(world.supplier),
    }


def kill_at(step: str, facts: dict[str, str]) -> None:
    """Start a worker, wait until it stands where it was told to, kill it."""
    settings = connections.databases["default"]
    place = f"host={settings['HOST']}" + (
        f"&port={settings['PORT']}" if settings["PORT"] else ""
    )
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests' / 'support'}",
        "DJANGO_SETTINGS_MODULE": "madang.portal.settings",
        "DATABASE_URL": f"postgresql://{settings['USER']}@/{settings['NAME']}?{place}",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "ledger_support.worker", step, json.dumps(facts)],
        env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"here"
        process.kill()


def counts() -> tuple[int, ...]:
    models = (Journal, Entry, Hold, HoldEvent)
    return tuple(model.objects.count() for model in models)


@pytest.mark.parametrize("step", ["entry", "posting", "batch"])
def test_inv_l4_a_killed_worker_leaves_nothing_and_its_retry_succeeds(world, step):
    for _ in range(KILLS):
        with transaction.atomic():
            hold = world.lease(10 * WON) if step == "batch" else uuid4()
        facts, before = facts_for(world, hold), counts()
        kill_at(step, facts)
        assert counts() == before
        assert not Journal.objects.filter(idem__startswith=facts["id"]).exists()
        with transaction.atomic():
            retry(world, step, facts)
        assert Journal.objects.filter(idem__startswith=facts["id"]).exists()
    assert queries.verify().ok


def retry(world: World, step: str, facts: dict[str, str]) -> None:
    """The same ids again: now they are new."""
    if step == "entry":
        stamp = world.stamp(facts["id"])
        posted = postings.interest(stamp, programme_year=world.year, amount=WON)
        assert not posted.replayed
    elif step == "posting":
        worker.a_hold(facts)
        worker.a_hold(facts)
    else:
        captured = postings.capture_many(worker.orders(facts))
        assert not any(c.posted.replayed for c in captured)
        again = postings.capture_many(worker.orders(facts))
        assert [c.parts for c in again] == [c.parts for c in captured]
        assert all(c.posted.replayed for c in again)
