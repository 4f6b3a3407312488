"""The rest of a random programme: what comes after, or beside, leases and statements."""

from __future__ import annotations

from uuid import UUID

from ledger_support.oracle import WON, CaseFacts
from madang.ledger import errors, postings
from madang.ledger.types import Parts, Posted


def posted_of(result: object) -> Posted:
    return result if isinstance(result, Posted) else result.posted


class LaterSteps:
    """Steps of `Programme`; kept apart so that both files can be read."""

    # --- refunds after settlement --------------------------------------------------------

    def agree_refund(self) -> None:
        voucher = self.a_voucher()
        if voucher is None:
            return
        facts = self.of(voucher)
        supplier = self.rng.choice(self.suppliers)
        pair = facts.pairs[supplier]
        left = pair.settled - pair.agreed
        if not left and self.rng.random() < 0.8:
            return
        amount = self.won(left)
        subsidy = int(facts.ratio * amount) // WON * WON
        vat = int(facts.vat * amount) // WON * WON
        beyond = amount > left or subsidy > facts.recoverable
        done = self.attempt(
            "agree_refund",
            self.bind(
                postings.agree_refund, self.terms[voucher], supplier=supplier, amount=amount
            ),
            (errors.RefundExceeded,) if beyond else (),
        )
        if done:
            self.expect("agreed parts", done.parts, Parts(subsidy, amount - subsidy, vat))
            pair.agreed += amount
            pair.pending[0] += subsidy
            pair.pending[1] += amount - subsidy + vat

    def collect_refund(self) -> None:
        pending = [
            (voucher, supplier)
            for voucher, facts in self.books.vouchers.items()
            for supplier, pair in facts.pairs.items()
            if any(pair.pending)
        ]
        chosen = self.pick(pending)
        if chosen is not None:
            self.collect(*chosen, cash=self.rng.random() < 0.5)

    def collect(self, voucher: UUID, supplier: UUID, *, cash: bool, all_of_it: bool = False):
        facts = self.of(voucher)
        pair = facts.pairs[supplier]
        subsidy, own = pair.pending
        if not all_of_it:
            part = self.rng.choice(("both", "subsidy", "own"))
            subsidy = 0 if part == "own" else self.rng.randint(0, subsidy // WON) * WON
            own = 0 if part == "subsidy" else self.rng.randint(0, own // WON) * WON
            if not subsidy + own:
                return
        short = not cash and (
            subsidy > self.books.payable[supplier, facts.year]
            or own > self.books.payable_own[supplier]
        )
        if short and subsidy <= sum(
            a for (s, _), a in self.books.payable.items() if s == supplier
        ):
            return  # the caller would mix two years: not a question for the ledger
        done = self.attempt(
            "collect_refund",
            self.bind(
                postings.collect_refund, self.terms[voucher], supplier=supplier,
                subsidy=subsidy, own=own, cash=cash,
            ),
            (errors.Overdrawn,) if short else (),
        )  # fmt: skip
        if not done:
            return
        pair.pending[0] -= subsidy
        pair.pending[1] -= own
        facts.collected += subsidy
        facts.own_back += own
        if cash:
            self.add("1100", subsidy, programme_year=facts.year)
            self.add("1110", own, programme=self.programme)
        else:
            self.books.payable[supplier, facts.year] -= subsidy
            self.books.payable_own[supplier] -= own

    def write_off_refund(self) -> None:
        """All that is pending, a part of it, or more than that: which no account bears."""
        chosen = self.pick([key for key, pair in self.pairs() if any(pair.pending)])
        if chosen is None:
            return
        voucher, supplier = chosen
        pair = self.of(voucher).pairs[supplier]
        subsidy, own = (self.rng.choice((0, 1, 1)) * part for part in pair.pending)
        own += self.rng.choice((0, 0, 0, WON))
        if not subsidy + own:
            return
        done = self.attempt(
            "write_off_refund",
            self.bind(
                postings.write_off_refund, self.terms[voucher], supplier=supplier,
                subsidy=subsidy, own=own,
            ),
            (errors.Overdrawn,) if own > pair.pending[1] else (),
        )  # fmt: skip
        if done:
            for index, part in enumerate((subsidy, own)):
                pair.pending[index] -= part
                pair.given_up[index] += part

    def revive_refund(self) -> None:
        """The supplier pays after all: the claim stands again, if nothing took its place."""
        chosen = self.pick([key for key, pair in self.pairs() if any(pair.given_up)])
        if chosen is None:
            return
        voucher, supplier = chosen
        facts = self.of(voucher)
        pair = facts.pairs[supplier]
        subsidy, own = pair.given_up
        done = self.attempt(
            "revive_refund",
            self.bind(
                postings.revive_refund, self.terms[voucher], supplier=supplier,
                subsidy=subsidy, own=own,
            ),
            (errors.RefundExceeded,) if subsidy > facts.recoverable else (),
        )  # fmt: skip
        if done:
            pair.pending[0] += subsidy
            pair.pending[1] += own
            pair.given_up[:] = [0, 0]

    def pairs(self):
        return [
            ((voucher, supplier), pair)
            for voucher, facts in self.books.vouchers.items()
            for supplier, pair in facts.pairs.items()
        ]

    # --- the end of a voucher --------------------------------------------------------------

    def expire(self) -> None:
        if voucher := self.a_voucher():
            self.expire_voucher(voucher)

    def expire_voucher(self, voucher: UUID) -> None:
        facts = self.of(voucher)
        rest = facts.available
        done = self.attempt(
            "expire_voucher",
            self.bind(postings.expire_voucher, self.terms[voucher]),
            (errors.VoucherExpired,) if facts.ended else (),
        )
        if done:
            self.expect("expired rest", done.amount, rest)
            facts.ended = True

    def return_unused(self) -> None:
        voucher = self.a_voucher()
        if voucher is None:
            return
        facts = self.of(voucher)
        amount = self.amount(facts.expired)
        self.return_from(voucher, amount, year_end=self.rng.random() < 0.2)

    def return_from(self, voucher: UUID, amount: int, *, year_end: bool) -> None:
        facts = self.of(voucher)
        done = self.attempt(
            "return_unused",
            self.bind(
                postings.return_unused, self.terms[voucher], amount=amount, year_end=year_end
            ),
            (errors.Overdrawn,) if amount > facts.expired else (),
        )
        if not done:
            return
        facts.to_budget += amount
        if year_end:
            self.add("B100", -amount, programme_year=facts.year)
            self.year_end[facts.year] = self.year_end.get(facts.year, 0) + amount
        else:
            self.add("B200", amount, programme_year=facts.year)

    def release_residue(self) -> None:
        if voucher := self.a_voucher():
            self.release(voucher, self.rng.choice(self.suppliers))

    def release(self, voucher: UUID, supplier: UUID) -> None:
        facts = self.of(voucher)
        pair = facts.pairs[supplier]
        refusals = ()
        if not facts.ended:
            refusals = (errors.VoucherActive,)
        elif pair.promised != pair.captured:
            refusals = (errors.HoldOpen,)
        elif any(facts.statement(supplier)):
            refusals = (errors.StatementDue,)
        residue = facts.accrued(supplier)
        done = self.attempt(
            "release_residue",
            self.bind(postings.release_residue, self.terms[voucher], supplier=supplier),
            refusals,
        )
        if done:
            self.expect("residue", done.parts, Parts(*residue))
            pair.residue = tuple(a + b for a, b in zip(pair.residue, residue, strict=True))
            pair.stated_at = pair.captured

    # --- deposits ------------------------------------------------------------------------

    def unidentified(self) -> None:
        receipt, amount = self.uuid(), self.rng.randint(1, 50) * WON
        self.attempt(
            "deposit_unidentified",
            self.bind(
                postings.deposit_unidentified, programme=self.programme, receipt=receipt,
                amount=amount,
            ),
            (),
        )  # fmt: skip
        self.receipts[receipt] = amount
        self.add("1110", amount, programme=self.programme)
        self.add("1120", amount, receipt=receipt)

    def match_receipt(self) -> None:
        receipt, voucher = self.pick(self.receipts), self.a_voucher()
        if receipt is None or voucher is None:
            return
        amount = self.won(self.receipts[receipt])
        done = self.attempt(
            "match_receipt",
            self.bind(
                postings.match_receipt, self.terms[voucher], receipt=receipt, amount=amount
            ),
            (errors.Overdrawn,) if amount > self.receipts[receipt] else (),
        )
        if done:
            self.receipts[receipt] -= amount
            self.add("1120", -amount, receipt=receipt)
            self.of(voucher).paid += amount

    def return_receipt(self) -> None:
        if receipt := self.pick(self.receipts):
            self.send_back(receipt, self.won(self.receipts[receipt]))

    def send_back(self, receipt: UUID, amount: int) -> None:
        done = self.attempt(
            "return_receipt",
            self.bind(
                postings.return_receipt, programme=self.programme, receipt=receipt,
                amount=amount,
            ),
            (errors.Overdrawn,) if amount > self.receipts[receipt] else (),
        )  # fmt: skip
        if done:
            self.receipts[receipt] -= amount
            self.add("1120", -amount, receipt=receipt)
            self.add("1110", -amount, programme=self.programme)

    def deposit_out(self) -> None:
        if voucher := self.a_voucher():
            self.refund_deposit(voucher, self.won(self.of(voucher).deposit))

    def refund_deposit(self, voucher: UUID, amount: int) -> None:
        facts = self.of(voucher)
        done = self.attempt(
            "refund_deposit",
            self.bind(
                postings.refund_deposit, self.terms[voucher], organisation=self.organisation,
                amount=amount,
            ),
            (errors.Overdrawn,) if amount > facts.deposit else (),
        )  # fmt: skip
        if not done:
            return
        facts.deposit_out += amount
        self.attempt(
            "pay_deposit_refund",
            self.bind(
                postings.pay_deposit_refund, programme_year=facts.year,
                programme=self.programme, organisation=self.organisation, amount=amount,
            ),
            (),
        )  # fmt: skip
        self.add("1110", -amount, programme=self.programme)

    # --- clawback --------------------------------------------------------------------------

    def clawback(self) -> None:
        voucher = self.a_voucher()
        if voucher is None:
            return
        facts, case = self.of(voucher), self.uuid()
        principal = self.won(facts.recoverable)
        surcharge = principal * self.rng.choice((0, 1, 3, 5))
        rest = facts.available
        done = self.attempt(
            "decide_clawback",
            self.bind(
                postings.decide_clawback, self.terms[voucher], case=case, principal=principal,
                surcharge=surcharge,
            ),
            (errors.ClawbackExceeded,) if principal > facts.recoverable else (),
        )  # fmt: skip
        if done:
            self.expect("unused rest", done.amount, rest)
            facts.clawed += principal
            facts.ended = True
            self.new_case(case, facts.year, principal, surcharge)

    def new_case(self, case: UUID, year: UUID, principal: int, surcharge: int) -> None:
        found = self.cases[case] = CaseFacts(year, principal, surcharge)
        found.owed, found.due = [principal, surcharge], [principal, surcharge]
        for code, amount in (
            ("1300", principal), ("1310", surcharge), ("2520", principal), ("2530", surcharge)
        ):  # fmt: skip
            self.add(code, amount, case=case)

    def clawback_flow(self) -> None:
        case = self.pick(self.cases)
        if case is None:
            return
        how = self.rng.choice(("collect", "remit", "set_off", "write_off"))
        if how == "set_off":
            self.set_off(case)
            return
        facts = self.cases[case]
        source = facts.due if how == "remit" else facts.owed
        principal, surcharge = (self.rng.randint(0, a // WON) * WON for a in source)
        self.case_flow(how, case, principal, surcharge)

    def case_flow(self, how: str, case: UUID, principal: int, surcharge: int) -> None:
        facts = self.cases[case]
        total = principal + surcharge
        if not total:
            return
        short = (
            (how == "remit" and total > self.have("1100", programme_year=facts.year))
            or (how == "write_off" and (principal > facts.due[0] or surcharge > facts.due[1]))
            or (how == "collect" and (principal > facts.owed[0] or surcharge > facts.owed[1]))
        )
        posting = getattr(postings, f"{how}_clawback")
        done = self.attempt(
            f"{how}_clawback",
            self.bind(
                posting, programme_year=facts.year, case=case, principal=principal,
                surcharge=surcharge,
            ),
            (errors.Overdrawn,) if short else (),
        )  # fmt: skip
        if not done:
            return
        parts = (principal, surcharge)
        for index, (owed, due) in enumerate((("1300", "2520"), ("1310", "2530"))):
            if how in ("collect", "write_off"):
                facts.owed[index] -= parts[index]
                self.add(owed, -parts[index], case=case)
            if how in ("remit", "write_off"):
                facts.due[index] -= parts[index]
                self.add(due, -parts[index], case=case)
        if how != "write_off":
            self.add("1100", total if how == "collect" else -total, programme_year=facts.year)

    def set_off(self, case: UUID) -> None:
        facts = self.cases[case]
        supplier = max(self.suppliers, key=lambda s: self.books.payable[s, facts.year])
        most = min(facts.owed[0], self.books.payable[supplier, facts.year])
        amount = self.rng.randint(0, most // WON) * WON
        if not amount:
            return
        self.attempt(
            "set_off_clawback",
            self.bind(
                postings.set_off_clawback, programme_year=facts.year, case=case,
                supplier=supplier, amount=amount,
            ),
            (),
        )  # fmt: skip
        facts.owed[0] -= amount
        self.add("1300", -amount, case=case)
        self.books.payable[supplier, facts.year] -= amount

    # --- beside the voucher ------------------------------------------------------------------

    def interest(self) -> None:
        year, amount = self.rng.choice(self.years), self.rng.randint(1, 40) * WON
        done = self.attempt(
            "interest",
            self.bind(postings.interest, programme_year=year, amount=amount),
            (),
        )
        self.add("1100", amount, programme_year=year)
        self.add("2510", amount, programme_year=year)

        def undo() -> None:
            self.add("1100", -amount, programme_year=year)
            self.add("2510", -amount, programme_year=year)

        self.correctable.append(
            (
                done.journal,
                year,
                lambda: (
                    self.have("2510", programme_year=year) >= amount
                    and self.have("1100", programme_year=year) >= amount
                ),
                undo,
            )
        )
        if self.rng.random() < 0.5:
            self.remit_interest(year, self.won(self.have("2510", programme_year=year)))

    def remit_interest(self, year: UUID, amount: int) -> None:
        short = amount > min(
            self.have("2510", programme_year=year), self.have("1100", programme_year=year)
        )
        done = self.attempt(
            "remit_interest",
            self.bind(postings.remit_interest, programme_year=year, amount=amount),
            (errors.Overdrawn,) if short else (),
        )
        if done:
            self.add("1100", -amount, programme_year=year)
            self.add("2510", -amount, programme_year=year)

    def in_kind(self) -> None:
        award = self.pick(self.award_of.values())
        if award is None:
            return
        year, amount = self.years[0], self.rng.randint(1, 90 * WON)
        if self.rng.random() < 0.5:
            self.attempt(
                "pledge_in_kind",
                self.bind(
                    postings.pledge_in_kind, programme_year=year, award=award, amount=amount
                ),
                (),
            )
            self.add("K150", amount, award=award)
            self.add("K200", amount, award=award)
            return
        done = self.attempt(
            "evidence_in_kind",
            self.bind(
                postings.evidence_in_kind, programme_year=year, award=award, amount=amount
            ),
            (errors.Overdrawn,) if amount > self.have("K150", award=award) else (),
        )
        if done:
            self.add("K150", -amount, award=award)
            self.add("K100", amount, award=award)

    def correct(self) -> None:
        if self.corrected and self.rng.random() < 0.3:
            journal, year = self.rng.choice(self.corrected)
            again = self.bind(postings.correct, programme_year=year, journal=journal)
            self.attempt("correct again", again, (errors.CorrectedAlready,))
        if self.uncorrectable and self.rng.random() < 0.3:
            journal, year = self.rng.choice(self.uncorrectable)
            wrong = self.bind(postings.correct, programme_year=year, journal=journal)
            self.attempt("correct a capture", wrong, (errors.CorrectionNotPossible,))
        if not self.correctable:
            return
        index = self.rng.randrange(len(self.correctable))
        journal, year, possible, undo = self.correctable[index]
        done = self.attempt(
            "correct",
            self.bind(postings.correct, programme_year=year, journal=journal),
            () if possible() else (errors.Overdrawn,),
        )
        if done:
            undo()
            del self.correctable[index]
            self.corrected.append((journal, year))
            self.uncorrectable.append((done.journal, year))

    def milestone(self) -> None:
        award = self.pick(self.awards)
        if award is None:
            return
        year, payee = self.awards[award], self.rng.choice(self.suppliers)
        left = self.have("B310", award=award)
        amount = self.won(left)
        done = self.attempt(
            "pay_milestone",
            self.bind(
                postings.pay_milestone, programme_year=year, award=award, payee=payee,
                amount=amount,
            ),
            (errors.Overdrawn,) if amount > left else (),
        )  # fmt: skip
        if done:
            self.add("B310", -amount, award=award)
            for code in ("B500", "4100", "5100"):
                self.add(code, amount, award=award)
            self.books.grant[year] -= amount
            self.books.payable[payee, year] += amount
        elif self.rng.random() < 0.5:
            self.award_clawback(award, year)

    def award_clawback(self, award: UUID, year: UUID) -> None:
        paid, case = self.have("B500", award=award), self.uuid()
        principal = self.won(paid)
        rest = self.have("B310", award=award)
        done = self.attempt(
            "decide_award_clawback",
            self.bind(
                postings.decide_award_clawback, programme_year=year, award=award, case=case,
                principal=principal,
            ),
            (errors.ClawbackExceeded,) if principal > paid else (),
        )  # fmt: skip
        if done:
            self.new_case(case, year, principal, 0)
            self.add("B500", -principal, award=award)
            for code in ("B650", "4190", "5190"):
                self.add(code, principal, award=award)
            self.add("B310", -rest, award=award)
            self.add("B600", rest, award=award)

    def bear(self) -> None:
        supplier = self.rng.choice(self.suppliers)
        year = self.years[self.suppliers.index(supplier) % len(self.years)]
        left = min(self.have("B200", programme_year=year), self.books.granted(year))
        amount = self.rng.randint(1, 5 * WON) if self.rng.random() < 0.9 else left + 1
        done = self.attempt(
            "programme_borne",
            self.bind(
                postings.programme_borne, programme_year=year, supplier=supplier, amount=amount
            ),
            (errors.Overdrawn,) if amount > left else (),
        )
        if done:
            self.bear_more(supplier, year, amount)

    def bear_more(self, supplier: UUID, year: UUID, amount: int) -> None:
        self.add("B200", -amount, programme_year=year)
        self.add("5200", amount, programme_year=year, supplier=supplier)
        self.books.grant[year] -= amount
        self.add("B520", amount, programme_year=year)
        self.add("4100", amount, programme_year=year)
        self.add("2300P", amount, supplier=supplier)

    def freeze_borne(self) -> None:
        self.freeze_borne_of(self.rng.choice(self.suppliers))

    def freeze_borne_of(self, supplier: UUID) -> None:
        year = self.years[self.suppliers.index(supplier) % len(self.years)]
        accrued = self.have("2300P", supplier=supplier)
        done = self.attempt(
            "freeze_programme_borne",
            self.bind(postings.freeze_programme_borne, programme_year=year, supplier=supplier),
            (),
        )
        paid = accrued // WON * WON
        self.expect("programme-borne line", done.parts, Parts(paid, 0, 0))
        self.add("2300P", -paid, supplier=supplier)
        self.books.payable[supplier, year] += paid

    def dispute(self) -> None:
        voucher = self.a_voucher()
        if voucher is None:
            return
        supplier, amount = self.rng.choice(self.suppliers), self.rng.randint(1, 9 * WON)
        opens = self.rng.random() < 0.6
        noted = self.have("K300", supplier=supplier, voucher=voucher)
        posting = postings.open_dispute if opens else postings.close_dispute
        done = self.attempt(
            posting.__name__,
            self.bind(posting, self.terms[voucher], supplier=supplier, amount=amount),
            () if opens or amount <= noted else (errors.Overdrawn,),
        )
        if done:
            for code in ("K300", "K350"):
                self.add(code, amount if opens else -amount, supplier=supplier, voucher=voucher)

    def lapse(self) -> None:
        voucher = self.a_voucher()
        if voucher is not None:
            award, year = self.award_of[voucher], self.terms[voucher].programme_year
            self.lapse_award(award, year, self.amount(self.have("B310", award=award)))

    def lapse_award(self, award: UUID, year: UUID, amount: int) -> None:
        call = self.calls[year]
        done = self.attempt(
            "lapse_award",
            self.bind(
                postings.lapse_award, programme_year=year, call=call, award=award,
                amount=amount,
            ),
            (errors.Overdrawn,) if amount > self.have("B310", award=award) else (),
        )  # fmt: skip
        if done:
            self.add("B310", -amount, award=award)
            self.add("B300", amount, call=call)
