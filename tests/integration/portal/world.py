"""One small programme, walked to the end through the rooms' own actions.

Two firms, two suppliers, three reviewers, two operators and an auditor; one call that is open,
one under review, one decided; a voucher that was used, a statement, a payout.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from madang.compute.attempts.holds import open_attempt
from madang.compute.classes.actions import ClassFacts, StageFacts, declare_class
from madang.compute.findings.models import Finding, IdleCase
from madang.compute.grants.actions import GrantTerms, give_grant
from madang.compute.grants.models import GpuRequest, ProgressReport
from madang.compute.grants.reports import submit_report as submit_progress
from madang.compute.jobs.models import Job
from madang.compute.sites.actions import SiteFacts, declare_site
from madang.compute.sites.models import EngineKind
from madang.core.money import Ratio
from madang.core.units import Meter, Unit
from madang.datahub.comments.actions import comment_on, hold_round
from madang.datahub.commits.queries import commit_at
from madang.datahub.demand.actions import (
    Demand,
    analyse_demands,
    close_survey,
    create_survey,
    publish_survey,
    submit_demand,
)
from madang.datahub.models import (
    AccessRequest,
    BuildTerms,
    Comment,
    CommentRound,
    DataSet,
    Delivery,
    DemandItem,
    QualityCheck,
    ResultExport,
    ResultFile,
    Version,
)
from madang.datahub.plan.actions import (
    GoalFacts,
    ProjectTerms,
    contract_project,
    declare_goal,
)
from madang.datahub.quality.actions import run_check
from madang.datahub.sets.actions import create_data_set
from madang.datahub.versions.actions import seal_version
from madang.metering.charges.models import Charge
from madang.metering.deposits.models import Receipt
from madang.metering.keys.actions import create_key
from madang.metering.keys.models import Key
from madang.metering.offerings.actions import (
    Door,
    OfferingFacts,
    Price,
    add_price,
    declare_offering,
)
from madang.metering.offerings.models import Offering
from madang.metering.payouts.actions import create_payouts
from madang.metering.payouts.models import Payout
from madang.metering.statements.actions import close_statement, confirm_statement
from madang.metering.statements.models import Statement
from madang.metering.usage.actions import record_usage
from madang.metering.vouchers.models import Voucher
from madang.parties.actor import Actor, system_actor
from madang.parties.documents.actions import store_document
from madang.parties.documents.store import default_store
from madang.parties.models import Notice, Organisation, Person, Supplier
from madang.parties.organisations.actions import declare_organisation
from madang.parties.people.actions import declare_person
from madang.parties.people.queries import actor_for
from madang.parties.suppliers.actions import declare_supplier
from madang.programme.agreements.actions import sign_agreement
from madang.programme.agreements.models import Agreement
from madang.programme.applications.actions import (
    save_application,
    start_application,
    submit_application,
)
from madang.programme.applications.attachments import attach_document
from madang.programme.applications.eligibility import check_eligibility
from madang.programme.applications.models import Application
from madang.programme.awards.models import Award
from madang.programme.calls.actions import approve_call, create_call
from madang.programme.calls.content import CallContent
from madang.programme.calls.models import Call
from madang.programme.calls.series import create_series
from madang.programme.cases.actions import Suspicion, open_clawback
from madang.programme.cases.models import ClawbackCase, Ground
from madang.programme.copayments.actions import issue_voucher, record_deposit
from madang.programme.copayments.models import CoPaymentObligation
from madang.programme.flags.models import Flag
from madang.programme.forms.actions import save_form
from madang.programme.matches.actions import ask_consent
from madang.programme.matches.models import Match
from madang.programme.milestones.models import Milestone
from madang.programme.petitions.actions import Wish, ask_agency
from madang.programme.petitions.models import Petition, PetitionKind
from madang.programme.plans.actions import GoalTerms, LineTerms, declare_plan
from madang.programme.plans.models import Goal
from madang.programme.selection.actions import (
    assign_reviewer,
    compute_ranking,
    confirm_ranking,
    start_review,
)
from madang.programme.selection.appeals import appeal_decision, challenge_reviewer
from madang.programme.years.actions import declare_programme
from madang.programme.years.models import ProgrammeYear
from madang.review.assignments.actions import declare_interest
from madang.review.models import Appeal, Assignment, Challenge, RankingRun
from madang.review.reviews.actions import submit_review
from madang.testbed.models import Submission, SubmissionAppeal
from madang.testbed.submissions.appeals import appeal_submission

WON = 1_000_000
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PASSWORD = "open-the-yard-2026"
PEOPLE = (
    ("op@agency.example", None, "operator", "오영"),
    ("op2@agency.example", None, "operator", "오이"),
    ("au@audit.example", None, "auditor", "감사"),
    ("kim@hana.example", "hana", "beneficiary maker", "김하나"),
    ("park@bada.example", "bada", "beneficiary maker", "박바다"),
    ("nu@nuri.example", "nuri", "supplier", "누리"),
    ("mo@mirae.example", "mirae", "supplier", "미래"),
    ("lee@univ.example", "univ", "reviewer", "이평가"),
    ("choi@univ.example", "univ", "reviewer", "최평가"),
    ("jung@lab.example", "lab", "reviewer", "정평가"),
)
NAMES = {
    "hana": ("하나로보틱스", "Hana Robotics", "sme"),
    "bada": ("바다해양연구", "Bada Marine", "institute"),
    "nuri": ("누리모델", "Nuri Models", "midsize"),
    "mirae": ("미래언어", "Mirae Language", "sme"),
    "univ": ("가람대학교", "Garam University", "university"),
    "lab": ("한빛연구소", "Hanbit Laboratory", "institute"),
    "ministry": ("가상부처", "Ministry", "public"),
}
CRITERIA = (
    {"code": "plan", "weight": 40, "name_ko": "계획의 구체성", "name_en": "Plan"},
    {"code": "effect", "weight": 60, "name_ko": "기대 효과", "name_en": "Effect"},
)


@dataclass
class World:
    """Everything that a test may name."""

    now: datetime
    system: Actor
    firms: dict[str, Organisation] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    suppliers: dict[str, Supplier] = field(default_factory=dict)
    offerings: dict[str, Offering] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    applications: dict[str, Application] = field(default_factory=dict)
    year: ProgrammeYear | None = None
    award: Award | None = None
    agreement: Agreement | None = None
    voucher: Voucher | None = None
    key: Key | None = None
    charge: Charge | None = None
    statement: Statement | None = None
    payout: Payout | None = None
    assignment: Assignment | None = None
    run: RankingRun | None = None
    notice: Notice | None = None
    challenge: Challenge | None = None
    appeal: Appeal | None = None
    match: Match | None = None
    attachment: UUID | None = None
    parked: Receipt | None = None
    case: ClawbackCase | None = None
    milestone: Milestone | None = None
    goal: Goal | None = None
    flag: Flag | None = None
    petition: Petition | None = None
    gpu_job: Job | None = None
    gpu_report: ProgressReport | None = None
    gpu_request: GpuRequest | None = None
    idle_case: IdleCase | None = None
    data_version: Version | None = None
    quality_check: QualityCheck | None = None
    build_terms: BuildTerms | None = None
    delivery: Delivery | None = None
    demand: DemandItem | None = None
    comment_round: CommentRound | None = None
    comment: Comment | None = None
    access_request: AccessRequest | None = None
    result_file: ResultFile | None = None
    submission: Submission | None = None
    test_appeal: SubmissionAppeal | None = None

    def actor(self, email: str, at: datetime | None = None) -> Actor:
        return actor_for(self.people[email], at=at or self.now, origin="portal")


def build(now: datetime = NOW) -> World:
    """Walk the whole programme; the story's days lie before `now`."""
    world = World(now=now, system=system_actor("cli"))
    _people(world)
    _market(world)
    _programme(world)
    _decided(world)
    _used(world)
    _reviewing(world)
    _open(world)
    _planned(world)
    _granted(world)
    _hub(world)
    _tested(world)
    world.notice = Notice.objects.filter(recipient=world.people["kim@hana.example"]).first()
    return world


