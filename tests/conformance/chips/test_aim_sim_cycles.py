"""Goal: no cycle of difference from the AiM simulator (commit 0f28a07) on measured traces."""

from __future__ import annotations

import pytest

from madang.chips.pim.device import device
from madang.chips.pim.traces import read_aim

ALL = "0xffffffff"


def one(name: str, *fields: object) -> str:
    return " ".join(["AiM", name, *map(str, fields)])


def mac(count: int, row: int = 0) -> str:
    return one("MAC_ABK", count, ALL, row)


def buffer(count: int) -> str:
    return one("WR_GB", count, 0, ALL)


BIAS, READ = one("WR_BIAS", 0, ALL), one("RD_MAC", 0, ALL)
AF = one("AF", ALL)


def sbk(kind: str, bank: int = 0, row: int = 0) -> str:
    return one(f"{kind}_SBK", 0, 1, bank, row)


TRACES = [
    ("empty", [], 2),
    ("one MAC", [mac(1)], 59),
    ("64 MAC", [mac(64)], 185),
    ("two on one row", [mac(4), mac(4)], 73),
    ("SYNC between", [mac(4), one("SYNC"), mac(4)], 74),
    ("buffer between", [mac(4), buffer(4), mac(4)], 143),
    ("buffer of 64", [buffer(64)], 163),
    ("read between buffers", [buffer(40), READ, buffer(40)], 210),
    ("bias and read", [BIAS, READ], 51),
    ("activation function", [AF, one("RD_AF", 0, ALL)], 124),
    ("two with SYNC", [AF, one("SYNC"), AF], 92),
    ("WR_ABK", [one("WR_ABK", 0, 1, 0)], 70),
    ("EWMUL then MAC", [one("EWMUL", 1, ALL, 0), mac(1)], 59),
    ("copies", [one("COPY_BKGB", 8, ALL, 0, 3), one("COPY_GBBK", 8, ALL, 5, 3)], 146),
    ("copy then MAC", [one("COPY_BKGB", 8, ALL, 0, 3), mac(2, 4)], 185),
    (
        "single-bank MACs",
        [one("MAC_SBK", 8, ALL, 2, 0), one("MAC_SBK", 8, ALL, 2, 1), mac(8, 1)],
        276,
    ),
    ("ten EWADD", [one("EWADD", 1, 0, 0)] * 10, 12),
    ("write then read", [sbk("WR"), sbk("RD")], 101),
    ("read then write", [sbk("RD"), sbk("WR", row=1)], 92),
    ("three writes", [sbk("WR")] * 3, 42),
    ("forty reads", [sbk("RD")] * 40, 168),
    ("write then MAC", [sbk("WR", 3, 7), mac(4, 7)], 154),
    ("ends early", [sbk("RD"), sbk("RD", 5), sbk("RD", 0, 1)], 95),
    ("micro_rdmac_1024", [READ] * 1024, 3106),
    ("micro_wrbias_1024", [BIAS] * 1024, 2083),
]
GEMV = {(1024, 1024): 828, (4096, 11008): 35280, (11008, 4096): 35904, (12288, 4096): 39168}


@pytest.mark.parametrize(("name", "lines", "expected"), TRACES)
def test_trace_takes_the_measured_cycles(name: str, lines: list[str], expected: int) -> None:
    dev = device("gddr6-aim", "aim_sim")
    assert dev.replay(read_aim("\n".join(lines), dev.spec)).cycles == expected, name


def test_gemv_takes_the_measured_cycles() -> None:
    dev = device("gddr6-aim", "aim_sim")
    for (out, inner), expected in GEMV.items():
        assert dev.run("gemv", out=out, inner=inner).cycles == expected, (out, inner)
