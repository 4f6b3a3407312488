"""NPUs: a systolic array in closed form and by replay, cores with shared memory, energy."""

from madang.chips.npu.run import Run, Setting, run_graph, run_layer, run_layers
from madang.chips.npu.systolic.array import Array

__all__ = ["Array", "Run", "Setting", "run_graph", "run_layer", "run_layers"]