def _hub(world: World) -> None:
    """A data set of hana's with a version and its check; a project, a delivery that waits;
    a public survey with a comment that waits."""
    at = world.now - 9 * DAY
    data_set = create_data_set(world.system, code="hana/first", at=at)
    head = commit_at(data_set, "main")
    world.data_version = seal_version(world.system, data_set, head, number="1.0", at=at)
    targets = "[completeness]\nfiles = '*'\nunit = 'files'\npromised = 1\n"
    world.quality_check = run_check(world.system, head, targets=targets, at=at)
    goal = declare_goal(world.system, GoalFacts("g-1", "vision", "2026H1", 1), at=at).row
    step = {"name_ko": "전체", "name_en": "Whole", "due_on": "2026-06-30", "volume": 1}
    project = contract_project(
        world.system, goal, world.firms["hana"], ProjectTerms("p-1", targets, [step]),
        data_set=data_set, at=at,
    )  # fmt: skip
    world.build_terms = project.terms.get()
    world.delivery = Delivery.objects.create(
        project=project, number=1, step=1, terms=world.build_terms, commit=head,
        digest=world.quality_check.digest, quality_check=world.quality_check, volume=0,
        handed_in_by=world.system.id, handed_in_at=at,
    )  # fmt: skip
    _closed_data(world, data_set)
    survey = create_survey(
        world.system, code="s-1", title_ko="수요조사", title_en="Survey", opens_at=at,
        closes_at=world.now - DAY, at=at,
    )  # fmt: skip
    demand = Demand("vision", "표지판 사진", "연구")
    world.demand = submit_demand(world.system, "s-1", demand, at=at)
    for move in (close_survey, analyse_demands, publish_survey):
        survey = move(world.system, "s-1", at=world.now - DAY)
    world.comment_round = hold_round(
        world.system, survey, 1, opens_at=world.now - DAY, closes_at=world.now + DAY,
        at=world.now - DAY,
    )  # fmt: skip
    world.comment = comment_on(
        world.system, world.demand, "더 많이", address="1", at=world.now - DAY
    )


