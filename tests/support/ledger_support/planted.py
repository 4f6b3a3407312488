# ruff: noqa: E501  a planted text stands as it stands in the source
"""Faults to plant in the ledger: small changes of its text, put into the running modules.

A fault is a list of replacements in the source of one or more modules; each text must occur
exactly once, so that a fault cannot quietly stop to be planted when the code changes.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import ModuleType


@dataclass(frozen=True)
class Fault:
    name: str
    changes: tuple[tuple[str, str, str], ...]  # module, text, other text


def fault(name: str, *changes: tuple[str, str, str]) -> Fault:
    return Fault(name, changes)


@contextmanager
def planted(fault: Fault) -> Iterator[None]:
    """Run with the fault in place; everything is as before afterwards."""
    texts: dict[str, str] = {}
    for module, text, other in fault.changes:
        source = texts.get(module) or inspect.getsource(importlib.import_module(module))
        assert source.count(text) == 1, (
            f"{fault.name}: {text!r} occurs {source.count(text)} times"
        )
        texts[module] = source.replace(text, other)
    with ExitStack() as stack:
        for module, source in texts.items():
            stack.enter_context(_replaced(importlib.import_module(module), source))
        yield


@contextmanager
def _replaced(module: ModuleType, source: str) -> Iterator[None]:
    before = dict(vars(module))
    assert module.__file__ is not None
    exec(compile(source, module.__file__, "exec"), vars(module))
    own = [n for n, v in before.items() if getattr(v, "__module__", "") == module.__name__]
    swaps = [(before[name], vars(module)[name]) for name in own if name in vars(module)]
    _swap(swaps)
    try:
        yield
    finally:
        vars(module).update(before)
        _swap([(new, old) for old, new in swaps])


def _swap(swaps: list[tuple[object, object]]) -> None:
    """Put the new functions wherever the old ones were imported by name."""
    new_of = {id(old): new for old, new in swaps}
    for name, module in list(sys.modules.items()):
        if name.startswith(("madang.ledger", "ledger_support")):
            for attribute, value in list(vars(module).items()):
                if id(value) in new_of and attribute != "__builtins__":
                    setattr(module, attribute, new_of[id(value)])


P = "madang.ledger.postings."
ROUND, DRAFT, MEMORY = "madang.ledger.rounding", "madang.ledger.draft", "ledger_support.memory"
BETWEEN = "return parts_at(terms, high) - parts_at(terms, low)"
HELD = "parts = parts_between(terms, promised, promised + new.amount)"

FAULTS = (
    fault("the split is made per charge",
          (ROUND, BETWEEN, "return parts_at(terms, high - low)")),
    fault("the split is rounded half up per charge",
          (ROUND, BETWEEN, """n, d = terms.ratio.numerator, terms.ratio.denominator
    half = (2 * (high - low) * n + d) // (2 * d)
    return Parts(half, high - low - half, terms.vat.floor_of(high) - terms.vat.floor_of(low))""")),
    fault("a late release goes back to an expired voucher",
          (P + "leases", 'return _of("B400" if is_spendable_again(facts, terms) else "B600", terms)',
           'return _of("B400", terms)')),
    fault("the parts of a hold are rounded down",
          (P + "leases", HELD, "parts = parts_between(terms, 0, new.amount)")),
    fault("the parts of a hold are rounded up",
          (P + "leases", HELD, """n, d = terms.ratio.numerator, terms.ratio.denominator
    up = -(-new.amount * n // d)
    parts = parts_between(terms, promised, promised + new.amount)
    parts = type(parts)(up, new.amount - up, parts.vat)""")),
    fault("no VAT is held",
          (P + "leases", HELD, """parts = parts_between(terms, promised, promised + new.amount)
    parts = type(parts)(parts.subsidy, parts.own, 0)""")),
    fault("VAT is floored per capture",
          (P + "leases", "parts = parts_between(terms, captured, captured + amount)",
           """parts = parts_between(terms, captured, captured + amount)
    parts = type(parts)(parts.subsidy, parts.own, terms.vat.floor_of(amount))""")),
    fault("a statement rounds up",
          (ROUND, "subsidy = floor_to_won(accrued.subsidy)",
           "subsidy = -(-accrued.subsidy // MICRO_PER_WON) * MICRO_PER_WON")),
    fault("a statement does not lower its total when the own part falls short",
          (ROUND, "if supply - subsidy > accrued.own:", "if False:")),
    fault("a statement states the VAT accrued, not that of its own total",
          (ROUND, "whole = Parts(subsidy, supply - subsidy, floor_to_won(vat.floor_of(supply)))",
           "whole = Parts(subsidy, supply - subsidy, floor_to_won(accrued.vat))")),
    fault("a failed payout loses the own part",
          (P + "statements", "return _payout(Kind.FAIL_PAYOUT, stamp, order, into, transit, payable)",
           """order = PayoutOrder(order.payout, order.supplier, order.programme_year,
                        order.programme, order.subsidy or order.own, 0)
    return _payout(Kind.FAIL_PAYOUT, stamp, order, into, transit, payable)""")),
    fault("a refund after settlement is spendable when it is agreed",
          (P + "refunds", """            (account("1320C", supplier=supplier), parts.deposit),
        ),
        credit=(""", """            (account("1320C", supplier=supplier), parts.deposit),
            (account("B500", voucher=terms.voucher), parts.subsidy),
        ),
        credit=(
            (account("B400", voucher=terms.voucher), parts.subsidy),"""),
          ("madang.ledger.draft", "if self.request.kind is not Kind.CORRECT:", "if False:")),
    fault("a refund that is collected makes an ended voucher spendable",
          (P + "refunds", "budget = release_account(facts, terms)",
           'budget = account("B400", voucher=terms.voucher)')),
    fault("a clawback leaves the budget consumed",
          (P + "clawback", '            (account("B500", **subject), principal),\n', ""),
          (P + "clawback", '            (account("B650", **subject), principal),\n', "")),
    fault("a surcharge is booked as clawback",
          (P + "clawback", """            (account("2530", case=case), surcharge),
            (account("B650\"""", """            (account("2520", case=case), surcharge),
            (account("B650\"""")),
    fault("a clawback takes money that was never settled",
          (P + "refunds", "return consumed - accrued - pending", "return consumed - pending")),
    fault("a refund forgets the budget book",
          (P + "leases", '            (_of("B500", terms), taken.subsidy),\n            (_of("B410", terms), max(-budget, 0)),\n', ""),
          (P + "leases", "            (release_account(facts, terms), freed.subsidy),\n", ""),
          (P + "leases", '            (_of("B410", terms), max(budget, 0)),\n', "")),
    fault("a refund does not round the open hold anew",
          (P + "leases", "freed = parts_between(terms, pair.promised - amount, pair.promised)",
           "freed = taken")),
    fault("a refund takes back what a statement carries",
          (P + "leases", "if amount > pair.captured - pair.stated:", "if amount > pair.captured:")),
    fault("the counters are kept per voucher, not per voucher and supplier",
          (DRAFT, "return self.counters.setdefault((voucher, supplier), Counters())",
           "return self.counters.setdefault((voucher, UUID(int=0)), Counters())"),
          (MEMORY, "found.counters = {p: replace(facts.counters[p]) for p in pairs if p in facts.counters}",
           "found.counters = {p: replace(c) for p, c in facts.counters.items()}")),
    fault("the first capture of a lease releases the rest",
          (DRAFT, "            lease.captured += move.amount\n",
           '            lease.captured += move.amount\n            lease.resolution = "void"\n')),
    fault("a capture after the resolution is taken",
          (P + "leases", "if lease.resolution is not None:", "if False:"),
          (DRAFT, "return 0 if self.resolution else self.amount - self.captured",
           "return self.amount - self.captured")),
    fault("a capture may take what was captured before",
          (P + "leases", "if amount > lease.left:", "if amount > lease.amount:")),
    fault("a release forgets the VAT",
          (P + "leases", """        debit=((_of("B410", terms), parts.subsidy), (_of("2210", terms), parts.deposit)),
        credit=(
            (release_account(facts, terms), parts.subsidy),
            (_of("2200", terms), parts.deposit),""",
           """        debit=((_of("B410", terms), parts.subsidy), (_of("2210", terms), parts.own)),
        credit=(
            (release_account(facts, terms), parts.subsidy),
            (_of("2200", terms), parts.own),""")),
    fault("an ended voucher takes a hold",
          (P + "leases", "    if not is_spendable_again(facts, terms):\n", "    if False:\n")),
    fault("a deposit is matched to the wrong voucher",
          (P + "deposits", """        debit=((account("1120", receipt=receipt), amount),),
        credit=((account("2200", voucher=terms.voucher), amount),),""",
           """        debit=((account("1120", receipt=receipt), amount),),
        credit=((account("2200", voucher=terms.programme), amount),),""")),
    fault("a voucher is issued without its deposit",
          (P + "vouchers", "if facts.balance(deposit) < required:", "if False:")),
    fault("an expired voucher keeps its rest",
          (P + "vouchers", "rest = facts.balance(available)", "rest = 0")),
    fault("a correction is made twice",
          (P + "others", "if original.corrected:", "if False:")),
    fault("a correction does not take the deposit out of the totals",
          (P + "others", "-undone.amount", "0 * undone.amount")),
    fault("a fraction under ten won is remitted",
          (ROUND, "rest = total % (10 * MICRO_PER_WON) if truncate else 0", "rest = 0")),
    fault("the fraction of an earlier instalment is not carried",
          (ROUND, "total = due + fraction", "total = due"),
          (P + "budget", "(fraction, max(before - after, 0))", "(fraction, 0)"),
          (P + "budget", "(fraction, max(after - before, 0))", "(fraction, after)")),
    fault("the budget of a lapsed award stays with it",
          (P + "budget", """        debit=account("B310", award=award),
        credit=account("B300", call=call),""",
           """        debit=account("B310", award=award),
        credit=account("B310", award=award),"""),
          ("madang.ledger.draft", "if self.request.kind is not Kind.CORRECT:", "if False:")),
    fault("a programme-borne cost leaves the budget alone",
          (P + "statements", '            (account("B200", **year), amount),\n', ""),
          (P + "statements", '            (account("B520", **year), amount),\n', "")),
    fault("a residue forgets the VAT",
          (P + "statements", "            (vat, residue.vat),\n", ""),
          (P + "statements", '(account("2200", voucher=voucher), residue.deposit)',
           '(account("2200", voucher=voucher), residue.own)')),
    fault("the same id with another amount is answered as if it were the same",
          (DRAFT, "            refuse_difference(request, self)\n", "            pass\n")),
    fault("a repeated capture is captured again",
          (P + "_drive", "if (known := facts.written.get(request.stamp.id)) is not None:",
           "if (known := None) is not None:"),
          (MEMORY, "if len(drafts) == 1 and known[0] is not None:", "if False:"),
          (MEMORY, "assert not any(known)", "assert True")),
    fault("quota that was held returns to a withdrawn grant",
          (P + "quota", '_of("Q400" if quota.active else "Q600", quota), left)',
           '_of("Q400", quota), left)')),
)  # fmt: skip
