"""Slurm behind the interface of all engines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from madang.compute.engines.slurm.books import (
    WRONG_CLOCK_MAX,
    differences,
    node_clocks,
    unheard,
)
from madang.compute.engines.slurm.commands import Commands
from madang.compute.engines.slurm.reading import (
    FULL_FIELDS,
    SACCT_FIELDS,
    USER_FIELDS,
    Unread,
    from_rest,
    from_scontrol,
    instant,
    row_of,
    unreadable,
    users_in,
)
from madang.compute.engines.slurm.records import can_read, read_records
from madang.compute.engines.slurm.rest import Rest
from madang.compute.engines.slurm.settings import FORBIDDEN_USERS, SlurmSettings
from madang.compute.engines.types import (
    RECORDS_AWAY,
    AttemptFact,
    Caps,
    Cursor,
    Discrepancy,
    GrantRef,
    GrantSpec,
    JobRef,
    JobSpec,
    RunState,
)
from madang.compute.errors import EngineRefused, EngineUnclear, UserForbidden
from madang.core.clock import SystemClock

SECONDS_PER_MINUTE = 60
OVERLAP_S = 3600
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
SKEW = timedelta(seconds=2)
FROZEN, THAWED = "0", "-1"
_WAITING = re.compile(r"DBD Agent queue size:\s*(\d+)")


class SlurmEngine:
    """Submissions, cancels and the controller's word by REST where there is an address; the
    books and the accounts by the command line, which alone can write associations."""

    def __init__(self, settings: SlurmSettings) -> None:
        if settings.user in FORBIDDEN_USERS or not settings.user:
            reason = "name a user that administers nothing"
            raise UserForbidden(user=settings.user, reason=reason)
        self._settings = settings
        self._clock = SystemClock()  # a cluster does not follow a test clock
        self._commands = Commands(settings)
        self._rest = Rest(settings) if settings.address else None

    @property
    def id(self) -> str:
        return self._settings.site

    def capabilities(self) -> Caps:
        return Caps(
            can_preempt=True, can_suspend=True, has_hard_quota=True,
            time_limit_step_s=SECONDS_PER_MINUTE, clock="controller",
        )  # fmt: skip

    def ensure_grant(self, grant: GrantSpec) -> GrantRef:
        cluster = f"cluster={self._settings.cluster}"
        self._commands.change("add", "account", grant.account, cluster)
        account = f"account={grant.account}"
        self._commands.change("add", "user", grant.user, account, cluster)
        ref = GrantRef(grant.account, grant.user)
        self._set(ref, f"GrpTRES=gres/gpu={grant.cards_max}")
        return ref

    def set_budget(
        self, ref: GrantRef, *, gpu_seconds: int, cards_max: int, not_after: datetime
    ) -> None:
        """Whole minutes, rounded up with one minute of all cards: the platform's hold is the
        fence, this one only stands behind it."""
        minutes = -(-gpu_seconds // SECONDS_PER_MINUTE) + cards_max
        self._set(ref, f"GrpTRESMins=gres/gpu={minutes}", f"GrpTRES=gres/gpu={cards_max}")

    def freeze(self, ref: GrantRef, reason: str) -> None:
        self._set(ref, f"GrpSubmitJobs={FROZEN}")

    def thaw(self, ref: GrantRef) -> None:
        self._set(ref, f"GrpSubmitJobs={THAWED}")

    def _set(self, ref: GrantRef, *values: str) -> None:
        cluster = f"cluster={self._settings.cluster}"
        self._commands.change("modify", "account", ref.account, cluster, "set", *values)

    def submit(
        self, spec: JobSpec, key: str, *, since: datetime, is_first: bool = False
    ) -> JobRef:
        if not is_first and (found := self.find(key, spec.grant, since=since)) is not None:
            return found
        if self._rest is not None:
            answer = self._rest.call(
                "POST", "job/submit", self._body(spec, key), user=spec.grant.user
            )
            job_id = str(answer.get("job_id") or "")
        else:
            words = self._sbatch(spec, key)
            script = undirected(spec.script)
            told = self._commands.submit(
                *words, script=script, user=spec.grant.user,
                environment=_environment(spec, key),
            )  # fmt: skip
            job_id = told.strip().partition(";")[0]
        if not job_id:
            raise EngineUnclear(site=self.id, reason="neither a job's id nor a refusal")
        return JobRef(job_id, key, spec.grant)

    def _body(self, spec: JobSpec, key: str) -> dict[str, object]:
        job: dict[str, object] = {
            "name": key,
            "comment": key,
            "account": spec.grant.account,
            **_cards_by_rest(spec),
            "time_limit": -(-spec.time_limit_s // SECONDS_PER_MINUTE),
            "requeue": True,
            "environment": _environment(spec, key),
            "current_working_directory": str(self._settings.logs or "/"),
            "standard_output": self._log_name(key),
        }
        if self._settings.partition:
            job["partition"] = self._settings.partition
        if spec.array:
            job["array"] = f"0-{spec.array - 1}"
        return {"job": job, "script": spec.script}

    def _sbatch(self, spec: JobSpec, key: str) -> list[str]:
        minutes = -(-spec.time_limit_s // SECONDS_PER_MINUTE)
        words = [
            "sbatch", "--parsable", f"--job-name={key}", f"--comment={key}", "--requeue",
            f"--account={spec.grant.account}", *_cards_by_words(spec),
            f"--time={minutes}", f"--output={self._log_name(key)}",
            f"--chdir={self._settings.logs or '/'}", "--ignore-pbs",
        ]  # fmt: skip
        words += [f"--partition={self._settings.partition}"] if self._settings.partition else []
        return words + ([f"--array=0-{spec.array - 1}"] if spec.array else [])

    def _log_name(self, key: str) -> str:
        """By the key and not by the job's name: a job that runs can change its name, and where
        its output goes it cannot."""
        return str(self._settings.logs / f"{key}.out") if self._settings.logs else "/dev/null"

    def find(self, key: str, ref: GrantRef, *, since: datetime) -> JobRef | None:
        """In the controller, then in the books, by time: adopted only when account, key and
        time are ours. Raises EngineUnclear when a book cannot be read: not found is not absent.
        """
        facts = [one for one in self._controller(name=key) if _is_ours(one, key, ref, since)]
        if not facts:
            asked = f"--accounts={ref.account}"
            booked, unread = self._booked(since - SKEW, FULL_FIELDS, asked)
            self._need_read(one for one in unread if one.fact.key == key)
            facts = [one for _, one in booked if _is_ours(one, key, ref, since)]
        first = min(facts, key=lambda one: (one.submitted_at, one.job_id), default=None)
        return JobRef(first.job_id, key, ref, first.submitted_at) if first else None

    def arrivals(
        self, ref: GrantRef, *, since: datetime, whole: bool = True
    ) -> list[AttemptFact]:
        """By the user, which no job can change; its account one that waits can. What was
        cancelled while it was held leaves no row, and never ran."""
        if whole:
            self._need_all_told()
        records = read_records(self._settings.records)  # before those who know more
        live = self._listed()
        booked, unread = self._booked(since - WRONG_CLOCK_MAX, USER_FIELDS)
        if whole:
            self._need_read(one for one in unread if one.user in {ref.user, ""})
        told = [fact for _, fact in (*live, *booked)]
        now, tolerance_s = self._clock.now(), self._settings.node_tolerance_s
        unbooked = unheard(told, records, since - SKEW, now, tolerance_s=tolerance_s)
        found = [
            fact
            for users, fact in (*live, *booked)
            if ref.user in users or not any(users)  # whose it is nobody says
        ]
        found += [one.node for one in unbooked if one.node is not None]
        return [one for one in found if one.submitted_at >= since - SKEW]

    def _need_read(self, unread: Iterable[Unread]) -> None:
        """A row that cannot be read may be the one that is looked for."""
        if (one := next(iter(unread), None)) is not None:
            reason = f"the row of job {one.fact.job_id} cannot be read: {one.detail}"
            raise EngineUnclear(site=self.id, reason=reason)

    def _need_all_told(self) -> None:
        """The controller tells accounting through a queue. Read before accounting is: what had
        happened by then is in it. Nodes tell nothing through a folder that is away."""
        waiting = _WAITING.search(self._commands.run("sdiag"))
        if waiting is None or waiting[1] != "0":
            reason = "the controller has not told accounting everything yet"
            raise EngineUnclear(site=self.id, reason=reason)
        if not can_read(self._settings.records):
            raise EngineUnclear(site=self.id, reason="the nodes' records cannot be read")

    def status(self, refs: Sequence[JobRef]) -> list[AttemptFact]:
        if not refs:
            return []
        wanted = {ref.key: ref for ref in refs}
        found = [one for one in named(self._controller(), refs) if one.key in wanted]
        missing = wanted.keys() - {one.key for one in found}
        return found + [_unknown(wanted[key]) for key in sorted(missing)]

    def _controller(self, *, name: str = "") -> list[AttemptFact]:
        return [one for _, one in self._listed() if name in {"", one.key}]

    def _listed(self) -> list[tuple[Sequence[str], AttemptFact]]:
        """The controller's jobs, and by whom each may be."""
        if self._rest is not None:
            jobs = self._rest.call("GET", "jobs").get("jobs")
            if not isinstance(jobs, list):
                raise EngineUnclear(site=self.id, reason="no list of jobs")
            rows = [job for job in jobs if isinstance(job, dict)]
            read = [([str(job.get("user_name") or "")], from_rest(job)) for job in rows]
        else:
            lines = self._commands.run("scontrol", "-o", "show", "jobs").splitlines()
            read = [(users_in(line), from_scontrol(line)) for line in lines]
        return [(users, fact) for users, fact in read if fact is not None]

    def cancel(self, ref: JobRef, reason: str, *, grace_s: int) -> None:
        try:
            if self._rest is not None:
                self._rest.call("DELETE", f"job/{ref.job_id}", user=ref.grant.user)
            else:
                self._commands.run("scancel", ref.job_id)
        except EngineRefused as err:
            if "Invalid job id" not in str(err.fields.get("reason", "")):
                raise

    def usage(self, cursor: Cursor) -> tuple[list[AttemptFact], Cursor]:
        since = instant(cursor) or LONG_AGO
        now = self._clock.now()
        facts, _ = self._accounting(since)  # what cannot be read is told by reconcile
        return facts, str(max(int(now.timestamp()) - OVERLAP_S, int(cursor or 0)))

    def _accounting(self, since: datetime) -> tuple[list[AttemptFact], list[Unread]]:
        booked, unread = self._booked(since, SACCT_FIELDS)
        return [fact for _, fact in booked], unread

    def _booked(
        self, since: datetime, fields: Sequence[str], *more: str
    ) -> tuple[list[tuple[Sequence[str], AttemptFact]], list[Unread]]:
        """Every attempt (-D), of allocations only (-X), uncut: no -T, always -S and -E. Whose
        each is where that was asked for; and what cannot be read."""
        rows = self._commands.rows(
            fields, "sacct", "-a", "-D", "-X", "-P", "-n", "-S",
            f"{since:%Y-%m-%dT%H:%M:%S}", "-E", "now+1days",
            f"--clusters={self._settings.cluster}", *more,
        )  # fmt: skip
        booked: list[tuple[Sequence[str], AttemptFact]] = []
        unread: list[Unread] = []
        for row in rows:
            one = row_of(row)
            if isinstance(one, Unread):
                unread.append(one)
            else:
                booked.append(([row.get("User", "")], one))
        return booked, unread

    def reconcile(self, since: datetime, until: datetime) -> list[Discrepancy]:
        since_node = since - WRONG_CLOCK_MAX  # what a node's clock moves inside
        read, unread = self._accounting(since_node)
        accounting = [one for one in read if one.submitted_at <= until]
        controller, nodes = self._controller(), read_records(self._settings.records)
        late = timedelta(seconds=self._settings.books_late_s)
        tolerance_s = self._settings.node_tolerance_s
        found = differences(
            accounting, controller, nodes, tolerance_s=tolerance_s, now=self._clock.now()
        )
        found += [unreadable(one) for one in unread]
        found += node_clocks(accounting, nodes, tolerance_s=tolerance_s)
        if not can_read(self._settings.records):
            found.append(_records_away(self._settings))
        return found + list(
            unheard([*accounting, *controller], nodes, since, self._clock.now() - late,
                    tolerance_s=tolerance_s)
        )  # fmt: skip

    def log(self, ref: JobRef, *, bytes_max: int) -> str:
        folder = self._settings.logs
        path = folder / f"{ref.key}.out" if folder else None
        if path is None or not path.exists():
            return ""
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - bytes_max))
            return file.read().decode("utf-8", "replace")

    def outputs(self, ref: JobRef) -> Path | None:
        """What a job leaves stays on the cluster; its log is what comes back."""
        return None


