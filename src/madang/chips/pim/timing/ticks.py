"""The rules of a bank-pair channel cycle by cycle, in the plainest Python there is.

Written a second time on purpose: lists instead of links, one turn of the loop per cycle, no
skipping. Slow; the reference that tests hold the event engine against.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from madang.chips.pim.stream import Flag, Stream

Request = tuple[int, int, int, int, int]  # op, bank, row, column, flags
READ, WRITE = 0, 1


@dataclass(slots=True)
class Bank:
    row: int | None = None
    busy_until: int = 0
    act: int = 0
    pre: int = 0
    read: int = 0
    write: int = 0

    def active(self) -> bool:
        return self.row is not None

    def idle(self, n: int) -> bool:
        return self.row is None and self.busy_until <= n


@dataclass(frozen=True, slots=True)
class Rules:
    """Which quirks are on; the default is the standard."""

    drop: bool = False
    ref_early: bool = False
    flagged_act: bool = False
    eager: bool = False
    yields: bool = False
    lost_fence: bool = False
    no_window: bool = False
    flagged_row: bool = False
    ref_sets: bool = False


COMPAT = Rules(*[True] * 9)


@dataclass(slots=True)
class Rank:
    """What the sixteen banks of a rank share."""

    mode: str = "SB"
    seen: set[int] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)
    owed: int = 0
    acts: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Channel:
    """`t`: timings in cycles by name, with ranks, command_queue, host_queue, postponed; `real`
    ranks have banks of their own (bank 16 r + b), the others are only refreshed."""

    t: Mapping[str, int]
    rules: Rules
    banks: list[Bank] = field(init=False)
    ranks: list[Rank] = field(init=False)
    queue: list[Request] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    pointer: int = 0
    last_data: int = -1
    previous: tuple[str, int, int, int, int] | None = None
    log: list[tuple[int, str, int, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        real = self.t.get("real", 1)
        self.banks = [Bank() for _ in range(16 * real)]
        self.ranks = [Rank() for _ in range(real)]

    def issue(self, n: int, kind: str, bank: int, row: int, col: int, flags: int = 0) -> None:
        self.log.append((n, kind, bank, row, col))
        self.previous = (kind, bank, row, col, flags)

    def mode_changes(self) -> None:
        if self.previous is None:
            return
        kind, bank, row, col, flags = self.previous
        self.previous = None
        if kind == "REF":
            return
        rank, bank = self.ranks[bank // 16], bank % 16
        if kind == "ACT" and rank.mode == "SB" and (row, col) == (0x17FF, 0x1F):
            rank.seen |= {bank} & {0, 1, 8, 9}
            if len(rank.seen) == 4:
                rank.mode, rank.seen = "AB", set()
        elif kind == "WR" and rank.mode != "SB" and (row, col) == (0x3FFF, 0):
            rank.mode = "AB-PIM" if flags & Flag.PIM_ON else "AB"
        elif kind == "PRE" and rank.mode == "AB" and row == 0x1FFF and bank < 2:
            rank.closed.add(bank)
            if len(rank.closed) == 2:
                rank.mode, rank.closed = "SB", set()

    def timers(self, n: int) -> None:
        ranks = self.t["ranks"]
        for rank in range(ranks):
            first = self.t["REFI"] // ranks * (rank + 1)
            if n >= first and (n - first) % self.t["REFI"] == 0:
                if self.rules.drop:
                    self.pending = [rank]
                elif rank not in self.pending:
                    self.pending = sorted([*self.pending, rank])
                if rank < len(self.ranks):
                    self.ranks[rank].owed += 1

    def precharge(self, n: int, b: int) -> None:
        bank = self.banks[b]
        self.issue(n, "PRE", b, bank.row or 0, 0)
        bank.row, bank.busy_until = None, n + self.t["RP"]
        bank.act = max(bank.act, n + self.t["RP"])

    def refresh(self, n: int) -> bool | None:
        """True: a command went out; False: wants one but cannot; None: nothing wanted."""
        for rank in self.pending:
            late = rank >= len(self.ranks) or self.ranks[rank].owed > self.t["postponed"]
            if late or not self.queue:
                return self.refresh_rank(n, rank)
        return None

    def refresh_rank(self, n: int, rank: int) -> bool:
        owed = 0
        if rank < len(self.ranks):
            mine = range(16 * rank, 16 * rank + 16)
            active = [b for b in mine if self.banks[b].active()]
            for b in active:
                if self.banks[b].pre <= n:
                    self.precharge(n, b)
                    return True
            busy = any(not self.banks[b].active() and not self.banks[b].idle(n) for b in mine)
            if active or (busy and not self.rules.ref_early):
                return False
            for b in mine:
                bank = self.banks[b]
                bank.busy_until = n + self.t["RFC"]
                later = 0 if self.rules.ref_sets else bank.act
                bank.act = max(later, n + self.t["RFC"])
            owed = 0 if self.rules.drop else self.ranks[rank].owed - 1
            self.ranks[rank].owed = owed
        if owed == 0:
            self.pending.remove(rank)
        self.issue(n, "REF", rank, 0, 0)
        return True

    def column(self, n: int) -> bool:
        for i, entry in enumerate(self.queue):
            op, b, row, col, flags = entry
            if i > 0 and flags & Flag.FENCE:
                return False
            bank = self.banks[b]
            when = bank.write if op == WRITE else bank.read
            again = any(q[1:4] == entry[1:4] for q in self.queue[:i])
            if bank.row == row and when <= n and not again:
                self.issue(n, "WR" if op == WRITE else "RD", b, row, col, flags)
                self.after_column(n, op, b)
                del self.queue[i]
                return True
            if flags & Flag.FENCE:
                return False
        return False

    def after_column(self, n: int, op: int, b: int) -> None:
        t, half = self.t, self.t["BL"] // 2
        for k, bank in enumerate(self.banks):
            if k // 16 != b // 16:  # another rank: the bus changes its driver
                read, write = (t["WL"] - t["RL"], 0) if op == WRITE else (0, t["RL"] - t["WL"])
                bank.read = max(bank.read, n + half + t["RTRS"] + read)
                bank.write = max(bank.write, n + half + t["RTRS"] + write)
                continue
            near = k // 4 == b // 4
            gap = max(half, t["CCDL"] if near else t["CCDS"])
            if op == READ:
                bank.read = max(bank.read, n + gap)
                bank.write = max(bank.write, n + t["RL"] + half + t["RTRS"] - t["WL"])
            else:
                turn = t["WTRL"] if near else t["WTRS"]
                bank.write = max(bank.write, n + gap)
                bank.read = max(bank.read, n + t["WL"] + half + turn)
        mine = self.banks[b]
        if op == READ:
            mine.pre = max(mine.pre, n + half + max(t["RTPL"], t["CCDL"]) - t["CCDL"])
            self.last_data = max(self.last_data, n + 1 + t["RL"] + half)
        else:
            mine.pre = max(mine.pre, n + t["WL"] + half + t["WR"])
            self.last_data = max(self.last_data, n + t["WL"] + half)

    def activate(self, n: int) -> bool:
        t = self.t
        for i, (_, b, row, col, flags) in enumerate(self.queue):
            flagged = flags & Flag.FENCE
            if i > 0 and flagged:
                return False
            bank = self.banks[b]
            rank = self.ranks[b // 16]
            acts = rank.acts
            window = len(acts) >= t["XAW"] and acts[-t["XAW"]] + t["tXAW"] > n
            late = window and not self.rules.no_window
            refused = rank.mode != "SB" and b % 16 > 1
            if bank.idle(n) and bank.act <= n and not late and not refused:
                for k, other in enumerate(self.banks):
                    if k // 16 != b // 16:
                        continue
                    gap = t["RRDL"] if k // 4 == b // 4 else t["RRDS"]
                    other.act = max(other.act, n + (t["RC"] if k == b else gap))
                bank.row = row
                bank.pre = max(bank.pre, n + t["RAS"])
                bank.read = max(bank.read, n + t["RCDRD"])
                bank.write = max(bank.write, n + t["RCDWR"])
                acts.append(n)
                self.issue(n, "ACT", b, row, col)
                return True
            if flagged and not self.rules.flagged_act:
                return False
        return False

    def close(self, n: int) -> bool:
        seen: list[Request] = []
        for i, entry in enumerate(self.queue):
            if i == 0 or self.rules.flagged_row or not entry[4] & Flag.FENCE:
                seen.append(entry)
            if entry[4] & Flag.FENCE:
                break
        for k in range(len(self.banks)):
            b = (self.pointer + k) % len(self.banks)
            bank = self.banks[b]
            if not bank.active() or bank.pre > n or any(q[1:3] == (b, bank.row) for q in seen):
                continue
            wish = any(q[1] == b and q[2] != bank.row for q in self.queue)
            if not self.rules.eager and not wish:
                continue
            self.precharge(n, b)
            self.pointer = b
            return True
        return False


def parts_of(stream: Stream, t: Mapping[str, int], rules: Rules) -> list[list[Request]]:
    """The requests between drains; a late channel has an empty first part."""
    names = ("op", "bank", "row", "column", "flags")
    rows = [tuple(int(row[f]) for f in names) for row in stream]
    parts: list[list[Request]] = [[]] if rows and rows[0][4] & Flag.LATE else []
    while rows:
        size = next((i for i, q in enumerate(rows) if q[4] & Flag.DRAIN), len(rows) - 1) + 1
        part, rows = rows[:size], rows[size:]
        if rules.lost_fence and len(part) >= t["host_queue"]:
            lost = t["host_queue"] - 1
            part[lost] = (*part[lost][:4], part[lost][4] & ~Flag.FENCE)
        parts.append(part)  # type: ignore[arg-type]  # five ints each
    return parts


def tick(channel: Channel, n: int, host: list[Request], later: list[Request]) -> None:
    """One cycle of one channel, in the order of the description."""
    t, rules = channel.t, channel.rules
    if len(host) < t["host_queue"] and later:
        host.append(later.pop(0))
    channel.mode_changes()
    channel.timers(n)
    wants = channel.refresh(n)
    if wants is None or (wants is False and rules.yields):
        _ = channel.column(n) or channel.activate(n) or channel.close(n)
    if host and len(channel.queue) < t["command_queue"]:
        channel.queue.append(host.pop(0))


def ticks_together(
    streams: Sequence[Stream], t: Mapping[str, int], rules: Rules
) -> tuple[int, list[Channel]]:
    """Cycles of channels that hand over their parts together, and the channels."""
    channels = [Channel(t, rules) for _ in streams]
    work, n = [parts_of(one, t, rules) for one in streams], 0
    for k in range(max(map(len, work))):
        mine = [one[k] if k < len(one) else [] for one in work]
        hosts = [one[: t["host_queue"]] for one in mine]
        later = [one[t["host_queue"] :] for one in mine]
        while any(
            host or channel.queue or n <= channel.last_data
            for host, channel in zip(hosts, channels, strict=True)
        ):
            for channel, host, rest in zip(channels, hosts, later, strict=True):
                tick(channel, n, host, rest)
            n += 1
    return n, channels


def tick_cycles(stream: Stream, t: Mapping[str, int], rules: Rules) -> tuple[int, Channel]:
    """Cycles of one channel's stream, and the channel with its log."""
    cycles, channels = ticks_together([stream], t, rules)
    return cycles, channels[0]