def _closed_data(world: World, data_set: DataSet) -> None:
    """An application for use of kim's that waits, and results that wait to be let out."""
    at, kim = world.now - DAY, world.people["kim@hana.example"]
    world.access_request = AccessRequest.objects.create(
        data_set=data_set, person=kim, purpose="연구", days=30, asked_at=at
    )
    export = ResultExport.objects.create(
        data_set=data_set, person=kim, purpose="표", asked_at=at
    )
    stored = default_store().put([b"a,b\n"], size_bytes_max=100)
    world.result_file = ResultFile.objects.create(
        export=export, number=1, name="a.csv", size_bytes=stored.size_bytes,
        sha256=stored.sha256, signs={},
    )  # fmt: skip


def _planned(world: World) -> None:
    """A multi-year plan with a goal, and a step of work handed in by hana."""
    at = world.now - 20 * DAY
    plan = declare_plan(
        world.system, code="pim", name_ko="PIM 반도체", name_en="PIM chips", source="",
        lines=[LineTerms(world.now.year, "api-voucher", "ministry", 100_000_000 * WON)],
        goals=[GoalTerms("tape-out", "시제품", "First silicon", world.now.date())], at=at,
    ).row  # fmt: skip
    world.goal = plan.goals.get()
    world.flag = Flag.objects.create(
        kind="same_address", key="same_address:test", evidence={}, evidence_sha256="0" * 64,
        found_at=at, changed_at=at,
    )  # fmt: skip
    wish = Wish(PetitionKind.USAGE, "부르지 않은 호출이 차감되었습니다.", world.charge.no)
    world.petition = ask_agency(world.actor("kim@hana.example", at), world.voucher, wish, at=at)
    world.flag.organisations.set([world.firms["hana"], world.firms["bada"]])
    world.milestone = Milestone.objects.create(
        award=world.award, number=1, name_ko="시제품", name_en="Prototype",
        due_on=world.now.date(), amount_microwon=WON, state="submitted",
        planned_by=world.system.id, submitted_by=str(world.people["kim@hana.example"].id),
    )  # fmt: skip


