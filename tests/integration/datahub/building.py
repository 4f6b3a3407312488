"""From a survey to a signed build project, through the rooms' own actions; tests import it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from madang.core.money import Ratio
from madang.datahub.commits.actions import Change, commit
from madang.datahub.contents.intake import Announced, take_in
from madang.datahub.demand.actions import (
    Demand,
    analyse_demands,
    close_survey,
    create_survey,
    publish_survey,
    submit_demand,
)
from madang.datahub.models import BuildGoal, BuildProject, DemandItem, DemandSurvey, Proposal
from madang.datahub.plan.actions import GoalFacts, declare_goal
from madang.datahub.proposals.actions import ProposalFacts, offer_build, save_proposal
from madang.parties.actor import Actor, system_actor
from madang.parties.models import Person
from madang.parties.organisations.actions import declare_organisation
from madang.parties.people.actions import declare_person
from madang.parties.people.queries import actor_for
from madang.programme.agreements.actions import sign_agreement
from madang.programme.applications.actions import (
    save_application,
    start_application,
    submit_application,
)
from madang.programme.applications.eligibility import check_eligibility
from madang.programme.calls.actions import approve_call, create_call
from madang.programme.calls.content import CallContent
from madang.programme.models import Application, Award, Call
from madang.programme.selection.actions import (
    assign_reviewer,
    compute_ranking,
    confirm_ranking,
    start_review,
)
from madang.programme.years.actions import declare_programme
from madang.review.assignments.actions import declare_interest
from madang.review.reviews.actions import submit_review

AT = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WON = 1_000_000
TARGETS = """
[completeness]
files = "*.csv"
promised = 4
[balance]
files = "*.csv"
column = "label"
entropy_permille_min = 900
[personal]
files = "*.csv"
"""
STEPS = [
    {"name_ko": "절반", "name_en": "Half", "due_on": "2026-05-31", "volume": 2,
     "amount_microwon": 4_000_000 * WON},
    {"name_ko": "전체", "name_en": "Whole", "due_on": "2026-06-30", "volume": 4,
     "amount_microwon": 6_000_000 * WON},
]  # fmt: skip
HALF = b"text,label\na,x\nb,y\n"
WHOLE = HALF + b"c,x\nd,y\n"
NAMES = {"text": "text", "label": "text"}


@dataclass
class Building:
    """Who takes part, and what has been made so far."""

    system: Actor = field(default_factory=lambda: system_actor("cli"))
    people: dict[str, Actor] = field(default_factory=dict)
    survey: DemandSurvey | None = None
    demand: DemandItem | None = None
    goal: BuildGoal | None = None
    call: Call | None = None
    application: Application | None = None

    def person(self, email: str, organisation: str, *roles: str) -> Actor:
        declare_organisation(
            self.system, code=organisation, name_ko=organisation, name_en=organisation,
            kind="sme", at=AT,
        )  # fmt: skip
        row = declare_person(
            self.system, email=email, organisation=organisation, roles=list(roles),
            token=f"mdp_test_{email}", at=AT,
        ).row  # fmt: skip
        self.people[email] = actor_for(row, at=AT, origin="api")
        return self.people[email]

    @property
    def op(self) -> Actor:
        return self.people["op@agency.example"]

    @property
    def op2(self) -> Actor:
        return self.people["op2@agency.example"]

    @property
    def builder(self) -> Actor:
        return self.people["kim@hana.example"]

    @property
    def project(self) -> BuildProject:
        return BuildProject.objects.select_related("data_set", "award").get()

    @property
    def proposal(self) -> Proposal:
        return Proposal.objects.get()


def cast() -> Building:
    made = Building()
    for email in ("op@agency.example", "op2@agency.example"):
        made.person(email, "agency", "operator")
    made.person("kim@hana.example", "hana", "beneficiary", "builder")
    for name in ("lee", "choi", "jung"):
        made.person(f"{name}@{name}.example", name, "reviewer")
    return made


def surveyed(made: Building) -> Building:
    """Three answers, two of them alike; the survey is public."""
    create_survey(
        made.op, code="s-1", title_ko="수요조사", title_en="Survey", opens_at=AT,
        closes_at=AT + 10 * DAY, at=AT,
    )  # fmt: skip
    titles = ("한국어 민원 문장 분류", "한국어 민원 문장 분류 데이터", "표지판 사진")
    for number, title in enumerate(titles):
        field_ = "vision" if number == 2 else "speech-language"
        demand = Demand(field_, title, "상담에 쓴다")
        submit_demand(made.op, "s-1", demand, address=str(number), at=AT)
    for step in (close_survey, analyse_demands, publish_survey):
        made.survey = step(made.op, "s-1", at=AT + 11 * DAY)
    made.demand = DemandItem.objects.filter(field="speech-language", merged_into=None).get()
    goal = GoalFacts("g-2026h1", "speech-language", "2026H1", 1)
    made.goal = declare_goal(made.op, goal, at=AT).row
    return made


def called(made: Building) -> Building:
    """A call of kind `dataset`, offered for the goal, approved and open."""
    year = declare_programme(
        made.system, code="data-build", name_ko="데이터 구축", name_en="Data building",
        year=2026, starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31),
        subsidy_ratio=Ratio(1, 1), vat_rate=Ratio(0, 1), budget_microwon=10**8 * WON, at=AT,
    ).row  # fmt: skip
    content = CallContent(
        code="b-1", title_ko="구축 공고", title_en="Build call", opens_at=AT + 12 * DAY,
        closes_at=AT + 20 * DAY, budget_microwon=20_000_000 * WON,
        criteria=[{"code": "plan", "weight": 40}, {"code": "effect", "weight": 60}],
        rules={"panel": 3, "quorum": 2, "trim_high": 0, "trim_low": 0},
        terms={"fulfilment": "dataset"},
    )  # fmt: skip
    call = create_call(made.op, year, content, at=AT + 11 * DAY)
    offer_build(made.op, call, made.goal, made.survey, at=AT + 11 * DAY)
    made.call = approve_call(made.op2, call.id, at=AT + 11 * DAY)
    return made


def facts_of(made: Building, **changes) -> ProposalFacts:
    given = {
        "demand": made.demand.id, "name": "minwon", "title_ko": "민원 문장",
        "title_en": "Petitions", "licence": "KOGL-1", "targets": TARGETS, "steps": STEPS,
    }  # fmt: skip
    return ProposalFacts(**{**given, **changes})


def drafted(made: Building) -> Building:
    """An application with its answers, not yet a proposal."""
    at = AT + 13 * DAY
    organisation = Person.objects.get(email="kim@hana.example").memberships.get().organisation
    row = start_application(made.builder, made.call, organisation, at=at)
    answers = {"title": "민원", "plan": "모은다", "effect": "빠르다"}
    made.application = save_application(
        made.builder, row.id, answers=answers, requested_microwon=10_000_000 * WON, at=at
    )
    return made


def selected(made: Building) -> Building:
    """Proposed, handed in, judged by three, ranked, confirmed by two, agreement signed."""
    at = AT + 14 * DAY
    save_proposal(made.builder, made.application.id, facts_of(made), at=at)
    row = submit_application(made.builder, made.application.id, at=at)
    at = AT + 21 * DAY
    check_eligibility(made.op, row.id, is_eligible=True, at=at)
    start_review(made.op, made.call.id, at=at)
    for name in ("lee", "choi", "jung"):
        email = f"{name}@{name}.example"
        seat = assign_reviewer(made.op, row.id, Person.objects.get(email=email), at=at)
        declare_interest(made.people[email], seat.id, has_conflict=False, at=at)
        scores = {"plan": 90, "effect": 88}
        submit_review(made.people[email], seat.id, scores=scores, comment="좋다", at=at)
    run = compute_ranking(made.op, made.call.id, at=at)
    for operator in (made.op, made.op2):
        confirm_ranking(operator, made.call.id, run.id, at=at)
    agreement = Award.objects.get().agreement
    for actor in (made.op, made.builder):
        sign_agreement(actor, agreement.id, sha256=agreement.terms_sha256, at=at)
    return made


def put(made: Building, data: bytes, at: datetime, path: str = "train.csv"):
    """A commit of the project's data set that holds this file."""
    data_set = made.project.data_set
    row = take_in(data_set, [data], Announced(len(data)), at=at)
    change = Change(puts=[(path, bytes(row.sha256))])
    return commit(made.builder, data_set, change, at=at)
