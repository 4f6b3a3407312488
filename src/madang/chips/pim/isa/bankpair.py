"""Instruction words of a bank-pair unit: encode, decode, read and write assembly.

Fields of a word: opcode 31-28, dst 27-25, src0 24-22, src1 21-19, src2 18-16, auto address 15,
relu 12, indices 11-8, 7-4, 3-0; JUMP count 27-11 and offset back 10-0; NOP count 10-0.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from madang.chips.errors import TraceMalformed


class Opcode(IntEnum):
    NOP = 0
    ADD = 1
    MUL = 2
    MAC = 3
    MAD = 4
    MOV = 8
    FILL = 9
    JUMP = 14
    EXIT = 15


class Operand(IntEnum):
    A_OUT = 0
    M_OUT = 1
    EVEN_BANK = 2
    ODD_BANK = 3
    GRF_A = 4
    GRF_B = 5
    SRF_M = 6
    SRF_A = 7


JUMP_MAX, NOP_MAX, OFFSET_MAX = (1 << 17) - 1, (1 << 11) - 1, (1 << 11) - 1


@dataclass(frozen=True, slots=True)
class Instruction:
    opcode: Opcode
    dst: Operand = Operand.A_OUT
    src0: Operand = Operand.A_OUT
    src1: Operand = Operand.A_OUT
    src2: Operand = Operand.A_OUT  # MAD alone has three sources
    auto: bool = False
    relu: bool = False
    count: int = 0
    back: int = 0

    def encode(self) -> int:
        word = self.opcode << 28
        if self.opcode is Opcode.JUMP:
            return word | self.count << 11 | self.back
        if self.opcode is Opcode.NOP:
            return word | self.count
        fields = self.dst << 25 | self.src0 << 22 | self.src1 << 19 | self.src2 << 16
        return word | fields | self.auto << 15 | self.relu << 12

    def __str__(self) -> str:
        name = self.opcode.name
        if self.opcode is Opcode.JUMP:
            return f"JUMP back {self.back} times {self.count}"
        if self.opcode is Opcode.NOP:
            return f"NOP commands {self.count + 1}"
        if self.opcode is Opcode.EXIT:
            return "EXIT"
        operands = [self.dst.name, self.src0.name]
        if self.opcode not in (Opcode.FILL, Opcode.MOV):
            operands.append(self.src1.name)
        if self.opcode is Opcode.MAD:
            operands.append(self.src2.name)
        return f"{name} {', '.join(operands)}" + " auto" * self.auto + " relu" * self.relu


def decode(word: int) -> Instruction:
    try:
        opcode = Opcode(word >> 28)
    except ValueError as err:
        raise TraceMalformed(line=0, reason=f"{word:#010x} has no opcode {word >> 28}") from err
    if opcode is Opcode.JUMP:
        return Instruction(opcode, count=word >> 11 & JUMP_MAX, back=word & OFFSET_MAX)
    if opcode is Opcode.NOP:
        return Instruction(opcode, count=word & NOP_MAX)
    dst, src0, src1, src2 = (Operand(word >> shift & 7) for shift in (25, 22, 19, 16))
    flags = bool(word >> 15 & 1), bool(word >> 12 & 1)
    return Instruction(opcode, dst, src0, src1, src2, *flags)


Program = tuple[Instruction, ...]
_EXIT = Instruction(Opcode.EXIT)
_STORE = Instruction(Opcode.NOP, count=7)  # eight writes store a register file


def _jump(back: int, times: int) -> list[Instruction]:
    return [Instruction(Opcode.JUMP, count=times, back=back)] if times > 0 else []


def _mac(bank: Operand) -> Instruction:
    return Instruction(Opcode.MAC, Operand.GRF_B, Operand.GRF_A, bank, auto=True)


def gemv_program(ins: int) -> Program:
    even, odd = (ins + 1) // 2, ins // 2
    words = [_mac(Operand.EVEN_BANK), *_jump(1, 8 * even - 1)]
    if odd:
        words += [_mac(Operand.ODD_BANK), *_jump(1, 8 * odd - 1)]
    return (*words, _STORE, _EXIT)


def tree_program(ins: int) -> Program:
    words: list[Instruction] = []
    for bank in (Operand.EVEN_BANK, Operand.ODD_BANK):
        clear = Instruction(
            Opcode.MUL, Operand.GRF_B, Operand.GRF_B, Operand.EVEN_BANK, auto=True
        )
        words += [_mac(bank), *_jump(1, 7), _STORE, clear]
    return (*words, *_jump(len(words), (ins + 1) // 2 - 1), _EXIT)


SCALARS = {"scale": Opcode.MUL, "affine": Opcode.MAD}  # kernels that read scalar registers


def _from_bank(kernel: str, grf: Operand, bank: Operand) -> list[Instruction]:
    """What eight reads of a bank do: load, or multiply (and add) with scalars on the way."""
    if kernel not in SCALARS:
        return [Instruction(Opcode.FILL, grf, bank, auto=True, relu=kernel == "relu")]
    addend = Operand.SRF_A if kernel == "affine" else Operand.A_OUT
    return [Instruction(SCALARS[kernel], grf, bank, Operand.SRF_M, addend, auto=True)]


def elementwise_program(kernel: str, tiles: int) -> Program:
    """Even banks through GRF_A, odd banks through GRF_B."""
    words: list[Instruction] = []
    for grf, bank in (
        (Operand.GRF_A, Operand.EVEN_BANK),
        (Operand.GRF_B, Operand.ODD_BANK),
    ):
        words += _from_bank(kernel, grf, bank)
        if kernel in ("add", "mul"):
            words.append(Instruction(Opcode[kernel.upper()], grf, grf, bank, auto=True))
        words.append(_STORE)
    return (*words, *_jump(len(words), tiles - 1), _EXIT)


def assemble(program: Program) -> npt.NDArray[np.uint32]:
    return np.array([one.encode() for one in program], np.uint32)


def disassemble(words: npt.NDArray[np.uint32]) -> Program:
    return tuple(decode(int(word)) for word in words)


def listing(program: Program) -> str:
    """Readable assembly, one instruction a line with its word."""
    return "\n".join(f"{i:2}  {one.encode():08x}  {one}" for i, one in enumerate(program))
