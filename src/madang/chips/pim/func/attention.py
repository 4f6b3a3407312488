"""Softmax and attention in bits: the pieces of the memory, with the host's steps between them.

The host's part is exact mathematics rounded once to the number format: the negated maximum of
a row, the exponential (bank-pair), the reciprocal of a sum.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from madang.chips.pim.func import run
from madang.chips.pim.func.aim import rounded
from madang.chips.pim.spec import Spec
from madang.chips.pim.task import Task

Values = npt.NDArray[np.generic]


def _format(spec: Spec, values: npt.NDArray[np.floating]) -> Values:
    """The nearest values of the device's format."""
    return rounded(values) if spec.family == "aim" else values.astype(np.float16)


def softmax(spec: Spec, task: Task, rows: Values) -> Values:
    """heads x context: shifted, exponentiated, summed and multiplied, piece by piece."""
    values = rows.size
    part = Task("add", elements=values, dtype=task.dtype)
    given = _format(spec, rows.astype(np.float64))
    with np.errstate(all="ignore"):  # infinities and NaN are values here
        negated = -given.max(axis=1, keepdims=True)
        if spec.family == "aim":
            shifted = _format(spec, given.astype(np.float32) + negated.astype(np.float32))
            powers = run.elements(spec, replace(part, kernel="exp"), (shifted,))
        else:
            wide = np.broadcast_to(negated, given.shape)
            shifted = run.elements(spec, part, (given, wide))
            powers = _format(spec, np.exp(shifted.astype(np.float64)))
        sums = row_sums(spec, powers, task.dtype)
        inverse = _format(spec, 1.0 / sums.astype(np.float64))[:, None]
    wide = np.broadcast_to(inverse, powers.shape)
    return run.elements(spec, replace(part, kernel="mul"), (powers, wide))


def row_sums(spec: Spec, rows: Values, dtype: str) -> Values:
    """A matrix times ones: the multiply-accumulate units as adders."""
    task = Task("sum", out=rows.shape[0], inner=rows.shape[1], dtype=dtype)
    ones = np.ones((1, 1, rows.shape[1]), rows.dtype)
    return run.products(spec, task, rows[None], ones)[0, 0]


def score(spec: Spec, task: Task, queries: Values, keys: Values) -> Values:
    """heads x context: the keys of a head times its query."""
    return run.products(spec, replace(task, kernel="score"), keys, queries[:, None])[:, 0]


def context(spec: Spec, task: Task, weights: Values, values: Values) -> Values:
    """heads x width: the values of a head, transposed in the banks, times its weights."""
    turned = np.ascontiguousarray(values.transpose(0, 2, 1))
    return run.products(spec, replace(task, kernel="context"), turned, weights[:, None])[:, 0]


def attention(spec: Spec, task: Task, queries: Values, keys: Values, values: Values) -> Values:
    """softmax(K q / sqrt(width)) V of one query for each head."""
    factor = task.width**-0.5
    if spec.family == "aim":  # the host scales the query, in the number format
        queries = _format(spec, rounded(queries) * rounded(np.array([factor], np.float32)))
    found = score(spec, task, queries, keys)
    if spec.family != "aim":
        scale = Task("scale", elements=found.size, dtype=task.dtype)
        found = run.elements(spec, scale, (found,), (factor, 0.0))
    return context(spec, task, softmax(spec, task, found), values)
