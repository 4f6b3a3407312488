from __future__ import annotations

import json
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from madang.chips.errors import ShapeImpossible
from madang.chips.pim.device import device
from madang.chips.pim.pictures import draw

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", ["hbm2-pim", "gddr6-aim"])
@pytest.mark.parametrize("kind", draw.KINDS)
def test_picture_is_svg_with_a_title_and_the_same_bytes_again(name: str, kind: str) -> None:
    report = device(name).run("gemv", out=600, inner=512)
    first, second = report.plot(kind).svg, report.plot(kind).svg
    root = ElementTree.fromstring(first)
    assert root.tag == f"{SVG}svg"
    assert root.find(f"{SVG}title").text
    assert first == second
    assert report._repr_svg_().startswith("<svg")


def test_open_spans_cover_every_activation_and_never_overlap() -> None:
    dev = device("hbm2-pim")
    report = dev.run("gemv", out=4096, inner=512, baseline=False)
    spans = draw.open_spans(dev.spec, report)
    assert len(spans) == report.commands["ACT"]
    for bank in range(16):
        mine = sorted(span[2:] for span in spans if span[0] == bank)
        assert all(end <= start for (_, end), (start, _) in pairwise(mine))


def test_trace_for_perfetto_holds_every_command_at_its_time() -> None:
    dev = device("hbm2-pim")
    report = dev.run("add", elements=1000, baseline=False)
    events = json.loads(draw.perfetto(dev.spec, report))["traceEvents"]
    commands = [one for one in events if one["ph"] == "i"]
    assert len(commands) == sum(report.commands.values())
    assert all(one["ts"] == pytest.approx(one["args"]["cycle"] / 1e3) for one in commands)


def test_energy_picture_of_a_device_without_energy_is_refused() -> None:
    with pytest.raises(ShapeImpossible):
        device("lpddr5-pim").run("gemv", out=64, inner=64).plot("energy")
    with pytest.raises(ShapeImpossible):
        device("hbm2-pim").run("gemv", out=64, inner=64).plot("hologram")


def test_front_keeps_what_no_other_point_beats() -> None:
    points = [(1.0, 5.0), (2.0, 3.0), (2.0, 4.0), (3.0, 3.0), (4.0, 1.0), (1.0, 5.0)]
    assert draw.front_of(points) == [0, 1, 4]
    assert draw.pareto([], [], ("a", "b")).svg.startswith("<svg")
