"""The samples of a test: arrays for a model, prompts for an endpoint. Same spec, same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from madang.testbed.errors import DataMalformed, FileMissing
from madang.testbed.harness.spec import Spec

Tensor = NDArray[np.generic]
ELEMENTS_MAX = 1 << 28
PROMPTS_MAX = 100_000
TYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(uint8)": "uint8",
    "tensor(bool)": "bool",
}


@dataclass(frozen=True, slots=True)
class Input:
    """What a model wants to be fed."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    text: str
    expected: str | None


@dataclass(frozen=True, slots=True)
class Samples:
    """Exactly one of the two is filled."""

    tensors: tuple[Mapping[str, Tensor], ...] = ()
    prompts: tuple[Prompt, ...] = ()
    expected: tuple[Tensor, ...] = ()

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of the first sample: what a model with open dimensions is fed."""
        return {name: held.shape for one in self.tensors[:1] for name, held in one.items()}

    @property
    def count(self) -> int:
        return len(self.tensors) or len(self.prompts)

    def sha256(self) -> str:
        digest = hashlib.sha256()
        for one in self.tensors:
            for name in sorted(one):
                value = one[name]
                digest.update(f"{name} {value.dtype} {value.shape}\n".encode())
                digest.update(np.ascontiguousarray(value).tobytes())
        for prompt in self.prompts:
            digest.update(json.dumps([prompt.text, prompt.expected]).encode())
        return digest.hexdigest()


def inputs_of(model: Path, shapes: Mapping[str, tuple[int, ...]]) -> tuple[Input, ...]:
    """The inputs of an ONNX model; a dimension left open is one unless its shape is given."""
    import onnxruntime  # type: ignore[import-untyped]  # noqa: PLC0415  heavy, ships no types

    if not model.is_file():
        raise FileMissing(what="model", file=model.name)
    try:
        session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    except Exception as err:  # onnxruntime's errors share no class of their own
        raise DataMalformed(reason=f"{model.name} is no model: {type(err).__name__}") from err
    found = []
    for one in session.get_inputs():
        if one.type not in TYPES:
            raise DataMalformed(reason=f"input {one.name} is {one.type}")
        shape = tuple(size if isinstance(size, int) else 1 for size in one.shape)
        found.append(Input(one.name, TYPES[one.type], shapes.get(one.name, shape)))
    return tuple(found)


def load_samples(spec: Spec) -> Samples:
    if spec.scenario.has_tokens:
        return Samples(prompts=_prompts(spec.path(spec.data.file)))
    if spec.data.file:
        return _from_arrays(spec.path(spec.data.file))
    if not spec.subject.model:
        raise DataMalformed(reason="neither data.file nor subject.model says what to feed")
    return Samples(tensors=_drawn(spec))


def _drawn(spec: Spec) -> tuple[Mapping[str, Tensor], ...]:
    """Samples from the seed; RandomState because its streams are frozen for good."""
    wanted = inputs_of(spec.path(spec.subject.model), dict(spec.data.shapes))
    size = sum(int(np.prod(one.shape)) for one in wanted) * spec.data.samples
    if size > ELEMENTS_MAX:
        raise DataMalformed(reason=f"{size} elements, at most {ELEMENTS_MAX}")
    stream = np.random.RandomState(spec.data.seed)
    fixed = dict(spec.data.fixed)
    return tuple(
        {one.name: _one(one, spec, fixed.get(one.name), stream) for one in wanted}
        for _ in range(spec.data.samples)
    )


def _one(
    wanted: Input, spec: Spec, fixed: float | None, stream: np.random.RandomState
) -> Tensor:
    if fixed is not None:
        return np.full(wanted.shape, fixed, wanted.dtype)
    low, high = spec.data.low, spec.data.high
    if wanted.dtype.startswith("float"):
        return stream.uniform(low, high, wanted.shape).astype(wanted.dtype)
    return stream.randint(int(low), max(int(high), int(low) + 1), wanted.shape).astype(
        wanted.dtype
    )


def _from_arrays(path: Path) -> Samples:
    """An .npz: one array for each input, samples along the first axis; `expected` answers."""
    if not path.is_file():
        raise FileMissing(what="samples", file=str(path))
    try:
        with np.load(path, allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
    except (ValueError, OSError) as err:
        raise DataMalformed(reason=f"{path.name} is no .npz of plain arrays") from err
    expected = arrays.pop("expected", None)
    counts = {len(one) if one.ndim else 0 for one in arrays.values()}
    if len(counts) != 1 or counts == {0}:
        raise DataMalformed(reason="every array needs the same number of samples")
    (count,) = counts
    if expected is not None and (not expected.ndim or len(expected) != count):
        raise DataMalformed(reason="expected needs one answer a sample")
    return Samples(
        tensors=tuple({name: one[i] for name, one in arrays.items()} for i in range(count)),
        expected=() if expected is None else tuple(expected),
    )


def _prompts(path: Path) -> tuple[Prompt, ...]:
    """JSON lines: {"prompt": …, "expected": … (optional)}."""
    if not path.is_file():
        raise FileMissing(what="prompts", file=str(path))
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            expected = row.get("expected")
            found.append(
                Prompt(str(row["prompt"]), None if expected is None else str(expected))
            )
        except (ValueError, KeyError, AttributeError, TypeError) as err:
            raise DataMalformed(reason=f"line {number} of {path.name} is no prompt") from err
    if not 1 <= len(found) <= PROMPTS_MAX:
        raise DataMalformed(reason=f"{path.name} holds {len(found)} prompts")
    return tuple(found)
