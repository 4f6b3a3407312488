"""Goal: the whole story of makers and the agency through `madang testbed` alone.
Method: one declared house; a run is ordered, started, collected, charged and checked; a report
is handed in, published, removed, appealed, restored, withdrawn. Everything by the command.
"""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from house import House, standing_house
from testbed_bench import DEVICE, spec_text, write_samples
from testbed_reports import official

from madang.cli.main import run

MAKER, OTHER = "lim@hana.example", "oh@duri.example"
ANN, BOB = "ann@agency.example", "bob@agency.example"
SHORT = 'profile = "quick"\nmin_duration_s = 0.05\nquery_s_max = 5.0'
WON_EACH_MICROWON = 3_000_000
TODAY = datetime.now(UTC).date()
START, END = TODAY - timedelta(days=20), TODAY + timedelta(days=300)
DECLARED = f"""
[[programme]]
code = "chips"
name = {{ ko = "칩 검증", en = "Chip tests" }}
year = {TODAY.year}
starts_on = "{START}"
ends_on = "{END}"
subsidy_ratio = "4/5"
vat_rate = "1/10"
budget_won = 100_000_000
[[organisation]]
code = "hana"
name = {{ ko = "하나", en = "Hana" }}
kind = "sme"
[[organisation]]
code = "duri"
name = {{ ko = "두리", en = "Duri" }}
kind = "sme"
[[organisation]]
code = "agency"
name = {{ ko = "진흥원", en = "Agency" }}
kind = "public"
[[supplier]]
code = "lab"
name = {{ ko = "시험원", en = "Laboratory" }}
organisation = "agency"
[[offering]]
code = "lab/run"
supplier = "lab"
meter = "run"
  [[offering.price]]
  unit = "second"
  won_each = "3"
  valid_from = "{START}T00:00:00+09:00"
[[voucher]]
code = "v-hana"
programme = "chips"
organisation = "hana"
subsidy_won = 1_000_000
deposit_won = 400_000
expires_on = "{END}"
offerings = ["lab/*"]
[[site]]
code = "local"
engine = "local"
[[gpu_class]]
code = "bench"
site = "local"
gres = "gpu"
cards_max = 4
  [[gpu_class.stage]]
  cards = 4
  opens_on = "{START}"
[[grant]]
code = "g-lab"
organisation = "agency"
gpu_class = "bench"
gpu_seconds = 100_000
cards_max = 2
starts_on = "{START}"
ends_on = "{END}"
[[person]]
email = "{MAKER}"
organisation = "hana"
roles = ["maker"]
[[person]]
email = "{OTHER}"
organisation = "duri"
roles = ["maker"]
[[person]]
email = "{ANN}"
organisation = "agency"
roles = ["operator"]
[[person]]
email = "{BOB}"
organisation = "agency"
roles = ["operator"]
"""


@pytest.fixture(scope="module")
def house():
    with standing_house() as found:
        told = found.apply(DECLARED)
        assert told.code == 0, told
        yield found
        shutil.rmtree(found.data, ignore_errors=True)


def done(house: House, *words: str) -> dict:
    told = house.madang("testbed", *words)
    assert told.code == 0, (words, told)
    return told.data


def order(house: House, folder: Path) -> dict:
    write_samples(folder)
    shutil.copy(DEVICE, folder / "device.py")
    subject = f'kind = "process"\ncommand = ["{sys.executable}", "device.py", "good"]'
    (folder / "spec.toml").write_text(spec_text("", subject=subject, run=SHORT))
    return done(
        house, "order", str(folder / "spec.toml"), "--organisation", "hana", "--as", MAKER,
        "--file", str(folder / "samples.npz"), "--file", str(folder / "device.py"),
        "--voucher", "v-hana", "--offering", "lab/run",
    )  # fmt: skip


def test_an_ordered_run_is_started_collected_charged_and_checked_by_a_stranger(house, tmp_path):
    row = order(house, tmp_path)
    assert (row["state"], row["held_microwon"] > 0) == ("ordered", True)
    refused = house.madang("testbed", "start", row["id"], "--grant", "g-lab", "--as", MAKER)
    assert (refused.code, refused.error["code"]) == (1, "core.request.not_found")  # the grant
    started = done(house, "start", row["id"], "--grant", "g-lab", "--as", ANN)
    assert started["state"] == "testing"
    assert done(house, "collect", "--wait", "300")["waiting"] == 0
    shown = done(house, "show", row["id"], "--as", MAKER)
    assert (shown["state"], shown["verdict"], shown["held_microwon"]) == ("trial", "passed", 0)
    seconds, rest = divmod(shown["charge_microwon"], WON_EACH_MICROWON)
    assert (seconds > 0, rest) == (True, 0)
    supply = house.madang("voucher", "show", "v-hana").data["supply"]
    assert supply["charged_microwon"] == shown["charge_microwon"]
    out = tmp_path / "laid-out"
    assert done(house, "archive", row["id"], str(out), "--as", MAKER)["folder"] == str(out)
    checked = done(house, "verify", str(out), "--key", str(out / "key.pub.pem"))
    assert (checked["ok"], checked["recomputed"]) == (True, True)
    not_official = house.madang("testbed", "publish", row["id"], "--as", ANN)
    assert (not_official.code, not_official.error["code"]) == (
        1,
        "parties.workflow.not_allowed_now",
    )


