"""ResNet-50 at 224 x 224, built from its paper's table: stages of 3, 4, 6 and 3 bottlenecks.

The stride sits on the 3 x 3 convolution (the variant that everybody runs and that MLPerf uses).
"""

from __future__ import annotations

from madang.chips.workloads.graph import Graph, Operator, convolution, product, vector
from madang.chips.workloads.layers import Layer

STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))
WIDENING = 4


def _conv(
    name: str, size: int, channels: int, filters: int, window: int, stride: int, batch: int
) -> Operator:
    pad = window // 2
    side = size + 2 * pad
    layer = Layer(name, side, side, window, window, channels, filters, stride)
    return convolution(layer, padding=(pad, pad, pad, pad), batch=batch)


def _bottleneck(
    name: str, size: int, channels: int, width: int, stride: int, batch: int
) -> list[Operator]:
    after, wide = size // stride, WIDENING * width
    found = [
        _conv(f"{name} 1x1a", size, channels, width, 1, 1, batch),
        vector(f"{name} norm, relu a", "Relu", batch * size * size * width, flops=3),
        _conv(f"{name} 3x3", size, width, width, 3, stride, batch),
        vector(f"{name} norm, relu b", "Relu", batch * after * after * width, flops=3),
        _conv(f"{name} 1x1b", after, width, wide, 1, 1, batch),
    ]
    if channels != wide:
        found.append(_conv(f"{name} shortcut", size, channels, wide, 1, stride, batch))
    outputs = batch * after * after * wide
    return [*found, vector(f"{name} add, relu", "Add", outputs, flops=4)]


def resnet50(batch: int = 1) -> Graph:
    first = batch * 112 * 112 * 64
    found = [
        _conv("stem", 224, 3, 64, 7, 2, batch),
        vector("stem norm, relu", "Relu", first, flops=3),
        vector("stem pool", "MaxPool", batch * 56 * 56 * 64, flops=9, inputs=first),
    ]
    size, channels = 56, 64
    for i, (width, blocks) in enumerate(STAGES):
        for j in range(blocks):
            stride = 2 if i and not j else 1
            name = f"stage {i + 1}.{j + 1}"
            found += _bottleneck(name, size, channels, width, stride, batch)
            size, channels = size // stride, WIDENING * width
    found.append(vector("pool", "GlobalAveragePool", batch * channels, flops=49))
    found.append(product("classes", batch, 1000, channels))
    return Graph("resnet50", "built in", tuple(found), ("batch norms folded into vectors",))
