"""What everybody sees: no score, no person, no group smaller than policy allows."""

from __future__ import annotations

import pytest

from madang.parties.models import Organisation
from madang.programme.public import _suppressed, public_awards, success_rates


def test_inv_i12_success_rates_leave_small_groups_out(call, apply_for, at) -> None:
    for index in range(6):
        apply_for(f"sme{index}", 1_000_000)
    for index in range(2):
        apply_for(f"uni{index}", 1_000_000)
    Organisation.objects.filter(code__startswith="uni").update(kind="university")
    assert [(row.kind, row.applied) for row in success_rates(call, at)] == [
        ("sme", None),
        ("university", None),
    ]


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        ([("a", 5, 1), ("b", 9, 2)], {"a": 5, "b": 9}),
        ([("a", 4, 1), ("b", 9, 2)], {}),
        ([("a", 4, 1), ("b", 3, 2), ("c", 9, 1)], {"c": 9}),
        ([("a", 4, 1), ("b", 9, 2), ("c", 7, 1)], {"b": 9}),
        ([("a", 4, 1)], {}),
        ([], {}),
    ],
)
def test_hidden_cell_cannot_be_had_by_subtraction(rows, shown) -> None:
    """One hidden cell among shown ones follows from the total; so a second one is hidden."""
    found = {row.kind: row.applied for row in _suppressed(rows, 5) if row.applied is not None}
    assert found == shown


def test_awards_are_public_once_agreed(call, apply_for, decide, sign_all) -> None:
    row = apply_for("hana", 8_000_000)
    when = decide(call, {row: 90})
    assert public_awards(call) == []
    sign_all(row.awards.get(), when)
    (shown,) = public_awards(call)
    assert (shown.organisation_en, shown.amount_microwon) == ("Hana", 8_000_000_000_000)
    words = str(shown)
    for secret in ("@", "plan of", "90"):
        assert secret not in words
