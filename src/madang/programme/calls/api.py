"""REST routes of calls and of a programme's budget. An approved call is public."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Router, Schema
from pydantic import ConfigDict

from madang.core.clock import seoul_date
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.canonical import Json
from madang.parties.exact import Whole
from madang.parties.instants import Day, Instant
from madang.programme.calls import actions
from madang.programme.calls.content import CallContent
from madang.programme.calls.forms import CHARACTERS_MAX, FILES_MAX, NUMBER_MAX
from madang.programme.calls.models import Call
from madang.programme.calls.phases import phase_at
from madang.programme.calls.queries import call_by_code, calls_for
from madang.programme.years.queries import budgets_of, year_on, years
from madang.review.rules import rules_from

router = Router(tags=["calls"])
ONE = "/calls/{code}"
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=50)]
Title = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=10_000)]
Count = Annotated[Whole, Field(ge=0, le=10_000)]
Bound = Annotated[Whole, Field(ge=-NUMBER_MAX, le=NUMBER_MAX)]
Size = Annotated[str, Field(max_length=16)]
RatioText = Annotated[str, Field(max_length=24)]


class CriterionIn(Schema):
    code: Annotated[str, Field(max_length=64)]
    weight: Annotated[Whole, Field(ge=1, le=1_000)]
    name_ko: Annotated[str, Field(max_length=200)] = ""
    name_en: Annotated[str, Field(max_length=200)] = ""


class QuestionIn(Schema):
    code: Annotated[str, Field(max_length=64)]
    kind: Literal["text", "number", "money", "date", "choice", "choices", "check", "file"]
    name_ko: Title
    name_en: Title
    required: bool = False
    characters_max: Annotated[Whole, Field(ge=1, le=CHARACTERS_MAX)] = CHARACTERS_MAX
    words_max: Annotated[Whole, Field(ge=0, le=CHARACTERS_MAX)] = 0
    at_least: Bound | None = None
    at_most: Bound | None = None
    choices: list[Annotated[str, Field(max_length=200)]] = []
    files_max: Annotated[Whole, Field(ge=1, le=FILES_MAX)] = FILES_MAX
    help_ko: Annotated[str, Field(max_length=1000)] = ""
    help_en: Annotated[str, Field(max_length=1000)] = ""


class RequirementIn(Schema):
    """One eligibility rule; see the field `kind` for what it looks at."""

    code: Annotated[str, Field(max_length=64)]
    kind: Literal[
        "organisation_kind", "region", "fact", "years_since", "answer", "evidence",
        "no_other_award", "no_sanction", "supplier_consent", "one_per_representative",
    ]  # fmt: skip
    name: Annotated[str, Field(max_length=64)] = ""
    answer: Annotated[str, Field(max_length=64)] = ""
    any_of: list[str] = []
    none_of: list[str] = []
    at_least: Bound | None = None
    at_most: Bound | None = None
    verified: bool = False
    text_ko: Annotated[str, Field(max_length=500)] = ""
    text_en: Annotated[str, Field(max_length=500)] = ""


class BonusIn(Schema):
    """Thousandths of a point for whoever meets `when`."""

    code: Annotated[str, Field(max_length=64)]
    points_milli: Annotated[Whole, Field(ge=1, le=100_000)]
    when: RequirementIn
    text_ko: Annotated[str, Field(max_length=500)] = ""
    text_en: Annotated[str, Field(max_length=500)] = ""


class RulesIn(Schema):
    """What is left out comes from policy; what is not a rule is refused."""

    model_config = ConfigDict(extra="forbid")

    panel: Count | None = None
    quorum: Count | None = None
    trim_high: Count | None = None
    trim_low: Count | None = None
    tie: list[str] | None = None
    pass_score: Count | None = None
    reserve_max: Count | None = None
    mode: Literal["panel", "distributed"] | None = None
    peer_reviews: Count | None = None
    sure_score: Count | None = None
    same_institution: Literal["organisation", "unit"] | None = None
    assignments_per_reviewer: Count | None = None


class TermsIn(Schema):
    """What is left out comes from policy; what is not a term is refused."""

    model_config = ConfigDict(extra="forbid")

    fulfilment: Annotated[str, Field(max_length=64)] | None = None
    tranches: list[Annotated[str, Field(max_length=16)]] | None = None
    deposit_required: Literal["own_part_and_vat_of_tranche", "none"] | None = None
    pay_direction: Literal["supplier_direct", "reimburse"] | None = None
    sign_days: Count | None = None
    deposit_days: Count | None = None
    completion_days: Count | None = None
    appeal_days: Count | None = None
    applications_per_organisation: Count | None = None
    applications_per_representative: Count | None = None
    requested_won_max: Annotated[Whole, Field(ge=0, le=10**12)] | None = None
    offerings: list[str] | None = None
    appeal_grounds: list[str] | None = None
    appeal_grounds_without_panel: list[str] | None = None
    challenge_grounds: list[str] | None = None
    bonus_milli_max: Annotated[Whole, Field(ge=0, le=100_000)] | None = None
    supplier_consent: (
        Literal["none", "before_submission", "before_review", "after_award"] | None
    ) = None
    auto_approve_won_max: Annotated[Whole, Field(ge=0, le=10**12)] | None = None
    auto_approve_won_total: Annotated[Whole, Field(ge=0, le=10**12)] | None = None
    auto_approve_days: Count | None = None
    review_days: Count | None = None
    subsidy_ratio_by_size: dict[Size, RatioText] | None = None


class CallIn(Schema):
    code: Code
    programme: str
    title_ko: Title
    title_en: Title
    summary_ko: Text = ""
    summary_en: Text = ""
    opens_at: Instant
    closes_at: Instant
    budget_microwon: Annotated[Whole, Field(gt=0, le=2**62)]
    criteria: list[CriterionIn]
    use_ends_on: Day | None = None
    form: list[QuestionIn] | None = None
    form_code: Annotated[str, Field(max_length=64)] = ""
    eligibility: list[RequirementIn] = []
    bonuses: list[BonusIn] = []
    rules: RulesIn = RulesIn()
    terms: TermsIn = TermsIn()


class CallOut(Schema):
    id: UUID
    code: str
    programme: str
    year: int
    title_ko: str
    title_en: str
    summary_ko: str
    summary_en: str
    phase: str
    opens_at: datetime
    closes_at: datetime
    budget_microwon: int
    use_ends_on: date
    criteria: list[CriterionIn]
    form: list[QuestionIn]
    form_version: int | None
    eligibility: list[RequirementIn]
    bonuses: list[BonusIn]
    rules: dict[str, object]
    terms: dict[str, object]
    series: str | None
    series_number: int | None
    frozen_sha256: str


class ReasonIn(Schema):
    reason: Annotated[str, Field(max_length=4000)]


class ExtendIn(ReasonIn):
    closes_at: Instant


class BudgetOut(Schema):
    programme: str
    year: int
    name_ko: str
    name_en: str
    appropriation_microwon: int
    unallocated_microwon: int
    allotted_microwon: int
    awarded_microwon: int


def call_out(call: Call, at: datetime) -> CallOut:
    year = call.programme_year
    return CallOut(
        id=call.id,
        code=call.code,
        programme=year.programme.code,
        year=year.year,
        title_ko=call.title_ko,
        title_en=call.title_en,
        summary_ko=call.summary_ko,
        summary_en=call.summary_en,
        phase=phase_at(call, at),
        opens_at=call.opens_at,
        closes_at=call.closes_at,
        budget_microwon=call.budget_microwon,
        use_ends_on=call.use_ends_on,
        criteria=[CriterionIn.from_orm(one) for one in rules_from(call.rules).criteria],
        form=call.form,
        form_version=call.form_version.number if call.form_version else None,
        eligibility=call.eligibility,
        bonuses=call.bonuses,
        rules=call.rules,
        terms=call.terms,
        series=call.series.code if call.series else None,
        series_number=call.series_number,
        frozen_sha256=call.frozen_sha256,
    )


def content_of(body: CallIn) -> CallContent:
    """The body as the action wants it: only what was said."""
    form: list[Json] | None = None
    if body.form is not None:
        form = [question.dict() for question in body.form]
    return CallContent(
        code=body.code,
        title_ko=body.title_ko,
        title_en=body.title_en,
        summary_ko=body.summary_ko,
        summary_en=body.summary_en,
        opens_at=body.opens_at,
        closes_at=body.closes_at,
        budget_microwon=body.budget_microwon,
        criteria=[criterion.dict() for criterion in body.criteria],
        use_ends_on=body.use_ends_on,
        form=form,
        form_code=body.form_code,
        eligibility=[rule.dict() for rule in body.eligibility],
        bonuses=[bonus.dict() for bonus in body.bonuses],
        rules=body.rules.dict(exclude_none=True),
        terms=body.terms.dict(exclude_none=True),
    )


@router.get("/budgets", response=list[BudgetOut], operation_id="list_budgets", auth=None)
def list_budgets(request: ApiRequest) -> list[BudgetOut]:
    """Budgets are public: what is appropriated, unallotted, in calls, and in awards."""
    rows = list(years()[:ROWS_MAX])
    return [
        BudgetOut(
            programme=year.programme.code,
            year=year.year,
            name_ko=year.programme.name_ko,
            name_en=year.programme.name_en,
            appropriation_microwon=figures.appropriation_microwon,
            unallocated_microwon=figures.unallocated_microwon,
            allotted_microwon=figures.allotted_microwon,
            awarded_microwon=figures.awarded_microwon,
        )
        for year, figures in zip(rows, budgets_of(rows), strict=True)
    ]


@router.get("/calls", response=list[CallOut], operation_id="list_calls", auth=None)
def list_calls(request: ApiRequest) -> list[CallOut]:
    """Approved calls, newest first."""
    return [call_out(row, request.at) for row in calls_for(request.actor)[:ROWS_MAX]]


@router.get(ONE, response=CallOut, operation_id="show_call", auth=None)
def show_call(request: ApiRequest, code: str) -> CallOut:
    return call_out(call_by_code(request.actor, code), request.at)


@router.post("/calls", response=CallOut, operation_id="create_call")
def create(request: ApiRequest, body: CallIn) -> CallOut:
    """A draft; somebody else approves it."""
    year = year_on(body.programme, seoul_date(body.opens_at))
    made = actions.create_call(request.actor, year, content_of(body), at=request.at)
    return call_out(made, request.at)


@router.put(ONE, response=CallOut, operation_id="change_call")
def change(request: ApiRequest, code: str, body: CallIn) -> CallOut:
    call = call_by_code(request.actor, code)
    done = actions.change_call(request.actor, call.id, content_of(body), at=request.at)
    return call_out(done, request.at)


@router.post(ONE + "/approve", response=CallOut, operation_id="approve_call")
def approve(request: ApiRequest, code: str) -> CallOut:
    """A second person freezes the content and allots the budget."""
    call = call_by_code(request.actor, code)
    return call_out(actions.approve_call(request.actor, call.id, at=request.at), request.at)


@router.post(ONE + "/revise", response=CallOut, operation_id="revise_call")
def revise(request: ApiRequest, code: str, body: ReasonIn) -> CallOut:
    call = call_by_code(request.actor, code)
    done = actions.revise_call(request.actor, call.id, at=request.at, reason=body.reason)
    return call_out(done, request.at)


@router.post(ONE + "/extend", response=CallOut, operation_id="extend_call")
def extend(request: ApiRequest, code: str, body: ExtendIn) -> CallOut:
    call = call_by_code(request.actor, code)
    done = actions.extend_call(
        request.actor, call.id, closes_at=body.closes_at, reason=body.reason, at=request.at
    )
    return call_out(done, request.at)


@router.post(ONE + "/cancel", response=CallOut, operation_id="cancel_call")
def cancel(request: ApiRequest, code: str, body: ReasonIn) -> CallOut:
    call = call_by_code(request.actor, code)
    done = actions.cancel_call(request.actor, call.id, at=request.at, reason=body.reason)
    return call_out(done, request.at)


@router.post(ONE + "/archive", response=CallOut, operation_id="archive_call")
def archive(request: ApiRequest, code: str) -> CallOut:
    call = call_by_code(request.actor, code)
    return call_out(actions.archive_call(request.actor, call.id, at=request.at), request.at)
