"""An independent judge: every command of a log against the distance table, as data.

Knows nothing of schedulers. A rule says how long after `first` in a scope `second` may come;
for each second the latest first before it is looked up, whatever engine made the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from madang.chips.pim.standards.gddr6_aim import Command, distances
from madang.chips.pim.stream import Flag, Stream

I64 = npt.NDArray[np.int64]
Scope = Literal["bank", "neighbour", "group", "elsewhere", "rank", "other rank", "channel"]
BANKS_OF_RANK = 16


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    first: str
    second: str
    scope: Scope
    cycles: int


@dataclass(frozen=True, slots=True)
class Violation:
    rule: str
    first_cycle: int
    second_cycle: int
    needed_cycles: int

    @property
    def short_by(self) -> int:
        return self.needed_cycles - (self.second_cycle - self.first_cycle)


@dataclass(frozen=True, slots=True)
class Events:
    """A log as columns; `kinds` are names."""

    cycle: I64
    kind: npt.NDArray[np.str_]
    bank: I64
    row: I64
    column: I64


BANKPAIR_KINDS = ("RD", "WR", "ACT", "PRE", "REF")


def bankpair_events(log: I64, *, ranks: int = 1) -> Events:
    """Refreshes of ranks without banks touch nothing; the others stand at their first bank."""
    kinds = np.array(BANKPAIR_KINDS)[log[:, 1]]
    refresh = kinds == "REF"
    mine = ~(refresh & (log[:, 2] >= ranks))
    bank = np.where(refresh, BANKS_OF_RANK * log[:, 2], log[:, 2])
    part = log[mine]
    return Events(part[:, 0], kinds[mine], bank[mine], part[:, 3], part[:, 4])


def by_rank(events: Events, *, ranks: int = 1) -> list[Events]:
    """The same log, a rank at a time."""
    rank = events.bank // BANKS_OF_RANK
    shares = [rank == r for r in range(max(ranks, int(rank.max(initial=0)) + 1))]
    return [
        Events(*(getattr(events, f)[s] for f in ("cycle", "kind", "bank", "row", "column")))
        for s in shares
    ]


def bankpair_rules(t: Mapping[str, int], *, profile: str) -> list[Rule]:
    """The constraint table of section "after a command issued at cycle n", for one profile."""
    half = t["BL"] // 2
    near, far = max(half, t["CCDL"]), max(half, t["CCDS"])
    wtr_near = t["WL"] + half + t["WTRL"]
    wtr_far = wtr_near if profile == "pimsimulator" else t["WL"] + half + t["WTRS"]
    table: list[Rule] = [
        Rule("RC", "ACT", "ACT", "bank", t["RC"]),
        Rule("RRDL", "ACT", "ACT", "neighbour", t["RRDL"]),
        Rule("RRDS", "ACT", "ACT", "elsewhere", t["RRDS"]),
        Rule("RAS", "ACT", "PRE", "bank", t["RAS"]),
        Rule("RCDRD", "ACT", "RD", "bank", t["RCDRD"]),
        Rule("RCDWR", "ACT", "WR", "bank", t["RCDWR"]),
        Rule("CCDL", "RD", "RD", "group", near),
        Rule("CCDS", "RD", "RD", "elsewhere", far),
        Rule("CCDL", "WR", "WR", "group", near),
        Rule("CCDS", "WR", "WR", "elsewhere", far),
        Rule("RTRS", "RD", "WR", "channel", t["RL"] + half + t["RTRS"] - t["WL"]),
        Rule("WTRL", "WR", "RD", "group", wtr_near),
        Rule("WTRS", "WR", "RD", "elsewhere", wtr_far),
        Rule("RTPL", "RD", "PRE", "bank", half + max(t["RTPL"], t["CCDL"]) - t["CCDL"]),
        Rule("WR", "WR", "PRE", "bank", t["WL"] + half + t["WR"]),
        Rule("RP", "PRE", "ACT", "bank", t["RP"]),
        Rule("RFC", "REF", "ACT", "rank", t["RFC"]),
        Rule("RTRS", "RD", "RD", "other rank", half + t["RTRS"]),
        Rule("RTRS", "WR", "WR", "other rank", half + t["RTRS"]),
        Rule("RTRS", "WR", "RD", "other rank", max(1, t["WL"] + half + t["RTRS"] - t["RL"])),
    ]
    if profile != "pimsimulator":
        table.append(Rule("RP before REF", "PRE", "REF", "rank", t["RP"]))
    return table


def _same(
    events: Events, scope: Scope, banks_per_group: int
) -> Callable[[int], npt.NDArray[np.bool_]]:
    """Which events lie in the scope of a bank."""
    group = events.bank // banks_per_group
    rank = events.bank // BANKS_OF_RANK
    everywhere = np.ones(len(events.bank), np.bool_)
    return {
        "bank": lambda b: events.bank == b,
        "neighbour": lambda b: (group == b // banks_per_group) & (events.bank != b),
        "group": lambda b: group == b // banks_per_group,
        "elsewhere": lambda b: (group != b // banks_per_group) & (rank == b // BANKS_OF_RANK),
        "rank": lambda b: rank == b // BANKS_OF_RANK,
        "other rank": lambda b: rank != b // BANKS_OF_RANK,
        "channel": lambda _b: everywhere,
    }[scope]


def _broken(rule: Rule, events: Events, banks_per_group: int) -> Iterable[Violation]:
    firsts, seconds = events.kind == rule.first, events.kind == rule.second
    inside = _same(events, rule.scope, banks_per_group)
    banks = [0] if rule.scope == "channel" else np.unique(events.bank[seconds]).tolist()
    for b in banks:
        mine = seconds if rule.scope == "channel" else seconds & (events.bank == b)
        before, at = events.cycle[firsts & inside(b)], events.cycle[mine]
        place = np.searchsorted(before, at) - 1
        at, place = at[place >= 0], place[place >= 0]
        bad = at - before[place] < rule.cycles
        for first, second in zip(before[place][bad], at[bad], strict=True):
            yield Violation(rule.name, int(first), int(second), rule.cycles)


def violations(
    events: Events, rules: Iterable[Rule], *, banks_per_group: int = 4
) -> list[Violation]:
    found = [v for rule in rules for v in _broken(rule, events, banks_per_group)]
    return sorted(found, key=lambda v: (v.second_cycle, v.rule))


def window_violations(events: Events, *, acts: int, cycles: int) -> list[Violation]:
    """More than `acts` activations of a rank within `cycles` (FAW, XAW)."""
    found = []
    for one in by_rank(events):
        at = one.cycle[one.kind == "ACT"]
        bad = np.flatnonzero(at[acts:] - at[:-acts] < cycles).tolist()
        found += [Violation("XAW", int(at[i]), int(at[i + acts]), cycles) for i in bad]
    return found


def refresh_faults(events: Events, *, refi: int, postponed: int, end: int) -> list[str]:
    """Moments up to `end` at which more than `postponed` refreshes were owed."""
    at = events.cycle[events.kind == "REF"]
    due = refi * np.arange(1, end // refi + 1)
    owed = np.arange(1, len(due) + 1) - np.searchsorted(at, due)
    late = np.flatnonzero(owed > postponed + 1)  # the one that falls due now is not late
    return [f"{due[i]}: {owed[i]} refreshes owed" for i in late.tolist()]


def state_faults(events: Events) -> list[str]:
    """Commands that a bank cannot take in its state: a column on a closed row and so on."""
    rows: dict[int, int] = {}
    faults: list[str] = []
    for i, kind in enumerate(events.kind):
        bank, row, n = int(events.bank[i]), int(events.row[i]), int(events.cycle[i])
        if kind == "ACT":
            if bank in rows:
                faults.append(f"{n}: ACT on the open bank {bank}")
            rows[bank] = row
        elif kind == "PRE":
            if rows.pop(bank, None) is None:
                faults.append(f"{n}: PRE on the closed bank {bank}")
        elif kind == "REF":
            mine = [b for b in rows if b // BANKS_OF_RANK == bank // BANKS_OF_RANK]
            faults += [f"{n}: REF with bank {b} open" for b in mine]
        elif rows.get(bank) != row:
            faults.append(f"{n}: {kind} row {row}, bank {bank} has {rows.get(bank)}")
    return faults


def order_faults(stream: Stream, events: Events, *, lost: tuple[int, ...] = ()) -> list[str]:
    """Every request exactly once, and no request across a fence or a drain."""
    columns = np.isin(events.kind, ("RD", "WR"))
    kinds = (events.kind[columns] == "WR").astype(int)
    done = list(
        zip(
            kinds,
            events.bank[columns],
            events.row[columns],
            events.column[columns],
            strict=True,
        )
    )
    wanted = [tuple(int(q[f]) for f in ("op", "bank", "row", "column")) for q in stream]
    if len(done) != len(wanted):
        return [f"{len(wanted)} requests, {len(done)} column commands"]
    flags = stream["flags"] & (Flag.FENCE | Flag.DRAIN)
    ends = [i for i in range(len(wanted)) if flags[i] and i not in lost]
    faults, start = [], 0
    for end in [*ends, len(wanted) - 1]:
        ask, got = wanted[start : end + 1], [tuple(map(int, q)) for q in done[start : end + 1]]
        if sorted(ask) != sorted(got):
            faults.append(f"requests {start} to {end} were not served before what follows")
        elif got and flags[end] & Flag.FENCE and end not in lost and got[-1] != ask[-1]:
            faults.append(f"request {end} carries a fence and was not the last")
        start = end + 1
    return faults


ATTENTION_KINDS = ("MACAB", "ACTAB", "PREA", "REFab", "WRGB", "MVSB", "MVGB", "SFM")
BUFFER_KINDS = ATTENTION_KINDS[4:]


def attention_events(log: I64) -> Events:
    """One channel of HBM3 attention PIM. Bank: 16 rank + 4 group + bank; the second pseudo
    channel's refresh is a command of its own that nothing waits for."""
    kind = np.array([*ATTENTION_KINDS, "REFab of the second"])[
        np.where((log[:, 1] == 3) & (log[:, 3] > 0), len(ATTENTION_KINDS), log[:, 1])
    ]
    zero = np.zeros(len(log), np.int64)
    bank = np.where(log[:, 1] == 3, 0, log[:, 3])
    return Events(log[:, 0], kind, bank, log[:, 2], zero)


