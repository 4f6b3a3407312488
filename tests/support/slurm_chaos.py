"""Misfortune for a real Slurm, drawn from a seed, and what an administrator does after it."""

from __future__ import annotations

import random
import signal
from collections import defaultdict

from compute_stage import PLATFORM, Stage, declare_policy, now
from metering_market import OPERATOR
from slurm_rig import SlurmRig, until

from madang.compute import polling
from madang.compute.attempts.models import Attempt
from madang.compute.errors import (
    DecisionInvalid,
    EngineRefused,
    EngineUnclear,
    EngineUnwell,
    NotInDoubt,
)
from madang.compute.findings.models import Finding
from madang.compute.jobs.actions import cancel_job, submit_jobs
from madang.compute.jobs.deciding import decide_submission
from madang.compute.jobs.models import OPEN, Job
from madang.compute.jobs.orders import JobOrder

UNWELL = (EngineUnwell, EngineUnclear, EngineRefused)
DAEMONS = ("slurmctld", "slurmdbd", "slurmrestd")
BLOWS = ("cancel", "requeue", "suspend", "drain", "down")
NODES = ("n1", "n2", "n3", "n4")
CARDS = (1, 2, 4)
LENGTHS_S = (2, 4, 8, 12)
LIMIT_S = 60
LATE_S, UNTOLD_S, VANISHED_S = 10, 20, 60
"""What is minutes and hours in life: a test cannot wait for so long."""

PLATFORM_DIES = 0.05
"""Of a hundred closings of a job the platform dies before so many."""

SCRIPT = """#!/bin/sh
say() {{ echo "$1 $(date +%s) $SLURM_JOB_ID" >> {folder}/$SLURM_JOB_NAME.told; }}
say begun; sleep {length_s}; say ended
"""


class Killed(Exception):
    """The platform died here; what it had not committed is gone."""


