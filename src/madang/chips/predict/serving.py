"""How fast a device serves a transformer: prefill, decode, the batch that fits, several cards.

A forward pass is groups of work. A group takes the longer of its operations over the reachable
compute and its bytes over the reachable bandwidth; groups follow each other; every layer adds
an overhead. Compute is reached the better the more rows a product has:
share * rows / (rows + 64).

Several cards: tensor parallel splits every layer and adds two all-reduces a layer; pipeline
parallel gives each card its layers. Cards on a switch or a mesh are run tensor parallel, as
their makers publish them; cards on PCIe take the plan with the most tokens a second, because
nobody would run an all-reduce of every layer over it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from madang.chips.errors import (
    NumberUnknown,
    OperatorUnsupported,
    ShapeImpossible,
    ShapeTooLarge,
)
from madang.chips.predict.chips import Chip
from madang.chips.workloads.configs import Transformer
from madang.chips.workloads.graph import BITS

Bound = Literal["compute", "memory", "interconnect", "overhead"]
HALF_ROWS = 64  # rows of a product that reach half of the reachable compute
MIDPOINTS = 16  # contexts at which the decode step is evaluated
BATCH_MAX = 2048
MEMORY_USE, ALIVE = 0.95, 0.55  # of memory; mean share of an answer that is cached
CARDS_MAX, TOKENS_MAX = 1024, 1 << 22


@dataclass(frozen=True, slots=True)
class Efficiency:
    """What a device reaches of its peaks. `rows` names the published rows behind a fit."""

    name: str
    compute: float
    bandwidth: float
    layer_overhead_us: float
    cache_bytes: int | None = None
    link: float = 0.75
    rows: tuple[str, ...] = ()


DEFAULT = Efficiency("default", 0.60, 0.75, 60.0)


@dataclass(frozen=True, slots=True)
class Job:
    """What is served. `batch` None: as many sequences as fit, at most 2,048."""

    model: Transformer
    dtype: str
    input_tokens: int
    output_tokens: int
    batch: int | None = None
    cards: int = 1

    def __post_init__(self) -> None:
        for name, value, most in (
            ("input", self.input_tokens, TOKENS_MAX),
            ("output", self.output_tokens, TOKENS_MAX),
            ("batch", 1 if self.batch is None else self.batch, 1 << 20),
            ("cards", self.cards, CARDS_MAX),
        ):
            if not 1 <= value <= most:
                nearest = min(max(1, value), most)
                raise ShapeImpossible(
                    what=name, value=value, reason=f"1 to {most}", nearest=nearest
                )
        if self.dtype not in ("fp16", "bf16", "fp8", "int8", "int4"):
            raise ShapeImpossible(
                what="dtype",
                value=self.dtype,
                reason="a format of weights",
                nearest="fp16, bf16, fp8, int8, int4",
            )

    @property
    def weight_bytes(self) -> float:
        """Weights on the device; embeddings and head stay in the same format."""
        model = self.model
        inside = model.layers * model.layer_weights() + 2 * model.hidden * model.vocabulary
        return inside * BITS[self.dtype] / 8

    def cache_bytes_a_token(self, efficiency: Efficiency) -> float:
        width = efficiency.cache_bytes or (2 if self.dtype in ("fp16", "bf16") else 1)
        return float(self.model.cache_elements() * width)


@dataclass(frozen=True, slots=True)
class Plan:
    """Cards: `tensor` share every layer, `pipeline` follow each other."""

    tensor: int
    pipeline: int


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one forward pass by what they are spent on."""

    compute: float = 0.0
    memory: float = 0.0
    interconnect: float = 0.0
    overhead: float = 0.0

    @property
    def total(self) -> float:
        return self.compute + self.memory + self.interconnect + self.overhead

    def plus(self, other: Cost) -> Cost:
        return Cost(
            self.compute + other.compute,
            self.memory + other.memory,
            self.interconnect + other.interconnect,
            self.overhead + other.overhead,
        )

    def times(self, factor: float) -> Cost:
        return Cost(
            self.compute * factor,
            self.memory * factor,
            self.interconnect * factor,
            self.overhead * factor,
        )

    def bound(self) -> Bound:
        parts: dict[Bound, float] = {
            "compute": self.compute,
            "memory": self.memory,
            "interconnect": self.interconnect,
            "overhead": self.overhead,
        }
        return max(parts, key=lambda name: parts[name])


@dataclass(frozen=True, slots=True)
class Group:
    """Work of one kind in one pass: operations, bytes, rows of its products."""

    name: str
    flops: float
    bytes: float
    rows: float


