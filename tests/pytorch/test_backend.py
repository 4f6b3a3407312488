"""Goal: a torch model compiled for PIM gives the device's bits, and says where each node ran.

Method: oracles in NumPy, written from the order of the devices; the backend is asked for by
its plain name, as a user would.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from madang.chips.errors import GradientsUnsupported
from madang.chips.pim.report import Report

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of torch's own imports
    import torch
    from torch import nn

    from madang.chips.pim.torch import GraphReport, last_report

pytestmark = pytest.mark.filterwarnings("ignore:::torch")


def report() -> GraphReport:
    found = last_report()
    assert found is not None
    return found


def compiled(model: nn.Module, **options: object):
    torch._dynamo.reset()
    return torch.compile(model, backend="madang_pim", options=options or None)


def half_product(rows: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """rows x matrix transposed in fp16: two roundings, 16 lanes, even tiles before odd ones."""
    n, inner = rows.shape
    padded = -(-inner // 256) * 256
    x, w = np.zeros((n, padded), np.float16), np.zeros((len(matrix), padded), np.float16)
    x[:, :inner], w[:, :inner] = rows, matrix
    tiles = range(padded // 128)
    order = [t for t in tiles if t % 2 == 0] + [t for t in tiles if t % 2]
    lanes = np.zeros((n, len(w), 16), np.float16)
    for first in (t * 128 + b * 16 for t in order for b in range(8)):
        part = slice(first, first + 16)
        lanes = lanes + x[:, None, part] * w[None, :, part]
    total = np.zeros((n, len(w)), np.float16)
    for lane in range(16):
        total = total + lanes[:, :, lane]
    return total


class Feed(nn.Module):
    """Two layers with what surrounds them in practice."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(96, 200), nn.Linear(200, 64, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down(torch.relu(self.up(x))) * 0.5 + 1.0


