"""What everybody sees: no score, no person, no group smaller than policy allows."""

from __future__ import annotations

import pytest

from madang.parties.models import Organisation
from madang.portal.pages.public import front
from madang.programme.public import _suppressed, concluded, public_award, success_rates


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
    assert not concluded().exists()
    sign_all(row.awards.get(), when)
    shown = public_award(concluded().get())
    assert (shown.organisation_en, shown.amount_microwon) == ("Hana", 8_000_000_000_000)
    words = str(shown)
    for secret in ("@", "plan of", "90"):
        assert secret not in words


def test_page_of_awards_shows_some_at_a_time_and_the_sum_of_all(
    client, monkeypatch, call, apply_for, decide, sign_all
) -> None:
    monkeypatch.setattr(front, "PER_PAGE", 1)
    rows = [apply_for(code, 4_000_000) for code in ("hana", "duri")]
    when = decide(call, dict.fromkeys(rows, 90))
    for row in rows:
        sign_all(row.awards.get(), when)
    shown = [client.get("/awards/", {"page": page}).content.decode() for page in (1, 2)]
    assert ["4,000,000" in one for one in shown] == [True, True]
    assert ["8,000,000" in one for one in shown] == [True, True]
    assert shown[0].count('<tr><th scope="row">') == 2, "one award, and the sum"
    assert shown[0] != shown[1]
