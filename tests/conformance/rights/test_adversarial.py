"""Zero false "allowed" on the adversarial set, and few false reviews on its controls.

MADANG_TEST_LONG=1 adds 5,000 combinations of each of four seeds; 500 of one otherwise.
MADANG_RIGHTS_SEEDS names other seeds, as in 1,2,3.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pyarrow.parquet as pq
import pytest
import rights_adversarial

from madang.rights.derive import OBSERVED
from madang.rights.facts import Act, Purpose
from madang.rights.rules import Profile
from madang.rights.scan.run import Settings, Work, scan
from madang.rights.scan.writer import Writer

LONG = os.environ.get("MADANG_TEST_LONG") == "1"
COUNT = 5_000 if LONG else 500
USUAL_SEEDS = "7,11,23,41" if LONG else "7"
SEEDS = [int(s) for s in os.environ.get("MADANG_RIGHTS_SEEDS", USUAL_SEEDS).split(",")]
AT = datetime(2026, 3, 1, tzinfo=UTC)


def archive(path, numbered):
    """Every attack on a host of its own, written as a crawler would."""
    writer = Writer(path, compress=False)
    for number, attack in numbered:
        origin = f"{attack.scheme}://h{number}.example"
        asked = [(0.0, origin + name, file) for name, file in attack.site().items()]
        asked += [(0.0, address, file) for address, file in attack.elsewhere.items()]
        asked += [(hours, origin + name, file) for hours, name, file in attack.versions]
        for hours, address, (status, headers, content) in asked:
            at = AT + timedelta(hours=hours)
            said = [(name, value.replace("{n}", str(number))) for name, value in headers]
            url = address.replace("{n}", str(number))
            writer.response(url, at, status, said, content)
        lines = [("Content-Type", attack.content_type)] if attack.content_type else []
        writer.response(origin + attack.path, AT, 200, [*lines, *attack.headers], attack.body)
    writer.close()


def verdicts(tmp_path, attacks):
    """What a real scan says about each attack, by number."""
    asked = {}
    for number, attack in enumerate(attacks):
        asked.setdefault(attack.purpose, []).append((number, attack))
    found = {}
    for purpose, numbered in asked.items():
        path = tmp_path / f"{purpose}.warc"
        archive(path, numbered)
        regimes = tuple(dict.fromkeys(attack.regime for _, attack in numbered))
        declared = replace(OBSERVED, purpose=Purpose(purpose))
        wanted = Settings((str(path),), regimes, Profile.DEFAULT, declared, date(2026, 11, 25))
        scan(tmp_path / purpose, wanted, now=AT, work=Work(), tell=lambda *_: None)
        rows = [
            r
            for p in sorted((tmp_path / purpose / "records").glob("*"))
            for r in pq.read_table(p).to_pylist()
        ]
        by_host = {row["origin"]: row for row in rows}
        for number, attack in numbered:
            row = by_host.get(f"{attack.scheme}://h{number}.example")
            found[number] = row and [row[f"{attack.regime}.{act}"] for act in Act]
    return found


@pytest.fixture(scope="module", params=SEEDS)
def judged(request, tmp_path_factory):
    attacks = rights_adversarial.attacks()
    attacks += rights_adversarial.combined(COUNT, seed=request.param)
    return attacks, verdicts(tmp_path_factory.mktemp("adversarial"), attacks)


def test_the_set_is_large_and_every_case_got_a_row(judged):
    attacks, found = judged
    assert len([a for a in attacks if not a.may_allow]) - COUNT >= 500
    assert all(found[number] is not None for number in range(len(attacks)))


def test_no_attack_is_ever_allowed_to_train(judged):
    attacks, found = judged
    train = list(Act).index(Act.TRAIN)
    wrong = [
        (a.id, a.headers, a.regime, a.body[:120], list(a.files.items())[:2])
        for n, a in enumerate(attacks)
        if not a.may_allow and found[n][train] == "allowed"
    ]
    assert not wrong, (len(wrong), Counter(w[0] for w in wrong), wrong[:4])


def test_no_simulation_is_ever_allowed_for_any_act(judged):
    attacks, found = judged
    simulated = [
        n for n, a in enumerate(attacks) if a.regime.startswith(("kr-bill", "kr-plan"))
    ]
    assert simulated
    assert not any("allowed" in found[n] for n in simulated)


def test_controls_are_mostly_allowed(judged):
    """False reviews stay at or under five in a hundred."""
    attacks, found = judged
    train = list(Act).index(Act.TRAIN)
    quiet = [(a, found[n][train]) for n, a in enumerate(attacks) if a.may_allow]
    refused = [(a.headers, a.regime, said) for a, said in quiet if said != "allowed"]
    assert len(refused) <= len(quiet) // 20, refused
