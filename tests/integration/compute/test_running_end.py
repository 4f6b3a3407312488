"""From a declaration to a charge, through the command alone: a site of one machine, a grant, a
job that really runs, its GPU-seconds in book Q and on the voucher."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from compute_house import declared
from house import House, standing_house

from madang.cli.compute_jobs import unshown
from madang.core.clock import seoul_date

TODAY = datetime.now(UTC).date()
WAIT_S_MAX = 30


@pytest.fixture(scope="module")
def house():
    with standing_house() as standing:
        told = standing.apply(declared(TODAY, gpu_seconds=3_600))
        assert told.code == 0, told
        yield standing


def submit(house: House, key: str, *command: str, cards: int = 2, limit_s: int = 60):
    return house.madang(
        "compute", "submit", "--grant", "g1", "--key", key, "--cards", str(cards),
        "--time-limit", str(limit_s), "--", *command,
    )  # fmt: skip


def ended(house: House, key: str) -> dict:
    deadline = time.monotonic() + WAIT_S_MAX
    while True:
        told = house.madang("compute", "status", key)
        assert told.code == 0, told
        if told.data["state"] not in {"intent", "queued", "running"}:
            return told.data
        assert time.monotonic() < deadline, told.data


def test_a_job_is_held_run_metered_and_charged(house: House):
    told = submit(house, "first", "sh", "-c", "echo madang-progress: 50; sleep 1")
    assert told.code == 0, told
    assert told.data["state"] in {"queued", "running"}
    grant = house.madang("compute", "grants", "g1").data["gpu_seconds"]
    assert (grant["granted"], grant["held"], grant["available"]) == (1800, 120, 1680)

    job = ended(house, "first")
    assert job["state"] == "completed"
    (attempt,) = job["attempts"]
    lasted = datetime.fromisoformat(attempt["ended_at"]) - datetime.fromisoformat(
        attempt["started_at"]
    )
    assert attempt["cards"] == 2
    expected = -(-2 * (lasted // timedelta(milliseconds=1)) // 1000)
    assert job["gpu_seconds"] == expected
    assert job["charge_microwon"] == expected * 1_500_000

    grant = house.madang("compute", "grants", "g1").data["gpu_seconds"]
    assert (grant["held"], grant["used"]) == (0, expected)
    voucher = house.madang("voucher", "show", "v-gpu").data
    assert voucher["supply"]["charged_microwon"] == expected * 1_500_000
    assert voucher["subsidy"]["held_microwon"] == 0
    assert house.madang("compute", "logs", "first").data["log"] == "madang-progress: 50\n"
    assert house.madang("ledger", "verify").data["ok"]


def test_what_a_job_said_of_its_progress_is_known_after_the_worker_has_closed_it(house: House):
    """The worker reads every ten seconds: it mostly sees an end before anybody asks."""
    assert submit(house, "quick", "sh", "-c", "echo madang-progress: 100").code == 0
    deadline = time.monotonic() + WAIT_S_MAX
    while house.madang("compute", "list").data["jobs"][0]["state"] != "completed":
        assert time.monotonic() < deadline
        house.madang("compute", "poll")
    told = house.madang("compute", "status", "quick")
    assert told.data["progress"] == 100
    words = [sys.executable, "-m", "madang.cli", "compute", "status", "quick"]
    shown = subprocess.run(
        words, env=house.environment(), capture_output=True, text=True, check=True
    )
    assert "100 %" in shown.stdout.splitlines()[0]


def test_a_log_is_followed_line_by_line_until_the_job_is_over(house: House):
    words = "echo one; printf half; sleep 4; echo ' a line'; sleep 2; printf end"
    assert submit(house, "told", "sh", "-c", words).code == 0
    command = [sys.executable, "-m", "madang.cli", "compute", "logs", "told", "--follow"]
    with subprocess.Popen(
        command, env=house.environment(), stdout=subprocess.PIPE, text=True
    ) as following:
        assert following.stdout is not None
        first = following.stdout.readline()
        is_over = following.poll() is not None
        rest = following.stdout.read()
    assert (first, is_over, following.returncode) == ("one\n", False, 0)
    assert rest == "half a line\nend\n"
    told = house.madang("compute", "logs", "told", "--follow")
    assert told.data["log"] == "one\nhalf a line\nend"
    assert told.data["state"] == "completed"


def test_a_log_longer_than_what_is_read_of_it_is_followed_by_its_lines():
    assert unshown("a\nb\nb\n", "b\nb\nc\n") == "c\n"
    assert unshown("a\nb\n", "a\nb\n") == ""
    assert unshown("", "a\n") == "a\n"
    assert unshown("a\n", "x\ny\n") == "x\ny\n"


def test_a_script_that_is_no_text_is_refused_with_its_field(house: House, tmp_path):
    script = tmp_path / "job.sh"
    script.write_bytes(b"\x8b\xff")
    told = house.madang(
        "compute", "submit", "--grant", "g1", "--key", "binary", "--cards", "1",
        "--time-limit", "60", "--script", str(script),
    )  # fmt: skip
    assert (told.code, told.data["error"]["code"]) == (1, "compute.job.order_invalid")
    assert told.data["error"]["field"] == "script"


def test_the_same_key_is_the_same_job_and_other_content_is_refused(house: House):
    first = submit(house, "twice", "true")
    again = submit(house, "twice", "true")
    assert (first.data["replayed"], again.data["replayed"]) == (False, True)
    assert first.data["engine_job"] == again.data["engine_job"]
    other = submit(house, "twice", "true", cards=1)
    assert other.code == 1
    assert other.error["code"] == "compute.job.exists_with_different_content"
    ended(house, "twice")


def test_what_the_quota_cannot_carry_is_refused_before_the_engine_hears_of_it(house: House):
    told = submit(house, "too-long", "true", limit_s=3600)
    assert told.error["code"] == "metering.quota.insufficient"
    assert house.madang("compute", "status", "too-long").error["code"] == (
        "core.request.not_found"
    )


def test_declaring_again_changes_nothing(house: House):
    told = house.apply(declared(TODAY, gpu_seconds=3_600))
    assert told.data["created"] == told.data["changed"] == []


def test_a_month_settles_gpu_seconds_like_any_other_use(house: House):
    month = f"{datetime.now(UTC) + timedelta(hours=9):%Y-%m}"
    closed = house.madang("settlement", "close", "--supplier", "gj", "--month", month)
    assert closed.code == 0, closed
    (statement,) = closed.data["statements"]
    assert [line["voucher"] for line in statement["lines"]] == ["v-gpu"]
    assert statement["supply_microwon"] > 0


def test_a_grant_by_petaflops_has_the_cards_of_its_class(house: House):
    grant = house.madang("compute", "grants", "power").data
    assert (grant["petaflops"], grant["precision"], grant["cards_max"]) == ("1.2", "fp16", 3)
    assert grant["gpu_seconds"]["decided"] == 3 * 321 * 86_400


WRONG = [
    ('size = "large"\nteraflops_per_card = 500', 'size = "medium"\nwhole_servers = true',
     "compute.class.size_invalid"),
    ('petaflops = "1.2"', 'petaflops = "1.2"\ncards_max = 3', "cli.declaration.value_wrong"),
    ('petaflops = "1.2"', 'petaflops = "1,2"', "cli.declaration.value_wrong"),
    ('petaflops = "1.2"', "cards_max = 3", "cli.declaration.field_missing"),
    ('petaflops = "1.2"', 'petaflops = "0.4"', "compute.grant.exists_with_different_terms"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "code"), WRONG)
def test_sizes_and_petaflops_that_cannot_be_are_refused(house: House, right, wrong, code):
    assert right in declared(TODAY, gpu_seconds=3_600)
    told = house.apply(declared(TODAY, gpu_seconds=3_600).replace(right, wrong))
    assert (told.code, told.error["code"]) == (1, code)


def ask(house: House):
    return house.madang(
        "compute", "request", "by-power", "--organisation", "hana", "--gpu-seconds", "3600",
        "--cards", "1", "--days", "30", "--purpose", "prototype", "--as", "kim@hana.example",
    )  # fmt: skip


def test_requests_are_asked_for_and_decided_by_command(house: House):
    first, second = ask(house), ask(house)
    assert (first.data["state"], second.data["state"]) == ("approved", "submitted")
    waiting = second.data["id"]
    told = house.madang(
        "compute", "decide-request", waiting, "--refuse", "--reason", "one is enough",
        "--as", "op@gj.example",
    )  # fmt: skip
    assert (told.code, told.data["state"], told.data["reason"]) == (
        0, "refused", "one is enough"
    )  # fmt: skip
    own = house.madang("compute", "requests", "--as", "kim@hana.example").data["requests"]
    assert [one["state"] for one in own] == ["refused", "approved"]
    again = house.madang("compute", "decide-request", waiting, "--approve")
    assert again.error["code"] == "parties.workflow.not_allowed_now"
    nowhere = house.madang("compute", "decide-request", "x", "--approve")
    assert nowhere.error["code"] == "cli.reference.unknown"
    grant = first.data["grant"]
    back = house.madang("compute", "give-back", grant, "--gpu-seconds", "600")
    assert back.data["gpu_seconds"]["available"] == 3000


def test_figures_of_an_exporter_are_taken_and_idle_cards_listed(house: House, tmp_path):
    told = submit(house, "fed", "sleep", "30", cards=1)
    text = f'DCGM_FI_DEV_GPU_UTIL{{gpu="0",hpc_job="{told.data["engine_job"]}"}} 12\n'
    path = tmp_path / "metrics.txt"
    path.write_text(text + 'DCGM_FI_DEV_GPU_UTIL{gpu="1",hpc_job="99999"} 3\n')
    fed = house.madang("compute", "feed", str(path), "--site", "local", "--seconds", "60")
    assert fed.data == {"taken": 1, "unknown": 1}
    assert house.madang("compute", "idle").data == {"cases": []}
    refused = house.madang("compute", "object", "g1", "--text", "none is open")
    assert refused.error["code"] == "core.request.not_found"
    assert house.madang("compute", "cancel", "fed").code == 0
    ended(house, "fed")


def test_jobs_of_a_grant_that_nobody_knows_are_refused_as_its_status_is(house: House):
    known = house.madang("compute", "list", "--grant", "g1")
    assert (known.code, bool(known.data["jobs"])) == (0, True)
    told = house.madang("compute", "list", "--grant", "nobody")
    assert (told.code, told.error["code"]) == (1, "core.request.not_found")


def test_a_refused_job_says_why(house: House):
    """In the engine's words, and ours in Korean; its status says it for good."""
    words = ("--key", "boxed", "--cards", "1", "--time-limit", "60", "--image", "a.sif")
    told = house.madang("compute", "submit", "--grant", "g1", *words, "--", "true")
    if told.code == 0:
        pytest.skip("this machine runs images")
    assert told.error["code"] == "compute.engine.refused"
    status = house.madang("compute", "status", "boxed").data
    assert status["state"] == "refused"
    assert status["refused"] == "no apptainer on this machine to run images"
    assert "이미지를 실행할" in status["refused_ko"]
    listed = house.madang("compute", "list").data["jobs"]
    assert {one["key"]: one["refused"] for one in listed}["boxed"] == status["refused"]
    assert house.madang("compute", "status", "first").data["refused"] is None


