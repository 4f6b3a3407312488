"""Jobs on a real Slurm whose daemons die at times drawn from a seed, whose nodes are drained
and lost, whose jobs are cancelled, requeued and suspended, with a platform that dies between
the lines of its postings.

At the end every GPU-second that Slurm's books tell is on one line, or in a dispute with its
cause; every whole run that a script told of itself is paid for or disputed; nothing is held for
what is over, and no quota was exceeded.

`MADANG_SLURM_CHAOS_JOBS` and `MADANG_SLURM_CHAOS_SEED` say how many jobs, and which chaos.
"""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from compute_stage import now
from slurm_chaos import DAEMONS, UNWELL, Chaos
from slurm_rig import until

from madang.compute.attempts.models import Attempt
from madang.compute.comparing import EXPLAINED
from madang.compute.findings.models import Finding
from madang.compute.grants.queries import standing_of
from madang.compute.jobs.models import Job
from madang.compute.lines.models import Line, LineKind
from madang.compute.reconciling import reconcile_site

pytestmark = pytest.mark.django_db
JOBS = int(os.environ.get("MADANG_SLURM_CHAOS_JOBS") or 10)
SEED = int(os.environ.get("MADANG_SLURM_CHAOS_SEED") or 20261125)
AT_ONCE = 3
QUIET_S_MAX, AGREE_S_MAX = 300, 60


@pytest.fixture
def chaos(cluster, monkeypatch):
    made = Chaos(cluster, monkeypatch, seed=SEED, jobs=JOBS)
    yield made
    made.back()
    made.tend()
    cluster.empty()


def test_whatever_dies_every_gpu_second_is_on_a_line_or_in_a_dispute_with_its_cause(chaos):
    print("seed", SEED, "jobs", JOBS)
    submitted = 0
    while submitted < JOBS or chaos.misfortunes < JOBS:
        if submitted < JOBS and not chaos.away:
            count = min(chaos.rng.randint(0, AT_ONCE), JOBS - submitted)
            chaos.submit(submitted, count)
            submitted += count
        try:
            chaos.misfortune()
        except UNWELL:
            chaos.happened.append("no answer")
        chaos.poll()
    chaos.is_calm = True
    chaos.back()
    chaos.until_quiet(QUIET_S_MAX)
    books_agree(chaos)
    nothing_is_held_or_beyond(chaos)
    each_attempt_is_posted_once()
    what_scripts_told_is_paid(chaos)
    assert set(DAEMONS) & set(chaos.happened)


def books_agree(chaos) -> None:
    """Slurm's controller tells accounting through a queue of its own, so that a row may change
    between the last poll and the comparison; what nothing explains stays for ever."""
    reports = []

    def look() -> bool:
        chaos.poll()
        since, until_ = now() - timedelta(hours=2), now() + timedelta(seconds=2)
        reports.append(reconcile_site(chaos.stage.site, chaos.engine, since, until_))
        return reports[-1].drift_ms == 0

    until(look, AGREE_S_MAX, lambda: f"{reports[-1].as_data()}\n{chaos.standing()}")
    print(sorted(chaos.happened), reports[-1].as_data()["by_cause"])
    assert set(reports[-1].by_cause) <= EXPLAINED
    for attempt in Attempt.objects.filter(is_disputed=True):
        assert Finding.objects.filter(attempt=attempt, state="open").exists(), attempt.no


def nothing_is_held_or_beyond(chaos) -> None:
    for grant in chaos.grants:
        chaos.stage.check(grant)
        standing = standing_of(grant)
        held = Attempt.objects.filter(job__grant=grant, is_disputed=True, is_held=True)
        assert standing.held == sum(one.held_gpu_seconds for one in held), chaos.standing()
        assert standing.used <= standing.granted - standing.expired


def each_attempt_is_posted_once() -> None:
    for attempt in Attempt.objects.filter(ended_at__isnull=False, is_disputed=False):
        kinds = list(Line.objects.filter(attempt=attempt).values_list("kind", flat=True))
        assert kinds.count(LineKind.USE) - kinds.count(LineKind.REVERSAL) == 1, attempt.no


def what_scripts_told_is_paid(chaos) -> None:
    """Both clocks cut to whole seconds: a run may be a second shorter in the books."""
    told = chaos.told()
    for job in Job.objects.exclude(attempts__is_disputed=True):
        spans = [max(one - 1, 0) for one in told.get(job.engine_key, [])]
        lines = Line.objects.filter(attempt__job=job)
        signs = [-1 if one.kind == LineKind.REVERSAL else 1 for one in lines]
        paid = sum(
            sign * (one.user_gpu_seconds + one.borne_gpu_seconds)
            for sign, one in zip(signs, lines, strict=True)
        )
        assert paid >= sum(spans) * job.cards, (job.key, told[job.engine_key], paid)
