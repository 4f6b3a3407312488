"""What the chip lab draws: occupancy, energy, roofline, Pareto front; and Perfetto traces."""

from __future__ import annotations

import json
from collections.abc import Sequence

from madang.chips.errors import ShapeImpossible
from madang.chips.pim.check.rules import Events, aim_events, bankpair_events
from madang.chips.pim.pictures.svg import (
    COLOURS,
    LEFT,
    RIGHT,
    WIDTH,
    Axis,
    Canvas,
    Picture,
    frame,
    plot_area,
)
from madang.chips.pim.report import Report
from madang.chips.pim.roofs import peaks
from madang.chips.pim.spec import Spec

BANKS, LANE = 16, 18
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
    canvas = Canvas(
        f"Open rows by bank: {report.kernel} on {report.device}", 60 + BANKS * LANE + 60
    )
    x = Axis(0, max(1, report.cycles), LEFT, WIDTH - RIGHT)
    bottom = 50 + BANKS * LANE
    for bank, row, opened, closed in spans:
        tip = f"bank {bank} row {row}: {opened} to {closed}"
        colour = COLOURS[row % len(COLOURS)]
        top = 50 + bank * LANE
        canvas.rectangle(x.at(opened), top, x.at(closed) - x.at(opened), LANE - 4, colour, tip)
    for bank in range(BANKS):
        canvas.text(LEFT - 6, 50 + bank * LANE + 11, f"{bank}", "end", 11)
    for value in x.ticks():
        canvas.text(x.at(value), bottom + 16, f"{value:.0f}", "middle", 11)
    canvas.text(
        (x.start + x.end) / 2, bottom + 38, f"cycles of {report.clock_ns:g} ns", "middle"
    )
    return canvas.picture()


def energy_bars(report: Report) -> Picture:
    """Energy by part, in microjoule, with and without PIM where both are known."""
    both = [("PIM", report.energy)]
    if report.baseline is not None:
        both.append(("without", report.baseline.energy))
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
    canvas = Canvas(
        f"Energy: {report.kernel} on {report.device} (uJ, middle of the band)",
        120 + 60 * len(known),
    )
    x = Axis(0, max(energy.mid for _, energy in known) or 1.0, LEFT, WIDTH - RIGHT)
    for k, (name, energy) in enumerate(known):
        at, y = 0.0, 50 + 60 * k
        canvas.text(LEFT - 6, y + 22, name, "end")
        for part, value in energy.parts.items():
            width = x.at(at + value) - x.at(at)
            canvas.rectangle(
                x.at(at), y, width, 34, colours[part], f"{part}: {value / 1e6:.4g} uJ"
            )
            at += value
        canvas.text(x.at(at) - 4, y + 48, f"{energy.mid / 1e6:.4g}", "end", 11)
    for k, part in enumerate(parts):
        column, line = k % 3, k // 3
        top = 60 + 60 * len(known) + 18 * line
        canvas.rectangle(LEFT + 210 * column, top, 10, 10, colours[part], part)
        canvas.text(LEFT + 210 * column + 16, top + 9, part, size=11)
    return canvas.picture()


def roofline(spec: Spec, reports: Sequence[Report]) -> Picture:
    """Roofs of the banks and of the bus; each run at its intensity and reached rate."""
    inside, flops, bus, host = peaks(spec)
    points = [
        (r.flops / r.bytes_touched, r.flops / r.time_ns, f"{r.kernel} PIM", 0) for r in reports
    ]
    for one in reports:
        base = one.baseline
        if base is not None:
            points.append(
                (
                    base.flops / base.bytes_touched,
                    base.flops / base.time_ns,
                    f"{one.kernel} host",
                    1,
                )
            )
    points = [one for one in points if one[0] > 0 and one[1] > 0]
    low = min([0.1, *(one[0] for one in points)])
    bottom = min([bus * low, *(one[1] / 2 for one in points)])
    x, y = plot_area((low, 1000.0), (bottom, 2 * max(host, flops)), logarithmic=True)
    canvas = Canvas(f"Roofline with and without PIM: {spec.name}")
    frame(canvas, x, y, ("operations per byte", "GFLOP/s"))
    for rate, peak, colour in ((inside, flops, COLOURS[0]), (bus, host, COLOURS[1])):
        ridge = peak / rate
        roof = [(low, rate * low), (ridge, peak), (1000.0, peak)]
        canvas.line([(x.at(a), y.at(b)) for a, b in roof], colour)
    canvas.text(x.end - 4, y.at(flops) - 6, "inside the banks", "end", 11)
    canvas.text(x.end - 4, y.at(host) - 6, "host over the bus", "end", 11)
    for a, b, name, kind in points:
        canvas.dot(x.at(a), y.at(b), COLOURS[kind], f"{name}: {a:.3g} op/byte, {b:.4g} GFLOP/s")
    return canvas.picture()


def front_of(points: Sequence[tuple[float, float]]) -> list[int]:
    """Indices of the points that no other point beats in both numbers (smaller is better)."""
    order = sorted(range(len(points)), key=lambda i: (points[i], i))
    best, front = float("inf"), []
    for i in order:
        if points[i][1] < best:
            best = points[i][1]
            front.append(i)
    return front


def pareto(
    points: Sequence[tuple[float, float]], names: Sequence[str], labels: tuple[str, str]
) -> Picture:
    """All points of a sweep, the front in colour."""
    canvas = Canvas("Design points and their Pareto front")
    if not points:
        canvas.text(LEFT, 80, "no point ran")
        return canvas.picture()
    a, b = [one[0] for one in points], [one[1] for one in points]
    spread = [(max(one) - min(one) or max(one) or 1.0) * 0.05 for one in (a, b)]
    x, y = plot_area(
        (min(a) - spread[0], max(a) + spread[0]),
        (min(b) - spread[1], max(b) + spread[1]),
        logarithmic=False,
    )
    frame(canvas, x, y, labels)
    front = front_of(points)
    for i, one in enumerate(points):
        if i not in front:
            canvas.dot(x.at(one[0]), y.at(one[1]), COLOURS[4], names[i], 3)
    canvas.line(
        [(x.at(points[i][0]), y.at(points[i][1])) for i in front], COLOURS[0], dashed=True
    )
    for i in front:
        canvas.dot(x.at(points[i][0]), y.at(points[i][1]), COLOURS[0], names[i], 5)
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


KINDS = ("energy", "occupancy", "roofline")


def draw(report: Report, kind: str) -> Picture:
    """A picture of one report by its kind."""
    assert report.spec is not None
    if kind == "energy":
        return energy_bars(report)
    if kind == "occupancy":
        return occupancy(report.spec, report)
    if kind == "roofline":
        return roofline(report.spec, [report])
    raise ShapeImpossible(
        what="picture", value=kind, reason="no such picture", nearest=", ".join(KINDS)
    )
