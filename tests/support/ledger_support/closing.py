"""Quota, repeated calls, and the end of a random programme: everything closes to zero."""

from __future__ import annotations

from dataclasses import is_dataclass, replace
from datetime import UTC, datetime

from ledger_support.later import posted_of
from ledger_support.oracle import WON
from madang.ledger import errors, identities, postings
from madang.ledger.types import Posted, Quota

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


class ClosingSteps:
    """Steps of `Programme`."""

    # --- quota ---------------------------------------------------------------------------

    def grant_quota(self) -> None:
        quota, amount = self.pick(self.quotas), self.rng.randint(1, 10_000)
        self.attempt("grant_quota", self.bind(postings.grant_quota, quota, amount=amount), ())
        self.quotas[quota].granted += amount

    def use_quota(self) -> None:
        quota = self.pick(self.quotas)
        if quota is None:
            return
        steps = (
            self._hold_quota, self._hold_quota, self._capture_quota, self._capture_quota,
            self._end_quota_lease, self._refund_quota, self._expire_quota,
        )  # fmt: skip
        step = self.rng.choice(steps)
        step(quota, self.quotas[quota])

    def _hold_quota(self, quota: Quota, facts) -> None:
        amount, hold = self.rng.randint(1, max(2, facts.available + 1)), self.uuid()
        done = self.attempt(
            "hold_quota",
            self.bind(postings.hold_quota, quota, hold_id=hold, amount=amount, expires_at=AT),
            (errors.Overdrawn,) if amount > facts.available else (),
        )
        if done:
            facts.leased[hold] = amount
        gone = replace(quota, active=False)
        late = self.bind(
            postings.hold_quota, gone, hold_id=self.uuid(), amount=1, expires_at=AT
        )
        self.attempt("hold on a withdrawn grant", late, (errors.HoldInactive,))

    def _capture_quota(self, quota: Quota, facts) -> None:
        hold = self.pick(facts.leased)
        if hold is None:
            return
        amount = self.rng.randint(0, facts.leased[hold] + 1)
        done = self.attempt(
            "capture_quota",
            self.bind(postings.capture_quota, quota, hold_id=hold, amount=amount),
            (errors.HoldExceeded,) if amount > facts.leased[hold] else (),
        )
        if done:
            facts.leased[hold] -= amount
            facts.used += amount

    def _end_quota_lease(self, quota: Quota, facts) -> None:
        hold = self.pick(facts.leased)
        if hold is None:
            return
        now = replace(quota, active=self.rng.random() < 0.7)
        left = facts.leased.pop(hold)
        self.attempt(
            "resolve_quota",
            self.bind(postings.resolve_quota, now, hold_id=hold, kind="expire"),
            (),
        )
        facts.ended += 0 if now.active else left

    def _refund_quota(self, quota: Quota, facts) -> None:
        amount = self.rng.randint(1, facts.used + (self.rng.random() < 0.3) or 1)
        done = self.attempt(
            "refund_quota",
            self.bind(postings.refund_quota, quota, amount=amount),
            (errors.Overdrawn,) if amount > facts.used else (),
        )
        if done:
            facts.used -= amount

    def _expire_quota(self, quota: Quota, facts) -> None:
        if self.rng.random() < 0.7:
            return
        left = facts.available
        done = self.attempt("expire_quota", self.bind(postings.expire_quota, quota), ())
        self.expect("quota expired", done.amount, left)
        facts.ended += left

    # --- the same id again -----------------------------------------------------------------

    def replay(self) -> None:
        """A repeated id answers as the first time, or says what differs."""
        if not self.replays:
            return
        call, first = self.rng.choice(self.replays)
        self.log.append("replay")
        second = call()
        self.expect("replayed", posted_of(second).replayed, right=True)
        self.expect("the first answer", _unmarked(second), _unmarked(first))
        if call.amount:
            try:
                call(amount=call.amount + WON)
            except errors.ExistsWithDifferentAmount:
                return
            self.expect("another amount under the same id", "accepted", "refused")

    # --- checking ----------------------------------------------------------------------------

    def check(self, totals, picture) -> None:
        """Every account against the oracle, every identity."""
        wanted = {**self.books.expected(), **self._quota_accounts()}
        found = {key: amount for key, amount in totals.items() if amount}
        for key in sorted(wanted.keys() | found.keys()):
            self.expect(key, found.get(key, 0), wanted.get(key, 0))
        for voucher, facts in self.books.vouchers.items():
            wallet = picture.wallets[str(voucher)]
            self.expect("issued", wallet.issued, facts.issued)
            self.expect("deposited", wallet.deposited, facts.paid)
            self.expect("ended", wallet.expired, facts.ended)
        for identity in identities.check(picture):
            self.expect(f"identity {identity.name} {identity.detail}", identity.ok, right=True)

    def _quota_accounts(self) -> dict[str, int]:
        found = {}
        for quota, facts in self.quotas.items():
            for code, amount in (
                ("Q100", facts.granted), ("Q400", facts.available),
                ("Q410", sum(facts.leased.values())), ("Q500", facts.used),
                ("Q600", facts.ended),
            ):  # fmt: skip
                found[f"{code}|grant={quota.grant}|unit={quota.unit}"] = amount
        return {key: amount for key, amount in found.items() if amount}

    # --- the end -----------------------------------------------------------------------

    def close(self) -> None:
        """End everything, so that identity 13 can be read off two bank accounts."""
        for voucher, supplier, hold in self.leases():
            self.resolve_lease(voucher, supplier, hold, "expire")
        for voucher, facts in self.books.vouchers.items():
            if not facts.ended:
                self.expire_voucher(voucher)
        while self.held_payouts:
            self.release_payout()
        self._settle_everything()
        self._give_deposits_back()
        self._give_budget_back()

    def _settle_everything(self) -> None:
        for voucher in self.terms:
            for supplier in self.suppliers:
                self.freeze_pair(voucher, supplier)
                if any(self.of(voucher).pairs[supplier].pending):
                    self.collect(voucher, supplier, cash=True, all_of_it=True)
                self.release(voucher, supplier)
        for supplier in self.suppliers:
            self.freeze_borne_of(supplier)
            self._release_borne(supplier)
        for payout in self.payouts:
            if payout.state == "sent":
                self.finish_payout(payout, "confirm")
        for supplier in self.suppliers:
            for year in self.years:
                self.pay(supplier, year)
                for payout in self.payouts:
                    if payout.state == "sent":
                        self.finish_payout(payout, "confirm")
        for case, facts in self.cases.items():
            self.case_flow("collect", case, *facts.owed)
            self.case_flow("remit", case, *facts.due)

    def _release_borne(self, supplier) -> None:
        year = self.years[self.suppliers.index(supplier) % len(self.years)]
        rest = self.have("2300P", supplier=supplier)
        done = self.attempt(
            "release_programme_residue",
            self.bind(
                postings.release_programme_residue, programme_year=year, supplier=supplier
            ),
            (),
        )
        self.expect("programme-borne residue", done.amount, rest)
        self.bear_more(supplier, year, -rest)

    def _give_deposits_back(self) -> None:
        for voucher, facts in self.books.vouchers.items():
            self.expect("a whole deposit", facts.deposit % WON, 0)
            if facts.deposit:
                self.refund_deposit(voucher, facts.deposit)
        for receipt, amount in self.receipts.items():
            if amount:
                self.send_back(receipt, amount)

    def _give_budget_back(self) -> None:
        for voucher, facts in self.books.vouchers.items():
            award, year = self.award_of[voucher], facts.year
            if facts.expired:
                self.return_from(voucher, facts.expired, year_end=False)
            if left := self.have("B310", award=award):
                self.lapse_award(award, year, left)
        for award, year in self.awards.items():
            if left := self.have("B310", award=award):
                self.lapse_award(award, year, left)
            self._return_award(award, year)
        for year in self.years:
            self._close_year(year)

    def _return_award(self, award, year) -> None:
        """What a clawback left unused of an award, part of it at year end."""
        ended = self.have("B600", award=award)
        for amount, year_end in ((ended // 3, True), (ended - ended // 3, False)):
            if amount:
                call = self.bind(
                    postings.return_unused_award, programme_year=year, award=award,
                    amount=amount, year_end=year_end,
                )  # fmt: skip
                self.attempt("return_unused_award", call, ())
                self.add("B600", -amount, award=award)
                code = "B100" if year_end else "B200"
                self.add(code, -amount if year_end else amount, programme_year=year)
                self.year_end[year] = self.year_end.get(year, 0) + amount * year_end

    def redeliver(self) -> None:
        """Every call of the programme once more, late and in another order: no harm."""
        self.rng.shuffle(self.replays)
        for call, first in self.replays:
            again = call()
            self.expect("redelivered", posted_of(again).replayed, right=True)
            self.expect("the first answer", _unmarked(again), _unmarked(first))

    def _close_year(self, year) -> None:
        call = self.calls[year]
        if left := self.have("B300", call=call):
            close = self.bind(postings.close_call, programme_year=year, call=call, amount=left)
            self.attempt("close_call", close, ())
            self.add("B300", -left, call=call)
            self.add("B200", left, programme_year=year)
        if owed := self.have("2510", programme_year=year):
            self.remit_interest(year, owed)
        rest = self.books.granted(year)
        first = rest // (2 * WON) * WON if self.rng.random() < 0.5 else 0
        for amount in (first, rest - first):
            self._return_unspent(year, amount)

    def _return_unspent(self, year, amount: int) -> None:
        returned = min(self.year_end.get(year, 0), amount)
        if amount:
            call = self.bind(
                postings.return_unspent, programme_year=year, amount=amount, returned=returned
            )
            self.attempt("return_unspent", call, ())
            self.year_end[year] = self.year_end.get(year, 0) - returned
            self.books.grant[year] -= amount
            self.add("B200", returned - amount, programme_year=year)
            self.add("B100", returned - amount, programme_year=year)
        before = self.have("2590", programme_year=year)
        paid = (amount + before) // (10 * WON) * 10 * WON
        done = self.attempt(
            "remit_unspent", self.bind(postings.remit_unspent, programme_year=year), ()
        )
        self.expect("remitted", done.amount, paid)
        self.add("1100", -paid, programme_year=year)
        self.add("2590", amount - paid, programme_year=year)

    def check_end(self) -> None:
        """Identity 13: what is left in two banks is nothing, and less than ten won a year."""
        self.expect("co-payment bank", self.have("1110", programme=self.programme), 0)
        for year in self.years:
            left = self.have("1100", programme_year=year)
            self.expect("less than ten won", 0 <= left < 10 * WON, right=True)
            self.expect("fraction", left, self.have("2590", programme_year=year))


def _unmarked(result: object) -> object:
    """An answer without its `replayed`."""
    if isinstance(result, Posted):
        return result.journal
    assert is_dataclass(result)
    return replace(result, posted=Posted(result.posted.journal, replayed=False))
