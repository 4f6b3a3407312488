"""Attention on HBM3 bank PIM lowered to one list of commands for the channels of a stack.

Heads go in rounds of one per channel, rounds in pairs: while one scores, the other moves its
buffers. The order, including the second context pass that repeats the first one's rows, is
that of the AttAcc simulator's published behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

I32 = npt.NDArray[np.int32]
MAC, WRGB, MVSB, MVGB, SFM, BARRIER = range(6)
CHANNELS, RANKS, GROUPS, BANKS = 16, 2, 4, 4
VALUE_BASE, ROW_SHIFT, ROWS, BURST = 1 << 23, 10, 16384, 32
BLOCK = 16
Rows = list[I32]  # each n x 6: channel, kind, row, rank, group, bank
Place = tuple[int, int, int, int]


def _ceil(a: int, b: int) -> int:
    return -(-a // b)


@dataclass(frozen=True, slots=True)
class Attention:
    """Sizes of one stack's work: `length` tokens of context, `heads`, `width` of a head."""

    length: int
    heads: int
    width: int
    value_bytes: int

    @property
    def lanes(self) -> int:
        return BURST // self.value_bytes

    @property
    def keys(self) -> int:  # U: key columns of a bank
        return _ceil(self.length, 16)

    @property
    def chunks(self) -> int:  # K: bursts of a head
        return _ceil(self.width, 4 * self.lanes)

    @property
    def blocks(self) -> int:
        return _ceil(self.keys, BLOCK)

    @property
    def rounds(self) -> int:
        return _ceil(self.heads, CHANNELS)

    def channels(self, one: int) -> int:
        return min(CHANNELS, self.heads - one * CHANNELS)

    def key_base(self, one: int) -> int:
        return one * _ceil(4096 * self.width, 64)


def _emit(kind: int, places: list[Place], channels: int) -> I32:
    """Places (row, rank, group, bank) with the channel as innermost loop."""
    out = np.zeros((len(places), channels, 6), np.int32)
    out[:, :, 0], out[:, :, 1] = np.arange(channels), kind
    if places:
        out[:, :, 2:] = np.array(places, np.int32)[:, None, :]
    return out.reshape(-1, 6)


def _macs(base: int, first: int, last: int, channels: int) -> I32:
    bursts = np.arange(first, last)
    rows = (base + BURST * bursts >> ROW_SHIFT) % ROWS
    return _emit(MAC, [(int(row), 0, 0, 0) for row in rows], channels)


def _score(a: Attention, one: int, block: int) -> I32:
    first, last = BLOCK * block, min(BLOCK * (block + 1), a.keys)
    return _macs(a.key_base(one), first * a.chunks, last * a.chunks, a.channels(one))


def _context(a: Attention, one: int, chunk: int) -> I32:
    base = a.key_base(one) + VALUE_BASE
    return _macs(base, chunk * a.keys, (chunk + 1) * a.keys, a.channels(one))


def _buffer_writes(a: Attention, one: int) -> I32:
    return _emit(
        WRGB, [(0, 0, 0, b) for b in range(BANKS) for _ in range(a.chunks)], a.channels(one)
    )


def _score_moves(a: Attention, one: int) -> I32:
    places = [(0, rank, group, 0) for group in range(GROUPS) for rank in range(RANKS)]
    return _emit(MVSB, places, a.channels(one))


def _context_moves(a: Attention, one: int) -> I32:
    places = [(0, rank, 0, bank) for bank in range(BANKS) for rank in range(RANKS)]
    return _emit(MVSB, places, a.channels(one))


def _back_moves(a: Attention, one: int) -> I32:
    times = _ceil(a.length, 16 * a.lanes)
    places = [(0, r, g, 0) for r in range(RANKS) for g in range(GROUPS) for _ in range(times)]
    return _emit(MVGB, places, a.channels(one))


def _softmax(a: Attention, one: int) -> I32:
    return _emit(SFM, [(0, 0, 0, 0)], a.channels(one))


_BARRIER = _emit(BARRIER, [(0, 0, 0, 0)], CHANNELS)


def _slice(moves: I32, pieces: int, k: int) -> I32:
    """What a floor leaves over is never sent."""
    size = len(moves) // pieces
    return moves[k * size : (k + 1) * size]


def _scores(a: Attention, one: int, extra: list[Rows]) -> Rows:
    """Score of a round; `extra[j]` goes out with block j."""
    out: Rows = []
    for j in range(a.blocks + 1):
        if j < a.blocks:
            out.append(_score(a, one, j))
        if j > 0:
            out.append(_score_moves(a, one))
        if j < a.blocks:
            out += [*extra[j], _BARRIER]
    return out


def _contexts(a: Attention, one: int, extra: list[Rows]) -> Rows:
    out: Rows = []
    for j in range(a.chunks + 1):
        if j < a.chunks:
            out.append(_context(a, one, j))
        if j > 0:
            out.append(_context_moves(a, one))
        if j < a.chunks:
            out += [*extra[j], _BARRIER]
    return out


def _moving(moves: I32, pieces: int, softmax: I32) -> list[Rows]:
    """Softmax with the first piece, buffer moves from the middle on."""
    half = pieces // 2
    out: list[Rows] = [[] for _ in range(pieces)]
    out[0].append(softmax)
    for j in range(half, pieces):
        out[j].append(_slice(moves, pieces - half, j - half))
    return out


def _pair(a: Attention, one: int) -> Rows:
    other, blocks = one + 1, a.blocks
    out: Rows = [_buffer_writes(a, one)]
    if one == 0:
        out.append(_macs(a.key_base(0), 0, 1, a.channels(0)))
    out.append(_BARRIER)
    writes = _buffer_writes(a, other)
    out += _scores(a, one, [[_slice(writes, blocks, j)] for j in range(blocks)])
    out += _scores(a, other, _moving(_back_moves(a, one), blocks, _softmax(a, one)))
    out += _contexts(a, one, _moving(_back_moves(a, other), a.chunks, _softmax(a, other)))
    return out + _contexts(a, one, [[] for _ in range(a.chunks)])


def _single(a: Attention, one: int) -> Rows:
    out: Rows = [_buffer_writes(a, one), _BARRIER]
    out += _scores(a, one, [[] for _ in range(a.blocks)])
    out += [_softmax(a, one), _back_moves(a, one), _BARRIER]
    return out + _contexts(a, one, [[] for _ in range(a.chunks)])


def attention(a: Attention) -> I32:
    """All commands of a stack in the order of the front end."""
    out: Rows = []
    for one in range(0, a.rounds - 1, 2):
        out += _pair(a, one)
    if a.rounds % 2:
        out += _single(a, a.rounds - 1)
    return np.concatenate(out)
