"""Chips: real models checked, simulated and run; signed reports; what stands on the board."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from madang.cli.walk.errors import StepRefused
from madang.cli.walk.portal import Body
from madang.cli.walk.report import Step
from madang.cli.walk.stage import APPROVER, MAKER, Stage

CHIP_MAKER, FIRM = "mdp_demo_hanbit", "hanbit-chips"
OFFICIAL = "text-direction.zip"
WON_EACH_MICROWON = 12_000_000
"""As the demonstration's catalogue prices a second of a test run."""
WAIT_S = 120
TRIES = 3
ARRAY = ("--rows", "64", "--cols", "64", "--dataflow", "ws")
SPEC = """device = "onnxruntime on a CPU, {name}"
maker = "Hanbit Chips"
model = "{name}"
[subject]
kind = "onnxruntime"
model = "wheel:{wheel}"
[data]
samples = 16
{data}
[scenario]
name = "SingleStream"
[accuracy]
metric = "close"
reference = "onnxruntime"
[run]
profile = "quick"
min_duration_s = 0.1
[prediction]
kind = "roofline"
macs_per_s = 1e10
"""


@dataclass(frozen=True, slots=True)
class Model:
    """A real model inside an installed package, and how it is fed."""

    name: str
    wheel: str
    options: tuple[str, ...]
    data: str

    @property
    def path(self) -> Path:
        package, _, inside = self.wheel.partition("/")
        found = find_spec(package)
        assert found is not None, package
        return Path(next(iter(found.submodule_search_locations or ()))) / inside


MODELS = (
    Model(
        "PP-OCR text direction", "rapidocr/models/ch_ppocr_mobile_v2.0_cls_mobile.onnx",
        ("--shape", "x=1,3,48,192"), "shapes = { x = [1, 3, 48, 192] }",
    ),
    Model(
        "magika", "magika/models/standard_v3_3/model.onnx", ("--shape", "bytes=1,2048"),
        "low = 0\nhigh = 256",
    ),
)  # fmt: skip


def order_chip_runs(stage: Stage) -> list[str]:
    """Early in a walk: jobs measure while a call waits for its end."""
    _lab(stage)
    return _order(stage)


def verify_chips(stage: Stage, orders: Sequence[str]) -> None:
    """From a model inside a wheel to a report that a stranger has checked."""
    _collect(stage, orders)
    _board(stage)


def _lab(stage: Stage) -> None:
    """A verdict for every operator, and cycles, before any device exists."""
    with stage.report.step("chip lab", ko="칩 연구실", en="Chip lab") as step:
        words = [
            ("chips", *verb, *model.options)
            for model in MODELS
            for verb in (
                ("check", str(model.path), "--device", "RNGD"),
                ("npu", "run", "--model", str(model.path), *ARRAY),
            )
        ]
        with ThreadPoolExecutor(2) as pool:
            told = list(pool.map(lambda one: stage.commands.plain(*one), words))
        for model, check, run in zip(MODELS, told[::2], told[1::2], strict=True):
            _same_work(step, model, check, run)


def _same_work(step: Step, model: Model, check: Body, run: Body) -> None:
    totals, workload = check["totals"], run["workload"]
    assert isinstance(totals, dict)
    assert isinstance(workload, dict)
    step.check(f"multiplications of {model.name}", totals["macs"], workload["macs"])
    step.check(f"digest of {model.name}", totals["sha256"], workload["sha256"])
    counts = ", ".join(f"{name} {n}" for name, n in _table(check, "counts").items())
    cycles = run["cycles"]
    macs = totals["macs"]
    step.note(
        ko=f"{model.name}: {macs:,} MAC, {counts}; {cycles:,} 사이클",
        en=f"{model.name}: {macs:,} MAC, {counts}; {cycles:,} cycles",
    )


def _table(body: Body, name: str) -> Body:
    found = body[name]
    assert isinstance(found, dict), name
    return found


def _order(stage: Stage) -> list[str]:
    """Two runs at once: each a job of the local engine, its price reserved first."""
    with stage.report.step("chip order", ko="시험 의뢰", en="Test runs ordered") as step:
        made = [_ordered(stage, step, model) for model in MODELS]
        step.ids["runs"] = ",".join(made)
    return made


