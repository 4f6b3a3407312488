"""Decorators for kernels: compiled by Numba once and cached.

With NUMBA_DISABLE_JIT=1 every kernel is the plain function it was written as. Kernels get
every array from their caller and allocate nothing, so Numba's reference counting is off.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])
_njit = cast("Callable[..., Callable[[object], object]]", numba.njit)


def kernel(function: F) -> F:
    """Compile a plain function of arrays and numbers. No Python objects, no allocation."""
    try:
        return cast("F", _njit(cache=True, _nrt=False)(function))
    except RuntimeError:  # no folder for the cache: still fast, not remembered
        return cast("F", _njit(_nrt=False)(function))


def inline(function: F) -> F:
    """A step of a kernel: melted into its caller, compiled and cached within it."""
    return cast("F", _njit(forceinline=True, _nrt=False)(function))


def rare(function: F) -> F:
    """A step that seldom happens: called, not melted in, so that kernels compile sooner."""
    return cast("F", _njit(_nrt=False)(function))
