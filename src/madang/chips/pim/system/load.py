"""Models by their files: what a person calls from Python."""

from __future__ import annotations

from pathlib import Path

from madang.chips.pim.device import Device
from madang.chips.pim.system.many import ALONE, Split
from madang.chips.pim.system.operators import Operator, decode_step, read_config
from madang.chips.pim.system.step import StepReport, run_step


def named_sizes(context: int, batch: int) -> dict[str, int]:
    """What exporters call the open dimensions of a model."""
    batches = dict.fromkeys(("batch", "batch_size", "N"), batch)
    lengths = dict.fromkeys(("sequence", "sequence_length", "seq_len"), context)
    return {**batches, **lengths}


def operators_of(model: Path, context: int, batch: int) -> list[Operator]:
    """Operators of a config.json (one decode step) or of an ONNX graph."""
    if model.suffix == ".onnx":
        from madang.chips.pim.system.onnx_in import read_onnx  # noqa: PLC0415  heavy, optional

        return read_onnx(model, named_sizes(context, batch))
    return decode_step(read_config(model), context, batch)


def decode(
    device: Device,
    model: str | Path,
    *,
    context: int = 1024,
    batch: int = 1,
    dtype: str = "",
    split: Split = ALONE,
) -> StepReport:
    """One decode step of a model with PIM chosen per operator, beside the step without PIM."""
    operators = operators_of(Path(model), context, batch)
    return run_step(device, operators, context=context, batch=batch, dtype=dtype, split=split)
