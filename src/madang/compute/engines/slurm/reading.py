"""From Slurm's words to attempts: sacct, scontrol and REST say the same thing in three ways."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import PurePath

from madang.compute.engines.types import UNREADABLE, AttemptFact, Discrepancy, RunState

log = logging.getLogger("madang.compute")
SACCT_FIELDS = (
    "JobIDRaw", "JobID", "DBIndex", "State", "Submit", "Start", "End", "Suspended",
    "AllocTRES", "Account", "Cluster", "NodeList", "JobName", "Comment",
)  # fmt: skip
FULL_FIELDS = (*SACCT_FIELDS, "SubmitLine")
"""With a line that is long where jobs are submitted by commands: only to find one."""
USER_FIELDS = (*FULL_FIELDS, "User")
STATES = {
    "PENDING": RunState.PENDING,
    "CONFIGURING": RunState.PENDING,
    "RUNNING": RunState.RUNNING,
    "COMPLETING": RunState.ENDING,
    "SUSPENDED": RunState.SUSPENDED,
    "COMPLETED": RunState.COMPLETED,
    "FAILED": RunState.FAILED,
    "OUT_OF_MEMORY": RunState.FAILED,
    "BOOT_FAIL": RunState.NODE_FAIL,
    "CANCELLED": RunState.CANCELLED,
    "DEADLINE": RunState.CANCELLED,
    "REVOKED": RunState.CANCELLED,
    "TIMEOUT": RunState.TIMEOUT,
    "PREEMPTED": RunState.PREEMPTED,
    "REQUEUED": RunState.REQUEUED,
    "RESIZING": RunState.RESIZED,
    "NODE_FAIL": RunState.NODE_FAIL,
}
OUR_KEY = re.compile(r"madang-[0-9a-f]{32}")
_NAMED = re.compile(rf"--job-name=({OUR_KEY.pattern})(?= |$)")
_PAIR = re.compile(r"(\S+?)=(\S*)")
_USER = re.compile(r" UserId=([^\s(]*)")
TEXTS_MAX = 4096
"""Of states, cards and durations that are kept as they were read: nearly all rows of a long
reading say one of a few."""


@lru_cache(TEXTS_MAX)
def state_of(text: str) -> RunState:
    """The first word: "CANCELLED by 0" is one. A word that is not known is a value, too."""
    return STATES.get(text.split(" ", 1)[0].rstrip("+"), RunState.UNKNOWN)


@lru_cache(TEXTS_MAX)
def cards_in(tres: str) -> int:
    """Allocated cards: the sum over kinds where no total is given. Raises ValueError for what
    is no number, and never takes it for none."""
    pairs = dict(one.partition("=")[::2] for one in tres.split(",") if "=" in one)
    kinds = [n for name, n in pairs.items() if name.startswith("gres/gpu:")]
    return sum(_count(n) for n in ([pairs["gres/gpu"]] if "gres/gpu" in pairs else kinds))


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(text)
    return int(text)


NO_INSTANT = frozenset({"", "0", "Unknown", "None"})


def told_instant(text: str) -> datetime | None:
    """As `instant`, where nothing else may stand. Raises ValueError: what cannot be read is no
    time that is not known."""
    return None if text in NO_INSTANT else datetime.fromtimestamp(_count(text), UTC)


def instant(text: str) -> datetime | None:
    """Epoch seconds; "Unknown", "None" and 0 are none."""
    return datetime.fromtimestamp(int(text), UTC) if text.isdigit() and int(text) else None


@lru_cache(TEXTS_MAX)
def seconds(text: str) -> int:
    """[days-]hours:minutes:seconds."""
    days, _, clock = text.rpartition("-")
    total = 0
    for part in clock.split(":"):
        total = total * 60 + int(float(part or 0))
    return int(days or 0) * 86_400 + total


def _whole(told: str) -> str:
    """`8_2` is task 2 of 8, `8_[3-9]` are its tasks that wait; `8+1` is a part of 8."""
    found = re.split(r"[_+]", told)
    return found[0] if len(found) > 1 else ""


def key_of(comment: str, name: str, *, output: str = "", line: str = "") -> str:
    """What the submitter wrote. A name and a comment can be written anew while a job runs;
    where its output goes, and the line it was submitted by, cannot."""
    kept = [PurePath(output).stem] if output else []
    kept += _NAMED.findall(line)[:1] if line else []
    sturdy = next((one for one in kept if OUR_KEY.fullmatch(one)), "")
    return sturdy or comment or name


UNREAD = (ValueError, OverflowError, OSError)
"""What a number raises that is none, or that no clock has."""
DETAIL_MAX = 300
EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Unread:
    """A row of accounting that is left out, as far as it can be read."""

    fact: AttemptFact
    user: str
    detail: str


def row_of(row: Mapping[str, str]) -> AttemptFact | Unread:
    """One row of sacct, or what of it can be told of a row that cannot be read: it is logged,
    and all others are read."""
    try:
        fact = from_accounting(row)
    except UNREAD:
        fact = None
    if fact is not None:
        return fact
    wrong = [f"{name} {row[name]!r}" for name in NUMBERS if not _is_read(name, row[name])]
    detail = ", ".join(wrong)[:DETAIL_MAX]
    log.warning("a row of accounting cannot be read: job %s, %s", row["JobIDRaw"], detail)
    bare = AttemptFact(
        row["JobIDRaw"], key_of(row["Comment"], row["JobName"], line=row.get("SubmitLine", "")),
        row["Account"], 0, _instant_or_none(row["Submit"]) or EPOCH, None, None, 0,
        RunState.UNKNOWN, UNREADABLE, whole_job=_whole(row["JobID"]),
    )  # fmt: skip
    return Unread(bare, row.get("User", ""), detail)


NUMBERS: Mapping[str, Callable[[str], object]] = {
    "Submit": lambda text: told_instant(text) or _count(f"{text} is none"),
    "Start": told_instant,
    "End": told_instant,
    "Suspended": seconds,
    "AllocTRES": cards_in,
}


def _is_read(name: str, text: str) -> bool:
    try:
        NUMBERS[name](text)
    except UNREAD:
        return False
    return True


def _instant_or_none(text: str) -> datetime | None:
    try:
        return told_instant(text)
    except UNREAD:
        return None


def unreadable(one: Unread) -> Discrepancy:
    fact = one.fact
    return Discrepancy(
        fact.job_id, fact.key, UNREADABLE, fact, None, None, one.detail, doubts=False
    )


def from_accounting(row: Mapping[str, str]) -> AttemptFact | None:
    """One row of sacct. None: it has no submission. Raises one of UNREAD for a number that is
    none."""
    submitted, state = told_instant(row["Submit"]), state_of(row["State"])
    if submitted is None:
        return None
    started, ended = told_instant(row["Start"]), told_instant(row["End"])
    cards = cards_in(row["AllocTRES"])
    again = state.may_run_again  # only what had started runs again, be it for no second
    if state is RunState.PENDING or (cards == 0 and started == ended and not again):
        started = None
    if state.is_live:
        ended = None
    if started is not None and started < submitted <= (ended or submitted):
        started = submitted  # what a job went on with after a resize, told with the job's start
    return AttemptFact(
        row["JobIDRaw"],
        key_of(row["Comment"], row["JobName"], line=row.get("SubmitLine", "")),
        row["Account"], cards, submitted, started, ended, seconds(row["Suspended"]), state,
        "accounting", node_list=row["NodeList"], evidence=f"db {row['DBIndex']} {row['State']}",
        whole_job=_whole(row["JobID"]),
    )  # fmt: skip


def from_scontrol(line: str) -> AttemptFact | None:
    """One line of `scontrol -o show jobs`."""
    pairs = dict(_PAIR.findall(line))
    submitted = instant(pairs.get("SubmitTime", ""))
    if submitted is None or "JobId" not in pairs:
        return None
    state = state_of(pairs.get("JobState", ""))
    return _of_controller(
        job_id=pairs["JobId"],
        key=key_of(pairs.get("Comment", ""), pairs.get("JobName", ""),
                   output=pairs.get("StdOut", "")),
        account=pairs.get("Account", ""), tres=pairs.get("TRES", ""), state=state,
        submitted=submitted, started=instant(pairs.get("StartTime", "")),
        ended=instant(pairs.get("EndTime", "")), nodes=pairs.get("NodeList", ""),
        restarts=pairs.get("Restarts", "0"),
        array=pairs.get("ArrayJobId") or pairs.get("HetJobId", ""),
        resized=instant(pairs.get("ResizeTime", "")),
    )  # fmt: skip


def users_in(line: str) -> list[str]:
    """By whom a line of scontrol may be: a name or a comment can say another one as well, and
    the true one stands there in any case."""
    return _USER.findall(line)


def from_rest(job: Mapping[str, object]) -> AttemptFact | None:
    """One job of GET /slurm/…/jobs."""
    submitted = instant(str(job.get("submit_time") or ""))
    if submitted is None:
        return None
    return _of_controller(
        job_id=str(job["job_id"]),
        key=key_of(str(job.get("comment") or ""), str(job.get("name") or ""),
                   output=str(job.get("standard_output") or "")),
        account=str(job.get("account") or ""), tres=str(job.get("tres_alloc_str") or ""),
        state=state_of(str(job.get("job_state") or "")), submitted=submitted,
        started=instant(str(job.get("start_time") or "")),
        ended=instant(str(job.get("end_time") or "")), nodes=str(job.get("nodes") or ""),
        restarts=str(job.get("restart_cnt") or 0),
        array=str(job.get("array_job_id") or job.get("het_job_id") or ""),
        resized=instant(str(job.get("resize_time") or "")),
    )  # fmt: skip


def _of_controller(
    *, job_id: str, key: str, account: str, tres: str, state: RunState, submitted: datetime,
    started: datetime | None, ended: datetime | None, nodes: str, restarts: str, array: str,
    resized: datetime | None,
) -> AttemptFact:  # fmt: skip
    """A planned start of a waiting job and a planned end of a running one are no facts. While
    a requeued job gives its cards back, Slurm tells the old submission with a new start. What
    it has since it changed its size is told as accounting tells it: submitted at that time."""
    if resized is not None and started is not None and resized > started:
        submitted = started = resized
    try:
        cards = cards_in(tres)
    except ValueError:  # still the controller's, and nothing is told of its run
        log.warning(
            "the controller's job %s cannot be read: TRES %r", job_id, tres[:DETAIL_MAX]
        )
        cards, started = 0, None
        state = RunState.PENDING if state.is_live else state
    if not state.has_cards and (state.is_live or cards == 0):
        started, cards = None, 0
    return AttemptFact(
        job_id, key, account, cards, submitted, started, None if state.is_live else ended, 0,
        state, "controller", node_list=nodes, evidence=f"restarts {restarts}",
        whole_job=array,
    )  # fmt: skip
