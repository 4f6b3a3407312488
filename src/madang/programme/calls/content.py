"""What a call is made of: taken from its own words and from policy, checked, then frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from madang.core.clock import rfc3339, seoul_day_ends
from madang.core.money import is_whole_won
from madang.parties.canonical import Json, digest_of
from madang.parties.policies.queries import Policy, current_policy, pinned_policy
from madang.programme.calls.forms import Field, form_from
from madang.programme.calls.models import Call
from madang.programme.calls.ratios import BY_SIZE, LEAST, check_by_size, least_of
from madang.programme.calls.requirements import bonuses_from, requirements_from
from madang.programme.errors import (
    AmountInvalid,
    PeriodInvalid,
    RequirementInvalid,
    TermInvalid,
)
from madang.programme.forms.models import FormVersion
from madang.programme.forms.queries import form_version
from madang.programme.fulfilment.registry import REIMBURSE, need_fulfilment
from madang.programme.tranches.planning import check_shares
from madang.programme.years.models import ProgrammeYear
from madang.review.errors import RulesInvalid
from madang.review.rules import rules_from

POLICY_KINDS = ("call", "review", "money")
NOT_TERMS = ("form", LEAST)
NUMBER_MAX = 10**12
DEPOSIT_RULES = ("own_part_and_vat_of_tranche", "none")
PAY_DIRECTIONS = ("supplier_direct", REIMBURSE)
CONSENT_RULES = ("none", "before_submission", "before_review", "after_award")
RULE_NAMES = (
    "panel",
    "quorum",
    "trim_high",
    "trim_low",
    "tie",
    "pass_score",
    "reserve_max",
    "mode",
    "peer_reviews",
    "sure_score",
    "same_institution",
    "assignments_per_reviewer",
)


@dataclass(frozen=True, slots=True)
class CallContent:
    """The words of a call. What is None or absent comes from policy."""

    code: str
    title_ko: str
    title_en: str
    opens_at: datetime
    closes_at: datetime
    budget_microwon: int
    criteria: Sequence[Mapping[str, Json]]
    summary_ko: str = ""
    summary_en: str = ""
    use_ends_on: date | None = None
    form: Sequence[Json] | None = None
    form_code: str = ""
    """A form of the builder, in its newest version; `form` itself goes before it."""
    eligibility: Sequence[Mapping[str, Json]] = ()
    bonuses: Sequence[Mapping[str, Json]] = ()
    rules: Mapping[str, Json] = field(default_factory=dict)
    """Of RULE_NAMES."""
    terms: Mapping[str, Json] = field(default_factory=dict)
    """Of the names in policy `call` and `money`: deposit_days, sign_days, …; and BY_SIZE."""


Policies = Mapping[str, Policy]


def policies_at(at: datetime) -> Policies:
    """What a call that is written now starts from."""
    return {kind: current_policy(kind, at) for kind in POLICY_KINDS}


def policies_of(call: Call) -> Policies:
    """The versions that a call has pinned, whatever holds by now."""
    return {
        kind: pinned_policy(UUID(version)) for kind, version in call.policy_versions.items()
    }


def content_of(call: Call) -> CallContent:
    """A call's words as somebody would give them: without what came from its policies."""
    policies = policies_of(call)
    given = {**policies["call"].data, **policies["money"].data}
    version = call.form_version
    code = "" if version is None else version.form.code
    is_built = bool(code) and not code.startswith("call/")
    is_own = not is_built and call.form != given["form"]
    return CallContent(
        code=call.code,
        title_ko=call.title_ko,
        title_en=call.title_en,
        opens_at=call.opens_at,
        closes_at=call.closes_at,
        budget_microwon=call.budget_microwon,
        criteria=call.rules["criteria"],
        summary_ko=call.summary_ko,
        summary_en=call.summary_en,
        use_ends_on=call.use_ends_on,
        form=call.form if is_own else None,
        form_code=code if is_built else "",
        eligibility=call.eligibility,
        bonuses=call.bonuses,
        rules={name: call.rules[name] for name in RULE_NAMES if name in call.rules},
        terms={name: term for name, term in call.terms.items() if term != given.get(name)},
    )


def columns_of(
    content: CallContent, year: ProgrammeYear, policies: Policies
) -> dict[str, Json | datetime | date | FormVersion]:
    """The values of a call's columns, all checked. Raises what does not fit, by field."""
    _check_period(content, year)
    if content.budget_microwon <= 0 or not is_whole_won(content.budget_microwon):
        raise AmountInvalid(field="budget_won")
    for name in content.rules:
        if name not in RULE_NAMES:
            raise RulesInvalid(field=name, reason="not a rule of a call")
    rules = rules_from(
        {**policies["review"].data, **content.rules, "criteria": list(content.criteria)}
    )
    form, version = _form_of(content, policies)
    _check_looks(content, form_from(form))
    defaults = {**policies["call"].data, **policies["money"].data}
    terms = {name: value for name, value in defaults.items() if name not in NOT_TERMS}
    _check_terms(content.terms, terms, policies["money"])
    terms |= content.terms
    _check_direction(terms)
    need_fulfilment(str(terms["fulfilment"]))
    return {
        "title_ko": content.title_ko,
        "title_en": content.title_en,
        "summary_ko": content.summary_ko,
        "summary_en": content.summary_en,
        "opens_at": content.opens_at,
        "closes_at": content.closes_at,
        "budget_microwon": content.budget_microwon,
        "use_ends_on": content.use_ends_on or year.ends_on,
        "form": list(form),
        "form_version": version,
        "eligibility": [dict(one) for one in content.eligibility],
        "bonuses": [dict(one) for one in content.bonuses],
        "rules": rules.as_json(),
        "terms": terms,
        "policy_versions": {kind: str(policy.id) for kind, policy in policies.items()},
    }


