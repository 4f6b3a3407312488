"""From typed declarations to the rooms' actions. The caller holds one transaction around all.

Nothing is decided here: each table is handed to the action that owns its noun, and what the
action refuses is told with the file, line and field that it came from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import msgspec

from madang.cli.declarations import compute, datahub, tables
from madang.cli.declarations.errors import ValueWrong, about
from madang.cli.declarations.reader import Declaration, name_of
from madang.core.clock import seoul_date
from madang.core.errors import MadangError
from madang.core.money import (
    Ratio,
    microwon_from_won,
    price_from_won_each,
    price_from_won_per_million,
)
from madang.core.units import Meter, Unit
from madang.metering.keys.actions import NewKey, create_key, set_rate
from madang.metering.keys.models import Key
from madang.metering.offerings.actions import (
    Door,
    OfferingFacts,
    Price,
    add_price,
    declare_offering,
)
from madang.metering.offerings.models import AbortPolicy, Offering
from madang.metering.vouchers.queries import voucher_for
from madang.parties.actor import Actor
from madang.parties.canonical import Json
from madang.parties.declaring import Outcome
from madang.parties.organisations.actions import declare_organisation
from madang.parties.people.actions import declare_person
from madang.parties.relationships.actions import declare_relationship
from madang.parties.suppliers.actions import declare_supplier
from madang.parties.suppliers.queries import supplier_by_code
from madang.programme.calls.actions import declare_call
from madang.programme.calls.content import CallContent
from madang.programme.flags.actions import record_contact
from madang.programme.grants.actions import GrantTerms, grant_directly
from madang.programme.plans.actions import GoalTerms, LineTerms, declare_plan
from madang.programme.years.actions import decided_budget_microwon, declare_programme
from madang.programme.years.queries import year_on, years

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A secret that was just made, or given in test mode: shown once, kept nowhere."""

    voucher: str
    secret: str


@dataclass(slots=True)
class Applied:
    """What a command's declarations did. `money` names those that made money."""

    names: dict[Outcome, list[str]] = field(
        default_factory=lambda: {outcome: [] for outcome in Outcome}
    )
    keys: list[ShownKey] = field(default_factory=list)
    money: list[str] = field(default_factory=list)

    def as_data(self) -> dict[str, object]:
        shown = [{"voucher": one.voucher, "secret": one.secret} for one in self.keys]
        return {**{one.value: names for one, names in self.names.items()}, "keys": shown}