def _granted(world: World) -> None:
    """A site whose engine is away, a grant of hana's, a job that waits for the engine."""
    at = world.now - 10 * DAY
    today = world.now.date()
    site = SiteFacts(
        "gwangju", EngineKind.SLURM, "광주", "Gwangju", address="http://127.0.0.1:9",
        auth="env:MADANG_SITE_NOWHERE", cluster="madang", user="www-data",
    )  # fmt: skip
    place = declare_site(world.system, site, at=at).row
    stages = [StageFacts(16, today - 30 * DAY), StageFacts(16, today + 30 * DAY)]
    made = ClassFacts("h100", "gpu:h100", 8, stages=stages)
    gpu_class = declare_class(world.system, place, None, made, at=at).row
    terms = GrantTerms("g1", 36_000, 4, today - 20 * DAY, today + 60 * DAY, ["1/2", "1/2"])
    grant = give_grant(
        world.system, world.firms["hana"], gpu_class, None, terms, approved="op2", at=at
    )
    world.gpu_job = Job.objects.create(
        grant=grant, site=place, key="train-1", cards=2, time_limit_s=60, script="#!/bin/sh",
        content={}, content_sha256="0" * 64, by=world.system.id, created_at=at,
    )  # fmt: skip
    open_attempt(world.system, grant, world.gpu_job, at=at)
    came = {"engine_job": "900", "submitted_at": at.isoformat(), "account": "m1",
            "state": "completed"}  # fmt: skip
    Finding.objects.create(
        site=place, cause="unanswered", what=f"{world.gpu_job.id}:900", found_at=at,
        detail={"job": str(world.gpu_job.id), "key": "train-1", "grant": "g1", **came},
    )  # fmt: skip
    world.gpu_report = submit_progress(
        world.actor("kim@hana.example", at), grant, text="중간보고", at=at
    )
    world.idle_case = IdleCase.objects.create(
        grant=grant, permille=3, state="noticed", next_at=at, found_at=world.now
    )
    world.gpu_request = GpuRequest.objects.create(
        organisation=world.firms["hana"], gpu_class=gpu_class, gpu_seconds=60, cards_max=1,
        days=1, purpose="시험", due_at=world.now, by="somebody", at=at,
    )  # fmt: skip


def _tested(world: World) -> None:
    """A report of hana's that was turned away and appealed against."""
    at = world.now - 2 * DAY
    archive = store_document(
        world.system, chunks=[b"PK\x03\x04"], file_name="report.zip",
        media_type="application/zip", organisation=world.firms["hana"].id,
        store=default_store(), at=at,
    )  # fmt: skip
    operator = str(world.people["op@agency.example"].id)
    world.submission = Submission.objects.create(
        kind="report", organisation=world.firms["hana"], state="declined", device="하나-1 칩",
        scenario="Offline", profile="official", verdict="passed", sha256="1" * 64,
        archive=archive, by=str(world.people["kim@hana.example"].id), created_at=at,
        decided_by=operator, decided_at=at, reason="서류가 부족합니다.",
    )  # fmt: skip
    world.test_appeal = appeal_submission(
        world.actor("kim@hana.example", at), world.submission.id, text="서류는 모두 있습니다.",
        at=at,
    )  # fmt: skip


def _people(world: World) -> None:
    at = world.now - 90 * DAY
    for code, (ko, en, kind) in NAMES.items():
        world.firms[code] = declare_organisation(
            world.system, code=code, name_ko=ko, name_en=en, kind=kind, region="서울", at=at
        ).row
    for email, firm, roles, name in PEOPLE:
        world.people[email] = declare_person(
            world.system, email=email, organisation=firm, roles=roles.split(), name=name,
            unit="R&D", password=PASSWORD, token=f"mdp_test_{email}", at=at,
        ).row  # fmt: skip
    for code in ("nuri", "mirae"):
        ko, en, _ = NAMES[code]
        world.suppliers[code] = declare_supplier(
            world.system, code=code, name_ko=ko, name_en=en, organisation=code, at=at
        ).row


def _market(world: World) -> None:
    at = world.now - 80 * DAY
    model = OfferingFacts(
        code="nuri/smollm2-135m", meter=Meter.MODEL, upstream="http://127.0.0.1:9001/v1",
        allow_private=True, upstream_model="smollm2", context_tokens_max=2048,
        size_class="small", uses=("chat",),
    )  # fmt: skip
    report = OfferingFacts(code="nuri/report", meter=Meter.DELIVERY, uses=("summary",))
    other = OfferingFacts(
        code="mirae/translate", meter=Meter.DELIVERY, size_class="medium", uses=("translation",)
    )
    for name, facts in (("model", model), ("report", report), ("other", other)):
        seller = world.suppliers[facts.code.split("/")[0]]
        world.offerings[name] = declare_offering(
            world.system, seller, facts, through=Door.DECLARATION, at=at
        ).row
    prices = (
        ("model", Unit.TOKEN_IN, 1_400 * WON),
        ("model", Unit.TOKEN_OUT, 4_200 * WON),
        ("report", Unit.REQUEST, 1_800_000 * WON * WON),
        ("other", Unit.REQUEST, 90_000 * WON * WON),
    )
    for name, unit, amount in prices:
        add_price(world.system, world.offerings[name], Price(unit, amount, at), at=at)


