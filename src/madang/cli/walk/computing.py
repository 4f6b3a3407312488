"""GPU time through the same spine: a call that offers it, a grant, a job that really runs."""

from __future__ import annotations

import sys
import time
from datetime import timedelta

from madang.cli.walk.errors import CheckFailed
from madang.cli.walk.portal import Body
from madang.cli.walk.spending import _inner
from madang.cli.walk.stage import APPROVER, MAKER, Stage
from madang.core.clock import rfc3339

HOLDER = "mdp_demo_kim"
WAIT_S_MAX, POLL_S = 90, 0.5
LIMIT_S, CARDS = 60, 2
WON_EACH_MICROWON = 45_000_000
"""As the demonstration's catalogue prices a GPU-second."""
DAYS_OPEN = 30


def compute(stage: Stage) -> tuple[str, int]:
    """The voucher of the walk's grant, and what the job has cost it."""
    _call(stage)
    grant, voucher = f"g-{stage.run}", f"v-gpu-{stage.run}"
    job = _job(stage, grant)
    return voucher, _charged(stage, grant, voucher, job)


def _call(stage: Stage) -> None:
    """A call whose awards are GPU grants: open for applications when the walk has ended."""
    with stage.report.step("gpu call", ko="GPU 공고", en="GPU call") as step:
        code = f"c-gpu-{stage.run}"
        opens = stage.now()
        body: Body = {
            "code": code,
            "programme": "api-voucher",
            "title_ko": "GPU 지원 시연 공고",
            "title_en": "GPU support: demonstration",
            "opens_at": rfc3339(opens),
            "closes_at": rfc3339(opens + timedelta(days=DAYS_OPEN)),
            "budget_microwon": 1_000_000_000_000,
            "criteria": [
                {"code": "plan", "weight": 1, "name_ko": "활용 계획", "name_en": "Plan"}
            ],
            "rules": {"panel": 3, "quorum": 2, "trim_high": 0, "trim_low": 0},
            "terms": {"fulfilment": "gpu"},
        }
        maker = stage.portal(MAKER)
        maker.call("create_call", body)
        offer: Body = {
            "gpu_class": "card-medium",
            "gpu_seconds": 360_000,
            "cards_max": 2,
            "tranches": ["1/2", "1/2"],
        }
        made = maker.call("offer_gpu_time", offer, code=code)
        step.check("GPU-seconds that each award gives", 360_000, made["gpu_seconds"])
        done = stage.portal(APPROVER).call("approve_call", {}, code=code)
        step.check("phase of the call", "open", done["phase"])
        step.ids["call"] = code


def _job(stage: Stage, grant: str) -> Body:
    """A training step in NumPy on the local engine, submitted twice under one key."""
    with stage.report.step("gpu job", ko="GPU 작업", en="GPU job") as step:
        holder = stage.portal(HOLDER)
        given = _inner(holder.call("show_grant", code=grant), "gpu_seconds")
        step.check("first tranche", 600, given["granted"])
        program = (stage.demo / "train.py").read_text(encoding="utf-8")
        body: Body = {
            "grant": grant,
            "key": f"train-{stage.run}",
            "cards": CARDS,
            "time_limit_s": LIMIT_S,
            "script": f"#!{sys.executable}\n{program}",
        }
        job = holder.call("submit_job", body)
        again = holder.call("submit_job", body)
        step.check("the same key is the same job", job["id"], again["id"])
        done = _ended(stage, str(job["id"]))
        log = str(holder.call("show_job_log", job_id=str(job["id"]))["log"])
        step.check("state of the job", "completed", done["state"])
        step.hold("the model was trained", "right 0.9" in log or "right 1.0" in log)
        step.ids.update(grant=grant, job=str(job["id"]))
        last = log.strip().splitlines()[-2]
        step.note(ko=f"{done['gpu_seconds']} GPU초: {last}",
                  en=f"{done['gpu_seconds']} GPU-seconds: {last}")  # fmt: skip
    return done


def _ended(stage: Stage, identifier: str) -> Body:
    deadline = time.monotonic() + WAIT_S_MAX
    while True:
        job = stage.portal(HOLDER).call("show_job", job_id=identifier)
        if job["state"] not in {"intent", "queued", "running"}:
            return job
        if time.monotonic() > deadline:
            raise CheckFailed(check="job", expected="completed", found=str(job["state"]))
        time.sleep(POLL_S)


def _charged(stage: Stage, grant: str, voucher: str, job: Body) -> int:
    with stage.report.step("gpu charge", ko="GPU 차감", en="GPU charge") as step:
        used = job["gpu_seconds"]
        assert isinstance(used, int)
        cost = used * WON_EACH_MICROWON
        step.check("charge of the job", cost, job["charge_microwon"])
        quota = _inner(stage.portal(HOLDER).call("show_grant", code=grant), "gpu_seconds")
        step.check("GPU-seconds used", used, quota["used"])
        step.check("GPU-seconds held", 0, quota["held"])
        shown = stage.commands.run("voucher", "show", voucher)
        step.check("charged to the voucher", cost, _inner(shown, "supply")["charged_microwon"])
        checked = stage.commands.run("compute", "reconcile", "--site", "bitgoeul")
        step.check("GPU-seconds that nothing explains", 0, checked["drift_gpu_seconds"])
        step.amounts["charged_microwon"] = cost
        step.ids["voucher"] = voucher
    return cost