@dataclass(slots=True)
class Applier:
    """One command's run over its declarations."""

    actor: Actor
    approver: Actor | None
    at: datetime
    applied: Applied = field(default_factory=Applied)
    keys_without_secret: Counter[str] = field(default_factory=Counter)

    def run(self, declarations: Sequence[Declaration]) -> Applied:
        for one in declarations:
            try:
                outcome = self._apply(one)
            except MadangError as error:
                raise one.placed(error) from error
            self.applied.names[outcome].append(name_of(one))
        return self.applied

    def _apply(self, one: Declaration) -> Outcome:
        handlers: dict[str, Callable[[Declaration], Outcome]] = {
            "organisation": self._organisation,
            "supplier": self._supplier,
            "person": self._person,
            "relationship": self._relationship,
            "programme": self._programme,
            "plan": self._plan,
            "offering": self._offering,
            "call": self._call,
            "voucher": self._voucher,
            "key": self._key,
            "site": self._site,
            "gpu_class": self._gpu_class,
            "grant": self._grant,
            "dataset": self._dataset,
            "build_goal": self._build_goal,
        }
        return handlers[one.table](one)

    def _organisation(self, one: Declaration) -> Outcome:
        row = _row(one, tables.Organisation)
        declared = declare_organisation(
            self.actor,
            code=row.code,
            name_ko=row.name.ko,
            name_en=row.name.en,
            kind=row.kind,
            registration_no=row.registration_no,
            region=row.region,
            representative=row.representative,
            at=self.at,
        )
        is_news = record_contact(
            self.actor,
            declared.row,
            address=row.address,
            bank_account=row.bank_account,
            at=self.at,
        )
        if is_news and declared.outcome is Outcome.UNCHANGED:
            return Outcome.CHANGED
        return declared.outcome

    def _supplier(self, one: Declaration) -> Outcome:
        row = _row(one, tables.Supplier)
        with about("organisation"):
            declared = declare_supplier(
                self.actor,
                code=row.code,
                name_ko=row.name.ko,
                name_en=row.name.en,
                organisation=row.organisation,
                at=self.at,
            )
        return declared.outcome

    def _person(self, one: Declaration) -> Outcome:
        row = _row(one, tables.Person)
        with about("organisation"):
            declared = declare_person(
                self.actor,
                email=row.email,
                roles=row.roles,
                organisation=row.organisation,
                unit=row.unit,
                name=row.name,
                language=row.language,
                password=row.password,
                token=row.token,
                at=self.at,
            )
        return declared.outcome

    def _relationship(self, one: Declaration) -> Outcome:
        row = _row(one, tables.Relationship)
        declared = declare_relationship(self.actor, a=row.a, b=row.b, kind=row.kind, at=self.at)
        return declared.outcome

    def _programme(self, one: Declaration) -> Outcome:
        row = _row(one, tables.Programme)
        before = _budget_of(row)
        declared = declare_programme(
            self.actor,
            code=row.code,
            name_ko=row.name.ko,
            name_en=row.name.en,
            year=row.year,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            subsidy_ratio=_ratio("programme", "subsidy_ratio", row.subsidy_ratio),
            vat_rate=_ratio("programme", "vat_rate", row.vat_rate),
            budget_microwon=microwon_from_won(row.budget_won),
            approver=self.approver,
            at=self.at,
        )
        if _budget_of(row) > before:
            self.applied.money.append(name_of(one))
        return declared.outcome

    def _plan(self, one: Declaration) -> Outcome:
        row = _row(one, tables.Plan)
        declared = declare_plan(
            self.actor,
            code=row.code,
            name_ko=row.name.ko,
            name_en=row.name.en,
            source=row.source,
            lines=[
                LineTerms(
                    line.year,
                    line.programme,
                    line.ministry,
                    microwon_from_won(line.planned_won),
                    line.through,
                )
                for line in row.line
            ],
            goals=[
                GoalTerms(goal.code, goal.name.ko, goal.name.en, goal.due_on)
                for goal in row.goal
            ],
            at=self.at,
        )
        return declared.outcome

    def _call(self, one: Declaration) -> Outcome:
        row = _row(one, tables.Call)
        with about("programme"):
            year = year_on(row.programme, seoul_date(row.opens_at))
        declared = declare_call(
            self.actor, year, _content_of(row), approver=self.approver, at=self.at
        )
        return self._made_money(one, declared.outcome)

    def _voucher(self, one: Declaration) -> Outcome:
        row = _row(one, tables.Voucher)
        terms = GrantTerms(
            code=row.code,
            programme=row.programme,
            organisation=row.organisation,
            subsidy_microwon=microwon_from_won(row.subsidy_won),
            deposit_microwon=microwon_from_won(row.deposit_won),
            expires_on=row.expires_on,
            offerings=row.offerings,
        )
        declared = grant_directly(self.actor, terms, approver=self.approver, at=self.at)
        return self._made_money(one, declared.outcome)

    def _made_money(self, one: Declaration, outcome: Outcome) -> Outcome:
        if outcome is not Outcome.UNCHANGED:
            self.applied.money.append(name_of(one))
        return outcome

    def _offering(self, one: Declaration) -> Outcome:
        row = _row(one, tables.Offering)
        with about("supplier"):
            supplier = supplier_by_code(row.supplier)
        facts = _facts_of(row)
        with about("upstream"):
            declared = declare_offering(
                self.actor, supplier, facts, through=Door.DECLARATION, at=self.at
            )
        has_new_price = self._prices(declared.row, row.price)
        if has_new_price:
            self.applied.money.append(name_of(one))
        if declared.outcome is Outcome.UNCHANGED and has_new_price:
            return Outcome.CHANGED
        return declared.outcome

    def _prices(self, offering: Offering, prices: Sequence[tables.Price]) -> bool:
        """True when a price version was added."""
        outcomes = []
        for index, declared in enumerate(prices):
            price = _price_of(declared, index)
            with about(f"price[{index}]"):
                declared_price = add_price(self.actor, offering, price, at=self.at)
                outcomes.append(declared_price.outcome)
        return Outcome.CREATED in outcomes

    def _site(self, one: Declaration) -> Outcome:
        return compute.apply_site(self.actor, _row(one, tables.Site), at=self.at)

    def _gpu_class(self, one: Declaration) -> Outcome:
        return compute.apply_class(self.actor, _row(one, tables.GpuClass), at=self.at)

    def _grant(self, one: Declaration) -> Outcome:
        row = _row(one, tables.Grant)
        outcome = compute.apply_grant(self.actor, row, approver=self.approver, at=self.at)
        return self._made_money(one, outcome)

    def _dataset(self, one: Declaration) -> Outcome:
        row = _row(one, tables.DataSet)
        return datahub.apply_data_set(self.actor, row, one.source.name, at=self.at)

    def _build_goal(self, one: Declaration) -> Outcome:
        return datahub.apply_goal(self.actor, _row(one, tables.BuildGoal), at=self.at)

    def _key(self, one: Declaration) -> Outcome:
        row = _row(one, tables.Key)
        with about("voucher"):
            voucher = voucher_for(self.actor, row.voucher)
        if row.secret is None:
            self.keys_without_secret[row.voucher] += 1
            there = Key.objects.filter(voucher=voucher, revoked_at=None).count()
            if there >= self.keys_without_secret[row.voucher]:
                return Outcome.UNCHANGED
        with about("secret"):
            made = create_key(
                self.actor, voucher, rpm_max=row.rpm_max, at=self.at, secret=row.secret
            )
        return self._told(made, row)

    def _told(self, made: NewKey, row: tables.Key) -> Outcome:
        if made.is_new:
            self.applied.keys.append(ShownKey(row.voucher, made.secret))
            return Outcome.CREATED
        if made.key.rpm_max != row.rpm_max:
            set_rate(self.actor, made.key, rpm_max=row.rpm_max, at=self.at)
            return Outcome.CHANGED
        return Outcome.UNCHANGED