def _records_away(settings: SlurmSettings) -> Discrepancy:
    where = str(settings.records)
    return Discrepancy("records", "", RECORDS_AWAY, None, None, None, where, doubts=False)


DIRECTIVE = re.compile(r"#(?=SBATCH|BSUB|PBS)")


def undirected(script: str) -> str:
    """The same script, whose leading comments ask for nothing: `sbatch` would read more nodes,
    tasks of an array and parts of a job out of them, and only the order was held for."""
    lines = script.split("\n")
    for place, line in enumerate(lines):
        if line.strip() and not line.lstrip().startswith("#"):
            break
        lines[place] = DIRECTIVE.sub("##", line, count=1)
    return "\n".join(lines)


def named(facts: Iterable[AttemptFact], refs: Iterable[JobRef]) -> Iterator[AttemptFact]:
    """By the key that was submitted: who runs a job may write another name into it."""
    keys = {(ref.job_id, ref.grant.account): ref.key for ref in refs}
    for one in facts:
        key = keys.get((one.submission, one.account), one.key)
        yield one if key == one.key else replace(one, key=key)


def _servers(spec: JobSpec) -> int:
    """Whole servers that these cards fill; 0 where they fill none or it is one."""
    per_server = spec.cards_per_server
    fills = per_server and spec.cards > per_server and spec.cards % per_server == 0
    return spec.cards // per_server if fills else 0


