"""Training data through its whole chain: what is needed, who builds it, what is opened."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx

from madang.cli.walk.errors import CheckFailed, StepRefused
from madang.cli.walk.portal import Body
from madang.cli.walk.stage import APPROVER, MAKER, Stage
from madang.core.clock import rfc3339, seoul_date

BUILDER, READER = "mdp_demo_min", "mdp_demo_kim"
FIRM = "saessak-data"
FIELD, WON = "speech-language", 1_000_000
SURVEY_S, CALL_S, ROUND_S = 2, 3, 1
WAIT_S_MAX, POLL_S = 60, 0.2
SHORT_BY = 10
REVIEWERS = (
    ("choi@narae.example", "mdp_demo_choi"),
    ("jung@narae.example", "mdp_demo_jung"),
    ("kang@sup.example", "mdp_demo_kang"),
)
ANSWERS = f"""field,title,purpose,user_kind
{FIELD},한국어 소프트웨어 문장 모음,연구,university
vision,표지판 사진,연구,sme
"""
CLIENT = """
import sys
from huggingface_hub import snapshot_download
snapshot_download(sys.argv[1], repo_type="dataset", local_dir=sys.argv[2])
"""


@dataclass
class Hubbing:
    """One data set of Django's own sentences, from a wish to a recall and what is mended."""

    stage: Stage
    demand: str = ""
    application: str = ""
    proposal: str = ""
    project: str = ""
    data_set: str = ""
    files: dict[str, bytes] = field(default_factory=dict)

    def run(self) -> None:
        folder = self.stage.demo / "data" / "django-ko"
        self.files = {one.name: one.read_bytes() for one in sorted(folder.iterdir())}
        self.ask()
        self.propose()
        self.select()
        self.sign()
        self.deliver()
        self.release()

    @property
    def code(self) -> str:
        return f"d-{self.stage.run}"

    def ask(self) -> None:
        """A survey: four answers, three of them alike; what people say to it is answered."""
        with self.stage.report.step("data demand", ko="데이터 수요", en="Data demand") as step:
            maker, anybody = self.stage.portal(MAKER), self.stage.portal("")
            opens, closes = self._window(SURVEY_S)
            words: Body = {"title_ko": "시연 수요조사", "title_en": "Demonstration survey"}
            maker.call(
                "create_survey",
                {"code": self.code, **words, "opens_at": opens, "closes_at": closes},
            )
            for title in ("한국어 소프트웨어 문장", "한국어 소프트웨어 문장 번역"):
                wish: Body = {"field": FIELD, "title": title, "purpose": "번역기를 만든다"}
                anybody.call("submit_demand", wish, code=self.code)
            maker.call("import_demands", {"csv": ANSWERS}, code=self.code)
            for move in ("close", "analyse", "publish"):
                maker.call("move_survey", {"step": move}, code=self.code)
            found = anybody.rows("list_demands", code=self.code)
            step.check("like answers under one demand", [3, 1], [one["count"] for one in found])
            self.demand = str(found[0]["id"])
            self._hear(1, {"demand": self.demand}, "사투리도 필요합니다.")
            step.ids["survey"] = self.code
            step.note(ko="응답 4건, 수요 2건", en="4 answers, 2 demands")

    def _hear(self, number: int, about: Body, text: str) -> None:
        """A round of public comment, a word in it, and the agency's answer."""
        opens, closes = self._window(ROUND_S)
        maker = self.stage.portal(MAKER)
        window: Body = {"number": number, "opens_at": opens, "closes_at": closes}
        maker.call("hold_round", window, code=self.code)
        said = self.stage.portal("").call("submit_comment", {**about, "text": text})
        answer: Body = {"step": "answer", "text": "다음 구축에 반영합니다."}
        maker.call("answer_comment", answer, comment_id=str(said["id"]))

    def propose(self) -> None:
        """A build call for a goal of this half-year, and one proposal to it."""
        with self.stage.report.step("data call", ko="구축 공고", en="Build call") as step:
            maker = self.stage.portal(MAKER)
            goal = self._goal()
            opens, closes = self._window(CALL_S)
            body: Body = {
                "code": self.code,
                "programme": "data-build",
                "title_ko": "학습용 데이터 구축 시연 공고",
                "title_en": "Building training data: demonstration",
                "opens_at": opens,
                "closes_at": closes,
                "budget_microwon": 10_000_000 * WON,
                "criteria": [
                    _criterion("plan", 40, "구축 계획", "Plan"),
                    _criterion("effect", 60, "기대 효과", "Expected effect"),
                ],
                "rules": {"panel": 3, "quorum": 2, "trim_high": 0, "trim_low": 0},
                "terms": {"fulfilment": "dataset"},
            }
            maker.call("create_call", body)
            maker.call("offer_build", {"goal": goal, "survey": self.code}, code=self.code)
            self.stage.portal(APPROVER).call("approve_call", {}, code=self.code)
            receipt = self._apply()
            step.ids.update(call=self.code, receipt=receipt)
            step.amounts["budget_microwon"] = 10_000_000 * WON

    def _goal(self) -> str:
        today = seoul_date(self.stage.now())
        half = f"{today.year}H{1 if today.month <= 6 else 2}"
        code = f"{half.lower()}-{FIELD}"
        goal: Body = {"code": code, "field": FIELD, "half_year": half, "target": 3}
        self.stage.portal(MAKER).call("set_build_goal", goal)
        return code

    def _apply(self) -> str:
        builder = self.stage.portal(BUILDER)
        made = builder.call("start_application", {"organisation": FIRM}, code=self.code)
        self.application = str(made["id"])
        answers: Body = {"title": "한국어 문장", "plan": "모은다", "effect": "번역이 는다"}
        body: Body = {"answers": answers, "requested_microwon": 10_000_000 * WON}
        builder.call("save_application", body, application_id=self.application)
        due = seoul_date(self.stage.now()) + timedelta(days=30)
        whole: Body = {
            "name_ko": "전체", "name_en": "Whole", "due_on": due.isoformat(),
            "volume": 728, "amount_microwon": 10_000_000 * WON,
        }  # fmt: skip
        targets = (self.stage.demo / "data" / "django-ko.targets.toml").read_text("utf-8")
        proposal: Body = {
            "demand": self.demand, "name": f"django-ko-{self.stage.run}",
            "title_ko": "장고 한영 문장", "title_en": "Django's sentences",
            "licence": "BSD-3-Clause", "targets": targets, "steps": [whole],
        }  # fmt: skip
        saved = builder.call("save_proposal", proposal, application_id=self.application)
        self.proposal = str(saved["id"])
        done = builder.call("submit_application", {}, application_id=self.application)
        return str(done["receipt_no"])

    def select(self) -> None:
        """The programme's own panel, ranking and agreement; then comment a second time."""
        with self.stage.report.step("data award", ko="구축기관 선정", en="Builder") as step:
            maker = self.stage.portal(MAKER)
            self._until("call", lambda: self._phase() == "closed")
            one: dict[str, str | int] = {"application_id": self.application}
            maker.call("check_eligibility", {"is_eligible": True}, **one)
            maker.call("start_review", {}, code=self.code)
            for email, token in REVIEWERS:
                seat = maker.call("assign_reviewer", {"reviewer": email}, **one)
                place: dict[str, str | int] = {"assignment_id": str(seat["id"])}
                expert = self.stage.portal(token)
                expert.call("declare_interest", {"has_conflict": False}, **place)
                scores: Body = {"scores": {"plan": 90, "effect": 88}}
                expert.call("submit_review", scores, **place)
            ranking = maker.call("compute_ranking", {}, code=self.code)
            for person in (MAKER, APPROVER):
                ranking = self.stage.portal(person).call(
                    "confirm_ranking", {}, code=self.code, run_id=str(ranking["id"])
                )
            step.hold("ranking reproduces byte for byte", ranking["reproduces"])
            self._agree()
            self._hear(2, {"proposal": self.proposal}, "언제 열립니까?")

    def _agree(self) -> None:
        rows = self.stage.portal(MAKER).rows("list_agreements")
        found = next(row for row in rows if row["call"] == self.code)
        for person, role in ((APPROVER, "agency"), (BUILDER, "beneficiary")):
            body: Body = {"sha256": found["terms_sha256"], "role": role}
            self.stage.portal(person).call(
                "sign_agreement", body, agreement_id=str(found["id"])
            )

    def sign(self) -> None:
        """The goals in writing: volume, classes and quality, signed by both sides."""
        with self.stage.report.step("data goals", ko="구축 목표 합의", en="Goals") as step:
            builder = self.stage.portal(BUILDER)
            self.data_set = f"{FIRM}/django-ko-{self.stage.run}"
            rows = builder.rows("list_build_projects")
            row = next(one for one in rows if one["data_set"] == self.data_set)
            self.project = str(row["code"])
            (terms,) = builder.rows("list_build_terms", code=self.project)
            place = {"build_terms_id": str(terms["id"])}
            body: Body = {"sha256": terms["sha256"]}
            self._until("comment", lambda: self._signed_by_agency(body, place))
            done = builder.call("sign_build_terms", {**body, "step": "sign"}, **place)
            step.check("state of the goals", "in_force", done["state"])
            for move in ("collect", "refine", "label", "inspect"):
                builder.call(
                    "move_build_project", {"step": move}, build_project_id=str(row["id"])
                )
            step.ids.update(project=self.project, terms_sha256=str(terms["sha256"]))

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
        """A delivery that falls short is not accepted; the whole one is, and is paid."""
        with self.stage.report.step("data delivery", ko="납품과 지급", en="Delivery") as step:
            builder, approver = self.stage.portal(BUILDER), self.stage.portal(APPROVER)
            lines = self.files["train.csv"].splitlines(keepends=True)
            self.put({**self.files, "train.csv": b"".join(lines[:-SHORT_BY])})
            short = builder.call("hand_in_delivery", {"step": 1}, code=self.project)
            step.check("check of the short delivery", "failed", short["check_state"])
            try:
                approver.call("accept_delivery", {}, delivery_id=str(short["id"]))
                raise CheckFailed(check="short delivery", expected="refused", found="accepted")
            except StepRefused:
                reason: Body = {"reason": "10행이 모자랍니다."}
                approver.call("return_delivery", reason, delivery_id=str(short["id"]))
            self.put(self.files)
            whole = builder.call("hand_in_delivery", {"step": 1}, code=self.project)
            step.check("rows that the check counted", 728, whole["volume"])
            done = approver.call("accept_delivery", {}, delivery_id=str(whole["id"]))
            step.check("state of the delivery", "accepted", done["state"])
            paid = self.stage.portal(MAKER).call(
                "pay_milestone", {}, milestone_id=str(done["milestone"])
            )
            payout: dict[str, str | int] = {"payout_id": str(paid["id"])}
            approver.call("approve_payout", {}, **payout)
            settled = self.stage.portal(MAKER).call("settle_payout", {}, **payout)
            step.check("state of the payout", "settled", settled["state"])
            step.amounts["subsidy_microwon"] = 10_000_000 * WON
            step.ids["digest"] = str(whole["digest"])

    def release(self) -> None:
        """Opened, fetched by an unmodified client, recalled on every path, opened mended."""
        with self.stage.report.step("data release", ko="개방과 회수", en="Release") as step:
            first = self._open("1.0")
            client = self._fetch()
            step.note(ko=f"내려받기: {client}", en=f"fetched by {client}")
            told = self.stage.portal(MAKER).call(
                "recall_version", {"reason": "시연 회수"}, version_id=first
            )
            step.check("people told of the recall", 1, told["told"])
            step.check("a recalled file", 410, self._status("train.csv"))
            mended = self.files["README.md"] + "\n시연에서 다시 열었습니다.\n".encode()
            self.files = {**self.files, "README.md": mended}
            self.put(self.files)
            self._check_again()
            self._open("1.1")
            step.check("the mended version", 200, self._status("train.csv"))
            step.ids["data_set"] = self.data_set

    def _open(self, number: str) -> str:
        maker = self.stage.portal(MAKER)
        owner, name = self.data_set.split("/")
        version = str(
            maker.call("seal_version", {"number": number}, owner=owner, name=name)["id"]
        )
        today = seoul_date(self.stage.now()).isoformat()
        maker.call("prepare_release", {"opens_on": today}, version_id=version)
        maker.call("open_release", {}, version_id=version)
        return version

    def _check_again(self) -> None:
        targets = (self.stage.demo / "data" / "django-ko.targets.toml").read_text("utf-8")
        owner, name = self.data_set.split("/")
        self.stage.portal(BUILDER).call(
            "run_quality_check", {"targets": targets}, owner=owner, name=name
        )

    def put(self, files: dict[str, bytes]) -> None:
        """One commit through the protocol that clients speak."""
        head = {"key": "header", "value": {"summary": "walk", "description": ""}}
        lines: list[object] = [head]
        for path, data in files.items():
            content = base64.b64encode(data).decode()
            value = {"path": path, "content": content, "encoding": "base64"}
            lines.append({"key": "file", "value": value})
        response = httpx.post(
            f"{self.stage.portal_url}/api/datasets/{self.data_set}/commit/main",
            content="\n".join(json.dumps(one) for one in lines),
            headers={
                "Authorization": f"Bearer {BUILDER}", "Content-Type": "application/x-ndjson",
            },
            timeout=60, trust_env=False,
        )  # fmt: skip
        if response.is_error:
            raise StepRefused(
                operation="commit", status=response.status_code, said=response.text[:300]
            )

    def _fetch(self) -> str:
        """All files, equal to what was put, by the stock client where it is installed."""
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder)
            if importlib.util.find_spec("huggingface_hub") is None:
                return self._fetch_plainly()
            environment = {
                "HF_ENDPOINT": self.stage.portal_url, "HF_TOKEN": READER,
                "HF_HOME": str(target / "home"), "PATH": "",
            }  # fmt: skip
            words = [sys.executable, "-c", CLIENT, self.data_set, str(target / "set")]
            done = subprocess.run(
                words, env=environment, capture_output=True, text=True, timeout=120, check=False
            )
            if done.returncode != 0:
                raise StepRefused(
                    operation="snapshot_download", status=1, said=done.stderr[-300:]
                )
            for path, data in self.files.items():
                self._same(path, data, (target / "set" / path).read_bytes())
        return "huggingface_hub"

    def _fetch_plainly(self) -> str:
        for path, data in self.files.items():
            self._same(path, data, self._resolve(path).content)
        return "HTTP"

    def _same(self, path: str, data: bytes, got: bytes) -> None:
        if data != got:
            expected, found = (hashlib.sha256(one).hexdigest() for one in (data, got))
            raise CheckFailed(check=path, expected=expected, found=found)

    def _resolve(self, path: str) -> httpx.Response:
        return httpx.get(
            f"{self.stage.portal_url}/datasets/{self.data_set}/resolve/main/{path}",
            headers={"Authorization": f"Bearer {READER}"},
            timeout=60, trust_env=False, follow_redirects=True,
        )  # fmt: skip

    def _status(self, path: str) -> int:
        return self._resolve(path).status_code

    def _window(self, open_s: int) -> tuple[str, str]:
        opens = self.stage.now()
        return rfc3339(opens), rfc3339(opens + timedelta(seconds=open_s))

    def _phase(self) -> str:
        return str(self.stage.portal(MAKER).call("show_call", code=self.code)["phase"])

    def _until(self, what: str, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT_S_MAX
        while not is_so():
            if time.monotonic() > deadline:
                raise CheckFailed(check=what, expected="over", found="still open")
            time.sleep(POLL_S)


def _criterion(code: str, weight: int, ko: str, en: str) -> Body:
    return {"code": code, "weight": weight, "name_ko": ko, "name_en": en}
