"""One run of an ONNX graph on this machine's CPU by onnxruntime, values inside included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import onnxruntime  # type: ignore[import-untyped]  # ships no types
from onnx import ModelProto, helper

from madang.chips.errors import ModelMalformed

Value = npt.NDArray[np.generic]


def run(
    model: ModelProto, feeds: Mapping[str, Value], file: str, wanted: Sequence[str]
) -> dict[str, Value]:
    """The values named in `wanted`; graph optimisation off, one thread, same bits again."""
    asked = ModelProto()
    asked.CopyFrom(model)
    have = {one.name for one in asked.graph.output}
    for name in wanted:
        if name not in have:
            asked.graph.output.append(helper.make_empty_tensor_value_info(name))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            asked.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        given = {one.name for one in session.get_inputs()}
        used = {name: value for name, value in feeds.items() if name in given}
        found = session.run(list(wanted), used)
    except Exception as err:
        words = str(err).splitlines() or [type(err).__name__]
        raise ModelMalformed(file=file, reason=f"it does not run: {words[0][:200]}") from err
    return {
        name: np.asarray(value)
        for name, value in zip(wanted, found, strict=True)
        if isinstance(value, np.ndarray)
    }