class Chaos:
    """A stage with two grants on a cluster, a deck of misfortunes, and what has happened."""

    def __init__(self, cluster: SlurmRig, monkeypatch, *, seed: int, jobs: int) -> None:
        self.cluster, self.rng = cluster, random.Random(seed)
        declare_policy(untold_lost_s=UNTOLD_S, poll_overlap_s=VANISHED_S)
        self.stage, self.engine = Stage(), cluster.engine(timeout_s=5, late_s=LATE_S)
        self.grants = [
            self.stage.grant(
                f"g{n}", gpu_seconds=LIMIT_S * 16 * jobs, cards_max=16, organisation=f"o{n}"
            )
            for n in range(2)
        ]
        self.happened: list[str] = []
        self.misfortunes = 0
        self.away: list[str] = []
        self.deck: list[str] = []
        self.is_calm = False
        self._let_the_platform_die(monkeypatch)

    def _let_the_platform_die(self, monkeypatch) -> None:
        real = polling.settle_job

        def settle_job(*args, **named):
            if not self.is_calm and self.rng.random() < PLATFORM_DIES:
                self.happened.append("platform")
                raise Killed
            real(*args, **named)

        monkeypatch.setattr(polling, "settle_job", settle_job)

    def submit(self, start: int, count: int) -> None:
        orders = []
        for n in range(start, start + count):
            script = SCRIPT.format(
                folder=self.cluster.records / "logs", length_s=self.rng.choice(LENGTHS_S)
            )
            orders.append(JobOrder(f"k{n}", self.rng.choice(CARDS), LIMIT_S, script=script))
        submit_jobs(PLATFORM, self.rng.choice(self.grants), orders, self.engine, at=now())

    def poll(self) -> None:
        try:
            self.stage.poll(self.engine)
        except UNWELL:
            self.happened.append("no answer")
        except Killed:
            pass
        for grant in self.grants:
            self.stage.check(grant)

    def misfortune(self) -> None:
        """The next of the deck, once what is away has come back: each kind has its turn."""
        if self.away:
            if self.rng.random() < 0.6:
                self.back()
            return
        if not self.deck:
            self.deck = [*DAEMONS, "slurmctld", f"slurmd-{self.rng.choice(NODES)}", *BLOWS]
            self.rng.shuffle(self.deck)
        what = self.deck.pop()
        if what not in BLOWS:
            self.kill(what)
        elif not getattr(self, what)():
            self.deck.insert(0, what)  # nothing runs that it could befall
            return
        self.happened.append(what)
        self.misfortunes += 1

    def kill(self, daemon: str) -> None:
        self.cluster.kill(daemon, signal.SIGKILL)
        self.away.append(daemon)

    def back(self) -> None:
        for daemon in self.away:
            name, _, node = daemon.partition("-")
            if name == "slurmrestd":
                self.cluster.start_rest()
            else:
                self.cluster.start(name, *(["-N", node] if node else []))
        self.away.clear()
        self.cluster.until_up()

    def cancel(self) -> bool:
        job = self._one("running", "queued")
        if job is not None:
            cancel_job(PLATFORM, job, self.engine, reason="chaos", at=now())
        return job is not None

    def requeue(self) -> bool:
        return self._to_one("requeue")

    def suspend(self) -> bool:
        return self._to_one("suspend")

    def drain(self) -> bool:
        return self._to_a_node("drain")

    def down(self) -> bool:
        return self._to_a_node("down")

    def _to_one(self, word: str) -> bool:
        job = self._one("running")
        if job is not None:
            self.scontrol(word, job.engine_job)
        return job is not None

    def _to_a_node(self, state: str) -> bool:
        self.scontrol(
            "update", f"nodename={self.rng.choice(NODES)}", f"state={state}", "reason=chaos"
        )
        return True

    def _one(self, *states: str) -> Job | None:
        rows = list(Job.objects.filter(state__in=states, engine_job__gt="").order_by("id"))
        return self.rng.choice(rows) if rows else None

    def scontrol(self, *words: str) -> None:
        self.cluster.run("scontrol", *words, check=False)

    def tend(self) -> None:
        """What docs/how-to/connect-slurm.md asks of an administrator: nodes come back, what
        is held is released, what was suspended resumes, phantoms are ended. What was requeued
        need not wait its two minutes."""
        states = self.cluster.run("sinfo", "-h", "-N", "-o", "%N %T", check=False)
        for line in states.splitlines():
            node, _, state = line.partition(" ")
            if state.startswith(("down", "drain")):
                self.scontrol("update", f"nodename={node}", "state=resume")
        told = self.cluster.run("squeue", "-h", "-o", "%A|%T|%r", check=False)
        for line in told.splitlines():
            job, state, why = line.split("|")
            if "held" in why.lower():
                self.scontrol("release", job)
            elif why == "BeginTime":
                self.scontrol("update", f"job={job}", "StartTime=now")
            elif state == "SUSPENDED":
                self.scontrol("resume", job)
        phantoms = Finding.objects.filter(cause="phantom", state="open")
        for job_id in phantoms.values_list("attempt__job__engine_job", flat=True):
            self.cluster.run("scancel", str(job_id), check=False)
        self.decide_submissions()

    def decide_submissions(self) -> None:
        """What may be a submission whose answer was lost: its script told under which id it
        ran, or told nothing."""
        doubts = Finding.objects.filter(cause="unanswered", state="open")
        for id in set(doubts.values_list("detail__job", flat=True)):
            job = Job.objects.get(pk=id)
            path = self.cluster.records / "logs" / f"{job.engine_key}.told"
            told = path.read_text().splitlines() if path.exists() else []
            of_job = doubts.filter(detail__job=id)
            may_be = set(of_job.values_list("detail__engine_job", flat=True))
            ids = {line.split()[2] for line in told}
            found = min(ids & may_be, default="")
            try:
                decide_submission(OPERATOR, job, engine_job=found, reason="script", at=now())
            except (NotInDoubt, DecisionInvalid):
                self.happened.append("decided meanwhile")

    def until_quiet(self, within_s: float) -> None:
        until(self._is_quiet, within_s, self.standing)

    def _is_quiet(self) -> bool:
        """Slurm has nothing more to do, and every job is over, or held back by a dispute."""
        self.tend()
        self.poll()
        if self.cluster.run("squeue", "-h", "-o", "%A", check=False).strip():
            return False
        rows = Job.objects.filter(state__in=OPEN)
        held = Attempt.objects.filter(is_held=True, is_disputed=False)
        return not (rows.exclude(attempts__is_disputed=True).exists() or held.exists())

    def told(self) -> dict[str, list[int]]:
        """By engine key: seconds of each run that began and ended by the script's own word."""
        spans: dict[str, list[int]] = defaultdict(list)
        for path in (self.cluster.records / "logs").glob("*.told"):
            begun = None
            for line in path.read_text().splitlines():
                word, at, _ = line.split()
                if word == "begun":
                    begun = int(at)
                elif begun is not None:
                    spans[path.stem].append(int(at) - begun)
                    begun = None
        return spans

    def standing(self) -> str:
        """How every job stands that is open, for Slurm and for the platform."""
        rows = []
        for job in Job.objects.filter(state__in=OPEN).order_by("created_at"):
            rows.append(f"{job.key} {job.state} slurm {job.engine_job} name {job.engine_key} "
                        f"missing {job.missing_since}")  # fmt: skip
            rows += [
                f"   {one.number} {one.attempt_key or '-'} {one.state} {one.cards} cards "
                f"{one.started_at} to {one.ended_at} held {one.is_held} "
                f"disputed {one.is_disputed} "
                f"{list(one.findings.values_list('cause', 'state'))}"
                for one in Attempt.objects.filter(job=job).order_by("number")
            ]
        squeue = self.cluster.run("squeue", "-o", "%A %j %T %r %S %N", check=False)
        sacct = self.cluster.run(
            "sacct", "-a", "-D", "-X", "-S", "2000-01-01", "-E", "now+1days", "--format",
            "JobIDRaw,JobName%40,State%20,Submit,Start,End,AllocTRES%40", check=False,
        )  # fmt: skip
        nodes = self.cluster.run("sinfo", "-N", "-o", "%N %T %E", check=False)
        happened = " ".join(self.happened)
        return "\n".join(["platform:", *rows, squeue, sacct, nodes, happened])
