"""Utilisation of each layer, and the roofline of an array with every layer on it."""

from __future__ import annotations

from collections.abc import Sequence

from madang.chips.npu.run import LayerRun, Run
from madang.chips.pim.pictures.svg import (
    COLOURS,
    FAINT,
    HEIGHT,
    LEFT,
    RIGHT,
    WIDTH,
    Axis,
    Canvas,
    Picture,
    frame,
    plot_area,
)

BAR, NAME_CHARACTERS, LAYERS_MAX = 18, 30, 120
NAMES = 210
ROOFLINE_HIGH = 1e5


def utilisation(run: Run) -> Picture:
    """A bar a layer: how much of the multipliers' time multiplied."""
    rows = [one for one in run.layers if one.macs][:LAYERS_MAX]
    canvas = Canvas(
        f"Utilisation of each layer: {run.graph.name} on {_array(run)}", 90 + BAR * len(rows)
    )
    x = Axis(0, 100, NAMES, WIDTH - RIGHT - 60)
    bottom = 44 + BAR * len(rows)
    for value in (0, 25, 50, 75, 100):
        canvas.line([(x.at(value), 40), (x.at(value), bottom)], FAINT)
        canvas.text(x.at(value), bottom + 16, f"{value}", "middle", 11)
    for i, one in enumerate(rows):
        top = 44 + i * BAR
        canvas.text(NAMES - 6, top + 12, one.name[:NAME_CHARACTERS], "end", 11)
        tip = f"{one.name}: {one.overall_util:.2f} %, {one.total_cycles} cycles"
        colour = COLOURS[1] if one.bound == "memory" else COLOURS[0]
        width = x.at(one.overall_util) - x.at(0)
        canvas.rectangle(x.at(0), top, width, BAR - 5, colour, tip)
        canvas.text(x.at(0) + width + 4, top + 12, f"{one.overall_util:.1f}", size=11)
    canvas.text((x.start + x.end) / 2, bottom + 36, "percent of multiplier cycles", "middle")
    for place, (words, colour) in enumerate((("compute", COLOURS[0]), ("memory", COLOURS[1]))):
        canvas.rectangle(LEFT + 75 * place, bottom + 27, 10, 10, colour, words)
        canvas.text(LEFT + 14 + 75 * place, bottom + 36, words, size=11)
    return canvas.picture()


def _array(run: Run) -> str:
    array = run.setting.array
    return f"{array.rows} x {array.columns} {array.dataflow}"


def _point(one: LayerRun) -> tuple[float, float] | None:
    moved = one.dram_ifmap_reads + one.dram_filter_reads
    moved += one.dram_ofmap_writes + one.dram_ofmap_reads
    if not (one.macs and moved and one.total_cycles):
        return None
    return one.macs / moved, one.macs / one.total_cycles


def roofline(run: Run, words_a_cycle: float | None = None) -> Picture:
    """MAC a word against MAC a cycle; the slope is the bandwidth, where one was given."""
    array = run.setting.array
    given = run.setting.words_a_cycle
    width = words_a_cycle or (float(given) if given is not None else None)
    points = [(one, at) for one in run.layers if (at := _point(one)) is not None]
    peak = float(array.rows * array.columns)
    low = min([0.1, *(at[0] / 2 for _, at in points)])
    high = max([1000.0, *(2 * at[0] for _, at in points)])
    bottom = min([peak / 1000, *(at[1] / 2 for _, at in points)])
    x, y = plot_area((low, min(high, ROOFLINE_HIGH)), (bottom, peak * 2), logarithmic=True)
    canvas = Canvas(f"Roofline: {run.graph.name} on {_array(run)}", HEIGHT)
    frame(canvas, x, y, ("MAC a word from memory", "MAC a cycle"))
    ridge = peak / width if width else low
    roof = [(ridge, peak), (x.high, peak)]
    if width:
        start = max(low, bottom / width)
        roof = [(start, start * width), *roof]
    canvas.line([(x.at(a), y.at(b)) for a, b in roof], COLOURS[1])
    for one, (intensity, rate) in points:
        tip = f"{one.name}: {intensity:.3g} MAC a word, {rate:.4g} MAC a cycle"
        colour = COLOURS[2] if one.kind == "conv" else COLOURS[0]
        canvas.dot(x.at(min(intensity, x.high)), y.at(rate), colour, tip)
    return canvas.picture()


def chip_roofline(
    name: str,
    peak_tflops: float,
    bandwidth_gb_s: float,
    points: Sequence[tuple[str, float, float]],
) -> Picture:
    """A published device: phases of a model at their intensity (flop a byte, TFLOP/s)."""
    low = min([1.0, *(one[1] / 2 for one in points)])
    bottom = min([peak_tflops / 1e4, *(one[2] / 2 for one in points)])
    x, y = plot_area((low, 1e4), (bottom, 2 * peak_tflops), logarithmic=True)
    canvas = Canvas(f"Roofline: {name}")
    frame(canvas, x, y, ("flop a byte", "TFLOP/s"))
    ridge = peak_tflops * 1e3 / bandwidth_gb_s
    start = max(low, bottom * 1e3 / bandwidth_gb_s)
    roof = [(start, start * bandwidth_gb_s / 1e3), (ridge, peak_tflops), (1e4, peak_tflops)]
    canvas.line([(x.at(a), y.at(b)) for a, b in roof], COLOURS[1])
    for i, (words, intensity, rate) in enumerate(points):
        at = (x.at(min(max(intensity, low), 1e4)), y.at(rate))
        canvas.dot(*at, COLOURS[i % len(COLOURS)], f"{words}: {intensity:.3g}, {rate:.4g}")
        near_end = at[0] > WIDTH - RIGHT - LEFT
        anchor, shift = ("end", -7) if near_end else ("start", 7)
        canvas.text(at[0] + shift, at[1] + 4, words, anchor, 11)
    return canvas.picture()


def design_space(
    points: Sequence[tuple[float, float]],
    names: Sequence[str],
    front: Sequence[int],
    labels: tuple[str, str],
) -> Picture:
    """Points of a design space on logarithmic axes, the front in colour and joined."""
    a, b = [one[0] for one in points], [one[1] for one in points]
    x, y = plot_area(
        (min(a) / 1.5, max(a) * 1.5), (min(b) / 1.5, max(b) * 1.5), logarithmic=True
    )
    canvas = Canvas("Design space and its Pareto front")
    frame(canvas, x, y, labels)
    on_front = set(front)
    for i, one in enumerate(points):
        if i not in on_front:
            canvas.dot(x.at(one[0]), y.at(one[1]), FAINT, names[i], 2)
    path = [(x.at(points[i][0]), y.at(points[i][1])) for i in front]
    canvas.line(path, COLOURS[0])
    for i in front:
        canvas.dot(x.at(points[i][0]), y.at(points[i][1]), COLOURS[0], names[i], 3)
    return canvas.picture()
