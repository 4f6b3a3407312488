"""A run that fails because the machine was busy is ordered again, and all of it is paid."""

from __future__ import annotations

import pytest

from madang.cli.walk import verifying
from madang.cli.walk.errors import CheckFailed
from madang.cli.walk.report import Step

SECOND = verifying.WON_EACH_MICROWON


class Maker:
    """The portal as a chip maker meets it: runs by number, with the verdicts that are dealt."""

    def __init__(self, verdicts: list[str]) -> None:
        self.verdicts, self.orders = verdicts, 0
        self.commands, self.run = self, lambda *_words: {}

    def portal(self, _who: str):
        return self

    def call(self, operation: str, _body=None, *, submission_id: str = "") -> dict:
        if operation == "order_test_run":
            self.orders += 1
            return {"id": f"again-{self.orders}", "state": "ordered", "held_microwon": 1}
        if operation == "accept_test_run":
            return {"state": "testing"}
        verdict = self.verdicts[self.orders]
        return {"id": submission_id, "state": "trial", "verdict": verdict, "model": "m",
                "charge_microwon": SECOND, "held_microwon": 0}  # fmt: skip


@pytest.mark.parametrize(
    ("verdicts", "last", "paid", "told"),
    [
        (["passed"], "passed", 1, 0),
        (["failed", "passed"], "passed", 2, 1),
        (["failed", "failed", "failed"], "failed", 3, 2),
    ],
)
def test_failed_run_is_ordered_again_and_paid(verdicts, last, paid, told):
    maker, step = Maker(verdicts), Step("chip report")
    row, charged = verifying._steady(maker, step, verifying.MODELS[0], "first")
    assert (row["verdict"], charged, len(step.notes)) == (last, paid * SECOND, told)
    assert row["id"] == ("first" if paid == 1 else f"again-{paid - 1}")


def test_part_of_a_second_is_never_charged(monkeypatch):
    maker = Maker(["passed"])
    monkeypatch.setattr(verifying, "WON_EACH_MICROWON", SECOND + 1)
    with pytest.raises(CheckFailed):
        verifying._steady(maker, Step("chip report"), verifying.MODELS[0], "first")
