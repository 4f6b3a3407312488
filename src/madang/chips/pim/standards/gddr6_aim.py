"""GDDR6-AiM: commands, instructions and the distance table, as data.

Distances are names and sums of names of the device's timing table; `expression` is the
spelling of the reference: CL + BL + 3 - CWL + WPRE. Scopes: channel, group, bank.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

Scope = Literal["channel", "group", "bank"]


class Command(IntEnum):
    ACT = 0
    PRE = 1
    PREA = 2
    ACT16 = 3
    RD = 4
    WR = 5
    RDMAC = 6
    RDAF = 7
    WRMAC = 8
    WRGB = 9
    MAC = 10
    MAC16 = 11
    RDCP = 12
    WRCP = 13
    AF16 = 14
    EWMUL16 = 15
    WRA16 = 16
    TMOD = 17
    REF = 18  # never issued by the simulator's profile


class Isr(IntEnum):
    """One row of an AiM stream."""

    WR_SBK = 0
    RD_SBK = 1
    WR_ABK = 2
    WR_GB = 3
    WR_BIAS = 4
    RD_MAC = 5
    RD_AF = 6
    COPY_BKGB = 7
    COPY_GBBK = 8
    MAC_SBK = 9
    MAC_ABK = 10
    AF = 11
    EWMUL = 12
    EWADD = 13
    SYNC = 14
    EOC = 15
    HOST = 16  # GPR and CFR accesses: one decode tick


class Shape(IntEnum):
    """What a command needs before it may issue."""

    NOTHING = 0
    ONE_BANK = 1
    ALL_BANKS = 2


@dataclass(frozen=True, slots=True)
class Instruction:
    isr: Isr
    command: Command | None
    shape: Shape = Shape.NOTHING
    register_mode: bool = False
    blocking: bool = False
    conventional: bool = False
    latency: tuple[str, ...] = ()


_C, _I = Command, Isr
INSTRUCTIONS = (
    Instruction(_I.WR_SBK, _C.WR, Shape.ONE_BANK, conventional=True, latency=("CWL", "BL")),
    Instruction(_I.RD_SBK, _C.RD, Shape.ONE_BANK, conventional=True, latency=("CL", "BL")),
    Instruction(_I.WR_ABK, _C.WRA16, Shape.ALL_BANKS, latency=("CWL", "BL", "RP")),
    Instruction(_I.WR_GB, _C.WRGB, register_mode=True, latency=("CWLGB", "BL")),
    Instruction(_I.WR_BIAS, _C.WRMAC, register_mode=True, latency=("CWLREG", "BL")),
    Instruction(
        _I.RD_MAC, _C.RDMAC, register_mode=True, blocking=True, latency=("CLREG", "BL")
    ),
    Instruction(_I.RD_AF, _C.RDAF, register_mode=True, blocking=True, latency=("CLREG", "BL")),
    Instruction(_I.COPY_BKGB, _C.RDCP, Shape.ONE_BANK, latency=("ONE",)),
    Instruction(_I.COPY_GBBK, _C.WRCP, Shape.ONE_BANK, latency=("ONE",)),
    Instruction(_I.MAC_SBK, _C.MAC, Shape.ONE_BANK, latency=("ONE",)),
    Instruction(_I.MAC_ABK, _C.MAC16, Shape.ALL_BANKS, latency=("ONE",)),
    Instruction(_I.AF, _C.AF16, Shape.ALL_BANKS, latency=("ONE",)),
    Instruction(_I.EWMUL, _C.EWMUL16, Shape.ALL_BANKS, latency=("ONE",)),
    Instruction(_I.EWADD, None),
    Instruction(_I.SYNC, None, blocking=True),
    Instruction(_I.EOC, None, blocking=True),
    Instruction(_I.HOST, None),
)


@dataclass(frozen=True, slots=True)
class Distance:
    """`second` may not issue less than `cycles` after `first` in the same `scope`."""

    first: Command
    second: Command
    scope: Scope
    cycles: int
    rule: str


def _of(names: str) -> tuple[Command, ...]:
    return tuple(Command[name] for name in names.split())


REGISTER_READS = "RDMAC RDAF"
READS = f"RD {REGISTER_READS}"
WRITES = "WR WRA16 WRGB WRMAC"
WIDE = f"{REGISTER_READS} MAC16 EWMUL16"
COLUMN_READS = f"RD MAC RDCP {REGISTER_READS} MAC16"
WRITE_LATENCY = {"WR": "CWL", "WRA16": "CWL", "WRGB": "CWLGB", "WRMAC": "CWLREG"}
READ_LATENCY = {"RD": "CL", "RDMAC": "CLREG", "RDAF": "CLREG"}
EVERY = " ".join(command.name for command in Command)
TO_WIDE = {"MAC16": "RCDRDMAC", "AF16": "RCDRDAF", "EWMUL16": "RCDEWMUL", "WRA16": "RCDWR"}
TO_ONE = {"MAC": "RCDRDMAC", "RDCP": "RCDRDCP", "RD": "RCDRD", "WRCP": "RCDWRCP", "WR": "RCDWR"}

Pairs = list[tuple[str, str, Scope, str]]


def _columns() -> Pairs:
    """Column commands among themselves."""
    reads, writes = "RD MAC MAC16 RDCP RDMAC RDAF", "WR WRA16 WRGB WRCP WRMAC"
    wide_reads = f"{COLUMN_READS} EWMUL16"
    wide_writes, all_writes = "WRA16 WRMAC EWMUL16", "WR WRCP WRA16 WRMAC EWMUL16"
    rows: Pairs = [(READS, READS, "channel", "BL"), (WRITES, WRITES, "channel", "BL")]
    rows += [(reads, reads, "channel", "CCDS"), (writes, writes, "channel", "CCDS")]
    rows += [(WIDE, wide_reads, "channel", "CCDL"), (wide_reads, WIDE, "channel", "CCDL")]
    rows += [(wide_writes, all_writes, "channel", "CCDL")]
    rows += [(all_writes, wide_writes, "channel", "CCDL")]
    rows += [("RD MAC RDCP", "RD MAC RDCP", "group", "CCDL")]
    rows += [("WR WRCP", "WR WRCP", "group", "CCDL"), ("WR", "RD", "group", "CWL+BL+WTRL")]
    return rows


def _turns() -> Pairs:
    """Read to write and write to read."""
    rows: Pairs = []
    for read, x in READ_LATENCY.items():
        for write, y in WRITE_LATENCY.items():
            rows.append((read, write, "channel", f"{x}+BL+THREE-{y}+WPRE"))
            rows.append((write, read, "channel", f"{y}+BL+WTRS"))
    rows += [("WR", REGISTER_READS, "channel", "CWL+BL+WTRL")]
    rows += [("WRA16", READS, "channel", "CWL+BL+WTRL")]
    rows += [("WRMAC", READS, "channel", "CWLREG+BL+WTRL")]
    return rows


def _rows() -> Pairs:
    """Activation, precharge and what may follow them."""
    rows: Pairs = [
        ("RD RDCP MAC MAC16 AF16 EWMUL16", "PREA", "channel", "RTP"),
        ("MAC16 AF16 EWMUL16", "PRE", "channel", "RTP"),
        ("WR WRCP", "PREA", "channel", "CWL+BL+WR"),
        ("EWMUL16", "PRE PREA", "channel", "CWL+WR"),
        ("ACT", "ACT", "channel", "RRDS"),
        ("ACT", "ACT", "group", "RRDL"),
        ("ACT", "ACT", "bank", "RC"),
        ("ACT ACT16", "ACT16", "channel", "RC"),
        ("ACT ACT16", "ACT16", "channel", "RRDL"),
        ("ACT16", "ACT", "channel", "RC"),
        ("ACT16", "ACT", "channel", "RRDL"),
        ("ACT ACT16", "PREA", "channel", "RAS"),
        ("ACT16", "PRE", "channel", "RAS"),
        ("ACT", "PRE", "bank", "RAS"),
        ("PRE PREA", "ACT16", "channel", "RP"),
        ("PREA", "ACT PRE PREA", "channel", "RP"),
        ("PRE", "PREA", "channel", "RP"),
        ("PRE", "ACT PRE", "bank", "RP"),
        ("RD RDCP MAC", "PRE", "bank", "RTP"),
        ("WR WRCP", "PRE", "bank", "CWL+BL+WR"),
        ("WRA16", "ACT ACT16", "channel", "CWL+BL+WR+RP"),
        ("TMOD", EVERY, "channel", "MODCH"),
        ("PRE PREA", "REF", "channel", "RP"),
        ("WRA16", "REF", "channel", "CWL+BL+WR+RP"),
        ("REF", EVERY, "channel", "RFC"),
    ]
    rows += [("ACT ACT16", wide, "channel", name) for wide, name in TO_WIDE.items()]
    for one, name in TO_ONE.items():
        rows += [("ACT16", one, "channel", name), ("ACT", one, "bank", name)]
    return rows


def evaluate(expression: str, timing: dict[str, int]) -> int:
    """Sum of signed names: "CL+BL+THREE-CWL" with ONE and THREE as constants."""
    known = {**timing, "ONE": 1, "THREE": 3}
    total = 0
    for term in expression.replace("-", "+-").split("+"):
        total += -known[term[1:]] if term.startswith("-") else known[term]
    return total


def distances(timing: dict[str, int]) -> list[Distance]:
    """The whole table for one set of timings."""
    found = []
    for firsts, seconds, scope, rule in _columns() + _turns() + _rows():
        cycles = evaluate(rule, timing)
        for first in _of(firsts):
            found += [Distance(first, second, scope, cycles, rule) for second in _of(seconds)]
    return found