def test_a_report_is_refused_with_a_reason_and_another_brings_the_next_half(house: House):
    kim, op = ("--as", "kim@hana.example"), ("--as", "op@gj.example")
    first = house.madang("compute", "report", "g1", "--text", "half way", *kim).data
    assert (first["state"], first["tranche"], first["reason"]) == ("submitted", 2, "")
    decide = ("compute", "decide-report", first["id"], "--refuse", *op)
    assert house.madang(*decide).error["code"] == "compute.attempt.decision_invalid"
    assert house.madang(*decide, "--reason", "no figures").data["state"] == "refused"
    assert house.madang("compute", "decide-report", first["id"], "--accept", *op).code == 1
    (told,) = house.madang("compute", "reports", "g1", *kim).data["reports"]
    assert (told["state"], told["reason"]) == ("refused", "no figures")
    assert house.madang("compute", "grants", "g1").data["gpu_seconds"]["granted"] == 1800
    second = house.madang("compute", "report", "g1", "--text", "figures", *kim).data
    done = house.madang("compute", "decide-report", second["id"], "--accept", *op)
    assert (done.code, done.data["state"]) == (0, "accepted")
    assert house.madang("compute", "grants", "g1").data["gpu_seconds"]["granted"] == 3600
    assert house.madang("compute", "doubts", *op).data == {"submissions": []}
    assert house.madang("compute", "doubts", *kim).code == 1