@dataclass(frozen=True, slots=True)
class Prediction:
    chip: Chip
    job: Job
    efficiency: Efficiency
    plan: Plan
    batch: int
    batch_source: str
    prefill: Cost
    step: Cost
    assumptions: tuple[str, ...] = field(default=())

    @property
    def total_s(self) -> float:
        """All sequences of the batch: prompts one after the other, then all steps."""
        return self._all().total

    def _all(self) -> Cost:
        """Prompts fill the stages of a pipeline one after the other."""
        stages = self.plan.pipeline
        prompts = self.prefill.times((self.batch + stages - 1) / stages)
        return prompts.plus(self.step.times(self.job.output_tokens))

    @property
    def tokens_s(self) -> float:
        return self.batch * self.job.output_tokens / self.total_s

    @property
    def cache_bytes(self) -> float:
        """Keys and values: of a given batch at the end of all its answers at once, of one that
        memory fills in the middle of them, as it was counted."""
        alive = 1.0 if self.batch_source == "given" else ALIVE
        tokens = self.job.input_tokens + alive * self.job.output_tokens
        return self.batch * tokens * self.job.cache_bytes_a_token(self.efficiency)

    @property
    def fits(self) -> bool | None:
        """Whether weights and cache fit; None where no capacity is published."""
        if self.chip.find("memory_capacity") is None:
            return None
        return self.job.weight_bytes + self.cache_bytes <= (
            self.chip.capacity() * self.job.cards
        )

    @property
    def bound(self) -> Bound:
        return self._all().bound()


def experts_met(model: Transformer, rows: float) -> float:
    """Distinct experts that `rows` tokens meet, each choosing evenly."""
    missed: float = (1 - model.experts_a_token / model.experts) ** rows
    return model.experts * (1 - missed)


def groups(
    job: Job, efficiency: Efficiency, sequences: float, tokens: int, context: float
) -> list[Group]:
    """Linear layers, attention, logits of one forward pass."""
    model = job.model
    rows, wide = sequences * tokens, BITS[job.dtype] / 8
    active = model.layers * model.active_weights()
    read = float(active)
    if model.experts:
        feed = 3 * model.hidden * model.inner * model.layers
        read += (experts_met(model, rows) - model.experts_a_token) * feed
    seen = context if tokens == 1 else context / 2
    attention = 4.0 * model.layers * model.heads * model.head_width * rows * seen
    cached = job.cache_bytes_a_token(efficiency) * sequences * context
    logits = model.hidden * model.vocabulary
    return [
        Group("linear", 2.0 * active * rows, read * wide, rows),
        Group("attention", attention, cached, 1e9),
        Group("logits", 2.0 * logits * sequences, logits * wide, sequences),
    ]


def forward(
    chip: Chip,
    job: Job,
    efficiency: Efficiency,
    plan: Plan,
    sequences: float,
    tokens: int,
    context: float,
) -> Cost:
    """One pass of `sequences` x `tokens` through all layers of all cards of the plan."""
    peak = chip.peak(job.dtype)[0] * plan.tensor * efficiency.compute
    width = chip.bandwidth() * plan.tensor * efficiency.bandwidth
    cost = Cost()
    for one in groups(job, efficiency, sequences, tokens, context):
        compute = one.flops * (one.rows + HALF_ROWS) / one.rows / peak
        memory = one.bytes / width
        cost = cost.plus(Cost(compute=compute) if compute >= memory else Cost(memory=memory))
    joined = _all_reduces(chip, job, efficiency, plan, sequences * tokens)
    cost = cost.plus(Cost(interconnect=joined))
    if tokens == 1:
        overhead = job.model.layers * efficiency.layer_overhead_us * 1e-6
        cost = cost.plus(Cost(overhead=overhead))
    return cost


def _all_reduces(
    chip: Chip, job: Job, efficiency: Efficiency, plan: Plan, rows: float
) -> float:
    """Two all-reduces a layer within tensor groups, one hand-over between pipeline stages."""
    if plan.tensor * plan.pipeline == 1:
        return 0.0
    link = chip.link
    if link is None:
        raise NumberUnknown(device=chip.name, name="interconnect", what="several cards")
    message = rows * job.model.hidden * 2.0
    n = plan.tensor
    seconds = 0.0
    if n > 1:
        rate = link.bytes_a_second(n) * efficiency.link
        once = 2 * (n - 1) / n * message / rate + link.latency_us * 1e-6
        seconds += 2 * job.model.layers * once
    if plan.pipeline > 1:
        rate = link.gb_s * 1e9 * efficiency.link
        seconds += (plan.pipeline - 1) * (message / rate + link.latency_us * 1e-6)
    return seconds


