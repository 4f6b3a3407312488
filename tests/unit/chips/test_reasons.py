"""Every reason that the chip lab can give has its Korean.

Goal: no sentence of the lab is half English in Korean. Method: the code is read for what is
given as `reason=`, `unit=`, `change=` or `why=`; constants and f-strings must be in the file.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import madang.chips
from madang.chips.errors import KernelUnsupported, ShapeTooLarge
from madang.chips.npu.check.targets import targets
from madang.chips.pim.device import device
from madang.chips.pim.system.layout import LAYOUTS
from madang.chips.pim.system.load import decode
from madang.chips.reasons import korean, sentences
from madang.chips.workloads.onnx_tables import WHY_NOT

FOLDER = Path(madang.chips.__file__).parent
GIVEN = frozenset({"reason", "unit", "why", "change"})
SYMBOLS = frozenset({"GB"})


def words_of(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
        )
    elif isinstance(node, ast.IfExp):
        yield from words_of(node.body)
        yield from words_of(node.orelse)


def reasons() -> Iterator[tuple[str, str]]:
    for path in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg in GIVEN:
                for words in words_of(node.value):
                    yield f"{path.relative_to(FOLDER)}:{node.value.lineno}", words


def test_every_reason_in_the_code_has_its_korean() -> None:
    found = list(reasons())
    assert len(found) > 100
    known = sentences()
    missing = [one for one in found if one[1] not in known and one[1] not in SYMBOLS]
    assert not missing


def test_every_reason_that_is_data_has_its_korean() -> None:
    data = {*LAYOUTS.values(), *WHY_NOT.values()}
    data |= {why for one in targets().values() for why in one.rewritten.values()}
    assert {words for words in data if words not in sentences()} == set()


@pytest.mark.parametrize("english", sorted(sentences()))
def test_a_reason_keeps_its_numbers_and_names(english: str) -> None:
    count = english.count("{}")
    filled = english
    for i in range(count):
        filled = filled.replace("{}", f"x{i}y", 1)
    told = korean(filled)
    assert told != filled
    assert all(f"x{i}y" in told for i in range(count))


def test_places_may_change_their_order() -> None:
    assert korean("dimension 2 of tokens is open") == "tokens의 2번 차원이 정해지지 않았습니다"


def test_words_in_any_field_of_a_refusal_are_told() -> None:
    large = ShapeTooLarge(what="gemv", needed=9, unit="rows a bank", limit=4, nearest="out 3")
    assert "rows a bank" in large.sentence("en")
    assert "rows a bank" not in large.sentence("ko")
    none = KernelUnsupported(
        device="upmem-v1", kernel="a decode step", reason="no energy", known="gemv"
    )
    assert "a decode step" not in none.sentence("ko")


def test_an_operator_the_device_has_not_says_only_why(tmp_path: Path) -> None:
    model = tmp_path / "config.json"
    model.write_text(
        '{"model_type": "llama", "hidden_size": 256, "intermediate_size": 512,'
        ' "num_hidden_layers": 1, "num_attention_heads": 4, "vocab_size": 512}'
    )
    step = decode(device("gddr6-aim"), model, context=128, batch=1)
    why = {one.operator.name: one.why for one in step.placed}["residual add"]
    assert why == "its units multiply, accumulate and look up; the host adds"
