"""From a call to a voucher: applications, reviews by people without a conflict, an award."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec

from madang.cli.walk.errors import CheckFailed, StepRefused
from madang.cli.walk.portal import Body
from madang.cli.walk.script import Reviewer
from madang.cli.walk.stage import APPROVER, MAKER, Stage
from madang.core.clock import rfc3339

WAIT_S_MAX = 120
POLL_S = 0.5


@dataclass
class Awarding:
    """The programme's side of one walk, step by step."""

    stage: Stage
    code: str
    applications: dict[str, str] = field(default_factory=dict)
    """Application ids by organisation."""
    winner: str = ""
    award: str = ""
    voucher: str = ""

    def run(self) -> None:
        self.open_call()
        self.apply()
        self.close_and_check()
        self.review()
        self.rank()
        self.agree()
        self.fund()

    def open_call(self) -> None:
        script = self.stage.script
        with self.stage.report.step("call", ko="공고", en="Call") as step:
            opens = self.stage.now()
            closes = opens + timedelta(seconds=script.open_s)
            body: Body = {
                "code": self.code,
                "opens_at": rfc3339(opens),
                "closes_at": rfc3339(closes),
                **msgspec.to_builtins(script.call),
            }
            self.stage.portal(MAKER).call("create_call", body)
            done = self.stage.portal(APPROVER).call("approve_call", {}, code=self.code)
            step.check("phase of the call", "open", done["phase"])
            step.ids["call"] = self.code
            step.amounts["budget_microwon"] = script.call.budget_microwon
            step.note(
                ko=f"{MAKER} 작성, {APPROVER} 승인", en=f"by {MAKER}, approved by {APPROVER}"
            )

    def apply(self) -> None:
        with self.stage.report.step("application", ko="신청", en="Applications") as step:
            for one in self.stage.script.application:
                portal = self.stage.portal(one.token)
                started = portal.call(
                    "start_application", {"organisation": one.organisation}, code=self.code
                )
                identifier = str(started["id"])
                body: Body = {
                    "answers": dict(one.answers),
                    "requested_microwon": one.requested_microwon,
                }
                portal.call("save_application", body, application_id=identifier)
                done = portal.call("submit_application", {}, application_id=identifier)
                self.applications[one.organisation] = identifier
                step.ids[one.organisation] = str(done["receipt_no"])
                step.note(ko=f"접수 {done['receipt_no']}", en=f"receipt {done['receipt_no']}")

    def close_and_check(self) -> None:
        words = {"ko": "마감과 자격검토", "en": "Closing and eligibility"}
        with self.stage.report.step("eligibility", **words) as step:
            operator = self.stage.portal(MAKER)
            deadline = time.monotonic() + WAIT_S_MAX
            while operator.call("show_call", code=self.code)["phase"] != "closed":
                if time.monotonic() > deadline:
                    raise CheckFailed(check="call", expected="closed", found="open")
                time.sleep(POLL_S)
            for identifier in self.applications.values():
                operator.call(
                    "check_eligibility", {"is_eligible": True}, application_id=identifier
                )
            step.note(ko="모두 적격", en="all eligible")

    def review(self) -> None:
        with self.stage.report.step("review", ko="평가", en="Review") as step:
            self.stage.portal(MAKER).call("start_review", {}, code=self.code)
            refused = 0
            for organisation, application in self.applications.items():
                seated, turned_away = self._seat(application, organisation)
                refused += turned_away
                for reviewer, assignment in seated.items():
                    self._score(reviewer, assignment, organisation)
            step.check("reviewers refused for a conflict of interest", 2, refused)
            step.note(
                ko="이해충돌이 있는 평가위원 2명은 배정이 거절됨",
                en="two reviewers were refused for a conflict of interest",
            )

    def _organisation_of(self, application: str) -> str:
        return next(name for name, one in self.applications.items() if one == application)

    def _seat(self, application: str, organisation: str) -> tuple[dict[str, str], int]:
        """Ask reviewers in turn until the panel is full; count those who may not."""
        size = self.stage.script.call.rules["panel"]
        seated: dict[str, str] = {}
        refused = 0
        for reviewer in self.stage.script.reviewer:
            if len(seated) == size:
                break
            body: Body = {"reviewer": reviewer.email}
            try:
                made = self.stage.portal(MAKER).call(
                    "assign_reviewer", body, application_id=application
                )
            except StepRefused:
                if organisation in reviewer.scores:
                    raise
                refused += 1
                continue
            seated[reviewer.email] = str(made["id"])
        return seated, refused

    def _score(self, email: str, assignment: str, organisation: str) -> None:
        reviewer = self._reviewer(email)
        portal = self.stage.portal(reviewer.token)
        portal.call("declare_interest", {"has_conflict": False}, assignment_id=assignment)
        codes = [str(one["code"]) for one in self.stage.script.call.criteria]
        scores = dict(zip(codes, reviewer.scores[organisation], strict=True))
        portal.call("submit_review", {"scores": {**scores}}, assignment_id=assignment)

    def _reviewer(self, email: str) -> Reviewer:
        return next(one for one in self.stage.script.reviewer if one.email == email)

    def rank(self) -> None:
        with self.stage.report.step("award", ko="순위와 선정", en="Ranking and award") as step:
            run = self.stage.portal(MAKER).call("compute_ranking", {}, code=self.code)
            identifier = str(run["id"])
            for person in (MAKER, APPROVER):
                run = self.stage.portal(person).call(
                    "confirm_ranking", {}, code=self.code, run_id=identifier
                )
            step.hold("ranking reproduces byte for byte", run["reproduces"])
            step.ids["ranking"] = identifier
            lines = run["lines"]
            assert isinstance(lines, list)
            for line in lines:
                assert isinstance(line, dict)
                name = self._organisation_of(str(line["subject_id"]))
                words = f"{line['rank']}. {name} {line['score']} {line['outcome']}"
                step.note(ko=words, en=words)
                if line["rank"] == 1:
                    self.winner = name
            selected = run["selected_microwon"]
            assert isinstance(selected, int)
            step.amounts["selected_microwon"] = selected

    def agree(self) -> None:
        with self.stage.report.step("agreement", ko="협약", en="Agreement") as step:
            operator = self.stage.portal(MAKER)
            found = [
                row
                for row in operator.rows("list_agreements")
                if row["call"] == self.code and row["organisation"] == self.winner
            ]
            agreement = found[0]
            parties = agreement["parties"]
            assert isinstance(parties, list)
            for party in parties:
                assert isinstance(party, dict)
                body: Body = {"sha256": agreement["terms_sha256"], "role": party["role"]}
                door = self.stage.portal(self._signatory(str(party["role"])))
                agreement = door.call("sign_agreement", body, agreement_id=str(agreement["id"]))
            step.check("state of the agreement", "signed", agreement["state"])
            self.award = str(agreement["award"])
            step.ids.update({"agreement": str(agreement["id"]), "award": self.award})

    def _signatory(self, role: str) -> str:
        if role == "beneficiary":
            return self._token_of(self.winner)
        return "sales@nuri.example" if role == "supplier" else APPROVER

    def _token_of(self, organisation: str) -> str:
        applications = self.stage.script.application
        return next(one.token for one in applications if one.organisation == organisation)

    def fund(self) -> None:
        words = {"ko": "자부담 입금과 이용권 발급", "en": "Co-payment and voucher"}
        with self.stage.report.step("voucher", **words) as step:
            operator = self.stage.portal(MAKER)
            award = operator.call("show_award", award_id=self.award)
            amount = award["amount_microwon"]
            assert isinstance(amount, int)
            deposit = deposit_for(amount)
            body: Body = {
                "payer": self.winner,
                "amount_microwon": deposit,
                "reference": f"walk-{self.stage.run}",
                "received_at": rfc3339(self.stage.now()),
            }
            operator.call("record_deposit", body, award_id=self.award)
            made = operator.call("issue_voucher", {}, award_id=self.award)
            step.check("state of the voucher", "active", made["state"])
            self.voucher = str(made["code"])
            step.ids["voucher"] = self.voucher
            step.amounts.update(subsidy_microwon=amount, deposit_microwon=deposit)

    def key(self) -> str:
        """A key, made by the winner's own person and shown once."""
        portal = self.stage.portal(self._token_of(self.winner))
        return str(portal.call("create_key", {"rpm_max": 600}, code=self.voucher)["secret"])


def deposit_for(subsidy_microwon: int) -> int:
    """Own part and VAT of all that a subsidy can carry at 4/5 and 1/10, up to the won."""
    supply = subsidy_microwon * 5 // 4
    needed = (supply - supply * 4 // 5) + supply // 10
    return -(-needed // 1_000_000) * 1_000_000
