"""A node whose clock is wrong: found once, until a run there is told rightly; nothing is paid
by its word."""

from __future__ import annotations

from datetime import timedelta

import pytest
from compute_stage import changed, fact, now

from madang.compute.attempts.node_clocks import is_on
from madang.compute.engines.types import NODE_CLOCK, RECORDS_AWAY, Discrepancy
from madang.compute.findings.models import Finding

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def ran(job, *, ago, node="gpu03"):
    return changed(fact(job, starts=now() - ago, lasts_s=20), node_list=node)


def off(told, by_s):
    apart = timedelta(seconds=by_s)
    node = changed(
        told, started_at=told.started_at + apart, ended_at=told.ended_at + apart, source="node"
    )
    return Discrepancy(told.job_id, told.key, NODE_CLOCK, told, None, node, doubts=False)


def polled(stage, engine, *facts, doubts=()):
    engine.facts, engine.doubts = list(facts), list(doubts)
    stage.poll(engine)
    found = Finding.objects.filter(cause=NODE_CLOCK)
    return [(one.what, one.state, one.detail["offset_s"]) for one in found]


def test_it_is_found_once_and_closed_by_a_run_that_is_told_rightly_alone(stage, engine):
    """20 s of 2 cards are 40 GPU-seconds, whatever the node says."""
    grant = stage.grant()
    first, second, third, last = (stage.submit(grant, engine, key=f"k{n}") for n in range(4))
    wrong = ran(first, ago=5 * HOUR)
    for _ in range(2):
        assert polled(stage, engine, wrong, doubts=[off(wrong, -180)]) == [
            ("gpu03", "open", -180)
        ]
    assert stage.charged(grant) == 40
    assert polled(stage, engine) == [("gpu03", "open", -180)]  # no reading goes so far back
    elsewhere = ran(second, ago=4 * HOUR, node="gpu[01-02,04]")
    assert polled(stage, engine, wrong, elsewhere) == [("gpu03", "open", -180)]
    again = ran(third, ago=3 * HOUR)
    assert polled(stage, engine, again, doubts=[off(again, -60)]) == [("gpu03", "open", -60)]
    right = ran(last, ago=HOUR, node="gpu[01-04]")
    away = Discrepancy("records", "", RECORDS_AWAY, None, None, None, "/away", doubts=False)
    polled(stage, engine, right, doubts=[away])  # nobody knows what its node says
    assert Finding.objects.get(cause=NODE_CLOCK).state == "open"
    Finding.objects.filter(cause=RECORDS_AWAY).delete()
    assert polled(stage, engine, right) == [("gpu03", "explained", -60)]
    assert polled(stage, engine, right) == [("gpu03", "explained", -60)]
    assert stage.charged(grant) == 160
    stage.check(grant)


@pytest.mark.parametrize(
    ("node_list", "node", "is_there"),
    [("n1", "n1", True), ("n1", "n11", False), ("n1,n2", "n2", True),
     ("gpu[01-03,7]", "gpu02", True), ("gpu[01-03,7]", "gpu7", True),
     ("gpu[01-03,7]", "gpu2", False), ("gpu[01-03,7]", "gpu04", False),
     ("a[8-11]-x,b3", "a10-x", True), ("a[8-11]-x,b3", "b3", True),
     ("a[8-11]-x,b3", "a12-x", False), ("", "n1", False), ("None assigned", "n1", False)],
)  # fmt: skip
def test_a_list_of_nodes_names_those_that_stand_in_it(node_list, node, is_there):
    assert is_on(node_list, node) == is_there
