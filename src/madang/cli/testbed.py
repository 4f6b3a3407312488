"""`madang testbed`: verify a chip or an endpoint, check a report, read MLPerf's logs again."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from madang.cli.chip_options import option
from madang.cli.console import Answer, Console, Group, Text, command
from madang.cli.errors import ExtraMissing
from madang.cli.main import set_up_django
from madang.core.clock import clock_for
from madang.testbed.harness import signing
from madang.testbed.harness.mlperf import read_folder
from madang.testbed.harness.running import Made, run_spec
from madang.testbed.harness.spec import read_spec
from madang.testbed.harness.verifying import Checked
from madang.testbed.harness.verifying import verify as check_report

KEY_NAME = "testbed-ed25519.pem"
VERDICTS = {
    "passed": Text("통과", "passed"),
    "failed": Text("실패", "failed"),
    "simulated": Text("모의 장치: 통과가 아님", "simulated: no device, so no pass"),
}
PLACE = click.Path(path_type=Path)
ON_PLATFORM = {
    **dict.fromkeys(
        ("list", "publish", "withdraw", "decline", "remove", "appeal", "decide"),
        "madang.cli.testbed_decisions",
    ),
    **dict.fromkeys(
        ("submit", "order", "start", "collect", "show", "archive"), "madang.cli.testbed_runs"
    ),
}
"""Verbs that need the platform, and where they are."""


def _rows(held: object) -> list[dict[str, object]]:
    """A list of tables of our own report."""
    assert isinstance(held, list)
    return held


def report_lines(report: dict[str, object]) -> list[str]:
    """A report for a person: verdict first, then figures, then what happened."""
    figures, prediction = report["figures"], report["prediction"]
    assert isinstance(figures, dict)
    assert isinstance(prediction, dict)
    head = f"{report['device']} ({report['maker']}), {report['scenario']}, {report['profile']}"
    lines = [f"{head}: {VERDICTS[str(report['verdict'])]}"]
    if not report["comparable"]:
        lines.append(str(Text("비교할 수 없는 결과 (quick)", "not comparable (quick)")))
    for name, one in figures.items():
        if "value" in one:
            lines.append(
                f"{name:20} {one['value']:>12.4f}  [{one['low']:.4f}, {one['high']:.4f}]"
            )
    if "error" in prediction:
        words = Text("예측 오차", "prediction error")
        lines.append(f"{words}: {100 * float(str(prediction['error'])):+.1f} %")
    lines += [
        f"{'!' if one['fatal'] else '·'} {one['code']} ({one['repetition']}): {one['detail']}"
        for one in _rows(report["findings"])
    ]
    return lines


def _made_answer(made: Made) -> Answer:
    data = {
        "report": str(made.path),
        "public_key": str(made.public_key),
        **{name: made.report[name] for name in ("verdict", "comparable", "figures")},
        "accuracy": made.report["accuracy"],
        "prediction": made.report["prediction"],
        "power": made.report["power"],
        "findings": made.report["findings"],
    }
    exit_code = 1 if made.report["verdict"] == "failed" else 0
    return Answer(data, [*report_lines(made.report), str(made.path)], exit_code)


@command(
    "run",
    ko="시험 명세대로 검증하고 서명된 보고서를 만듭니다.",
    en="Verify what a specification names; make a signed report.",
)
@click.argument("spec", type=PLACE)
@option("--out", type=PLACE, ko="보고서 폴더", en="Folder of the report")
@option("--key", type=PLACE, ko="서명 키 (PEM)", en="Signing key (PEM); made when absent")
def run_(console: Console, spec: Path, out: Path | None, key: Path | None) -> Answer:
    def tell(number: int, total: int) -> None:
        if number == 0:
            console.progress(ko="정확도 확인", en="checking the answers")
        else:
            console.progress(
                ko=f"반복 {number}/{total - 1}", en=f"repetition {number} of {total - 1}"
            )

    wanted = read_spec(spec)
    signer = signing.private_key(key or console.data / "secrets" / KEY_NAME)
    place = out or spec.with_suffix(".report")
    return _made_answer(run_spec(wanted, place, signer, clock_for(console.data), tell))


def _checked_lines(checked: Checked) -> list[str]:
    if not checked.ok:
        head = Text("이 보고서는 믿을 수 없습니다", "This report cannot be trusted")
        return [f"{head}:", *(f"! {one}" for one in checked.faults)]
    lines = [str(Text("서명이 맞습니다.", "The signature holds."))]
    if checked.recomputed:
        files = checked.files
        words = Text(
            f"파일 {files}개가 그대로이고, 모든 수치를 다시 계산했습니다.",
            f"{files} files are unchanged; every figure was worked out again.",
        )
    else:
        words = Text(
            "원본 기록이 없어 수치는 다시 계산하지 않았습니다.",
            "The raw logs are not here: no figure was worked out again.",
        )
    return [*lines, str(words), *report_lines(checked.report)]


@command(
    "verify",
    ko="보고서를 공개 키만으로 오프라인에서 확인합니다.",
    en="Check a report offline, with the public key alone.",
    has_data=False,
)
@click.argument("report", type=PLACE)
@option("--key", type=PLACE, required=True, ko="공개 키 (PEM)", en="Public key (PEM)")
def verify_(_console: Console, report: Path, key: Path) -> Answer:
    place = report / "report.json" if report.is_dir() else report
    checked = check_report(place, signing.public_key(key))
    return Answer(checked.as_dict(), _checked_lines(checked), 0 if checked.ok else 1)


@command(
    "read-mlperf",
    ko="MLPerf 원본 기록에서 판정을 다시 계산합니다.",
    en="Work MLPerf verdicts out again from raw LoadGen logs.",
    has_data=False,
)
@click.argument("folder", type=PLACE)
def read_mlperf_(_console: Console, folder: Path) -> Answer:
    rows = read_folder(folder)
    odd = [
        one for one in rows if one.get("contradictions") or one["recomputed"] == "UNREADABLE"
    ]
    data = {"logs": rows, "odd": len(odd)}
    return Answer(data, [line for one in rows for line in _log_lines(one)], 1 if odd else 0)


def _log_lines(row: dict[str, object]) -> list[str]:
    value = row.get("value")
    figure = f" {row['metric']} {value:g}" if isinstance(value, float) else ""
    words = f"{row['recomputed']:10} {row.get('scenario', '?')}{figure}  {row['log']}"
    notes = [*_texts(row.get("reasons")), *_texts(row.get("contradictions"))]
    return [words, *(f"  ! {one}" for one in notes)]


def _texts(held: object) -> list[str]:
    return [str(one) for one in held] if isinstance(held, list) else []


class TestBed(Group):
    """Verifying needs no platform, the board and jobs do: Django is set up for their verbs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*self.commands, *ON_PLATFORM])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in ON_PLATFORM:
            return super().get_command(ctx, cmd_name)
        try:
            set_up_django()
        except ModuleNotFoundError as err:
            raise ExtraMissing(module=err.name or "django", extra="platform") from err
        found = importlib.import_module(ON_PLATFORM[cmd_name]).COMMANDS[cmd_name]
        assert isinstance(found, click.Command)
        return found


testbed = TestBed(
    "testbed", Text("검증 시험대", "The test-bed."), (run_, verify_, read_mlperf_)
)
