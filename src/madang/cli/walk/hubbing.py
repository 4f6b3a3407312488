"""Training data through its whole chain: what is needed, who builds it, what is opened."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import httpx

from madang.cli.walk.errors import CheckFailed, StepRefused
from madang.cli.walk.portal import Body
from madang.cli.walk.samples import Sample, samples_in
from madang.cli.walk.stage import APPROVER, MAKER, Stage
from madang.core.clock import rfc3339, seoul_date

BUILDER, READER = "mdp_demo_min", "mdp_demo_kim"
FIRM = "saessak-data"
WON = 1_000_000
SURVEY_S, CALL_S = 60, 20
ROUNDS_S = (2, 8, 30)
"""How long people may comment: longer again when the word came too late."""
WAIT_S_MAX, POLL_S = 60, 0.2
CLIENT_S_MAX = 300
SHORT_BY = 10
REVIEWERS = (
    ("choi@narae.example", "mdp_demo_choi"),
    ("jung@narae.example", "mdp_demo_jung"),
    ("kang@sup.example", "mdp_demo_kang"),
)
CLIENT = """
import sys
from pathlib import Path
from huggingface_hub import snapshot_download
for one in sys.argv[2:]:
    snapshot_download(one, repo_type="dataset", local_dir=Path(sys.argv[1], one))
