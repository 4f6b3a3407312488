"""What must be true of the room's text: it divides in one place, its pages are its code's."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from ledger_support.docs import PAGE, with_tables

import madang.ledger
from madang.ledger import postings
from madang.ledger.chart import CHART, account, dimensions_of
from madang.ledger.identities import check
from madang.ledger.kinds import KINDS, Kind

ROOM = Path(madang.ledger.__file__).parent
DIVISIONS = (ast.Div, ast.FloorDiv, ast.Mod)


def divisions(path: Path) -> list[int]:
    """Lines that divide numbers; `%` on a text is no division."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.BinOp) and isinstance(node.op, DIVISIONS):
            of_text = isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
            if not of_text:
                found.append(node.lineno)
    return found


def test_inv_l10_ledger_divides_nowhere_else():
    """Two remainders ask whether an amount is whole won; they make no amount."""
    paths = [p for p in sorted(ROOM.rglob("*.py")) if "migrations" not in p.parts]
    dividing = {str(p.relative_to(ROOM)): len(divisions(p)) for p in paths if divisions(p)}
    paths_allowed = {"rounding.py", "draft.py", "identities.py", "seals/queries.py"}
    assert set(dividing) <= paths_allowed
    for name in set(dividing) & {"draft.py", "identities.py"}:
        lines = (ROOM / name).read_text(encoding="utf-8").splitlines()
        assert all("% MICRO_PER_WON" in lines[n - 1] for n in divisions(ROOM / name))


def test_no_float_is_written_in_the_room():
    for path in sorted(ROOM.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), path


def test_the_page_shows_the_chart_and_the_postings_of_the_code():
    text = PAGE.read_text(encoding="utf-8")
    assert with_tables(text) == text, "run: python -m ledger_support.docs"


def test_every_kind_names_accounts_of_the_chart():
    assert set(KINDS) == set(Kind)
    for line in KINDS.values():
        assert line.debit | line.credit <= set(CHART)


def test_every_posting_is_exported_and_says_what_it_does():
    for name in postings.__all__:
        assert getattr(postings, name).__doc__, name


def test_the_page_of_invariants_names_every_identity():
    from ledger_support.memory import MemoryJournals

    page = (PAGE.parent.parent / "invariants.md").read_text(encoding="utf-8")
    numbers = {identity.name.split(" ", 1)[0] for identity in check(MemoryJournals().picture())}
    assert {n for n in numbers if f"| {n} |" not in page} == set()


def test_an_account_key_is_canonical_and_read_back():
    found = account("2300S", voucher="v", supplier="s")
    assert found.key == "2300S|supplier=s|voucher=v"
    assert dimensions_of(found.key) == {"supplier": "s", "voucher": "v"}


def test_an_account_with_a_dimension_less_or_more_is_our_mistake():
    for wrong in ({"voucher": "v"}, {"voucher": "v", "supplier": "s", "case": "c"}):
        with pytest.raises(AssertionError, match="not keyed"):
            account("2300S", **wrong)


def test_models_of_the_ledger_neither_save_nor_delete():
    from madang.ledger import models

    written_by_sql = (
        "Account Balance Entry Hold HoldEvent HoldState Journal Split Stillness VoucherEvent"
        " Wallet"
    )
    for name in written_by_sql.split():
        row = getattr(models, name)()
        with pytest.raises(TypeError, match="never changed"):
            row.save()
        with pytest.raises(TypeError, match="never deleted"):
            row.delete()