def _programme(world: World) -> None:
    world.year = declare_programme(
        world.system, code="api-voucher", name_ko="초거대 AI API 바우처",
        name_en="Large-model API voucher", year=world.now.year,
        starts_on=date(world.now.year, 1, 1), ends_on=date(world.now.year, 12, 31),
        subsidy_ratio=Ratio(7, 10), vat_rate=Ratio(1, 10),
        budget_microwon=8_500_000_000 * WON, at=world.now - 80 * DAY,
    ).row  # fmt: skip


def make_call(world: World, code: str, *, opens_at: datetime, closes_at: datetime) -> Call:
    """Written by one operator, approved by the other, the day before it opens."""
    content = CallContent(
        code=code, title_ko=f"초거대 AI API 바우처 공고 {code}",
        title_en=f"Call for API vouchers {code}",
        summary_ko="초거대 AI 모델 이용을 지원합니다.",
        summary_en="Support for the use of very large AI models.", opens_at=opens_at,
        closes_at=closes_at, budget_microwon=1_000_000_000 * WON, criteria=CRITERIA,
        rules={"panel": 3, "quorum": 2, "trim_high": 0, "trim_low": 0},
    )  # fmt: skip
    before = opens_at - DAY
    row = create_call(world.actor("op@agency.example", before), world.year, content, at=before)
    done = approve_call(world.actor("op2@agency.example", before), row.id, at=before)
    world.calls[code] = Call.objects.get(pk=done.pk)
    return world.calls[code]


def apply(world: World, call: Call, firm: str, email: str, *, at: datetime) -> Application:
    actor = world.actor(email, at)
    row = start_application(actor, call, world.firms[firm], at=at)
    attachment = attach_document(
        actor, row.id, slot="evidence", chunks=[b"%PDF-1.7 evidence"], file_name="plan.pdf",
        media_type="application/pdf", store=default_store(), at=at,
    )  # fmt: skip
    if firm == "hana":
        world.attachment = attachment.id
    answers = {
        "title": "로봇 상담 도우미",
        "plan": "월 10만 건의 상담을 돕는다.",
        "effect": "응답 시간 절반",
    }
    save_application(actor, row.id, answers=answers, requested_microwon=4_000_000 * WON, at=at)
    return submit_application(actor, row.id, at=at)


def review(world: World, row: Application, emails: list[str], *, at: datetime) -> None:
    operator = world.actor("op@agency.example", at)
    for number, email in enumerate(emails):
        assigned = assign_reviewer(operator, row.id, world.people[email], at=at)
        reviewer = world.actor(email, at)
        declare_interest(reviewer, assigned.id, has_conflict=False, at=at)
        scores = {"plan": 80 + number, "effect": "87.5"}
        submit_review(reviewer, assigned.id, scores=scores, comment="좋은 계획입니다.", at=at)


def _decided(world: World) -> None:
    opens_at = world.now - 50 * DAY
    call = make_call(world, "c-done", opens_at=opens_at, closes_at=opens_at + 5 * DAY)
    row = apply(world, call, "hana", "kim@hana.example", at=opens_at + DAY)
    world.applications["hana"] = row
    at = opens_at + 6 * DAY
    op, op2 = world.actor("op@agency.example", at), world.actor("op2@agency.example", at)
    check_eligibility(op, row.id, is_eligible=True, at=at)
    start_review(op, call.id, at=at)
    review(world, row, ["lee@univ.example", "jung@lab.example"], at=at)
    run = compute_ranking(op, call.id, at=at)
    confirm_ranking(op, call.id, run.id, at=at)
    world.run = confirm_ranking(op2, call.id, run.id, at=at)
    world.award = Award.objects.get(application=row)
    _agreed(world, at + DAY)


def _agreed(world: World, at: datetime) -> None:
    award = world.award
    world.agreement = Agreement.objects.get(award=award)
    sha256 = world.agreement.terms_sha256
    for email in ("op@agency.example", "kim@hana.example"):
        sign_agreement(world.actor(email, at), world.agreement.id, sha256=sha256, at=at)
    owed = CoPaymentObligation.objects.get(award=award).cash_microwon
    op = world.actor("op@agency.example", at)
    record_deposit(
        op, award.id, payer="hana", amount_microwon=owed + 100_000 * WON, reference="bank-1",
        received_at=at, at=at,
    )  # fmt: skip
    world.parked = record_deposit(
        op, award.id, payer="bada", amount_microwon=50_000 * WON, reference="bank-2",
        received_at=at, at=at,
    )  # fmt: skip
    world.voucher = issue_voucher(op, award.id, at=at)
    world.award.refresh_from_db()