"""


@dataclass
class Chain:
    """One data set on its way, and what its steps are called."""

    sample: Sample
    call: str
    name: str
    files: dict[str, bytes]
    demand: str = ""
    application: str = ""
    proposal: str = ""
    project: str = ""

    @property
    def code(self) -> str:
        return f"{FIRM}/{self.name}"


@dataclass
class Hubbing:
    """Real data sets that packages ship, each from a wish to an opened version; one of them
    is delivered short first, recalled, and opened again mended."""

    stage: Stage
    chains: list[Chain] = field(default_factory=list)

    def begin(self) -> None:
        """Early in a walk: people get time to propose while other things go on."""
        samples = samples_in(self.stage.demo)
        for number, one in enumerate(samples, 1):
            name = f"{one.name}-{self.stage.run}"
            self.chains.append(Chain(one, f"{self.code}-{number}", name, dict(one.files)))
        self.ask()
        self.propose()

    def end(self) -> None:
        """The rest of it, when the build calls are over."""
        self.select()
        self.sign()
        self.deliver()
        self.release()

    @property
    def code(self) -> str:
        return f"d-{self.stage.run}"

    @property
    def first(self) -> Chain:
        return self.chains[0]

    def ask(self) -> None:
        """A survey: some answers are alike; what people say to it is answered."""
        with self.stage.report.step("data demand", ko="데이터 수요", en="Data demand") as step:
            maker, anybody = self.stage.portal(MAKER), self.stage.portal("")
            words: Body = {"title_ko": "시연 수요조사", "title_en": "Demonstration survey"}
            maker.call(
                "create_survey",
                {"code": self.code, **words, **_window(self.stage.now(), SURVEY_S)},
            )
            for one in self.chains:
                wish: Body = {"field": one.sample.field, "title": one.sample.wish}
                anybody.call("submit_demand", {**wish, "purpose": "연구"}, code=self.code)
            again: Body = {"field": self.first.sample.field, "purpose": "번역기를 만든다"}
            title = f"{self.first.sample.wish} 번역"
            anybody.call("submit_demand", {**again, "title": title}, code=self.code)
            row = f"{self.first.sample.field},{title} 모음,연구,sme\n"
            table: Body = {"csv": f"field,title,purpose,user_kind\n{row}"}
            maker.call("import_demands", table, code=self.code)
            for move in ("close", "analyse", "publish"):
                maker.call("move_survey", {"step": move}, code=self.code)
            found = anybody.rows("list_demands", code=self.code)
            for one in self.chains:
                one.demand = str(_like(found, one.sample.wish)["id"])
            alike = _like(found, self.first.sample.wish)["count"]
            step.check("like answers under one demand", 3, alike)
            self._hear(1, {"demand": self.first.demand}, "사투리도 필요합니다.")
            step.ids["survey"] = self.code
            answers = len(self.chains) + 2
            step.note(
                ko=f"응답 {answers}건, 수요 {len(found)}건",
                en=f"{answers} answers, {len(found)} demands",
            )

    def _hear(self, number: int, about: Body, text: str) -> None:
        """A round of public comment, a word in it, and the agency's answer."""
        maker, opens = self.stage.portal(MAKER), self.stage.now()
        for open_s in ROUNDS_S:
            window = _window(opens, (self.stage.now() - opens).total_seconds() + open_s)
            maker.call("hold_round", {"number": number, **window}, code=self.code)
            said = self._said({**about, "text": text})
            if said:
                break
        else:
            raise CheckFailed(check="comment", expected="taken", found="too late")
        answer: Body = {"step": "answer", "text": "다음 구축에 반영합니다."}
        maker.call("answer_comment", answer, comment_id=said)

    def _said(self, comment: Body) -> str:
        """The comment's id, or nothing when the round was over before it came."""
        try:
            return str(self.stage.portal("").call("submit_comment", comment)["id"])
        except StepRefused as error:
            if "datahub.comments.closed" in str(error.fields["said"]):
                return ""
            raise

    def propose(self) -> None:
        """A build call for each wish, for a goal of this half-year, and a proposal to each."""
        with self.stage.report.step("data call", ko="구축 공고", en="Build call") as step:
            for one in self.chains:
                self._call_for(one)
                step.ids[f"call {one.sample.name}"] = one.call
                step.ids[f"receipt {one.sample.name}"] = self._apply(one)
            step.amounts["budget_microwon"] = sum(_microwon(one) for one in self.chains)

    def _call_for(self, one: Chain) -> None:
        maker = self.stage.portal(MAKER)
        body: Body = {
            "code": one.call,
            "programme": "data-build",
            "title_ko": f"학습용 데이터 구축 시연 공고: {one.sample.title_ko}",
            "title_en": f"Building training data: {one.sample.title_en}",
            **_window(self.stage.now(), CALL_S),
            "budget_microwon": _microwon(one),
            "criteria": [
                _criterion("plan", 40, "구축 계획", "Plan"),
                _criterion("effect", 60, "기대 효과", "Expected effect"),
            ],
            "rules": {"panel": 3, "quorum": 2, "trim_high": 0, "trim_low": 0},
            "terms": {"fulfilment": "dataset"},
        }
        maker.call("create_call", body)
        goal: Body = {"goal": self._goal(one.sample.field), "survey": self.code}
        maker.call("offer_build", goal, code=one.call)
        self.stage.portal(APPROVER).call("approve_call", {}, code=one.call)

    def _goal(self, of_field: str) -> str:
        today = seoul_date(self.stage.now())
        half = f"{today.year}H{1 if today.month <= 6 else 2}"
        code = f"{half.lower()}-{of_field}"
        goal: Body = {"code": code, "field": of_field, "half_year": half, "target": 3}
        self.stage.portal(MAKER).call("set_build_goal", goal)
        return code

    def _apply(self, one: Chain) -> str:
        builder, sample = self.stage.portal(BUILDER), one.sample
        made = builder.call("start_application", {"organisation": FIRM}, code=one.call)
        one.application = str(made["id"])
        answers: Body = {"title": sample.title_ko, "plan": "모은다", "effect": "모델이 는다"}
        body: Body = {"answers": answers, "requested_microwon": _microwon(one)}
        builder.call("save_application", body, application_id=one.application)
        due = seoul_date(self.stage.now()) + timedelta(days=30)
        whole: Body = {
            "name_ko": "전체", "name_en": "Whole", "due_on": due.isoformat(),
            "volume": sample.volume, "amount_microwon": _microwon(one),
        }  # fmt: skip
        proposal: Body = {
            "demand": one.demand, "name": one.name,
            "title_ko": sample.title_ko, "title_en": sample.title_en,
            "licence": sample.licence, "targets": sample.targets, "steps": [whole],
        }  # fmt: skip
        saved = builder.call("save_proposal", proposal, application_id=one.application)
        one.proposal = str(saved["id"])
        done = builder.call("submit_application", {}, application_id=one.application)
        return str(done["receipt_no"])

    def select(self) -> None:
        """The programme's own panels, rankings, agreements; then comment a second time."""
        with self.stage.report.step("data award", ko="구축기관 선정", en="Builder") as step:
            for one in self.chains:
                self._until("call", partial(self._is_closed, one))
                ranking = self._ranked(one)
                step.hold(
                    f"ranking of {one.sample.name} reproduces byte for byte",
                    ranking["reproduces"],
                )
                self._agree(one)
            self._hear(2, {"proposal": self.first.proposal}, "언제 열립니까?")

    def _ranked(self, one: Chain) -> Body:
        maker = self.stage.portal(MAKER)
        place: dict[str, str | int] = {"application_id": one.application}
        maker.call("check_eligibility", {"is_eligible": True}, **place)
        maker.call("start_review", {}, code=one.call)
        for email, token in REVIEWERS:
            seat = maker.call("assign_reviewer", {"reviewer": email}, **place)
            chair: dict[str, str | int] = {"assignment_id": str(seat["id"])}
            expert = self.stage.portal(token)
            expert.call("declare_interest", {"has_conflict": False}, **chair)
            expert.call("submit_review", {"scores": {"plan": 90, "effect": 88}}, **chair)
        ranking = maker.call("compute_ranking", {}, code=one.call)
        for person in (MAKER, APPROVER):
            ranking = self.stage.portal(person).call(
                "confirm_ranking", {}, code=one.call, run_id=str(ranking["id"])
            )
        return ranking

    def _agree(self, one: Chain) -> None:
        rows = self.stage.portal(MAKER).rows("list_agreements")
        found = next(row for row in rows if row["call"] == one.call)
        for person, role in ((APPROVER, "agency"), (BUILDER, "beneficiary")):
            body: Body = {"sha256": found["terms_sha256"], "role": role}
            self.stage.portal(person).call(
                "sign_agreement", body, agreement_id=str(found["id"])
            )

    def sign(self) -> None:
        """The goals in writing: volume, classes and quality, signed by both sides."""
        with self.stage.report.step("data goals", ko="구축 목표 합의", en="Goals") as step:
            for one in self.chains:
                done = self._sign(one)
                step.check(f"goals of {one.sample.name}", "in_force", done["state"])
                step.ids[f"project {one.sample.name}"] = one.project
                step.ids[f"terms {one.sample.name}"] = str(done["sha256"])

    def _sign(self, one: Chain) -> Body:
        builder = self.stage.portal(BUILDER)
        rows = builder.rows("list_build_projects")
        row = next(row for row in rows if row["data_set"] == one.code)
        one.project = str(row["code"])
        (terms,) = builder.rows("list_build_terms", code=one.project)
        place = {"build_terms_id": str(terms["id"])}
        body: Body = {"sha256": terms["sha256"]}
        self._until("comment", lambda: self._signed_by_agency(body, place))
        done = builder.call("sign_build_terms", {**body, "step": "sign"}, **place)
        for move in ("collect", "refine", "label", "inspect"):
            builder.call("move_build_project", {"step": move}, build_project_id=str(row["id"]))
        return done

    def _signed_by_agency(self, body: Body, place: dict[str, str]) -> bool:
        """Not before the second round of comment is over."""
        try:
            self.stage.portal(MAKER).call(
                "sign_build_terms", {**body, "step": "offer"}, **place
            )
        except StepRefused as error:
            if "datahub.comments.open" in str(error.fields["said"]):
                return False
            raise
        return True

    def deliver(self) -> None:
        """A delivery that falls short is not accepted; whole ones are, and are paid."""
        with self.stage.report.step("data delivery", ko="납품과 지급", en="Delivery") as step:
            short = self._hand_in_short(self.first)
            step.check("check of the short delivery", "failed", short)
            for one in self.chains:
                self.put(one)
                builder, approver = self.stage.portal(BUILDER), self.stage.portal(APPROVER)
                whole = builder.call("hand_in_delivery", {"step": 1}, code=one.project)
                counted = f"what the check of {one.sample.name} counted"
                step.check(counted, one.sample.volume, whole["volume"])
                done = approver.call("accept_delivery", {}, delivery_id=str(whole["id"]))
                paid = self._paid(str(done["milestone"]))
                step.check(f"payout for {one.sample.name}", "settled", paid)
                step.ids[f"digest {one.sample.name}"] = str(whole["digest"])
            step.amounts["subsidy_microwon"] = sum(_microwon(one) for one in self.chains)

    def _hand_in_short(self, one: Chain) -> object:
        """Some rows are missing; nobody can accept it, and it is returned with the reason."""
        builder, approver = self.stage.portal(BUILDER), self.stage.portal(APPROVER)
        table = "train.csv"
        lines = one.files[table].splitlines(keepends=True)
        self.put(one, {**one.files, table: b"".join(lines[:-SHORT_BY])})
        short = builder.call("hand_in_delivery", {"step": 1}, code=one.project)
        try:
            approver.call("accept_delivery", {}, delivery_id=str(short["id"]))
            raise CheckFailed(check="short delivery", expected="refused", found="accepted")
        except StepRefused:
            reason: Body = {"reason": f"{SHORT_BY}행이 모자랍니다."}
            approver.call("return_delivery", reason, delivery_id=str(short["id"]))
        return short["check_state"]

    def _paid(self, milestone: str) -> object:
        maker = self.stage.portal(MAKER)
        paid = maker.call("pay_milestone", {}, milestone_id=milestone)
        payout: dict[str, str | int] = {"payout_id": str(paid["id"])}
        self.stage.portal(APPROVER).call("approve_payout", {}, **payout)
        return maker.call("settle_payout", {}, **payout)["state"]

    def release(self) -> None:
        """Opened, fetched by an unmodified client, recalled on every path, opened mended."""
        with self.stage.report.step("data release", ko="개방과 회수", en="Release") as step:
            versions = [self._open(one, "1.0") for one in self.chains]
            files = self._fetch()
            step.note(
                ko=f"huggingface_hub로 {len(self.chains)}종 {files}개 파일을 내려받음",
                en=f"{files} files of {len(self.chains)} sets fetched by huggingface_hub",
            )
            one = self.first
            told = self.stage.portal(MAKER).call(
                "recall_version", {"reason": "시연 회수"}, version_id=versions[0]
            )
            step.check("people told of the recall", 1, told["told"])
            step.check("a recalled file", 410, self._status(one, "train.csv"))
            mended = one.files["README.md"] + "\n시연에서 다시 열었습니다.\n".encode()
            one.files["README.md"] = mended
            self.put(one)
            self._check_again(one)
            self._open(one, "1.1")
            step.check("the mended version", 200, self._status(one, "train.csv"))
            step.ids["data_set"] = one.code
            for other in self.chains[1:]:
                step.ids[f"data_set {other.sample.name}"] = other.code

    def _open(self, one: Chain, number: str) -> str:
        maker = self.stage.portal(MAKER)
        owner, name = one.code.split("/")
        version = str(
            maker.call("seal_version", {"number": number}, owner=owner, name=name)["id"]
        )
        today = seoul_date(self.stage.now()).isoformat()
        maker.call("prepare_release", {"opens_on": today}, version_id=version)
        maker.call("open_release", {}, version_id=version)
        return version

    def _check_again(self, one: Chain) -> None:
        owner, name = one.code.split("/")
        targets: Body = {"targets": one.sample.targets}
        self.stage.portal(BUILDER).call("run_quality_check", targets, owner=owner, name=name)

    def put(self, one: Chain, files: dict[str, bytes] | None = None) -> None:
        """One commit through the protocol that clients speak."""
        head = {"key": "header", "value": {"summary": "walk", "description": ""}}
        lines: list[object] = [head]
        for path, data in (files or one.files).items():
            content = base64.b64encode(data).decode()
            value = {"path": path, "content": content, "encoding": "base64"}
            lines.append({"key": "file", "value": value})
        response = httpx.post(
            f"{self.stage.portal_url}/api/datasets/{one.code}/commit/main",
            content="\n".join(json.dumps(line) for line in lines),
            headers={
                "Authorization": f"Bearer {BUILDER}", "Content-Type": "application/x-ndjson",
            },
            timeout=60, trust_env=False,
        )  # fmt: skip
        if response.is_error:
            raise StepRefused(
                operation="commit", status=response.status_code, said=response.text[:300]
            )

    def _fetch(self) -> int:
        """All files of all sets by the stock client, compared with what was put; how many."""
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder)
            environment = {
                "HF_ENDPOINT": self.stage.portal_url, "HF_TOKEN": READER,
                "HF_HOME": str(target / "home"), "PATH": "",
                "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            }  # fmt: skip
            codes = [one.code for one in self.chains]
            words = [sys.executable, "-c", CLIENT, str(target), *codes]
            done = subprocess.run(
                words, env=environment, capture_output=True, text=True, timeout=CLIENT_S_MAX,
                check=False,
            )  # fmt: skip
            if done.returncode != 0:
                raise StepRefused(
                    operation="snapshot_download", status=1, said=done.stderr[-300:]
                )
            for one in self.chains:
                for path, data in one.files.items():
                    _same(path, data, (target / one.code / path).read_bytes())
        return sum(len(one.files) for one in self.chains)

    def _status(self, one: Chain, path: str) -> int:
        return httpx.get(
            f"{self.stage.portal_url}/datasets/{one.code}/resolve/main/{path}",
            headers={"Authorization": f"Bearer {READER}"},
            timeout=60, trust_env=False, follow_redirects=True,
        ).status_code  # fmt: skip

    def _is_closed(self, one: Chain) -> bool:
        found = self.stage.portal(MAKER).call("show_call", code=one.call)
        return found["phase"] == "closed"

    def _until(self, what: str, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT_S_MAX
        while not is_so():
            if time.monotonic() > deadline:
                raise CheckFailed(check=what, expected="over", found="still open")
            time.sleep(POLL_S)


def _window(opens: datetime, open_s: float) -> Body:
    return {"opens_at": rfc3339(opens), "closes_at": rfc3339(opens + timedelta(seconds=open_s))}


def _microwon(one: Chain) -> int:
    return one.sample.amount_won * WON


def _like(rows: list[Body], wish: str) -> Body:
    """The demand under which a wish was put together with others, or stands alone."""
    return next(row for row in rows if str(row["title"]).startswith(wish))


def _same(path: str, data: bytes, got: bytes) -> None:
    if data != got:
        expected, found = (hashlib.sha256(one).hexdigest() for one in (data, got))
        raise CheckFailed(check=path, expected=expected, found=found)


def _criterion(code: str, weight: int, ko: str, en: str) -> Body:
    return {"code": code, "weight": weight, "name_ko": ko, "name_en": en}
