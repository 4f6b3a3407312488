"""Which model, in which sizes: what every command that takes a model shares; and its totals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import cast

import click

from madang.chips.workloads.graph import Graph
from madang.chips.workloads.load import Wanted, load
from madang.chips.workloads.quantise import TARGETS, rewrite, synthetic_errors
from madang.cli.chip_options import FILE, option
from madang.cli.console import Answer, Console, Text, command
from madang.core.errors import WrongUsage

SIZES = (
    option("--batch", type=click.IntRange(1), default=1, ko="배치", en="Sequences or images"),
    option("--tokens", type=click.IntRange(1), default=128, ko="새 토큰 수", en="New tokens"),
    option("--context", type=click.IntRange(1), ko="문맥 길이", en="Tokens of context"),
    option("--dtype", default="", ko="수 형식", en="Number format"),
    option(
        "--dim",
        "dims",
        multiple=True,
        metavar="NAME=SIZE",
        ko="열린 차원의 크기",
        en="Size of a named open dimension",
    ),
    option(
        "--shape",
        "shapes",
        multiple=True,
        metavar="INPUT=SIZE,SIZE",
        ko="입력의 전체 크기",
        en="Whole shape of an input",
    ),
    option(
        "--value",
        "values",
        multiple=True,
        metavar="INPUT=NUMBER",
        ko="분기를 정하는 입력 값",
        en="A scalar input that decides a branch",
    ),
)


def sizes(function: Callable[..., Answer]) -> Callable[..., Answer]:
    """Add the options above; the command gets them as one `wanted`, not as seven words."""

    @wraps(function)
    def with_wanted(console: Console, **given: object) -> Answer:
        names = ("batch", "tokens", "context", "dtype", "dims", "shapes", "values")
        words = Words(*(given.pop(name) for name in names))
        return function(console, wanted=words.wanted(), **given)

    for one in reversed(SIZES):
        with_wanted = one(with_wanted)
    return with_wanted


def _pairs(given: object, name: str) -> list[tuple[str, str]]:
    assert isinstance(given, tuple)
    found = []
    for one in given:
        key, equals, value = one.rpartition("=")
        if not equals or not key:
            raise WrongUsage(reason=f"{name} {one}: NAME=VALUE")
        found.append((key, value))
    return found


@dataclass(frozen=True, slots=True)
class Words:
    """The options as click gives them."""

    batch: object
    tokens: object
    context: object
    dtype: object
    dims: object
    shapes: object
    values: object

    def wanted(self) -> Wanted:
        assert isinstance(self.batch, int)
        assert isinstance(self.tokens, int)
        assert isinstance(self.context, int | None)
        try:
            return Wanted(
                self.batch,
                self.tokens,
                self.context or 0,
                str(self.dtype),
                dims={key: int(value) for key, value in _pairs(self.dims, "--dim")},
                shapes={
                    key: [int(word) for word in value.split(",") if word]
                    for key, value in _pairs(self.shapes, "--shape")
                },
                values={key: float(value) for key, value in _pairs(self.values, "--value")},
            )
        except ValueError as err:
            raise WrongUsage(reason="--dim, --shape and --value take numbers") from err


def operators_of(graph: Graph) -> list[dict[str, object]]:
    return [
        {
            "name": one.name,
            "op": one.op,
            "kind": one.kind,
            "times": one.times,
            "m": one.m,
            "n": one.n,
            "k": one.k,
            "macs": one.macs,
            "weight_bytes": one.weight_bytes,
            "activation_bytes": one.activation_bytes,
            "dtype": one.dtype,
            "weight_dtype": one.weight_dtype,
            "note": one.note,
        }
        for one in graph.operators
    ]


@command(
    "workload",
    ko="모델의 연산량과 바이트 수",
    en="Exact MAC and bytes of a model, and the digest of its work.",
    has_data=False,
)
@click.argument("model")
@sizes
def workload(_console: Console, model: str, wanted: Wanted) -> Answer:
    graph = load(model, wanted)
    data = {
        "name": graph.name,
        "source": graph.source,
        **graph.totals(),
        "notes": list(graph.notes),
        "graph": operators_of(graph),
    }
    macs, weights = Text("MAC", "MAC"), Text("가중치 바이트", "bytes of weights")
    lines = [
        f"{one.name:28.28} {one.kind:7} {one.m:>8}x{one.k}x{one.n} x{one.times:<5} {one.macs}"
        for one in graph.operators
    ]
    lines.append(f"{graph.macs} {macs}, {graph.weight_bytes} {weights}, {graph.work_sha256()}")
    return Answer(data, lines)


def _quantised_file(
    path: Path, target: str, wanted: Wanted, out: Path | None
) -> dict[str, object]:
    """Weights of an ONNX file rewritten, and how far the outputs move."""
    from madang.chips.workloads import onnx_in, quantise_onnx  # heavy

    model = onnx_in.load_model(path)
    made = quantise_onnx.quantise(model, target, str(path))
    dims = {"batch": wanted.batch, "batch_size": wanted.batch, **wanted.dims}
    outputs = quantise_onnx.output_errors(
        model, made.model, wanted.shapes, dims, wanted.values, str(path)
    )
    if out is not None:
        out.write_bytes(made.model.SerializeToString())
    return {
        "weights": [one.as_dict() for one in made.weights],
        "outputs": outputs,
        "stored_bytes_before": made.bytes_before,
        "stored_bytes_after": made.bytes_after,
        "out": str(out) if out else None,
    }


@command(
    "quantise",
    ko="모델을 양자화하고 오차를 보고합니다.",
    en="Rewrite a model in int8, fp8 or int4, and say what that loses.",
    has_data=False,
)
@click.argument("model")
@option(
    "--to", "target", required=True, type=click.Choice(TARGETS), ko="형식", en="Target format"
)
@option("--out", type=FILE, ko="결과 ONNX 파일", en="File for the rewritten ONNX")
@sizes
def quantise_(
    _console: Console, model: str, target: str, out: Path | None, wanted: Wanted
) -> Answer:
    before = load(model, wanted)
    after = rewrite(before, target)
    data: dict[str, object] = {
        "name": before.name,
        "to": target,
        "before": before.totals(),
        "after": after.totals(),
    }
    if model.endswith(".onnx"):
        data |= _quantised_file(Path(model), target, wanted, out)
    elif out is not None:
        raise WrongUsage(reason="--out needs an ONNX file with weights")
    else:
        data["weights"] = [one.as_dict() for one in synthetic_errors(before, target)]
    lines = [
        f"{one['name'] or '-':32.32} {one['sqnr_db']:7.2f} dB {one['max_abs_error']:.3g}"
        for part in ("weights", "outputs")
        for one in cast("list[dict[str, object]]", data.get(part, []))
    ]
    bytes_ = Text("가중치 바이트", "bytes of weights")
    lines.append(f"{before.weight_bytes} -> {after.weight_bytes} {bytes_}")
    return Answer(data, lines)
