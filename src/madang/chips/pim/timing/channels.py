"""Bank-pair channels: parameters as the kernel reads them, distinct streams run once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from madang.chips.errors import NeverEnds
from madang.chips.pim.spec import Spec
from madang.chips.pim.stream import Flag, Stream
from madang.chips.pim.timing import bankpair as engine

I64 = engine.I64
STANDARD = 0
RULES = {"pimsimulator": engine.COMPAT, "jedec": STANDARD}


@dataclass(frozen=True, slots=True)
class ChannelRun:
    cycles: int
    ends: tuple[int, ...]  # end of each part
    issued: int
    refreshes_owed: int
    log: I64  # cycle, command, bank, row, column


def parameters(spec: Spec, rules: int | None = None) -> I64:
    """The numbers of a device in the order that the kernel expects, in cycles."""
    t = spec.timing()
    compat = spec.profile == "pimsimulator"
    wtrs = t["WTRL"] if compat else t["WTRS"]
    postponed = 0 if compat else spec.integer("refresh_postponed_max")
    return np.array(
        [
            t["BL"] // 2,
            t["RL"],
            t["WL"],
            t["CCDS"],
            t["CCDL"],
            t["RCDRD"],
            t["RCDWR"],
            t["RAS"],
            t["RC"],
            t["RP"],
            t["RRDS"],
            t["RRDL"],
            t["RTPL"],
            t["WR"],
            wtrs,
            t["WTRL"],
            t["RTRS"],
            t["REFI"],
            t["RFC"],
            spec.integer("ranks"),
            spec.integer("command_queue"),
            spec.integer("host_queue"),
            t["XAW"],
            t["tXAW"],
            postponed,
            RULES[spec.profile] if rules is None else rules,
            1 if compat else spec.integer("ranks"),
        ],
        np.int64,
    )


def time_channel(
    stream: Stream, p: I64, *, log: bool = True, hold: Sequence[int] = ()
) -> ChannelRun:
    """Time one channel. `hold`: earliest end per part."""
    names = ("op", "bank", "row", "column")
    op, bank, row, column = (stream[name].astype(np.int64) for name in names)
    parts = int(np.count_nonzero(stream["flags"][:-1] & Flag.DRAIN)) + 1
    parts += int(len(stream) > 0 and bool(stream["flags"][0] & Flag.LATE))
    real = int(p[engine.P_REAL])
    room = 4 * len(stream) + 64 if log else 0
    while True:
        ends = np.zeros(parts, np.int64)
        ends[: len(hold)] = hold
        record = np.zeros((room, 5), np.int64)
        cycles, issued, owed = engine.bankpair_cycles(
            op,
            bank,
            row,
            column,
            stream["flags"].astype(np.int64),
            p,
            record,
            ends,
            np.zeros(len(stream) + 1, np.int32),
            np.zeros((engine.BANKS * real, 7), np.int64),
            np.zeros((engine.GROUPS * real, 2), np.int64),
            np.zeros(engine.REGISTERS, np.int64),
            np.zeros((real, engine.RANK_STATE), np.int64),
            np.zeros(engine.FOUND, np.int64),
            np.zeros(int(p[engine.P_XAW]) * real, np.int64),
            np.zeros(int(p[engine.P_RANKS]), np.int64),
            0,
        )
        if cycles < 0:
            raise NeverEnds(
                reason="an activation is refused for ever, or rows close before they are of use"
            )
        if not log or issued <= room:
            break
        room = int(issued)
    return ChannelRun(
        int(cycles), tuple(map(int, ends)), int(issued), int(owed), record[:issued]
    )


def time_together(streams: Sequence[Stream], p: I64, *, log: bool = True) -> list[ChannelRun]:
    """Time channels that differ: a part ends for all of them when it ends for the last.

    A channel that has nothing left to do in a part ends with its last data.
    """
    runs = [time_channel(s, p, log=log) for s in streams]
    hold: list[int] = []
    for part in range(max(len(run.ends) for run in runs) if len(runs) > 1 else 0):
        hold.append(max(run.ends[part] for run in runs if len(run.ends) > part))
        runs = [
            time_channel(s, p, log=log, hold=hold[: len(run.ends)])
            if len(run.ends) > 1
            else run
            for s, run in zip(streams, runs, strict=True)
        ]
    return runs
