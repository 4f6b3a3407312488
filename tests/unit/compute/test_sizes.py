"""Size classes, and petaflops that become cards."""

from __future__ import annotations

from datetime import date

import pytest

from madang.compute.classes.sizes import (
    check_size,
    converted,
    petaflops_text,
    size_of,
    teraflops_in,
)
from madang.compute.errors import ClassSizeInvalid, PetaflopsInvalid
from madang.compute.models import GpuClass

DAYS = {"starts_on": date(2026, 3, 1), "ends_on": date(2026, 3, 2)}


@pytest.mark.parametrize(
    ("teraflops", "whole_servers", "cards"),
    [(20_000, False, 21), (20_000, True, 24), (989, False, 1), (990, False, 2), (1, True, 8)],
)
def test_petaflops_become_cards_rounded_up(teraflops, whole_servers, cards):
    made = GpuClass(
        code="h100", teraflops_per_card=989, precision="fp16", whole_servers=whole_servers
    )
    found = converted(made, teraflops, **DAYS)
    assert (found.cards, found.gpu_seconds) == (cards, cards * 2 * 86_400)


def test_a_class_that_declares_no_teraflops_gives_none_by_petaflops():
    with pytest.raises(PetaflopsInvalid):
        converted(GpuClass(code="x"), 1000, **DAYS)


@pytest.mark.parametrize(("text", "teraflops"), [("20", 20_000), ("2.5", 2500), ("0.001", 1)])
def test_petaflops_are_read_and_shown_exactly(text, teraflops):
    assert teraflops_in(text) == teraflops
    assert petaflops_text(teraflops) == text


@pytest.mark.parametrize("text", ["", "0", "x", "2.", ".5", "1.2345", "-1", "１", "1e3"])
def test_other_text_is_no_amount_of_petaflops(text):
    with pytest.raises(PetaflopsInvalid):
        teraflops_in(text)


SIZES = [
    ("medium", 8, False, 0, True),
    ("medium", 9, False, 0, False),
    ("medium", 8, True, 0, False),
    ("large", 64, True, 0, True),
    ("large", 64, False, 989, True),
    ("large", 64, False, 0, False),
]


@pytest.mark.parametrize(("size", "cards", "whole", "teraflops", "is_right"), SIZES)
def test_a_declared_size_is_what_the_terms_say(size, cards, whole, teraflops, is_right):
    terms = {"cards_max": cards, "whole_servers": whole, "teraflops_per_card": teraflops}
    if is_right:
        check_size(size, **terms, medium_max=8)
        return
    with pytest.raises(ClassSizeInvalid):
        check_size(size, **terms, medium_max=8)


@pytest.mark.parametrize(
    ("cards", "whole", "size"), [(8, False, "medium"), (8, True, "large"), (9, False, "large")]
)
def test_a_size_that_is_not_declared_follows_from_the_terms(cards, whole, size):
    assert size_of("", cards_max=cards, whole_servers=whole, medium_max=8) == size