def test_two_sites_of_one_cluster_that_share_users_are_refused_whole(house: House):
    site = """
[[site]]
code = "{code}"
engine = "slurm"
cluster = "madang"
user = "gpu-jobs"
grant_users = ["gpu-g1", "{user}"]
"""
    told = house.apply(site.format(code="east", user="x") + site.format(code="west", user="y"))
    assert (told.code, told.error["code"]) == (1, "compute.site.users_shared")
    fields = told.error["fields"]
    assert {fields["site"], fields["other"]} == {"east", "west"}
    assert (fields["users"], fields["cluster"]) == ("gpu-g1", "madang")
    for words in ("east", "west", "gpu-g1"):
        assert words in told.error["message"]
        assert words in told.error["message_ko"]
    again = house.apply(site.format(code="east", user="x"))
    assert again.code == 0
    assert len(again.data["created"]) == 1  # nothing of the first was half applied


def test_a_plan_is_compared_with_the_ledger_of_a_site(house: House, tmp_path):
    band = {"low": 0.0, "middle": 1, "high": 2}
    plan = {
        "card_hours_asked": 1.0, "from": f"{TODAY - timedelta(days=2)}",
        "until": f"{TODAY + timedelta(days=2)}",
        "at_declared": {"unspent": {"low": 0, "middle": 0.5, "high": 1}, "p95_wait_h": band},
    }  # fmt: skip
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan))
    jobs = house.madang("compute", "list").data["jobs"]
    told = house.madang("compute", "backtest", "--forecast", str(path), "--ledger", "local")
    used, wait = told.data["lines"]
    seconds = sum(one["gpu_seconds"] + one["borne_gpu_seconds"] for one in jobs)
    assert used["actual"] == pytest.approx(seconds / 3600)
    assert wait["inside"]
    assert told.data["running"], "the round ends in two days"
    path.write_text(json.dumps(plan | {"until": f"{TODAY - timedelta(days=1)}"}))
    over = house.madang("compute", "backtest", "--forecast", str(path), "--ledger", "local")
    in_seoul = seoul_date(datetime.now(UTC))
    assert (over.data["running"], over.data["told_on"]) == (False, f"{in_seoul}")