class Attention(nn.Module):
    """A block with normalisation, attention and a residual."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(32)
        self.query, self.key, self.value = (nn.Linear(32, 32, bias=False) for _ in range(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.norm(x)
        q, k, v = (
            one(y).view(*x.shape[:2], 2, 16).transpose(1, 2)
            for one in (self.query, self.key, self.value)
        )
        mixed = nn.functional.scaled_dot_product_attention(q, k, v)
        return x + mixed.transpose(1, 2).reshape(x.shape)


def test_perceptron_has_the_bits_of_the_device() -> None:
    torch.manual_seed(1)
    model, x = Feed().half().eval(), torch.randn(5, 96).half()
    with torch.no_grad():
        found = compiled(model)(x)
    up, bias, down = (one.detach().numpy() for one in model.parameters())
    hidden = half_product(x.numpy(), up) + bias
    hidden = np.where(np.signbit(hidden), np.float16(0), hidden)
    expected = half_product(hidden, down) * np.float16(0.5) + np.float16(1.0)
    assert found.numpy().tobytes() == expected.tobytes()
    assert found.numpy().tobytes() != model(x).detach().numpy().tobytes()
    told = report()
    assert [row.where for row in told.rows] == ["pim"] * 5
    assert [one.kernel for one in told.reports] == [
        *("gemm", "add", "relu", "gemm", "scale", "affine")
    ]
    assert told.cycles == sum(one.cycles for one in told.reports) > 10_000
    assert told.energy_pj is not None
    assert told.without_pim_ns is not None
    assert isinstance(told.reports[0], Report)
    assert "gemm" in str(told)
    assert told._repr_svg_().startswith("<svg")
    assert told.as_dict()["cycles"] == told.cycles


@pytest.mark.parametrize(
    ("options", "dtype", "scale_on_host"),
    [({}, torch.float16, False), ({"device": "gddr6-aim"}, torch.bfloat16, True)],
)
def test_attention_block_runs_its_products_in_the_memory(
    options: dict[str, object], dtype: torch.dtype, scale_on_host: bool
) -> None:
    torch.manual_seed(2)
    model, x = Attention().to(dtype).eval(), torch.randn(2, 7, 32).to(dtype)
    with torch.no_grad():
        found = compiled(model, **options)(x)
        plain = model(x)
    assert found.dtype == dtype
    assert torch.allclose(found.float(), plain.float(), atol=0.06)
    told = report()
    assert told.device == options.get("device", "hbm2-pim")
    where = {row.operator: row.where for row in told.rows}
    assert where["layer_norm"] == "host"
    assert where["linear"] == where["scaled_dot_product_attention"] == "pim"
    attention = next(r for r in told.rows if r.operator.startswith("scaled"))
    kernels = [one.kernel for one in attention.reports]
    scale = [] if scale_on_host else ["scale"]
    assert kernels == ["score", *scale, "softmax", "score"]
    assert attention.reports[0].shape == {"heads": 4, "context": 7, "width": 16, "batch": 7}


def test_scores_of_a_block_have_the_bits_of_the_oracle() -> None:
    torch.manual_seed(3)
    q, k = torch.randn(3, 4, 20).half(), torch.randn(3, 6, 20).half()

    def product(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return torch.relu(a @ b.transpose(-1, -2))

    torch._dynamo.reset()
    found = torch.compile(product, backend="madang_pim")(q, k).numpy()
    for h in range(3):
        expected = half_product(q[h].numpy(), k[h].numpy())
        expected = np.where(np.signbit(expected), np.float16(0), expected)
        assert found[h].tobytes() == expected.tobytes()


def test_another_number_format_stays_on_the_host_and_says_so() -> None:
    model, x = Feed().eval(), torch.randn(3, 96)
    with torch.no_grad():
        found = compiled(model)(x)
        assert torch.equal(found, model(x))
    told = report()
    assert {row.where for row in told.rows} == {"host"}
    assert "float32 is not torch.float16" in told.rows[0].why
    assert (told.cycles, told.reports) == (0, [])


STAYS = [
    (lambda x: torch.softmax(x, 0), "another dimension"),
    (lambda x: torch.add(x, x, alpha=2), "alpha"),
    (torch.sigmoid, "no kernel"),
    (
        lambda x: nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True),
        "is_causal",
    ),
    (lambda x: torch.matmul(x[0], x), "dimensions"),
]


@pytest.mark.parametrize(("function", "why"), STAYS)
def test_what_the_device_cannot_do_runs_in_torch_with_its_reason(function, why: str) -> None:
    torch._dynamo.reset()
    x = torch.randn(8, 8).half()
    found = torch.compile(function, backend="madang_pim")(x)
    assert torch.equal(found, function(x))
    assert any(why in row.why for row in report().rows if row.where == "host")


def test_too_large_a_product_stays_on_the_host_with_the_refusal() -> None:
    torch._dynamo.reset()
    x, w = torch.ones(1, 8).half(), torch.ones(8, 8).half()
    run = torch.compile(lambda a, b: a @ b, backend="madang_pim", options={"data_rows": 1})
    assert torch.equal(run(x, w), x @ w)
    assert "rows a bank" in report().rows[0].why


def test_gradients_are_refused_and_not_lost() -> None:
    with pytest.raises(GradientsUnsupported, match="no_grad"):
        compiled(Feed().half())(torch.randn(1, 96).half())


def test_operation_in_place_changes_its_operand() -> None:
    torch._dynamo.reset()

    def clip(x: torch.Tensor) -> torch.Tensor:
        return nn.functional.relu(x, inplace=True)

    x = torch.tensor([-1.0, 2.0]).half()
    assert torch.compile(clip, backend="madang_pim")(x).tolist() == [0.0, 2.0]
    assert x.tolist() == [0.0, 2.0]


def test_numbers_of_the_device_are_options() -> None:
    model, x = Feed().half().eval(), torch.randn(1, 96).half()
    cycles = []
    with torch.no_grad():
        for options in ({}, {"CCDL": 2}, {"compat": "pimsimulator"}):
            compiled(model, **options)(x)
            cycles.append(report().cycles)
    assert cycles[1] < cycles[0]
    assert len(set(cycles)) == 3
    assert math.isclose(report().time_ns, cycles[2])
