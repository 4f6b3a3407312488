"""Judge a report: every command issued, against the tables, by code that schedules nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from madang.chips.pim.check import rules
from madang.chips.pim.plans import attacc
from madang.chips.pim.report import Report
from madang.chips.pim.spec import Spec
from madang.chips.pim.stream import Flag, Stream
from madang.chips.pim.task import Task
from madang.chips.pim.timing.ticks import COMPAT, Rules, ticks_together

QUIRKS = {
    "pimsimulator": {
        "XAW": "this profile has no activation window",
        "RP before REF": "REF may follow PRE at once",
    },
    "aim_sim": {},
    "jedec": {},
}


@dataclass(frozen=True, slots=True)
class Verdict:
    commands: int
    broken: tuple[rules.Violation, ...]  # what no profile allows
    allowed: dict[str, int]  # what this profile's quirks allow, by rule
    faults: tuple[str, ...]  # state and order

    @property
    def legal(self) -> bool:
        return not self.broken and not self.faults


def judge(spec: Spec, report: Report) -> Verdict:
    if spec.family == "attacc":
        return _attention(spec, report)
    assert report.log is not None
    if spec.family == "aim":
        events = rules.aim_events(report.log)
        found = rules.violations(events, rules.aim_rules(spec.timing()))
        return Verdict(len(events.cycle), tuple(found), {}, tuple(_late(spec, report, events)))
    return _bankpair(spec, report)


def _attention(spec: Spec, report: Report) -> Verdict:
    """Reports of whole devices keep no log: the stack is run again, every channel judged."""
    s = report.shape
    task = Task("attention", heads=s["heads"], context=s["context"], width=s["width"],
                dtype=report.dtype)  # fmt: skip
    run = attacc.run_stack(spec, attacc.work_of(spec, task), log=True)
    table, commands = rules.attention_rules(spec.timing()), 0
    broken: list[rules.Violation] = []
    faults: list[str] = []
    for log in run.logs:
        events = rules.attention_events(log)
        commands += len(log)
        broken += rules.violations(events, table)
        faults += rules.attention_faults(events)
    return Verdict(commands, tuple(broken), {}, tuple(faults))


def _late(spec: Spec, report: Report, events: rules.Events) -> list[str]:
    """Refreshes later than the standard allows; the simulators' profiles drop them."""
    if spec.profile != "jedec":
        return []
    most = spec.integer("refresh_postponed_max")
    refi = spec.integer("REFI")
    pair = spec.family == "bank-pair"
    shares = rules.by_rank(events, ranks=spec.integer("ranks")) if pair else [events]
    found = [
        rules.refresh_faults(one, refi=refi, postponed=most, end=report.cycles)
        for one in shares
    ]
    return [fault for one in found for fault in one]


def _bankpair(spec: Spec, report: Report) -> Verdict:
    assert report.log is not None and report.stream is not None
    real = spec.integer("ranks") if spec.profile == "jedec" else 1
    events = rules.bankpair_events(report.log, ranks=real)
    table = rules.bankpair_rules(spec.timing(), profile=spec.profile)
    broken = rules.violations(events, table)
    quirks = QUIRKS.get(spec.profile, {})
    strict = [rules.Rule("RP before REF", "PRE", "REF", "rank", spec.integer("RP"))]
    window = rules.window_violations(
        events, acts=spec.integer("XAW"), cycles=spec.integer("tXAW")
    )
    beyond = rules.violations(events, strict) + window
    allowed = Counter(one.rule for one in beyond if one.rule in quirks)
    broken += [one for one in beyond if one.rule not in quirks and one not in broken]
    lost = _lost_fences(spec, report)
    faults = rules.state_faults(events) + _late(spec, report, events)
    faults += rules.order_faults(report.stream, events, lost=lost)
    return Verdict(len(events.cycle), tuple(broken), dict(allowed), tuple(faults))


def tick_rules(spec: Spec) -> tuple[dict[str, int], Rules]:
    """A bank-pair device as the plain reading of the rules takes it."""
    t = {**spec.timing(), "postponed": 0}
    for name in ("ranks", "command_queue", "host_queue"):
        t[name] = spec.integer(name)
    if spec.profile == "pimsimulator":
        t["WTRS"] = t["WTRL"]
        return t, COMPAT
    t["postponed"], t["real"] = spec.integer("refresh_postponed_max"), t["ranks"]
    return t, Rules()


def by_ticks(spec: Spec, *streams: Stream) -> int:
    """Cycles of bank-pair channels by the second, plain reading of the rules: slow."""
    return ticks_together(streams, *tick_rules(spec))[0]


def _lost_fences(spec: Spec, report: Report) -> tuple[int, ...]:
    if spec.profile != "pimsimulator" or report.stream is None:
        return ()
    ends = np.flatnonzero(report.stream["flags"][:-1] & Flag.DRAIN) + 1
    return tuple(int(start) + spec.integer("host_queue") - 1 for start in (0, *ends))
