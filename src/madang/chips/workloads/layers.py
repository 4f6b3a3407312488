"""A layer as an array of multipliers sees it: M x K times K x N."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from madang.chips.errors import ShapeImpossible

DIM_MAX = 1 << 24
ADDRESSES_MAX = 1 << 31


def ceil_div(a: int, b: int) -> int:
    return -(-a // b)


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution without padding (pad the input by hand); a GEMM is one with a 1 x K window.

    M x K times K x N: M output pixels, K = filter height x width x channels, N filters.
    """

    name: str
    height: int
    width: int
    filter_height: int
    filter_width: int
    channels: int
    filters: int
    stride: int = 1
    is_gemm: bool = False

    def __post_init__(self) -> None:
        for what, size in self.sizes().items():
            if not 1 <= size <= DIM_MAX:
                nearest = str(min(max(size, 1), DIM_MAX))
                raise ShapeImpossible(
                    what=f"{self.name}: {what}",
                    value=size,
                    reason=f"1 to {DIM_MAX}",
                    nearest=nearest,
                )
        if self.filter_height > self.height or self.filter_width > self.width:
            raise ShapeImpossible(
                what=f"{self.name}: filter",
                value=f"{self.filter_height}x{self.filter_width}",
                reason=f"larger than the input {self.height}x{self.width}",
                nearest=f"{self.height}x{self.width}",
            )
        if max(prod((self.height, self.width, self.channels)), self.k * self.filters) >= (
            ADDRESSES_MAX
        ):
            raise ShapeImpossible(
                what=f"{self.name}: operand",
                value=self.name,
                reason=f"more than {ADDRESSES_MAX} words",
                nearest="split the layer",
            )

    def sizes(self) -> dict[str, int]:
        return {
            "height": self.height,
            "width": self.width,
            "filter height": self.filter_height,
            "filter width": self.filter_width,
            "channels": self.channels,
            "filters": self.filters,
            "stride": self.stride,
        }

    @property
    def k(self) -> int:
        return self.filter_height * self.filter_width * self.channels

    @property
    def n(self) -> int:
        return self.filters

    def outputs(self, *, ceil: bool = False) -> tuple[int, int]:
        """Output height and width; `ceil` counts a last window that lies partly outside."""
        up = self.stride - 1 if ceil else 0
        return (
            (self.height - self.filter_height + up) // self.stride + 1,
            (self.width - self.filter_width + up) // self.stride + 1,
        )

    def m(self, *, ceil: bool = False) -> int:
        return prod(self.outputs(ceil=ceil))


def gemm(name: str, m: int, n: int, k: int) -> Layer:
    """M x K times K x N."""
    if min(m, n, k) < 1:
        raise ShapeImpossible(
            what=f"{name}: M,N,K", value=f"{m},{n},{k}", reason="each begins at 1", nearest=1
        )
    return Layer(name, m, k, 1, k, 1, n, 1, is_gemm=True)
