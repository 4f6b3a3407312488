"""What a walk leaves behind when a step fails: the step, and why."""

import json

import pytest

from madang.cli.console import Console
from madang.cli.walk.errors import CheckFailed
from madang.cli.walk.report import Report


@pytest.fixture
def report(tmp_path):
    return Report(Console(as_json=True, data=tmp_path))


def test_a_failed_step_and_its_cause_stand_in_the_report(report, tmp_path):
    with report.step("call", ko="공고", en="Call") as step:
        step.check("phase", "open", "open")
    with (
        pytest.raises(CheckFailed) as caught,
        report.step("charge", ko="차감", en="Charge") as step,
    ):
        step.check("charge of the job", 45, 44)
    report.error = caught.value.as_dict()
    report.write(tmp_path / "walk.json")
    told = json.loads((tmp_path / "walk.json").read_text())
    assert told["ok"] is False
    assert [(one["name"], one["ok"]) for one in told["steps"]] == [
        ("call", True),
        ("charge", False),
    ]
    assert told["error"]["code"] == "cli.walk.check_failed"
    assert told["error"]["fields"] == {
        "check": "charge of the job",
        "expected": "45",
        "found": "44",
    }
