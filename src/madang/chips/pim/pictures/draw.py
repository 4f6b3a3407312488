"""What the chip lab draws: occupancy, energy, roofline, Pareto front; and Perfetto traces."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np

from madang.chips.errors import ShapeImpossible
from madang.chips.pim.check.rules import Events, aim_events, bankpair_events
from madang.chips.pim.energy import Energy
from madang.chips.pim.pictures.svg import (
    COLOURS,
    FAINT,
    GREY,
    HEIGHT,
    INK,
    LEFT,
    RIGHT,
    WIDTH,
    Axis,
    Canvas,
    Picture,
    frame,
    number,
    plot_area,
    width_px,
)
from madang.chips.pim.report import Report
from madang.chips.pim.roofs import peaks
from madang.chips.pim.spec import Spec

BANKS, LANE = 16, 18
KIND_LANE, SLICE_PX, FRONT_TOLD = 40, 4, 8
TIME_LANE, TIMES_SHOWN, NAME_LETTERS = 32, 24, 26
ROW_COLOURS = ("#0072b2", "#b34700", "#00795a", "#a04d7c")  # white numbers are read on them
Span = tuple[int, int, int, int]  # bank, row, opened, closed


def _events(spec: Spec, report: Report) -> Events:
    if report.log is None:
        raise ShapeImpossible(
            what="picture",
            value=report.kernel,
            reason="this run kept no log of commands",
            nearest="a bank-pair or AiM kernel",
        )
    return aim_events(report.log) if spec.family == "aim" else bankpair_events(report.log)


def open_spans(spec: Spec, report: Report) -> list[Span]:
    """When each bank of the simulated channel held which row."""
    events = _events(spec, report)
    rows: dict[int, tuple[int, int]] = {}
    spans: list[Span] = []
    columns = (events.kind, events.bank, events.row, events.cycle)
    for kind, bank, row, cycle in zip(*(one.tolist() for one in columns), strict=True):
        every = kind in ("PREA", "ACT16", "WRA16")
        for b in range(BANKS) if every else [bank]:
            if kind in ("PRE", "PREA", "WRA16") and b in rows:
                spans.append((b, *rows.pop(b), cycle))
            elif kind in ("ACT", "ACT16"):
                rows[b] = (row, cycle)
    return spans + [(b, row, at, report.cycles) for b, (row, at) in sorted(rows.items())]


def occupancy(spec: Spec, report: Report) -> Picture:
    """One lane per bank; a bar from the activation of a row to its precharge."""
    spans = open_spans(spec, report)
    bottom = 54 + BANKS * LANE
    canvas = Canvas(f"Open rows by bank: {report.kernel} on {report.device}", bottom + 76)
    x = Axis(0, max(1, report.cycles), LEFT, WIDTH - RIGHT - 10)
    data = spec.integer("data_rows")
    for bank, row, opened, closed in spans:
        _bar(canvas, x, (bank, row, opened, closed), data)
    for bank in range(BANKS):
        canvas.text(LEFT - 6, 54 + bank * LANE + 11, f"{bank}", "end", 11)
    for value in x.ticks():
        canvas.line([(x.at(value), bottom), (x.at(value), bottom + 4)], INK, width=1)
        canvas.text(x.at(value), bottom + 16, number(value), "middle", 11)
    canvas.text(LEFT - 6, 44, "bank", "end", 11)
    canvas.text((x.start + x.end) / 2, bottom + 36, _cycles_of(report), "middle")
    words = [(COLOURS[0], "rows of data, by number in four colours")]
    if any(row >= data for _, row, _, _ in spans):
        words.append((GREY, "rows of modes and registers"))
    canvas.legend(LEFT, bottom + 50, words, 290)
    return canvas.picture()


def _cycles_of(report: Report) -> str:
    return f"cycles of {report.clock_ns:g} ns"


def _bar(canvas: Canvas, x: Axis, span: Span, data_rows: int) -> None:
    bank, row, opened, closed = span
    left, wide = x.at(opened), x.at(closed) - x.at(opened)
    colour = GREY if row >= data_rows else ROW_COLOURS[row % len(ROW_COLOURS)]
    top = 54 + bank * LANE
    tip = f"bank {bank} row {row}: cycles {opened} to {closed}"
    canvas.rectangle(left, top, wide, LANE - 4, colour, tip)
    if row < data_rows and wide > width_px(f"{row}", 10) + 4:
        canvas.text(left + wide / 2, top + 11, f"{row}", "middle", 10, "#ffffff")


def timeline(spec: Spec, report: Report) -> Picture:
    """Commands of one channel over time: a lane for each kind, a bar for each slice."""
    events = _events(spec, report)
    kinds = sorted(set(events.kind.tolist()))
    bottom = 54 + len(kinds) * KIND_LANE
    canvas = Canvas(f"Commands of one channel: {report.kernel} on {report.device}", bottom + 56)
    x = Axis(0, max(1, report.cycles), LEFT, WIDTH - RIGHT - 60)
    slices = int(x.end - x.start) // SLICE_PX
    at = np.minimum(events.cycle * slices // max(1, report.cycles), slices - 1)
    for lane, kind in enumerate(kinds):
        base = 54 + (lane + 1) * KIND_LANE - 6
        counts = np.bincount(at[events.kind == kind], minlength=slices)
        most = int(counts.max())
        for k in np.flatnonzero(counts).tolist():
            tall = (KIND_LANE - 10) * int(counts[k]) / most
            tip = f"{kind}: {counts[k]} near cycle {k * report.cycles // slices}"
            left = x.start + k * SLICE_PX
            canvas.rectangle(left, base - tall, SLICE_PX - 0.4, tall, COLOURS[lane % 8], tip)
        canvas.line([(x.start, base), (x.end, base)], FAINT, width=1)
        canvas.text(LEFT - 6, base - 4, kind, "end", 11)
        canvas.text(x.end + 6, base - 4, number(float(counts.sum())), size=11)
    for value in x.ticks():
        canvas.text(x.at(value), bottom + 14, number(value), "middle", 11)
    canvas.text(x.end + 6, 44, "in all", size=11)
    canvas.text((x.start + x.end) / 2, bottom + 36, _cycles_of(report), "middle")
    return canvas.picture()


def energy_bars(report: Report) -> Picture:
    """Energy by part, in microjoule, with and without PIM where both are known."""
    both = [("with PIM", report.energy)]
    if report.baseline is not None:
        both.append(("without PIM", report.baseline.energy))
    known = [(name, energy) for name, energy in both if energy is not None]
    if not known:
        raise ShapeImpossible(
            what="picture",
            value="energy",
            reason=report.why_no_energy or "no energy",
            nearest="-",
        )
    parts = sorted({part for _, energy in known for part in energy.parts})
    colours = {part: COLOURS[k % len(COLOURS)] for k, part in enumerate(parts)}
    lines = -(-len(parts) // 2)
    names = " / ".join(name for name, _ in known)
    canvas = Canvas(
        f"Energy of {report.kernel} on {report.device}, uJ: {names}",
        96 + 62 * len(known) + 18 * lines,
    )
    most = max(energy.high for _, energy in known) or 1.0
    x = Axis(0, most / 1e6, LEFT, WIDTH - RIGHT - 10)
    bottom = 44 + 62 * len(known)
    for value in x.ticks():
        canvas.line([(x.at(value), 40), (x.at(value), bottom)], FAINT, width=1)
        canvas.text(x.at(value), bottom + 14, number(value), "middle", 11)
    for k, (name, energy) in enumerate(known):
        _energy_bar(canvas, x, 46 + 62 * k, name, energy, colours)
    entries = [(colours[part], _shares(part, known)) for part in parts]
    canvas.legend(LEFT, bottom + 30, entries, 300)
    return canvas.picture()


def _shares(part: str, known: Sequence[tuple[str, Energy]]) -> str:
    values = [energy.parts.get(part, 0.0) / 1e6 for _, energy in known]
    return f"{part}: {' / '.join(number(round(one, 3)) for one in values)}"


def _energy_bar(
    canvas: Canvas, x: Axis, top: float, name: str, energy: Energy, colours: Mapping[str, str]
) -> None:
    """A bar of parts, and a line from the low to the high end of the band."""
    at = 0.0
    canvas.text(LEFT - 6, top + 20, name, "end")
    for part, value in energy.parts.items():
        wide = x.at(at + value / 1e6) - x.at(at)
        tip = f"{part}: {value / 1e6:.4g} uJ"
        canvas.rectangle(x.at(at), top, wide, 30, colours[part], tip)
        at += value / 1e6
    low, mid, high = (x.at(one / 1e6) for one in (energy.low, energy.mid, energy.high))
    canvas.line([(low, top + 38), (high, top + 38)], INK)
    for end in (low, high):
        canvas.line([(end, top + 35), (end, top + 41)], INK)
    words = f"{energy.mid / 1e6:.4g} ({energy.low / 1e6:.4g} to {energy.high / 1e6:.4g})"
    left = min(mid, WIDTH - RIGHT - width_px(words, 11))
    canvas.text(max(left - 40, LEFT), top + 53, words, size=11)


def roofline(spec: Spec, reports: Sequence[Report]) -> Picture:
    """Roofs of the banks and of the bus; each run at its intensity and reached rate."""
    if spec.family == "dpu":
        raise ShapeImpossible(
            what="picture",
            value="roofline",
            reason="no bus and no host are described for this device",
            nearest="a device with a bus, hbm2-pim for example",
        )
    inside, flops, bus, host = peaks(spec)
    points = [point for one in reports for point in _points(one)]
    points = [one for one in points if one[0] > 0 and one[1] > 0]
    low = min([0.1, *(one[0] / 2 for one in points)])
    bottom = min([bus * low, *(one[1] / 2 for one in points)])
    x, y = plot_area((low, 1000.0), (bottom, 3 * max(host, flops)), logarithmic=True)
    canvas = Canvas(f"Roofline with and without PIM: {spec.name}")
    frame(canvas, x, y, ("operations per byte", "GFLOP/s"))
    use = spec.number("host_bandwidth_use")
    roofs = (
        (inside, flops, COLOURS[0], "inside the banks", False),
        (bus, host, COLOURS[1], f"host, {100 * use:.0f} % of the bus", True),
    )
    for rate, peak, colour, words, dashed in roofs:
        roof = [(low, rate * low), (peak / rate, peak), (1000.0, peak)]
        canvas.line([(x.at(a), y.at(b)) for a, b in roof], colour, dashed=dashed, width=2)
        canvas.text(x.end - 4, y.at(peak) - 7, words, "end", 11)
    for a, b, name, kind in points:
        tip = f"{name}: {a:.3g} op/byte, {b:.4g} GFLOP/s"
        canvas.dot(x.at(a), y.at(b), COLOURS[kind], tip, 5, square=kind == 1)
        canvas.text(x.at(a) + 9, y.at(b) + 4, f"{name}: {number(b)}", size=11, halo=True)
    return canvas.picture()


def _points(report: Report) -> list[tuple[float, float, str, int]]:
    """Operations per byte, GFLOP/s, name and which roof."""
    both = [(report, "host alone" if report.mode == "host" else "with PIM")]
    if report.baseline is not None:
        both.append((report.baseline, "without PIM"))
    return [
        (one.flops / one.bytes_touched, one.flops / one.time_ns, f"{one.kernel} {name}", kind)
        for kind, (one, name) in enumerate(both)
        if one.bytes_touched and one.time_ns
    ]


def front_of(points: Sequence[tuple[float, float]]) -> list[int]:
    """Indices of the points that no other point beats in both numbers (smaller is better)."""
    order = sorted(range(len(points)), key=lambda i: (points[i], i))
    best, front = float("inf"), []
    for i in order:
        if points[i][1] < best:
            best = points[i][1]
            front.append(i)
    return front


UNITS = {"time_ns": ("time, us", 1e-3), "energy_pj": ("energy, uJ", 1e-6)}


def _axis_of(values: Sequence[float]) -> tuple[float, float]:
    spread = (max(values) - min(values) or abs(max(values)) or 1.0) * 0.08
    return min(values) - spread, max(values) + spread


def pareto(
    points: Sequence[tuple[float, float]], names: Sequence[str], labels: tuple[str, str]
) -> Picture:
    """All points of a sweep; the front in colour, numbered, its designs told below."""
    canvas = Canvas("Design points and their Pareto front")
    if not points:
        canvas.text(LEFT, 80, "no point ran")
        return canvas.picture()
    (first, a), (second, b) = (UNITS.get(one, (one, 1.0)) for one in labels)
    scaled = [(one[0] * a, one[1] * b) for one in points]
    x, y = plot_area(*(_axis_of(one) for one in zip(*scaled, strict=True)), logarithmic=False)
    frame(canvas, x, y, (first, second))
    front = front_of(points)
    for i, (at, high) in enumerate(scaled):
        if i not in front:
            canvas.dot(x.at(at), y.at(high), GREY, names[i], 3)
    line = [(x.at(scaled[i][0]), y.at(scaled[i][1])) for i in front]
    canvas.line(line, COLOURS[0], dashed=True)
    for i, (at, high) in zip(front, line, strict=True):
        canvas.dot(at, high, COLOURS[0], names[i], 5)
    canvas.legend(WIDTH - 250, 14, [(COLOURS[0], "Pareto front"), (GREY, "other designs")], 110)
    told = [(scaled[i], names[i], place) for i, place in zip(front, line, strict=True)]
    _tell_front(canvas, told, (first, second))
    return canvas.picture()


Told = tuple[tuple[float, float], str, tuple[float, float]]


def _tell_front(canvas: Canvas, front: Sequence[Told], axes: tuple[str, str]) -> None:
    """Numbers at up to FRONT_TOLD points of the front, their parameters below the axes."""
    step = -(-len(front) // FRONT_TOLD)
    units = [one.partition(", ")[2] for one in axes]
    for k, ((a, b), name, (x, y)) in enumerate(front[::step], 1):
        canvas.text(x + 7, y - 7, f"{k}", size=12)
        sizes = f"{number(a)} {units[0]}, {number(b)} {units[1]}"
        words = name.strip("{}").replace('"', "").replace("'", "")
        canvas.text(LEFT, HEIGHT + 17 * k, f"{k}  {words}: {sizes}", size=11)
        canvas.height = HEIGHT + 17 * k + 12


def times(title: str, rows: Sequence[tuple[str, float, float | None]]) -> Picture:
    """Time of named pieces in ns, with PIM above and without it below, the longest first."""
    shown = sorted(rows, key=lambda row: -max(row[1], row[2] or 0.0))[:TIMES_SHOWN]
    canvas = Canvas(title, 102 + TIME_LANE * len(shown))
    most = max((max(row[1], row[2] or 0.0) for row in shown), default=1.0) or 1.0
    x = Axis(0, most / 1e3, 2.4 * LEFT, WIDTH - RIGHT - 60)
    bottom = 44 + TIME_LANE * len(shown)
    for value in x.ticks():
        canvas.line([(x.at(value), 40), (x.at(value), bottom)], FAINT, width=1)
        canvas.text(x.at(value), bottom + 14, number(value), "middle", 11)
    for k, (name, with_pim, without) in enumerate(shown):
        top = 46 + TIME_LANE * k
        canvas.text(x.start - 6, top + 15, name[:NAME_LETTERS], "end", 11)
        for j, spent in enumerate((with_pim, without)):
            if spent is not None:
                wide = x.at(spent / 1e3) - x.start
                tip = f"{name}: {number(spent / 1e3)} us"
                canvas.rectangle(x.start, top + 11 * j, wide, 10, COLOURS[j], tip)
                canvas.text(x.start + wide + 4, top + 9 + 11 * j, number(spent / 1e3), size=10)
    canvas.text((x.start + x.end) / 2, bottom + 30, "time, us", "middle")
    canvas.legend(LEFT, bottom + 36, [(COLOURS[0], "with PIM"), (COLOURS[1], "without")], 110)
    return canvas.picture()


def perfetto(spec: Spec, report: Report) -> str:
    """Trace event JSON of one channel for ui.perfetto.dev: a track per bank, and open rows."""
    events = _events(spec, report)
    us = report.clock_ns / 1e3
    found: list[dict[str, object]] = [
        {
            "ph": "M",
            "name": "process_name",
            "pid": 0,
            "args": {"name": f"{report.device} channel"},
        }
    ]
    found += [
        {
            "ph": "M",
            "name": "thread_name",
            "pid": 0,
            "tid": bank,
            "args": {"name": f"bank {bank}"},
        }
        for bank in range(BANKS)
    ]
    found += [
        {
            "ph": "X",
            "name": f"row {row}",
            "pid": 0,
            "tid": bank,
            "ts": at * us,
            "dur": (end - at) * us,
        }
        for bank, row, at, end in open_spans(spec, report)
    ]
    columns = (events.cycle, events.kind, events.bank, events.row, events.column)
    found += [
        {
            "ph": "i",
            "s": "t",
            "name": kind,
            "pid": 0,
            "tid": bank,
            "ts": cycle * us,
            "args": {"cycle": cycle, "row": row, "column": column},
        }
        for cycle, kind, bank, row, column in zip(*(c.tolist() for c in columns), strict=True)
    ]
    return json.dumps({"traceEvents": found, "displayTimeUnit": "ns"}, separators=(",", ":"))


KINDS = ("energy", "occupancy", "timeline", "roofline")


def draw(report: Report, kind: str) -> Picture:
    """A picture of one report by its kind."""
    assert report.spec is not None
    if kind == "energy":
        return energy_bars(report)
    if kind == "occupancy":
        return occupancy(report.spec, report)
    if kind == "timeline":
        return timeline(report.spec, report)
    if kind == "roofline":
        return roofline(report.spec, [report])
    raise ShapeImpossible(
        what="picture", value=kind, reason="no such picture", nearest=", ".join(KINDS)
    )
