"""Tier 0: cycles by formula, from tiny runs without refresh.

AiM, in the simulator's profile: a product is affine in its groups of outputs from the third
on, exactly, whatever the timings. Bank-pair devices:
Without refresh an element-wise kernel is affine in its tiles and a matrix-vector product in
pairs of input tiles, exactly; several output tiles and vectors add a constant each. Refresh is
put on top to a fixed point: t = t0 + (RFC + 2 RP) n(t). Within 1.5 % of the event engine.
"""

from __future__ import annotations

from collections.abc import Callable

from madang.chips.pim.lower import aim as aim_lower
from madang.chips.pim.lower import bankpair as lower
from madang.chips.pim.plans import aim as aim_plans
from madang.chips.pim.plans.bankpair import Plan
from madang.chips.pim.spec import Spec
from madang.chips.pim.stream import Stream
from madang.chips.pim.task import BYTES, ELEMENTS, MATRIX, Task
from madang.chips.pim.timing import bankpair as engine
from madang.chips.pim.timing.aim import aim_cycles, tables_of
from madang.chips.pim.timing.channels import RULES, parameters, time_channel

PROGRAM_WORDS = 6
AFFINE_FROM = 3  # groups of outputs after which every group of an AiM product costs the same


def _without_refresh(spec: Spec) -> Callable[[Stream], int]:
    p = parameters(spec, RULES[spec.profile] | engine.R_NO_REFRESH)
    return lambda stream: time_channel(stream, p, log=False).cycles


def elementwise_cycles(spec: Spec, tiles: int, operands: int) -> int:
    """first + each (tiles - 1), exact without refresh."""
    run = _without_refresh(spec)
    one, two = (run(lower.elementwise(n, operands, PROGRAM_WORDS)) for n in (1, 2))
    return one + (two - one) * (tiles - 1)


def gemv_cycles(spec: Spec, outs: int, ins: int, batch: int) -> int:
    """start + passes (pass + each ins / 2); exact for one pass and even `ins`."""
    run = _without_refresh(spec)
    apart = spec.profile != "pimsimulator"

    def sample(outs: int, ins: int) -> int:
        return run(lower.gemv(outs, ins, 1, PROGRAM_WORDS, apart=apart))

    small, large, twice = sample(1, 2), sample(1, 4), sample(2, 2)
    each = large - small
    one_pass = twice - small - each
    start = small - each - one_pass
    return start + outs * batch * one_pass + round(outs * batch * each * ins / 2)


def with_refresh(spec: Spec, cycles: int) -> int:
    """Refreshes that fall due within the run, each closing and opening what it finds."""
    t = spec.timing()
    each, first = t["RFC"] + 2 * t["RP"], t["REFI"] // spec.integer("ranks")
    late = 0 if spec.profile == "pimsimulator" else spec.integer("refresh_postponed_max")
    total = cycles
    while True:
        due = (total - first) // t["REFI"] + 1 if total >= first else 0
        following = cycles + max(0, due - late) * each
        if following == total:
            return total
        total = following


def closed_cycles(spec: Spec, plan: Plan) -> int | None:
    """Cycles of a plan by formula; None where no formula is good enough."""
    tiles, task = plan.tiles, plan.task
    if task.kernel in ELEMENTS:
        operands = 2 if task.kernel in ("add", "mul") else 1
        return with_refresh(spec, elementwise_cycles(spec, max(1, tiles.count), operands))
    if task.kernel == "gemv-tree" or plan.parts:
        return None
    return with_refresh(spec, gemv_cycles(spec, tiles.outs, tiles.ins, task.batch))


def aim_closed_cycles(spec: Spec, task: Task) -> int | None:
    """Cycles of a product, exact; None for other kernels and where channels are refreshed."""
    if task.kernel not in MATRIX or spec.profile == "jedec":
        return None
    aim_plans.check_kernel(spec, task)
    channels, tables = spec.integer("channels"), tables_of(spec.timing())
    chunk = spec.integer("global_buffer_bytes") // BYTES[task.dtype]
    lanes, height = spec.integer("lanes"), channels * aim_lower.OUTPUTS_PER_CHANNEL
    groups = -(-task.out // height)
    one_row = groups == 1 and task.inner <= chunk  # every vector of a batch finds it open

    def run(count: int) -> int:
        out, batch = (height, count) if one_row else (count * height, 1)
        stream = aim_lower.gemv(out, task.inner, batch, channels, chunk, lanes)
        capacity = spec.integer("list_capacity")
        return aim_cycles(stream, tables, channels=channels, capacity=capacity).cycles

    total = groups * task.batch
    if total <= AFFINE_FROM:
        return run(total)
    first = run(AFFINE_FROM)
    return first + (run(AFFINE_FROM + 1) - first) * (total - AFFINE_FROM)
