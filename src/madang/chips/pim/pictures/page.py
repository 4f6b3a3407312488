"""One HTML file of a run: what was asked, what it cost, pictures, commands, every number.

Nothing is fetched: style and pictures stand in the file, which opens anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from madang.chips.pim.pictures import draw
from madang.chips.pim.pictures.svg import number
from madang.chips.pim.report import Report
from madang.core.errors import Refused

STYLE = """
:root{color-scheme:light dark;--ink:#1e2124;--ground:#ffffff;--rule:#d5d9dd;--soft:#f4f5f6}
@media (prefers-color-scheme: dark){
:root{--ink:#e8eaed;--ground:#111318;--rule:#3a4047;--soft:#1b1e24}}
body{font:15px/1.5 sans-serif;max-width:760px;margin:2rem auto;padding:0 1rem;
color:var(--ink);background:var(--ground)}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}
td,th{border-bottom:1px solid var(--rule);padding:.3rem .5rem;text-align:left}
td.n{text-align:right;font-variant-numeric:tabular-nums}
pre{background:var(--soft);padding:.7rem;overflow:auto;font-size:.8rem}
figure{margin:1rem 0}svg{max-width:100%;height:auto;border:1px solid var(--rule)}
"""
Cells = Sequence[str]
NUMBER = re.compile(r"[\d.,]+( \([\d.,]+ - [\d.,]+\))?")
LISTING_LINES = 60


def _cell(words: str) -> str:
    place = ' class="n"' if NUMBER.fullmatch(words) else ""
    return f"<td{place}>{escape(words)}</td>"


def _table(head: Cells, rows: Iterable[Cells]) -> str:
    """Numbers, with their band if they have one, stand to the right."""
    first = "".join(f"<th>{escape(one)}</th>" for one in head)
    lines = ["".join(_cell(one) for one in row) for row in rows]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{first}</tr></thead><tbody>{body}</tbody></table>"


def _headline(report: Report) -> list[Cells]:
    """The numbers to quote, each with its unit."""
    base, energy = report.baseline, report.energy
    rows: list[Cells] = [
        ("주기 cycles", number(report.cycles), "-" if base is None else number(base.cycles)),
        (
            "시간 time, us",
            number(report.time_ns / 1e3),
            "-" if base is None else number(base.time_ns / 1e3),
        ),
    ]
    if energy is not None:
        without = base.energy.mid / 1e6 if base is not None and base.energy else None
        rows.append(
            (
                "에너지 energy, uJ",
                f"{number(energy.mid / 1e6)} "
                f"({number(energy.low / 1e6)} - {number(energy.high / 1e6)})",
                "-" if without is None else number(without),
            )
        )
    ratios = (("속도 speed", report.speedup), ("에너지 energy", report.energy_ratio))
    return [*rows, *((f"{name}, ratio", f"{one:.2f}", "1") for name, one in ratios if one)]


def _pictures(report: Report) -> list[str]:
    """Whatever can be drawn of this run; what cannot says why."""
    found = []
    for kind in draw.KINDS:
        try:
            found.append(f"<figure>{draw.draw(report, kind).svg}</figure>")
        except Refused as reason:
            found.append(f"<p>{escape(kind)}: {escape(reason.sentence())}</p>")
    return found


def _numbers(report: Report) -> list[Cells]:
    assert report.spec is not None
    return [
        (
            name,
            "unknown" if q.value is None else f"{q.value:g}",
            q.unit,
            q.mark,
            q.source,
        )
        for name, q in report.spec.numbers.items()
    ]


def page(report: Report) -> str:
    """The file as text; the same run gives the same bytes."""
    shape = ", ".join(f"{name} {size:,}" for name, size in report.shape.items())
    title = f"{report.kernel} ({shape}) · {report.device} · {report.profile}"
    energy = report.energy
    left_out = energy.left_out if energy else (report.why_no_energy or "",)
    notes = [*report.notes, *(f"not in the energy: {one}" for one in left_out if one)]
    changed = [f"{name} = {value}" for name, value in report.overrides.items()]
    facts = [
        ("형식 format", report.dtype),
        ("채널 channels", f"{report.channels} ({report.groups} distinct simulated)"),
        ("주기 길이 clock", f"{report.clock_ns:g} ns"),
        ("바꾼 수치 overridden", ", ".join(changed) or "-"),
        ("채움 padding", ", ".join(f"{k} {v:,}" for k, v in report.padding.items()) or "-"),
        ("digest", report.digest),
    ]
    commands = [(name, f"{count:,}") for name, count in report.commands.items() if count]
    listing = "\n".join(report.listing.splitlines()[:LISTING_LINES])
    parts = [
        f"<h1>{escape(title)}</h1>",
        _table(("", "PIM", "PIM 없이 without"), _headline(report)),
        *(f"<p>! {escape(one)}</p>" for one in notes),
        "<h2>그림 · Pictures</h2>",
        *_pictures(report),
        "<h2>명령 · Commands of one channel</h2>",
        _table(("명령 command", "수 count"), commands),
        f"<pre>{escape(listing)}</pre>" if listing else "",
        "<h2>조건 · Conditions</h2>",
        _table(("", ""), facts),
        "<h2>수치 · Numbers of the device</h2>",
        _table(("name", "value", "unit", "mark", "source"), _numbers(report)),
    ]
    head = f'<meta charset="utf-8"/><title>{escape(title)}</title><style>{STYLE}</style>'
    whole = f"<head>{head}</head><body>{''.join(parts)}</body>"
    return f'<!doctype html><html lang="ko">{whole}</html>\n'
