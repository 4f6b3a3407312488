"""Published system results run again, each with its assumptions; a miss is shown as a miss.

A row says what was claimed, what comes out here, what was assumed and, where the two part,
why. Nothing is fitted: a host is a roofline of the published peak numbers of its kind times
the usable share of the device files. A bound ("up to", "more than") is compared as such.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod

from madang.chips.pim.device import device
from madang.chips.pim.report import JsonValue, Report
from madang.chips.pim.roofs import peaks
from madang.chips.pim.system.many import Split, share
from madang.chips.pim.system.operators import decode_step, shape_from_config
from madang.chips.pim.system.step import Placed, Placer

BAND = 0.25


@dataclass(frozen=True, slots=True)
class Row:
    system: str
    claim: str
    published: float
    ours: float | None  # None: not run, and `why` says what is missing
    unit: str
    assumed: str
    why: str = ""
    bound: str = "is"  # is | at least

    @property
    def error(self) -> float | None:
        return None if self.ours is None else self.ours / self.published - 1

    @property
    def verdict(self) -> str:
        if self.error is None:
            return "not run"
        held = self.error >= 0 if self.bound == "at least" else abs(self.error) <= BAND
        return "within" if held else "MISS"

    def as_dict(self) -> dict[str, JsonValue]:
        return {
            "system": self.system,
            "claim": self.claim,
            "published": self.published,
            "ours": self.ours,
            "unit": self.unit,
            "error": self.error,
            "band": BAND if self.bound == "is" else None,
            "bound": self.bound,
            "verdict": self.verdict,
            "assumed": self.assumed,
            "why": self.why,
        }


def _speedup(report: Report) -> float:
    assert report.speedup is not None
    return report.speedup


def _saved(report: Report) -> float:
    assert report.energy_ratio is not None
    return 100 * (1 - 1 / report.energy_ratio)


def hbm2_pim() -> list[Row]:
    stack = device("hbm2-pim", channels=16, clock_ns=1 / 1.2).spec
    inside, gflops, bus, _ = peaks(stack)
    peak_bus = bus / stack.number("host_bandwidth_use")
    run = device("hbm2-pim").run("gemv", out=4096, inner=1024)
    sizes = [(1024, 4096), (2048, 4096), (4096, 8192), (8192, 8192)]
    dev = device("hbm2-pim")
    best = max(_speedup(dev.run("gemv", out=o, inner=i)) for o, i in sizes)
    use = stack.number("host_bandwidth_use")
    isca = (
        f"the host here reads without a gap; at {best / 11.2:.0%} of that rate it would be"
        f" 11.2, and no peak number allows more than {inside / peak_bus:.0f} against a full bus"
    )
    return [
        Row(
            "HBM-PIM, ISSCC 2021",
            "peak of one stack",
            1.2,
            gflops / 1e3,
            "TFLOP/s",
            "16 pseudo channels, 2.4 Gb/s (1.2 GHz), a column each CCDL",
        ),
        Row(
            "HBM-PIM, ISSCC 2021",
            "bandwidth inside over that of the bus",
            4.0,
            inside / peak_bus,
            "x",
            "peak against peak: eight units each CCDL, one burst each CCDS",
        ),
        Row(
            "HBM-PIM, ISSCC 2021",
            "performance",
            2.0,
            _speedup(run),
            "x",
            "GEMV 4096 x 1024 against a sweep of the same data",
            bound="at least",
        ),
        Row(
            "HBM-PIM, ISSCC 2021",
            "energy saved",
            70.0,
            _saved(run),
            "%",
            "array and interface of GEMV 4096 x 1024; published for a system",
            bound="at least",
        ),
        Row(
            "HBM-PIM, ISCA 2021",
            "GEMV, best of four sizes",
            11.2,
            best,
            "x",
            f"fence and launch 0 ns, host sweep simulated (a roofline would use {use:.0%})",
            isca,
        ),
        Row(
            "HBM-PIM, ISCA 2021",
            "applications",
            3.5,
            None,
            "x",
            "",
            "needs the measured host time of every kernel of those applications",
        ),
    ]


def lpddr5_pim() -> list[Row]:
    inside = peaks(device("lpddr5-pim").spec)[0]
    return [
        Row(
            "LPDDR-PIM, Hot Chips 35",
            "bandwidth inside",
            102.4,
            inside,
            "GB/s",
            "a package of four x16 channels, eight units each, a column each CCDL",
            "the claim does not say how many channels it counts; two would be 102.4",
        ),
        Row(
            "LPDDR-PIM, Hot Chips 35",
            "power saved",
            72.0,
            None,
            "%",
            "",
            "no energy of an LPDDR5 array is published; the device file holds nulls",
        ),
    ]


def aim() -> list[Row]:
    dev = device("gddr6-aim")
    spec = dev.spec
    inside, _, bus, _ = peaks(spec)
    peak_bus = bus / spec.number("host_bandwidth_use")
    sizes = [(4096, 4096), (12288, 4096), (11008, 4096), (16384, 1024)]
    runs = [dev.run("gemv", out=o, inner=i) for o, i in sizes]
    best = max(runs, key=_speedup)
    turn = (
        "opening and closing a row and two mode changes take longer than its 64 columns,"
        " with inputs kept in the buffer; the claim is the ratio of the peaks, the row above"
    )
    return [
        Row(
            "GDDR6-AiM, ISSCC 2022",
            "bandwidth inside a channel",
            512.0,
            inside / spec.integer("channels"),
            "GB/s",
            "16 banks, a burst each ns; published for a chip",
        ),
        Row(
            "GDDR6-AiM, Hot Chips 35",
            "up to, peak against peak",
            16.0,
            inside / peak_bus,
            "x",
            "16 banks against one burst each BL",
        ),
        Row(
            "GDDR6-AiM, Hot Chips 35",
            "up to, best of four GEMV",
            16.0,
            _speedup(best),
            "x",
            f"against {spec.number('host_bandwidth_use'):.0%} of the bus, launch 0 ns",
            turn,
        ),
        Row(
            "GDDR6-AiM, Hot Chips 35",
            "power saved",
            80.0,
            max(_saved(one) for one in runs),
            "%",
            "energy of the best of four GEMV, memory alone",
            "standby and controller are charged to both sides at the published CENT rates",
        ),
    ]


@dataclass(frozen=True, slots=True)
class Host:
    """A processor as a roofline: usable GB/s and TFLOP/s, and gigabytes of memory."""

    gb_s: float
    tflops: float
    memory_gb: float

    def ns(self, size: float, flops: float = 0.0) -> float:
        return max(size / self.gb_s, flops / (self.tflops * 1e3))


A100 = Host(1555 * 0.85, 312 * 0.8, 40)
A100_80 = Host(1935 * 0.85, 312 * 0.8, 80)
A100_HBM3 = Host(3352 * 0.85, 312 * 0.8, 80)


@dataclass(frozen=True, slots=True)
class Model:
    """A decoder by what a step of it reads, fp16."""

    parameters: float
    layers: int
    kv_width: int
    heads: int

    @property
    def bytes(self) -> float:
        return 2 * self.parameters

    @property
    def token_bytes(self) -> float:
        """Keys and values of one token."""
        return 2.0 * 2 * self.layers * self.kv_width


GPT3_175B = Model(174.6e9, 96, 12288, 96)
GPT3_13B = Model(12.9e9, 40, 5120, 40)
LLAMA2_70B = Model(69.0e9, 80, 1024, 64)
MIXTRAL_EXPERTS, MIXTRAL = 45.1e9, Model(46.7e9, 32, 1024, 32)
HOST_PJ_BIT, BANK_PJ_BIT, ON_CHIP_PJ_BIT = 3.59, 0.55, 0.46


def _many(host: Host, count: int) -> Host:
    return Host(host.gb_s * count, host.tflops * count, host.memory_gb * count)


def _attention_ns(model: Model, sequences: int, context: int, devices: int) -> float:
    """Attention of a step on HBM3 bank PIM, one device's share simulated, all layers."""
    heads = -(-sequences * model.heads // devices)
    report = device("hbm3-attacc").run(
        "attention", heads=heads, context=context, width=128, baseline=False
    )
    return report.time_ns * model.layers


def attacc() -> list[Row]:
    dev = device("hbm3-attacc")
    inside = dev.run("attention", heads=160, context=2048, width=128)
    gpus, model, full, mean = _many(A100_HBM3, 8), GPT3_175B, 4096, 3072
    room = gpus.memory_gb * 1e9
    alone = int((room - model.bytes) // (full * model.token_bytes))
    beside = int(room // (full * model.token_bytes))

    def step(batch: int, *, pim: bool) -> float:
        weights = gpus.ns(model.bytes, 2 * model.parameters * batch)
        cache = batch * mean * model.token_bytes
        return weights + (_attention_ns(model, batch, mean, 8) if pim else gpus.ns(cache))

    def energy(batch: int, pj_bit: float) -> float:
        path = HOST_PJ_BIT + ON_CHIP_PJ_BIT
        return model.bytes / batch * path + mean * model.token_bytes * pj_bit

    assumed = (
        f"8 A100-class GPUs with HBM3 and 8 PIM devices, GPT-3 175B fp16, 2048 in + 2048 out,"
        f" batch by memory: {alone} alone, {beside} beside"
    )
    rate = (beside / step(beside, pim=True)) / (alone / step(alone, pim=False))
    saved = energy(alone, HOST_PJ_BIT + ON_CHIP_PJ_BIT) / energy(beside, BANK_PJ_BIT)
    return [
        Row(
            "AttAcc, ASPLOS 2024",
            "bandwidth inside over a stack",
            9.0,
            _speedup(inside),
            "x",
            "attention, 160 heads of 2,048 tokens, power limited",
        ),
        Row("AttAcc, ASPLOS 2024", "throughput, 175B", 2.81, rate, "x", assumed),
        Row(
            "AttAcc, ASPLOS 2024", "energy, 175B", 2.67, saved, "x",
            assumed + "; memory and cache path, no idle power",
        ),
    ]  # fmt: skip


def neupims() -> list[Row]:
    npu, model, inside = A100, GPT3_13B, 9.0
    best_gpu = best_naive = 0.0
    for batch in (64, 128, 256, 512):
        for context in (128, 256, 512):
            cache = batch * context * model.token_bytes
            weights = npu.ns(model.bytes, 2 * model.parameters * batch)
            pim = cache / (npu.gb_s * inside)
            overlapped = max(weights, pim)
            best_gpu = max(best_gpu, (weights + npu.ns(cache)) / overlapped)
            best_naive = max(best_naive, (weights + pim) / overlapped)
    assumed = (
        "NPU as fast as an A100, GPT-3 13B, batch 64 to 512, context 128 to 512, attention"
        " at 9 x the bus, overlap perfect; memory capacity not a limit"
    )
    why = "the overlap here covers everything and costs nothing"
    return [
        Row("NeuPIMs, ASPLOS 2024", "up to, over a GPU", 3.0, best_gpu, "x", assumed, why),
        Row("NeuPIMs, ASPLOS 2024", "up to, over NPU+PIM", 1.6, best_naive, "x", assumed, why),
    ]


def _step_on_pim(
    name: str, profile: str, config: dict[str, object], context: int, split: Split
) -> list[Placed]:
    """Every operator of a decode step at batch 1 on the device, the fullest share."""
    dev = device(name, profile)
    operators = decode_step(shape_from_config(config, name), context, 1)
    placer = Placer(dev, "bf16")
    shares = [share(op, split.devices if split.way == "tensor" else 1) for op in operators]
    return [placer.place(op) for op in shares]


def _on_pim_ns(placed: Iterable[Placed]) -> float:
    return sum(p.pim.time_ns * p.operator.times for p in placed if p.pim is not None)


def _on_pim_mj(placed: Iterable[Placed], standby_channels: int = 32) -> float:
    """`standby_channels` of 32 are charged for standing by."""
    total = 0.0
    for one in placed:
        if one.pim is not None and one.pim.energy_pj is not None:
            standing = one.standby_pj * (1 - standby_channels / 32)
            total += (one.pim.energy_pj - standing) * one.operator.times
    return total * 1e-9


GPT2_XL: dict[str, object] = {
    "model_type": "gpt2", "n_embd": 1600, "n_layer": 48, "n_head": 25, "vocab_size": 50257,
}  # fmt: skip
LLAMA_13B: dict[str, object] = {
    "model_type": "llama", "hidden_size": 5120, "num_hidden_layers": 40,
    "num_attention_heads": 40, "intermediate_size": 13824, "vocab_size": 32000,
}  # fmt: skip
LLAMA_70B: dict[str, object] = {
    "model_type": "llama", "hidden_size": 8192, "num_hidden_layers": 80,
    "num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": 28672,
    "vocab_size": 32000,
}  # fmt: skip


def ianus() -> list[Row]:
    dev = device("gddr6-aim", channels=16)
    operators = decode_step(shape_from_config(GPT2_XL, "gpt2-xl"), 256, 1)
    placer = Placer(dev, "bf16")
    ours_ns = sum(placer.place(op).time_ns * op.times for op in operators)
    gpu_ns = sum(A100.ns(2.0 * op.values(), op.flops()) * op.times for op in operators)
    kernels = sum(op.times for op in operators)
    launch_us = (6.2 * ours_ns - gpu_ns) / kernels / 1e3
    return [
        Row(
            "IANUS, ASPLOS 2024",
            "GPT-2 XL decode over A100",
            6.2,
            gpu_ns / ours_ns,
            "x",
            "16 AiM channels, batch 1, context 256, A100 as a roofline without launches",
            f"an A100 that needs {launch_us:.1f} us for each of {kernels} kernels would be 6.2;"
            " at batch 1 launches, not bandwidth, hold it back",
        ),
        Row(
            "IANUS, ASPLOS 2024", "energy over A100", 3.7, None, "x", "",
            "needs the power of an idle GPU, which no source here gives",
        ),
    ]  # fmt: skip


def cent() -> list[Row]:
    rows = []
    for context, published in ((128, 23.2955), (512, 26.613)):
        tensor = Split(20)
        placed = _step_on_pim("gddr6-aim", "aim_sim", LLAMA_13B, context, tensor)
        block = [p for p in placed if p.operator.kind in ("matrix", "score", "context")]
        ours = _on_pim_ns(p for p in block if p.operator.times > 1) / 40 / 1e3
        claim = f"Llama-2 13B block on 20 devices, context {context}"
        where = "rows of every matrix over 640 channels, heads over devices"
        why = "that simulator counts its 0.5 ns parameters in cycles of 1 ns: the row below"
        rows += [
            Row("CENT, ASPLOS 2025", claim, published, ours, "us", where, why),
            Row(
                "CENT, ASPLOS 2025", claim + ", 1 ns a cycle", published, 2 * ours, "us",
                where + ", its clock",
            ),
        ]  # fmt: skip
    return rows + _cent_70b()


def _cent_70b() -> list[Row]:
    placed = _step_on_pim("gddr6-aim", "aim_sim", LLAMA_70B, 2304, Split(32, "pipeline"))
    token_ns = _on_pim_ns(placed)
    rate, mean = 32 / token_ns * 1e9, 2304
    gpus, model = _many(A100_80, 4), LLAMA2_70B
    batch = int((gpus.memory_gb * 1e9 - model.bytes) // (4096 * model.token_bytes))
    cache = batch * mean * model.token_bytes
    gpu_ns = gpus.ns(model.bytes, 2 * model.parameters * batch) + gpus.ns(cache)
    gpu_rate = batch / gpu_ns * 1e9
    where = "32 devices, layers in a full pipeline, mean context 2,304, batch 1 a stage"
    return [
        Row(
            "CENT, ASPLOS 2025", "Llama-2 70B tokens a second", 1339.84, rate, "token/s",
            where + ", 0.5 ns a cycle", "",
        ),
        Row(
            "CENT, ASPLOS 2025", "Llama-2 70B tokens a second, 1 ns a cycle", 1339.84,
            rate / 2, "token/s", where, "not explained: the clock that fits its block"
            " latency above does not fit this one",
        ),
        Row(
            "CENT, ASPLOS 2025", "Llama-2 70B energy", 733.6, _on_pim_mj(placed), "mJ/token",
            where + "; memory alone, standby of every channel",
            "that script counts standby once a device, not a channel: the row below",
        ),
        Row(
            "CENT, ASPLOS 2025", "Llama-2 70B energy, its standby", 733.6,
            _on_pim_mj(placed, standby_channels=1), "mJ/token", where + "; memory alone",
            "partly: eight query heads of a group read their keys one after the other here",
        ),
        Row(
            "CENT, ASPLOS 2025", "throughput over 4 A100", 2.3, rate / gpu_rate, "x",
            f"GPU as a roofline at batch {batch}, the most its memory holds",
            "a roofline GPU reads all its memory in every step at 85 %; the measured one"
            " was slower",
        ),
    ]  # fmt: skip


def papi() -> list[Row]:
    gpus, model, context, inside = _many(A100_HBM3, 8), GPT3_175B, 2048, 9.0
    over_mixed, over_pim = [], []
    for batch in (4, 16, 64):
        for guessed in (1, 2, 4):
            vectors = batch * guessed
            on_gpu = gpus.ns(model.bytes, 2 * model.parameters * vectors)
            on_pim = model.bytes * vectors / (gpus.gb_s * inside)
            attention = batch * guessed * context * model.token_bytes / (gpus.gb_s * inside)
            ours = min(on_gpu, on_pim) + attention
            over_mixed.append((on_gpu + attention) / ours)
            over_pim.append((on_pim + attention) / ours)
    mixed, only = (prod(one) ** (1 / len(one)) for one in (over_mixed, over_pim))
    assumed = (
        "GPT-3 175B, batch 4, 16, 64 with 1, 2, 4 guessed tokens, context 2,048, matrices"
        " where they are faster, PIM at 9 x the bus; geometric mean"
    )
    why = "which of those batches the published mean runs over is not known here"
    return [
        Row("PAPI, ASPLOS 2025", "over GPU + attention PIM", 1.8, mixed, "x", assumed, why),
        Row("PAPI, ASPLOS 2025", "over PIM alone", 11.1, only, "x", assumed, why),
    ]


def duplex() -> list[Row]:
    gpus, batch, context = _many(A100_HBM3, 4), 64, 2048
    cache = batch * context * MIXTRAL.token_bytes
    rest = 2 * (MIXTRAL.parameters - MIXTRAL_EXPERTS)
    alone = gpus.ns(MIXTRAL.bytes) + gpus.ns(cache)
    ours = gpus.ns(rest) + (2 * MIXTRAL_EXPERTS + cache) / (4 * gpus.gb_s)
    return [
        Row(
            "Duplex, MICRO 2024", "throughput over a GPU", 2.67, alone / ours, "x",
            "Mixtral 8x7B, batch 64, context 2,048, experts and attention at 4 x the bus",
            "prompts are not in this step; they run on the GPU alone in both",
        ),
    ]  # fmt: skip


def not_run() -> list[Row]:
    why = "only its abstract was read: sizes of memory, model and batch are not known"
    prices = "needs prices, which this room does not keep"
    names = [
        ("L3, 2025", "over HBM-PIM", 6.1, why),
        ("CD-PIM, 2026", "over a GPU", 11.42, why),
        ("CD-PIM, 2026", "over LPDDR PIM", 4.25, why),
        ("CENT, ASPLOS 2025", "tokens per dollar", 5.2, prices),
    ]
    return [Row(system, claim, x, None, "x", "", reason) for system, claim, x, reason in names]


SYSTEMS: tuple[Callable[[], list[Row]], ...] = (
    hbm2_pim, lpddr5_pim, aim, attacc, neupims, ianus, cent, papi, duplex, not_run,
)  # fmt: skip


def published() -> list[Row]:
    """All rows. A few seconds: every device is simulated."""
    return [row for system in SYSTEMS for row in system()]


def table(rows: Iterable[Row]) -> list[str]:
    """Lines for a terminal."""
    lines = []
    for row in rows:
        ours = "-" if row.ours is None else f"{row.ours:.4g}"
        error = "" if row.error is None else f"{row.error:+.0%}"
        more = ">" if row.bound == "at least" else " "
        head = f"{row.system:24} {row.claim:52} {more}{row.published:<9.6g} {ours:>9}"
        lines.append(f"{head} {row.unit:9} {error:>6} {row.verdict}")
        lines += [f"    {word}" for word in (row.assumed, row.why) if word]
    return lines
