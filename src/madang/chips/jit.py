"""Decorators for kernels: compiled by Numba and cached.

With NUMBA_DISABLE_JIT=1 every kernel is the plain function it was written as: the reference
that a test runs beside the compiled one.

The cache lies beside the source when that folder may be written, else in the user's cache
folder (Numba's own rule). Where neither may be written the kernel is compiled per process.
Kernels allocate nothing, so Numba's reference counting is off: it would cost five times the
work, because every array passed to a step would be counted up and down.
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
    """A step of a kernel: melted into its caller, so that no array is passed at run time.

    Not cached by itself: it is compiled when a kernel that uses it is, and cached within it.
    """
    return cast("F", _njit(forceinline=True, _nrt=False)(function))


def rare(function: F) -> F:
    """A step that seldom happens: called, not melted in, so that kernels compile sooner."""
    return cast("F", _njit(_nrt=False)(function))
