"""A GPU programme for tests: a site, a class, grants with or without money, and an engine whose
facts a test writes itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from metering_market import OPERATOR, Market

from madang.compute.attempts.models import Attempt
from madang.compute.classes.actions import ClassFacts, StageFacts, declare_class
from madang.compute.engines.types import AttemptFact, Caps, GrantRef, JobRef, RunState
from madang.compute.grants.actions import GrantTerms, give_grant
from madang.compute.grants.queries import standing_of
from madang.compute.jobs.actions import submit_job
from madang.compute.jobs.orders import JobOrder
from madang.compute.lines.models import Line, LineKind
from madang.compute.polling import poll_site
from madang.compute.sites.actions import SiteFacts, declare_site
from madang.compute.sites.models import EngineKind
from madang.core.units import Meter, Unit
from madang.parties.actor import system_actor
from madang.parties.policies.models import PolicyVersion
from madang.parties.policies.queries import current_policy

PLATFORM = system_actor("worker")


def now() -> datetime:
    return datetime.now(UTC)


def declare_policy(**values: str | int) -> None:
    """A version of compute's policy that differs from the first in `values`."""
    told = current_policy("compute", now())
    PolicyVersion.objects.create(
        kind="compute", version=99, valid_from=now() - timedelta(days=1),
        data={**told.data, **values}, sha256="0" * 64, created_by="op-1", created_at=now(),
    )  # fmt: skip


class Stage:
    """One site and its class. `won_each` None: grants are free of charge."""

    def __init__(self, *, engine: EngineKind = EngineKind.SLURM, user: str = "www-data",
                 cards: int = 32, won_each: str | None = None) -> None:  # fmt: skip
        self.market = Market()
        self.at = now()
        today = self.at.date()
        facts = SiteFacts("gwangju", engine, "광주", "Gwangju", cluster="madang", user=user)
        self.site = declare_site(OPERATOR, facts, at=self.at).row
        offering = None
        if won_each is not None:
            offering = self.market.offering(
                "gj/h100", unit=Unit.GPU_SECOND, won_each=won_each, meter=Meter.COMPUTE
            )
        stages = [StageFacts(cards, today - timedelta(days=10))]
        gres = "gpu:h100" if engine == EngineKind.SLURM else "gpu"
        made = ClassFacts("h100", gres, cards, stages=stages)
        self.gpu_class = declare_class(OPERATOR, self.site, offering, made, at=self.at).row
        self.is_priced = won_each is not None

    def grant(self, code: str = "g1", *, gpu_seconds: int = 36_000, cards_max: int = 8,
              tranches=("1/1",), organisation: str = "hana", **voucher):  # fmt: skip
        today = self.at.date()
        firm = self.market.organisation(organisation)
        money = None
        if self.is_priced:
            money = self.market.voucher(
                f"v-{code}", organisation=organisation, offerings=("gj/*",),
                expires_at=self.at + timedelta(days=200), **voucher,
            )  # fmt: skip
        terms = GrantTerms(
            code, gpu_seconds, cards_max, today - timedelta(days=5),
            today + timedelta(days=100), tranches,
        )  # fmt: skip
        return give_grant(
            OPERATOR, firm, self.gpu_class, money, terms, approved="op-2", at=self.at
        )

    def submit(
        self, grant, engine, key: str = "k1", script: str = "exit 0", *, at=None, **more
    ):
        order = JobOrder(
            **{"key": key, "cards": 2, "time_limit_s": 60, "script": script} | more
        )
        return submit_job(PLATFORM, grant, order, engine, at=at or now()).job

    def poll(self, engine, *, at=None):
        self.site.refresh_from_db()
        return poll_site(PLATFORM, self.site, engine, at=at or now())

    def charged(self, grant) -> int:
        """GPU-seconds on effective lines: what the user pays."""
        rows = Line.objects.filter(attempt__job__grant=grant)
        signed = ((-1 if row.kind == LineKind.REVERSAL else 1, row) for row in rows)
        return sum(sign * row.user_gpu_seconds for sign, row in signed)

    def check(self, grant) -> None:
        """What must hold after every step: lines = Q500, holds = Q410, nothing below zero."""
        grant.refresh_from_db()
        standing = standing_of(grant)
        assert standing.used == self.charged(grant)
        open_holds = Attempt.objects.filter(job__grant=grant, is_held=True)
        assert standing.held == sum(one.held_gpu_seconds for one in open_holds)
        assert standing.available >= 0
        assert standing.granted == (
            standing.available + standing.held + standing.used + standing.expired
        )


@dataclass
class ScriptedEngine:
    """An engine that tells exactly what a test has written: `facts` is its accounting, `live`
    its controller. A submission is noted and starts nothing."""

    facts: list[AttemptFact] = field(default_factory=list)
    live: list[AttemptFact] = field(default_factory=list)
    doubts: list = field(default_factory=list)
    submitted: list = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    arrived: list[AttemptFact] = field(default_factory=list)
    failing: Exception | None = None
    step_s: int = 1
    id: str = "gwangju"

    def capabilities(self) -> Caps:
        return Caps(
            can_preempt=True, can_suspend=True, has_hard_quota=True,
            time_limit_step_s=self.step_s, clock="script",
        )  # fmt: skip

    def ensure_grant(self, grant):
        return GrantRef(grant.account, grant.user)

    def set_budget(self, ref, *, gpu_seconds, cards_max, not_after): ...

    def freeze(self, ref, reason): ...

    def thaw(self, ref): ...

    def submit(self, spec, key, *, since, is_first=False):
        if self.failing is not None:
            raise self.failing
        found = self.find(key, spec.grant, since=since)
        if found is None:
            self.submitted.append((key, spec))
            found = self.find(key, spec.grant, since=since)
        return found

    def find(self, key, ref, *, since):
        keys = [one for one, _ in self.submitted]
        return JobRef(str(100 + keys.index(key)), key, ref) if key in keys else None

    def arrivals(self, ref, *, since, whole=True):
        return [one for one in self.arrived if one.submitted_at >= since]

    def status(self, refs):
        return list(self.live)

    def cancel(self, ref, reason, *, grace_s):
        self.cancelled.append(ref.key)

    def usage(self, cursor):
        if self.failing is not None:
            raise self.failing
        return list(self.facts), cursor

    def reconcile(self, since, until):
        """Of the window alone, as a real one: what ended before it is not looked at."""
        told = [(one.accounting or one.node, one) for one in self.doubts]
        ends = [(fact and fact.ended_at, one) for fact, one in told]
        return [one for end, one in ends if end is None or end >= since]

    def log(self, ref, *, bytes_max):
        return ""


def fact(job, *, starts: datetime, lasts_s: float | None, cards: int = 2, job_id: str = "",
         state: RunState = RunState.COMPLETED, submitted: datetime | None = None,
         account: str = "") -> AttemptFact:  # fmt: skip
    """One attempt of a job as accounting tells it; `lasts_s` None: it runs still."""
    ends = None if lasts_s is None else starts + timedelta(seconds=lasts_s)
    return AttemptFact(
        job_id or job.engine_job, job.engine_key, account or job.grant.account, cards,
        submitted or starts - timedelta(seconds=5), starts, ends, 0,
        state if ends else RunState.RUNNING, "accounting",
    )  # fmt: skip


def changed(one: AttemptFact, **values) -> AttemptFact:
    return replace(one, **values)