def fitting_batch(chip: Chip, job: Job, efficiency: Efficiency) -> int:
    """Sequences that memory holds beside the weights, on average in mid-answer."""
    free = MEMORY_USE * (job.cards * chip.capacity() - job.weight_bytes)
    tokens = job.input_tokens + ALIVE * job.output_tokens
    return int(min(BATCH_MAX, free / (job.cache_bytes_a_token(efficiency) * tokens)))


def check_memory(chip: Chip, job: Job) -> None:
    if chip.find("memory_capacity") is None:
        return
    whole = chip.capacity() * job.cards
    if job.weight_bytes > MEMORY_USE * whole:
        needed = int(-(-job.weight_bytes // (MEMORY_USE * chip.capacity())))
        raise ShapeTooLarge(
            what=f"{job.model.name} in {job.dtype}",
            needed=f"{job.weight_bytes / 1e9:.1f}",
            unit="GB",
            limit=f"{whole / 1e9:.1f}",
            nearest=f"--cards {needed}",
        )


def plans(chip: Chip, cards: int, layers: int) -> Iterator[Plan]:
    """How makers run several cards: every layer split over fast links; over PCIe any mix."""
    if cards == 1 or chip.link is None or chip.link.topology != "pcie":
        yield Plan(cards, 1)
        return
    for pipeline in range(1, min(cards, layers) + 1):
        if cards % pipeline == 0:
            yield Plan(cards // pipeline, pipeline)


def predict(chip: Chip, job: Job, efficiency: Efficiency = DEFAULT) -> Prediction:
    """The fastest plan for the job, with the batch that was given or that fits."""
    if job.model.kind == "encoder":
        raise OperatorUnsupported(
            operator="encoder", name=job.model.name, reason="it generates no tokens"
        )
    check_memory(chip, job)
    batch, source = job.batch, "given"
    if batch is None:
        batch, source = fitting_batch(chip, job, efficiency), "what memory holds"
        if batch < 1:
            raise ShapeTooLarge(
                what="one sequence beside the weights",
                needed=f"{job.input_tokens + job.output_tokens}",
                unit="tokens of cache",
                limit=f"{chip.capacity() * job.cards / 1e9:.0f} GB",
                nearest=f"--cards {job.cards + 1}",
            )
    found = [
        _with_plan(chip, job, efficiency, plan, batch, source)
        for plan in plans(chip, job.cards, job.model.layers)
    ]
    return max(found, key=lambda one: one.tokens_s)


def _with_plan(
    chip: Chip, job: Job, efficiency: Efficiency, plan: Plan, batch: int, source: str
) -> Prediction:
    """Stages of a pipeline work on different sequences at once: one of them is the pace."""
    stages = plan.pipeline
    first = forward(chip, job, efficiency, plan, 1, job.input_tokens, job.input_tokens)
    each = max(1.0, batch / stages)
    points = [
        job.input_tokens + (i + 0.5) / MIDPOINTS * job.output_tokens for i in range(MIDPOINTS)
    ]
    step = Cost()
    for context in points:
        one = forward(chip, job, efficiency, plan, each, 1, context)
        step = step.plus(one.times(1 / MIDPOINTS))
    prediction = Prediction(chip, job, efficiency, plan, batch, source, first, step)
    return replace(prediction, assumptions=_assumptions(prediction))


def _assumptions(one: Prediction) -> tuple[str, ...]:
    job, efficiency = one.job, one.efficiency
    cached = efficiency.cache_bytes or (2 if job.dtype in ("fp16", "bf16") else 1)
    found = [
        f"efficiency {efficiency.name}: compute {efficiency.compute:.2f}, bandwidth "
        f"{efficiency.bandwidth:.2f}, {efficiency.layer_overhead_us:.0f} us a layer",
        f"keys and values in {cached} byte each",
        "prompts one after the other, then all answers in step; no queue",
    ]
    wider = one.chip.peak(job.dtype)[1]
    if wider:
        found.append(wider)
    if one.batch_source != "given":
        found.append("batch unknown: the interval covers a quarter to all of what fits")
    if one.batch_source == "given" and one.fits is False:
        found.append("the given batch does not fit into memory at the end of its answers")
    if job.cards > 1:
        found.append(f"tensor {one.plan.tensor} x pipeline {one.plan.pipeline}")
    if job.model.experts:
        found.append("experts are chosen evenly")
    changed = [name for name, held in one.chip.numbers.items() if held.mark == "override"]
    if changed:
        found.append(f"set by hand: {', '.join(changed)}")
    recalled = [
        name
        for name in ("memory_bandwidth", "memory_capacity")
        if (held := one.chip.find(name)) is not None and held.mark == "recalled"
    ]
    if recalled:
        found.append(f"from memory, not read: {', '.join(recalled)}")
    return tuple(found)