def _row(one: Declaration, kind: type[Row]) -> Row:
    assert isinstance(one.value, kind)
    return one.value


def _budget_of(row: tables.Programme) -> int:
    year = years().filter(programme__code=row.code, year=row.year).first()
    return decided_budget_microwon(year) if year is not None else 0


def _ratio(table: str, field_name: str, text: str) -> Ratio:
    try:
        return Ratio.parse(text)
    except ValueError as err:
        raise ValueWrong(table=table, field=field_name, reason=str(err)) from err


def _content_of(row: tables.Call) -> CallContent:
    """The words of a call: its numbers are data, what it does not say comes from policy."""
    names = row.name or tables.Name(row.code, row.code)
    return CallContent(
        code=row.code,
        title_ko=names.ko,
        title_en=names.en,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        budget_microwon=microwon_from_won(row.budget_won),
        criteria=[_criterion(one) for one in row.criteria],
        rules={
            "panel": row.panel,
            "quorum": row.quorum,
            "trim_high": row.trim.high,
            "trim_low": row.trim.low,
            "tie": list(row.tie) or ["lottery"],
        },
        terms=_terms_of(row),
        eligibility=[_plain(one) for one in row.eligibility],
        bonuses=[_plain(one) for one in row.bonuses],
    )


def _terms_of(row: tables.Call) -> dict[str, Json]:
    """What the declaration says; the rest comes from policy."""
    said: dict[str, Json] = {
        "deposit_days": row.deposit_days,
        "appeal_days": row.appeal_days,
        "supplier_consent": row.supplier_consent,
        "auto_approve_won_max": row.auto_approve_won_max,
        "auto_approve_days": row.auto_approve_days,
        "pay_direction": row.pay_direction,
        "subsidy_ratio_by_size": _by_size(row),
    }
    return {name: value for name, value in said.items() if value is not None}


def _by_size(row: tables.Call) -> dict[str, Json] | None:
    stated = row.subsidy_ratio_by_size
    return None if stated is None else _plain(stated)


def _plain(rule: Mapping[str, tables.TomlPlain]) -> dict[str, Json]:
    """A rule in the words of JSON, for the room that reads and checks it."""
    read: dict[str, Json] = msgspec.to_builtins(dict(rule))
    return read


def _criterion(one: tables.Criterion) -> dict[str, Json]:
    names = one.name or tables.Name(one.code, one.code)
    return {
        "code": one.code,
        "weight": one.weight,
        "name_ko": names.ko,
        "name_en": names.en,
    }


def _one_of(name: str, text: str, choices: type[Meter] | type[Unit]) -> str:
    if text not in list(choices):
        known = " ".join(sorted(choices))
        raise ValueWrong(table="offering", field=name, reason=f"{text} is not one of: {known}")
    return text


def _facts_of(row: tables.Offering) -> OfferingFacts:
    if row.abort_policy not in AbortPolicy.values:
        raise ValueWrong(
            table="offering",
            field="abort_policy",
            reason=f"{row.abort_policy} is not one of: {' '.join(AbortPolicy.values)}",
        )
    return OfferingFacts(
        code=row.code,
        meter=Meter(_one_of("meter", row.meter, Meter)),
        upstream=row.upstream,
        allow_private=row.allow_private,
        upstream_model=row.upstream_model,
        upstream_key=row.upstream_key,
        context_tokens_max=row.context_tokens_max,
        strict=row.strict,
        abort_policy=AbortPolicy(row.abort_policy),
        size_class=row.size_class,
        uses=tuple(row.uses),
    )


def _price_of(row: tables.Price, index: int) -> Price:
    """A price as micro-won per million, from the one of two fields that its unit allows."""
    unit = Unit(_one_of(f"price[{index}].unit", row.unit, Unit))
    if (row.won_per_million is None) == (row.won_each is None):
        reason = "say either won_per_million or won_each"
        raise ValueWrong(table="offering", field=f"price[{index}]", reason=reason)
    if row.won_per_million is not None:
        amount = price_from_won_per_million(row.won_per_million)
    elif row.won_each is not None and unit.may_be_priced_each:
        amount = price_from_won_each(row.won_each)
    else:
        reason = f"{unit.value} is priced by won_per_million"
        raise ValueWrong(table="offering", field=f"price[{index}].won_each", reason=reason)
    return Price(unit, amount, row.valid_from, frozenset(row.for_kinds))