def test_a_declined_and_a_withdrawn_order_give_back_what_was_reserved(house, tmp_path):
    (tmp_path / "second").mkdir()
    first, second = order(house, tmp_path), order(house, tmp_path / "second")
    found = done(house, "decline", first["id"], "--reason", "no slot", "--as", ANN)
    assert (found["state"], found["held_microwon"]) == ("declined", 0)
    words = ("withdraw", second["id"], "--reason", "a mistake")
    hidden = house.madang("testbed", *words, "--as", OTHER)
    assert (hidden.code, hidden.error["code"]) == (1, "core.request.not_found")
    found = done(house, *words, "--as", MAKER)
    assert (found["state"], found["reason"], found["held_microwon"]) == (
        "withdrawn", "a mistake", 0,
    )  # fmt: skip
    empty = house.madang("testbed", "archive", second["id"], str(tmp_path), "--as", MAKER)
    assert (empty.code, empty.error["code"]) == (1, "testbed.file.missing")


def test_a_report_is_published_removed_appealed_restored_and_withdrawn(house, tmp_path):
    made = official(tmp_path / "official", device="Doubler of Hana")
    words = ("submit", str(made.path.parent), "--organisation", "hana", "--as", MAKER)
    row = done(house, *words)
    assert (row["state"], done(house, *words)["id"]) == ("submitted", row["id"])
    assert done(house, "collect")["waiting"] == 0
    refused = house.madang("testbed", "publish", row["id"], "--as", MAKER)
    assert (refused.code, refused.error["code"]) == (1, "core.request.not_allowed")
    assert done(house, "publish", row["id"], "--as", ANN)["report"] == made.sha256
    removed = done(house, "remove", row["id"], "--reason", "wrong cooler", "--as", ANN)
    assert (removed["state"], removed["reason"]) == ("removed", "wrong cooler")
    appeal = done(house, "appeal", row["id"], "--text", "it was the right one", "--as", MAKER)
    assert appeal["state"] == "filed"
    decision = ("decide", appeal["id"], "uphold", "--reason", "so it was", "--as")
    same = house.madang("testbed", *decision, ANN)
    assert (same.code, same.error["code"]) == (1, "parties.approval.same_person")
    assert done(house, *decision, BOB)["state"] == "upheld"
    (listed,) = done(house, "list", "--state", "published", "--as", MAKER)["submissions"]
    assert (listed["id"], listed["appeals"][0]["answer"]) == (row["id"], "so it was")
    assert done(house, "list", "--as", OTHER)["submissions"] == []
    gone = done(house, "withdraw", row["id"], "--reason", "sold out", "--as", MAKER)
    assert gone["state"] == "withdrawn"


def test_a_folder_goes_to_the_board_with_its_key_and_leaves_it_by_its_digest(house, tmp_path):
    made = official(tmp_path / "folder", device="Doubler of Duri")
    key = str(made.public_key)
    found = done(house, "publish", str(made.path.parent), "--key", key, "--as", ANN)
    assert found["report"] == made.sha256
    off = done(house, "withdraw", made.sha256, "--reason", "recalled", "--as", ANN)
    assert off == {"report": made.sha256, "reason": "recalled"}
    log = made.path.parent / "runs" / "01" / "samples.csv"
    log.write_text(log.read_text().replace("1", "2", 1))
    changed = house.madang("testbed", "publish", str(made.path.parent), "--key", key)
    assert (changed.code, changed.error["code"]) == (1, "testbed.report.untrusted")


NOBODY = str(uuid4())


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (("publish", NOBODY, "--as", ANN), 1, "core.request.not_found"),
        (("show", NOBODY, "--as", "who@nowhere.example"), 2, "cli.person.unknown"),
        (("decide", NOBODY, "deny", "--reason", "x", "--as", BOB), 1, "core.request.not_found"),
        (("withdraw", "ab" * 32, "--reason", "x", "--as", ANN), 1, "testbed.report.unknown"),
    ],
)
def test_what_is_not_there_is_refused_by_name(house, words, exit_code, code):
    told = house.madang("testbed", *words)
    assert (told.code, told.error["code"]) == (exit_code, code)
    assert told.error["message_ko"]


@pytest.mark.parametrize(
    "words",
    [
        ("publish", "folder", "--as", ANN),
        ("show", "no number"),
        ("decline", NOBODY, "--as", ANN),
        ("decide", NOBODY, "--reason", "x", "--as", ANN),
        ("decide", NOBODY, "perhaps", "--reason", "x", "--as", ANN),
        ("appeal", NOBODY, "--as", MAKER),
        ("list", "--state", "none"),
    ],
)
def test_wrong_words_are_wrong_usage(words, capsys):
    assert run(["testbed", *words, "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["error"]["code"] == "core.command.wrong_usage"
