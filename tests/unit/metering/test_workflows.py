"""Every state of every workflow can be reached, and every ending is an end."""

from __future__ import annotations

import pytest

from madang.metering.payouts.models import PayoutState
from madang.metering.payouts.workflow import PAYOUT
from madang.metering.statements.models import StatementState
from madang.metering.statements.workflow import STATEMENT
from madang.metering.vouchers.models import VoucherState
from madang.metering.vouchers.workflow import VOUCHER

TABLES = [(VOUCHER, VoucherState), (STATEMENT, StatementState), (PAYOUT, PayoutState)]


@pytest.mark.parametrize(("table", "states"), TABLES, ids=lambda x: getattr(x, "noun", ""))
def test_table_has_the_states_that_rows_may_have(table, states) -> None:
    assert {state.code for state in table.states} == set(states.values)


@pytest.mark.parametrize(("table", "states"), TABLES, ids=lambda x: getattr(x, "noun", ""))
def test_every_state_can_be_reached(table, states) -> None:
    reached = {table.initial}
    while grown := {
        move.target
        for move in table.transitions
        if not reached.isdisjoint(move.sources) and move.target not in reached
    }:
        reached |= grown

    assert reached == {state.code for state in table.states}


@pytest.mark.parametrize(("table", "states"), TABLES, ids=lambda x: getattr(x, "noun", ""))
def test_final_states_have_no_way_out(table, states) -> None:
    sources = {source for move in table.transitions for source in move.sources}
    for state in table.states:
        assert state.final == (state.code not in sources), state.code