def _ordered(stage: Stage, step: Step, model: Model) -> str:
    body: Body = {
        "organisation": FIRM,
        "spec": SPEC.format(name=model.name, wheel=model.wheel, data=model.data),
        "voucher": f"v-chip-{stage.run}",
        "offering": "chip-lab/run",
    }
    row = stage.portal(CHIP_MAKER).call("order_test_run", body)
    step.check("state of the order", "ordered", row["state"])
    step.hold("its price is reserved", row["held_microwon"])
    grant: Body = {"grant": f"g-chip-{stage.run}"}
    done = stage.portal(APPROVER).call("accept_test_run", grant, submission_id=str(row["id"]))
    step.check("state of the run", "testing", done["state"])
    return str(row["id"])


def _collect(stage: Stage, orders: Sequence[str]) -> None:
    """Signed here, checked as a stranger would, charged by the engine's seconds."""
    with stage.report.step("chip report", ko="서명된 보고서", en="Signed reports") as step:
        charged = 0
        for model, order in zip(MODELS, orders, strict=True):
            row, cost = _steady(stage, step, model, order)
            step.check("verdict", "passed", row["verdict"])
            charged += cost
            found = _verified(stage, str(row["id"]))
            step.check("every figure worked out again", True, found["recomputed"])  # noqa: FBT003
            figure = _table(_table(found, "figures"), "latency_p90_ms")["value"]
            step.note(
                ko=f"{row['model']}: p90 {figure:.3f} ms, 시험 운전(비교 불가)",
                en=f"{row['model']}: p90 {figure:.3f} ms, a trial run, not comparable",
            )
        shown = _table(stage.commands.run("voucher", "show", f"v-chip-{stage.run}"), "supply")
        step.check("charged to the voucher", charged, shown["charged_microwon"])
        step.amounts["charged_microwon"] = charged


def _steady(stage: Stage, step: Step, model: Model, order: str) -> tuple[Body, int]:
    """The run's row and what it cost, with those before it.

    A machine that is busy lets two clocks differ, and a run fails honestly; its maker orders
    it again, as one would.
    """
    charged = 0
    for tries_left in reversed(range(TRIES)):
        stage.commands.run("testbed", "collect", "--wait", str(WAIT_S))
        row = stage.portal(CHIP_MAKER).call("show_submission", submission_id=order)
        step.check("state: a trial, never on the board", "trial", row["state"])
        cost = row["charge_microwon"]
        assert isinstance(cost, int)
        step.check("whole seconds were charged", 0, cost % WON_EACH_MICROWON)
        step.check("nothing is reserved any more", 0, row["held_microwon"])
        charged += cost
        if row["verdict"] == "passed" or not tries_left:
            break
        step.note(
            ko=f"{row['model']}: 바쁜 컴퓨터에서 잰 값이라 통과하지 못해 다시 의뢰합니다",
            en=f"{row['model']}: measured on a busy machine, not passed, ordered again",
        )
        order = _ordered(stage, step, model)
    return row, charged


def _verified(stage: Stage, order: str) -> Body:
    with tempfile.TemporaryDirectory() as scratch:
        stage.commands.run("testbed", "archive", order, scratch)
        key = str(Path(scratch) / "key.pub.pem")
        return stage.commands.plain("testbed", "verify", scratch, "--key", key)


def _board(stage: Stage) -> None:
    """A trial is refused; a report of five times ten minutes, made beforehand, goes there."""
    with stage.report.step("chip board", ko="공개 게시판", en="Public board") as step:
        operator = stage.portal(MAKER)
        trial = operator.rows("list_submissions", state="trial")[0]
        try:
            operator.call("publish_submission", {}, submission_id=str(trial["id"]))
            step.hold("a trial is refused", False)  # noqa: FBT003
        except StepRefused as refused:
            step.check("a trial is refused", 409, refused.fields["status"])
        packed = stage.demo / "data" / OFFICIAL
        row = stage.commands.run(
            "testbed", "submit", str(packed), "--organisation", FIRM,
            "--offering", "chip-lab/cpu", "--as", "lim@hanbit.example",
        )  # fmt: skip
        stage.commands.run("testbed", "collect", "--wait", str(WAIT_S))
        report = operator.call("publish_submission", {}, submission_id=str(row["id"]))
        (found,) = stage.portal("").rows("list_board_reports", model=str(report["model"]))
        step.check("the same report", report["sha256"], found["sha256"])
        step.hold("samples for one won", found["results_per_won"])
        rate = _table(_table(found, "figures"), "samples_per_s")
        step.ids["report"] = str(found["sha256"])
        shown = f"{rate['value']:.2f} [{rate['low']:.2f}, {rate['high']:.2f}]"
        won = found["results_per_won"]
        step.note(
            ko=f"{found['device']}: 초당 {shown}, 1원당 {won}",
            en=f"{found['device']}: {shown} a second, {won} a won",
        )
