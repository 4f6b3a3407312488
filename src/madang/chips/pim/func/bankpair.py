"""Function of a bank-pair device: the command stream executed, bit for bit.

The stream that is timed is the stream that is executed here: register writes, control
writes, bank reads that trigger one instruction in every unit. All channels and units at once:
arrays are (register or column, channel, unit, lane) of float32 that hold exact fp16 values.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from madang.chips.pim.func import halves
from madang.chips.pim.func.halves import F32
from madang.chips.pim.isa.bankpair import Instruction, Opcode, Operand, Program, disassemble
from madang.chips.pim.lower.bankpair import (
    COLUMNS,
    CRF,
    ENTER_ROW,
    EXIT_ROW,
    GRF_A,
    PARK_ROW,
    REGISTERS,
    SRF,
)
from madang.chips.pim.stream import Flag, Stream

LANES, UNITS, GROUP = 16, 8, 8
MODE_ROWS = (PARK_ROW, ENTER_ROW, EXIT_ROW)


@dataclass(slots=True)
class Unit:
    """All units of all channels; `memory[parity]` maps a row to its 32 bursts."""

    channels: int
    memory: tuple[dict[int, F32], dict[int, F32]] = field(default_factory=lambda: ({}, {}))
    grf: dict[Operand, F32] = field(default_factory=dict)
    program: Program = ()
    counter: int = 0
    jumps: dict[int, int] = field(default_factory=dict)
    absorbed: int = 0

    def __post_init__(self) -> None:
        shape = (8, self.channels, UNITS, LANES)
        for name in (Operand.GRF_A, Operand.GRF_B):
            self.grf[name] = np.zeros(shape, np.float32)
        self.scalars(np.zeros(LANES, np.float32))

    def scalars(self, burst: F32) -> None:
        """Eight factors, eight addends; in every lane of every unit the same."""
        shape = (8, self.channels, UNITS, LANES)
        for name, half in ((Operand.SRF_M, burst[:8]), (Operand.SRF_A, burst[8:])):
            self.grf[name] = np.broadcast_to(half[:, None, None, None], shape)

    def row(self, parity: int, row: int) -> F32:
        """A row of all even or all odd banks; rows never written read as zero."""
        shape = (COLUMNS, self.channels, UNITS, LANES)
        return self.memory[parity].setdefault(row, np.zeros(shape, np.float32))

    def control(self, flags: int) -> None:
        if flags & Flag.PIM_ON:
            self.counter, self.absorbed = 0, 0
            self.jumps.clear()
        if flags & Flag.CLEAR:
            self.grf[Operand.GRF_B][:] = 0

    def fetch(self) -> Instruction:
        """The instruction of the next command group; JUMP costs no command."""
        while self.program[self.counter].opcode is Opcode.JUMP:
            jump = self.program[self.counter]
            left = self.jumps.get(self.counter, jump.count)
            if left > 0:
                self.jumps[self.counter] = left - 1
                self.counter -= jump.back
            else:
                del self.jumps[self.counter]
                self.counter += 1
        return self.program[self.counter]


def _operand(unit: Unit, name: Operand, burst: F32) -> F32:
    return unit.grf.get(name, burst)


def _compute(unit: Unit, one: Instruction, burst: F32, row: int, column: int) -> None:
    """One instruction over eight columns, in every unit of every channel."""
    out = unit.grf[one.dst]
    if one.opcode is Opcode.MAC:
        entry = (row & 1) << 2 | (column >> 3 & 3)
        x = unit.grf[one.src0][entry, 0, 0]
        flat = (GROUP, unit.channels * UNITS, LANES)
        halves.mac(out.reshape(flat), x, burst.reshape(flat))
    elif one.opcode in (Opcode.ADD, Opcode.MUL, Opcode.MAD):
        a, b = _operand(unit, one.src0, burst), _operand(unit, one.src1, burst)
        work = halves.add if one.opcode is Opcode.ADD else halves.multiply
        flat_out = out.reshape(-1)
        work(flat_out, a.reshape(-1), b.reshape(-1))
        if one.opcode is Opcode.MAD:  # the product is rounded, as in MAC
            halves.add(flat_out, flat_out, _operand(unit, one.src2, burst).reshape(-1))
    elif one.opcode in (Opcode.FILL, Opcode.MOV):
        out[:] = burst
        if one.relu:
            out[np.signbit(out)] = 0.0
    unit.counter += 1


def _data(unit: Unit, bank: int, row: int, column: int, *, write: bool) -> None:
    """Eight column commands to a data row while PIM is on."""
    one = unit.fetch()
    window = unit.row(bank, row)[column : column + GROUP]
    if one.opcode is Opcode.NOP:
        if write:
            window[:] = unit.grf[Operand.GRF_B if bank else Operand.GRF_A]
        unit.absorbed += GROUP
        if unit.absorbed > one.count:
            unit.counter, unit.absorbed = unit.counter + 1, 0
    elif one.opcode is not Opcode.EXIT:
        _compute(unit, one, window, row, column)


def execute(
    stream: Stream, words: np.ndarray[tuple[int], np.dtype[np.uint32]], inputs: F32, unit: Unit
) -> None:
    """Run a stream. `inputs` n x 16: bursts that GRF writes carry, by payload index."""
    step, k = 1, 0
    inside, on = False, False
    while k < len(stream):
        at = stream[k]
        bank, row, column = int(at["bank"]), int(at["row"]), int(at["column"])
        step = 1
        if row in MODE_ROWS:
            inside = row == ENTER_ROW or (inside and row != EXIT_ROW)
        elif row == REGISTERS and inside:
            step = _register(stream, k, words, inputs, unit)
            if column == 0:
                on = bool(at["flags"] & Flag.PIM_ON)
        elif inside and on:
            # eight columns of one group: they touch different registers, order is free
            _data(unit, bank, row, column, write=bool(at["op"]))
            step = GROUP
        k += step


def _register(
    stream: Stream,
    k: int,
    words: np.ndarray[tuple[int], np.dtype[np.uint32]],
    inputs: F32,
    unit: Unit,
) -> int:
    """A write to the register space; returns the rows it took."""
    column, payload = int(stream[k]["column"]), int(stream[k]["payload"])
    if column == 0:
        unit.control(int(stream[k]["flags"]))
    elif column == SRF:
        unit.scalars(inputs[payload])
    elif CRF <= column < GRF_A:
        if column == CRF:
            unit.program = disassemble(words)
    else:
        unit.grf[Operand.GRF_A][:] = inputs[payload : payload + GROUP, None, None, :]
        return GROUP
    return 1