def attention_rules(t: Mapping[str, int]) -> list[Rule]:
    """Distances of a channel, and of buffer moves by pseudo channel, rank and group."""
    table = [
        Rule("CCDAB", "MACAB", "MACAB", "channel", t["CCDAB"]),
        Rule("RCD", "ACTAB", "MACAB", "channel", t["RCD"]),
        Rule("RAS", "ACTAB", "PREA", "channel", t["RAS"]),
        Rule("RC", "ACTAB", "ACTAB", "channel", t["RC"]),
        Rule("REF after ACT", "ACTAB", "REFab", "channel", t["REF_AFTER_ACT"]),
        Rule("RTPL", "MACAB", "PREA", "channel", t["RTPL"]),
        Rule("RP", "PREA", "ACTAB", "channel", t["RP"]),
        Rule("RFC", "REFab", "ACTAB", "channel", t["RFC"]),
    ]
    scopes: tuple[tuple[str, Scope], ...] = (
        ("BL", "channel"), ("CCDS", "rank"), ("CCDL", "group"),
    )  # fmt: skip
    for first in BUFFER_KINDS:
        for second in BUFFER_KINDS[:-1]:
            table += [Rule(name, first, second, scope, t[name]) for name, scope in scopes]
    return table


def attention_faults(events: Events) -> list[str]:
    """One open row or none, and a tick that holds one row and one column command at most."""
    row, faults, seen = -1, [], {(-1, False)}
    for i, kind in enumerate(events.kind):
        n, wanted = int(events.cycle[i]), int(events.row[i])
        of_rows = kind in ("ACTAB", "PREA") or kind.startswith("REFab")
        if (n, of_rows) in seen:
            faults.append(f"{n}: two commands of one kind in a tick")
        seen.add((n, of_rows))
        if kind == "MACAB" and row != wanted:
            faults.append(f"{n}: MACAB on row {wanted}, open is {row}")
        closed_needed = kind == "ACTAB" or kind.startswith("REFab")
        if (closed_needed and row >= 0) or (kind == "PREA" and row < 0):
            faults.append(f"{n}: {kind} while the open row is {row}")
        row = wanted if kind == "ACTAB" else -1 if kind == "PREA" else row
    return faults


AIM_SCOPES: dict[str, Scope] = {"channel": "channel", "group": "group", "bank": "bank"}
ONE_BANK = {"ACT", "PRE", "RD", "WR", "MAC", "RDCP", "WRCP"}


def aim_events(log: I64) -> Events:
    """Runs of columns taken apart into single commands."""
    count = log[:, 5]
    cycle = np.repeat(log[:, 0], count)
    step = np.arange(len(cycle)) - np.repeat(np.cumsum(count) - count, count)
    names = np.array([c.name for c in Command])
    kind = np.repeat(names[log[:, 1]], count)
    bank, row = np.repeat(log[:, 2], count), np.repeat(log[:, 3], count)
    return Events(cycle + step * np.repeat(log[:, 4], count), kind, bank, row, step)


def aim_rules(timing: Mapping[str, int]) -> list[Rule]:
    found = []
    for d in distances(dict(timing)):
        if d.scope != "channel" and not {d.first.name, d.second.name} <= ONE_BANK:
            continue
        name = f"{d.first.name} -> {d.second.name}"
        found.append(Rule(name, d.first.name, d.second.name, AIM_SCOPES[d.scope], d.cycles))
    return found