def _used(world: World) -> None:
    at = world.now - 30 * DAY
    kim = world.actor("kim@hana.example", at)
    world.key = create_key(kim, world.voucher, rpm_max=600, at=at).key
    done = record_usage(
        world.system, world.voucher, world.offerings["report"], quantities=1,
        external_id="delivery-1", used_at=at, at=at,
    )  # fmt: skip
    world.charge = done.charge
    for number in range(12):
        moment = at + number * DAY
        record_usage(
            world.system, world.voucher, world.offerings["model"],
            quantities={Unit.TOKEN_IN: 900 * number + 13, Unit.TOKEN_OUT: 7_001 * number + 1},
            external_id=f"use-{number}", used_at=moment, at=moment,
        )  # fmt: skip
    month = (world.now - 15 * DAY).strftime("%Y-%m")
    op = world.actor("op@agency.example")
    world.statement = close_statement(
        op, world.suppliers["nuri"], month, at=world.now - 10 * DAY
    )
    nuri = world.actor("nu@nuri.example")
    confirm_statement(nuri, world.statement, at=world.now - 9 * DAY)
    world.payout = create_payouts(op, world.statement, at=world.now - 8 * DAY)[0]
    suspicion = Suspicion(Ground.BREACH, 10_000 * WON)
    world.case = open_clawback(
        op, world.award.id, suspicion, reason="look closer", at=world.now - DAY
    )
    later = world.now - 2 * DAY
    record_usage(
        world.system, world.voucher, world.offerings["model"],
        quantities={Unit.TOKEN_IN: 1_000, Unit.TOKEN_OUT: 900}, external_id="use-later",
        used_at=later, at=later,
    )  # fmt: skip


def _reviewing(world: World) -> None:
    opens_at = world.now - 20 * DAY
    call = make_call(world, "c-review", opens_at=opens_at, closes_at=opens_at + 5 * DAY)
    row = apply(world, call, "hana", "kim@hana.example", at=opens_at + DAY)
    world.applications["review"] = row
    at = opens_at + 6 * DAY
    op = world.actor("op@agency.example", at)
    check_eligibility(op, row.id, is_eligible=True, at=at)
    start_review(op, call.id, at=at)
    lee = world.people["lee@univ.example"]
    world.assignment = assign_reviewer(op, row.id, lee, at=at)
    declare_interest(
        world.actor("lee@univ.example", at), world.assignment.id, has_conflict=False, at=at
    )
    assign_reviewer(op, row.id, world.people["jung@lab.example"], at=at)
    kim = world.actor("kim@hana.example", at)
    world.challenge = challenge_reviewer(
        kim, row.id, "jung@lab.example", ground="interest",
        text="그분은 경쟁사의 고문입니다.", at=at,
    )  # fmt: skip
    world.appeal = appeal_decision(
        kim, world.applications["hana"].id, ground="administrative_error",
        text="첨부 한 장이 빠진 채 평가되었습니다.", at=at,
    )  # fmt: skip


def _open(world: World) -> None:
    opens_at = world.now - 5 * DAY
    call = make_call(world, "c-open", opens_at=opens_at, closes_at=world.now + 20 * DAY)
    kim = world.actor("kim@hana.example")
    draft = start_application(kim, call, world.firms["hana"], at=world.now - DAY)
    world.applications["draft"] = save_application(
        kim, draft.id, answers={"title": "초안"}, requested_microwon=1_000_000 * WON,
        at=world.now - DAY,
    )  # fmt: skip
    world.match = ask_consent(
        kim, draft.id, supplier="nuri", summary="상담용 모델을 찾습니다.", at=world.now - DAY
    )
    _builder(world)


def _builder(world: World) -> None:
    """A form of the builder and a rolling call that nobody approved yet."""
    op = world.actor("op@agency.example")
    question = {"code": "title", "kind": "text", "name_ko": "과제명", "name_en": "Title"}
    save_form(op, "standard", [question], at=world.now)
    content = CallContent(
        code="roll-a", title_ko="상시공고", title_en="Rolling call",
        opens_at=world.now + DAY, closes_at=world.now + 30 * DAY,
        budget_microwon=10_000_000 * WON, criteria=CRITERIA, form_code="standard",
    )  # fmt: skip
    cut_offs = [world.now + 30 * DAY, world.now + 60 * DAY]
    create_series(op, world.year, content, cut_offs=cut_offs, at=world.now)