def _gpus(spec: JobSpec, cards: int) -> str:
    """`gpu:h100` and 12 cards in the words of --gpus."""
    _, _, kind = spec.gres.partition(":")
    return f"{kind}:{cards}" if kind else str(cards)


def _cards_by_rest(spec: JobSpec) -> dict[str, object]:
    """Cards of one server are asked for by server, for Slurm may spread --gpus. A number of
    nodes as a list is taken by v0.0.38, and not heeded."""
    if servers := _servers(spec):
        each = _gpus(spec, spec.cards_per_server)
        asked = {"gpus": _gpus(spec, spec.cards), "gpus_per_node": each}
        return {**asked, "tasks": servers, "tasks_per_node": 1}
    if spec.cards_per_server and spec.cards > spec.cards_per_server:
        return {"gpus": _gpus(spec, spec.cards)}
    return {"gres": f"{spec.gres}:{spec.cards}"}


def _cards_by_words(spec: JobSpec) -> list[str]:
    if servers := _servers(spec):
        gres = f"--gres={spec.gres}:{spec.cards_per_server}"
        return [gres, f"--nodes={servers}", f"--ntasks={servers}"]
    if spec.cards_per_server and spec.cards > spec.cards_per_server:
        return [f"--gpus={_gpus(spec, spec.cards)}"]
    return [f"--gres={spec.gres}:{spec.cards}"]


def _environment(spec: JobSpec, key: str) -> dict[str, str]:
    """Never empty: Slurm refuses that. What a job submits by itself goes to its own grant's
    account: the user's default one is that of the site's first grant."""
    mounts = {f"MADANG_DATASET_{name}": place for name, place in spec.mounts.items()}
    account = spec.grant.account
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", **spec.environment,
        **mounts, "SBATCH_ACCOUNT": account, "SALLOC_ACCOUNT": account,
        "MADANG_JOB": key, "MADANG_CARDS": str(spec.cards),
    }  # fmt: skip


def _is_ours(fact: AttemptFact, key: str, ref: GrantRef, since: datetime) -> bool:
    """Ids and even keys come again from elsewhere; a job older than our intent is not ours."""
    is_named = fact.key == key and fact.account == ref.account
    return is_named and fact.submitted_at >= since - SKEW


def _unknown(ref: JobRef) -> AttemptFact:
    at = ref.submitted_at or LONG_AGO
    return AttemptFact(
        ref.job_id, ref.key, ref.grant.account, 0, at, None, None, 0, RunState.UNKNOWN,
        "controller",
    )  # fmt: skip
