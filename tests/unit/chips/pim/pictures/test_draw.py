from __future__ import annotations

import json
import re
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest

from madang.chips.errors import ShapeImpossible
from madang.chips.pim.device import device
from madang.chips.pim.pictures import draw
from madang.chips.pim.pictures.svg import WIDTH, Axis, number, width_px

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


def test_at_a_prompt_a_run_its_device_and_its_picture_are_one_line_each() -> None:
    chip = device("hbm2-pim")
    report = chip.run("gemv", out=600, inner=512)
    assert repr(report).startswith(
        "<Report gemv out=600 in=512 batch=1 fp16 on hbm2-pim (jedec, pim): "
        f"{report.cycles:,} cycles = "
    )
    assert repr(chip).startswith("<Device hbm2-pim (jedec): gemv,")
    for shown in (report, chip, report.plot("energy")):
        assert "\n" not in repr(shown)
        assert len(repr(shown)) < 200


def test_rim_of_a_label_lies_behind_it_in_every_viewer() -> None:
    svg = device("hbm2-pim").run("gemv", out=600, inner=512).plot("roofline").svg
    words = re.findall(r"<text ([^>]*)>(gemv with PIM[^<]*)</text>", svg)
    assert [("stroke" in look, look.count("fill=")) for look, _ in words] == [
        (True, 1),
        (False, 1),
    ]
    assert "paint-order" not in svg


@pytest.mark.parametrize("name", ["hbm2-pim", "gddr6-aim", "lpddr5-pim", "upmem-v1"])
def test_page_holds_tables_pictures_and_every_number_and_fetches_nothing(name: str) -> None:
    report = (
        device(name, CCDL=3).run("gemv", out=64, inner=256)
        if name != "upmem-v1"
        else (device(name).run("gemv", out=64, inner=256))
    )
    page = report.html()
    body = ElementTree.fromstring(
        page.partition("<body>")[2].partition("</body>")[0].join(("<body>", "</body>"))
    )
    cells = {"".join(cell.itertext()) for cell in body.iter("td")}
    assert report.spec is not None
    assert set(report.spec.numbers) <= cells
    assert f"{report.cycles:,}" in cells
    assert page == report.html()
    assert set(re.findall(r"https?://[^\"]+", page)) <= {"http://www.w3.org/2000/svg"}
    pictures = [one.tag for one in body.iter(f"{SVG}svg")]
    told = [one for one in body.iter("p") if (one.text or "").partition(":")[0] in draw.KINDS]
    assert len(pictures) + len(told) == len(draw.KINDS)


def texts(svg: str) -> list[tuple[float, float, float]]:
    """Left end, right end and line of every text, from the length of its words."""
    found = []
    for one in ElementTree.fromstring(svg).iter(f"{SVG}text"):
        if one.get("aria-hidden"):
            continue  # the rim of the next text
        wide = width_px(one.text or "", int(one.attrib["font-size"]))
        shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[one.attrib["text-anchor"]]
        left = float(one.attrib["x"]) - shift * wide
        found.append((left, left + wide, float(one.attrib["y"])))
    return found


@pytest.mark.parametrize(
    ("name", "kernel", "sizes"),
    [
        ("hbm2-pim", "gemv", {"out": 4096, "inner": 1024}),
        ("hbm2-pim", "attention", {"heads": 4, "context": 200, "width": 128}),
        ("gddr6-aim", "gemv", {"out": 9000, "inner": 4096}),
    ],
)
@pytest.mark.parametrize("kind", draw.KINDS)
def test_words_of_a_picture_lie_inside_it_and_never_on_each_other(
    name: str, kernel: str, sizes: dict[str, int], kind: str
) -> None:
    svg = device(name).run(kernel, **sizes).plot(kind).svg
    height = float(ElementTree.fromstring(svg).attrib["height"])
    placed = texts(svg)
    for left, right, line in placed:
        assert left >= 0
        assert right <= WIDTH
        assert 0 < line < height
    for (a, b, line), (c, d, other) in combinations(placed, 2):
        assert abs(line - other) >= 9 or b <= c + 1 or d <= a + 1


def test_ticks_are_round_numbers_within_the_axis() -> None:
    assert Axis(0, 3273, 0, 1).ticks() == [0, 1000, 2000, 3000]
    assert Axis(1.9, 8.4, 0, 1).ticks() == [2, 4, 6, 8]
    assert Axis(0.3, 5000, 0, 1, logarithmic=True).ticks() == [1, 10, 100, 1000]
    assert [number(one) for one in (0, 0.25, 52.08, 3273.0, 1e5, 2e12)] == [
        *("0", "0.25", "52.1", "3,273", "100,000", "2e+12")
    ]


def test_times_of_pieces_stand_beside_those_without_pim() -> None:
    svg = draw.times("Step", [("query", 1500.0, 4000.0), ("norm", 90.0, None)]).svg
    assert ">1.5</text>" in svg.replace(",", ".")
    assert "query: 4 us" in svg


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