def _form_of(
    content: CallContent, policies: Policies
) -> tuple[Sequence[Json], FormVersion | None]:
    """The call's own questions, those of a form of the builder, or those of policy."""
    if content.form is not None:
        return content.form, None
    if content.form_code:
        version = form_version(content.form_code)
        return version.fields, version
    given = policies["call"].data["form"]
    assert isinstance(given, list)
    return given, None


def _check_looks(content: CallContent, form: Sequence[Field]) -> None:
    """Every rule looks at questions and slots that the form has."""
    kinds = {field.code: field.kind for field in form}
    asked = [*requirements_from(content.eligibility)]
    asked += [bonus.when for bonus in bonuses_from(content.bonuses)]
    for one in asked:
        missing = {
            "no such file slot": one.kind == "evidence" and kinds.get(one.name) != "file",
            "no such question": one.kind == "answer" and kinds.get(one.name, "file") == "file",
            "no such question to tick": bool(one.answer) and kinds.get(one.answer) != "check",
        }
        for reason, is_so in missing.items():
            if is_so:
                raise RequirementInvalid(field=one.code, reason=reason)


def _check_terms(
    given: Mapping[str, Json], defaults: Mapping[str, Json], money: Policy
) -> None:
    """Of the names and kinds that policy knows; numbers from 0 to what a year holds."""
    for name, value in given.items():
        if name == BY_SIZE:
            check_by_size(value, least=least_of(money))
            continue
        held = defaults.get(name)
        if held is None:
            raise TermInvalid(field=name, reason="not a term of a call")
        if type(held) is not type(value):
            raise TermInvalid(field=name, reason=f"not a {type(held).__name__}")
        if isinstance(value, int) and not 0 <= value <= NUMBER_MAX:
            raise TermInvalid(field=name, reason="out of range")
        if isinstance(value, list) and not all(
            item and isinstance(item, str) for item in value
        ):
            raise TermInvalid(field=name, reason="not a list of names")
    shares = given.get("tranches")
    if isinstance(shares, list):
        check_shares([str(share) for share in shares])
    if given.get("deposit_required", DEPOSIT_RULES[0]) not in DEPOSIT_RULES:
        raise TermInvalid(field="deposit_required", reason="no such rule")
    if given.get("supplier_consent", CONSENT_RULES[0]) not in CONSENT_RULES:
        raise TermInvalid(field="supplier_consent", reason="no such rule")


def _check_direction(terms: Mapping[str, Json]) -> None:
    """Who is paid first. Whoever is reimbursed has no voucher that would pay the supplier."""
    direction = terms["pay_direction"]
    if direction not in PAY_DIRECTIONS:
        raise TermInvalid(field="pay_direction", reason="no such direction")
    if direction == REIMBURSE and terms["fulfilment"] != "voucher":
        raise TermInvalid(field="pay_direction", reason="this fulfilment is never reimbursed")


def frozen_digest(call: Call) -> str:
    """SHA-256 over everything that an applicant and a reviewer rely on."""
    year = call.programme_year
    later = {name: getattr(call, name) for name in ("eligibility", "bonuses")}
    return digest_of(
        {
            **{name: value for name, value in later.items() if value},
            "code": call.code,
            "year": str(year.id),
            "ratio": str(year.ratio),
            "vat": str(year.vat),
            "opens_at": rfc3339(call.opens_at),
            "closes_at": rfc3339(call.closes_at),
            "budget_microwon": call.budget_microwon,
            "use_ends_on": call.use_ends_on.isoformat(),
            "form": call.form,
            "rules": call.rules,
            "terms": call.terms,
            "policy_versions": call.policy_versions,
        }
    )


def _check_period(content: CallContent, year: ProgrammeYear) -> None:
    if content.closes_at <= content.opens_at:
        raise PeriodInvalid(field="closes_at", reason="not after opens_at")
    ends = content.use_ends_on
    if ends is not None and not year.starts_on <= ends <= year.ends_on:
        raise PeriodInvalid(field="use_ends_on", reason="outside the year")
    check_deadline(content.closes_at, ends or year.ends_on)


def check_deadline(closes_at: datetime, use_ends_on: date) -> None:
    """Who is selected afterwards must have something left to use."""
    if closes_at > seoul_day_ends(use_ends_on):
        raise PeriodInvalid(field="closes_at", reason="after the last day of use")
