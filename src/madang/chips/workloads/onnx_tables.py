"""What each ONNX operator is to an accelerator. A vector operator's number is its operations
for one element; transcendental functions are taken as four."""

from __future__ import annotations

MATRIX = frozenset(
    (
        *("MatMul", "Gemm", "Conv", "ConvTranspose"),
        *("MatMulInteger", "ConvInteger", "QLinearMatMul", "QLinearConv"),
        *("LSTM", "GRU", "RNN"),
    )
)
FREE = frozenset(
    (
        *("Constant", "ConstantOfShape", "Shape", "Size", "Identity", "Dropout"),
        *("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Range"),
    )
)
MOVED = frozenset(
    (
        *("Transpose", "Concat", "Split", "Slice", "Gather", "GatherElements", "GatherND"),
        *("Pad", "Expand", "Tile", "Cast", "DepthToSpace", "SpaceToDepth", "ScatterND"),
        *("ScatterElements", "OneHot", "Trilu", "EyeLike"),
    )
)
_ONE = (
    *("Add", "Sub", "Mul", "Neg", "Abs", "Max", "Min", "Relu", "LeakyRelu", "PRelu", "Clip"),
    *("Where", "Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual", "Not", "And"),
    *("Or", "Xor", "Floor", "Ceil", "Round", "Sign", "Sum", "Mean", "Mod", "IsNaN", "IsInf"),
    *("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1"),
    *("ReduceL2", "ReduceSumSquare", "ArgMax", "ArgMin", "CumSum", "TopK"),
    *("MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LpPool"),
    *("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "BitShift"),
)
_TWO = ("HardSigmoid", "HardSwish", "BatchNormalization", "ThresholdedRelu", "Resize")
_FOUR = (
    *("Exp", "Log", "Sqrt", "Reciprocal", "Div", "Pow", "Tanh", "Sigmoid", "Erf", "Sin"),
    *("Cos", "Softplus", "Elu", "Selu", "Celu", "Mish", "Gelu", "Swish", "Softsign"),
)
_FIVE = (
    *("Softmax", "LogSoftmax", "LayerNormalization", "InstanceNormalization"),
    *("GroupNormalization", "RMSNormalization", "RotaryEmbedding", "LRN"),
)
VECTOR = {
    **dict.fromkeys(_ONE, 1),
    **dict.fromkeys(_TWO, 2),
    **dict.fromkeys(_FOUR, 4),
    **dict.fromkeys(_FIVE, 5),
}
CONTROL = frozenset(("If", "Loop", "Scan", "SequenceMap"))
WHY_NOT = {
    **dict.fromkeys(
        CONTROL, "control flow: what runs depends on values; export the branch that you use"
    ),
    "NonZero": "the size of its output depends on values; pad to a fixed size",
    "NonMaxSuppression": "the size of its output depends on values; leave it to the host",
    "Unique": "the size of its output depends on values; leave it to the host",
    "Compress": "the size of its output depends on values; use Where",
    "Einsum": "write it as Transpose and MatMul",
}
