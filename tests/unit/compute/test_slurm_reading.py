"""Slurm's words: states, TRES, times, rows that cannot be read, tokens, three books."""

from __future__ import annotations

import base64
import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from madang.compute.engines.slurm import SlurmEngine, SlurmSettings
from madang.compute.engines.slurm.books import differences, node_clocks, unheard
from madang.compute.engines.slurm.commands import split_rows
from madang.compute.engines.slurm.engine import (
    _cards_by_rest,
    _cards_by_words,
    named,
    undirected,
)
from madang.compute.engines.slurm.reading import (
    SACCT_FIELDS,
    cards_in,
    from_accounting,
    from_rest,
    from_scontrol,
    seconds,
    state_of,
    users_in,
)
from madang.compute.engines.slurm.records import read_records, stay_of
from madang.compute.engines.slurm.rest import Rest
from madang.compute.engines.slurm.tokens import TokenMint
from madang.compute.engines.types import GrantRef, JobRef, JobSpec, RunState
from madang.compute.errors import EngineRefused, EngineUnclear, UserForbidden

ROW = dict(
    zip(
        SACCT_FIELDS,
        ("12", "12", "7", "COMPLETED", "1795624254", "1795624255", "1795624265", "00:00:03",
         "billing=1,cpu=1,gres/gpu:h100=3,gres/gpu=3,node=1", "macc", "madang", "n1", "name",
         "madang-k"),
        strict=True,
    )
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "state"),
    [("CANCELLED by 0", "cancelled"), ("OUT_OF_MEMORY", "failed"), ("NODE_FAIL", "node_fail"),
     ("COMPLETING", "ending"), ("SOMETHING_NEW", "unknown")],
)  # fmt: skip
def test_states_are_read_by_their_first_word_and_new_ones_are_unknown(text, state):
    assert state_of(text) == state


@pytest.mark.parametrize(
    ("tres", "cards"),
    [("gres/gpu=3,gres/gpu:h100=3", 3), ("gres/gpu:h100=2,gres/gpu:a100=1", 3), ("cpu=4", 0),
     ("", 0)],
)  # fmt: skip
def test_cards_are_what_was_allocated_counted_once(tres, cards):
    assert cards_in(tres) == cards


@pytest.mark.parametrize(("text", "whole"), [("00:00:08", 8), ("1-00:01:00", 86_460)])
def test_times_are_read_with_their_days(text, whole):
    assert seconds(text) == whole


def test_a_row_of_accounting_becomes_a_fact_with_allocated_cards():
    fact = from_accounting(ROW)
    assert (fact.cards, fact.suspended_s, fact.key) == (3, 3, "madang-k")
    assert fact.attempt_key == "12@1795624254/1795624255"
    assert (fact.ended_at - fact.started_at).total_seconds() == 10


ANSWERS = [
    ({"errors": [], "job_id": 7}, None),
    ({"errors": [{"error_code": 2068, "error": "Required node not available"}], "job_id": 7},
     None),
    ({"errors": [{"error_code": 2068, "error": "Required node not available"}], "job_id": 0},
     EngineRefused),
    ({"errors": [{"error_number": 2015, "error": "Invalid account"}]}, EngineRefused),
    ({"errors": [{"error_number": 1007, "error": "Protocol"}]}, EngineUnclear),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "raises"), ANSWERS)
def test_an_answer_with_a_jobs_id_has_taken_it_whatever_it_remarks(answer, raises):
    rest = Rest(SlurmSettings(site="s", cluster="c", user="u", jwt_key=b"k" * 32))
    with pytest.raises(raises) if raises else nullcontext():
        rest._check(answer)


MINE = "madang-" + "a1" * 16


def test_a_job_is_known_by_what_it_cannot_write_anew_before_what_it_can():
    """Name and comment can be changed while it runs, and an answer may have been lost."""
    line = f"sbatch --parsable --job-name={MINE} --comment={MINE} --time=1"
    renamed = {**ROW, "Comment": "other", "JobName": "other"}
    assert from_accounting({**renamed, "SubmitLine": line}).key == MINE
    assert from_accounting(renamed).key == "other"
    told = {"job_id": 5, "submit_time": 10, "comment": "other", "name": "other"}
    assert from_rest({**told, "standard_output": f"/logs/{MINE}.out"}).key == MINE
    assert from_rest({**told, "standard_output": "/logs/slurm-5.out"}).key == "other"
    words = f"JobId=5 JobName=other SubmitTime=10 JobState=RUNNING StdOut=/logs/{MINE}.out"
    assert from_scontrol(words).key == MINE


def test_a_part_of_a_heterogeneous_job_is_told_with_its_whole():
    assert from_accounting({**ROW, "JobIDRaw": "9", "JobID": "8+1"}).submission == "8"
    told = {"job_id": 9, "submit_time": 10, "array_job_id": 0}
    assert from_rest({**told, "het_job_id": 8}).submission == "8"
    assert from_rest({**told, "het_job_id": 0}).submission == "9"
    assert from_scontrol("JobId=9 HetJobId=8 SubmitTime=10").submission == "8"


@pytest.mark.parametrize(
    ("script", "read"),
    [
        ("#!/bin/sh\n#SBATCH --nodes=4\ntrue", "#!/bin/sh\n##SBATCH --nodes=4\ntrue"),
        ("#!/bin/sh\n\n# a\n#PBS -l n=4\n#BSUB x", "#!/bin/sh\n\n# a\n##PBS -l n=4\n##BSUB x"),
        ("#!/bin/sh\ncat <<E >s\n#SBATCH -N 4\nE", "#!/bin/sh\ncat <<E >s\n#SBATCH -N 4\nE"),
        ("#SBATCH -N 4", "##SBATCH -N 4"),
        ("#!/bin/sh\n \t# a\n#SBATCH -N 4", "#!/bin/sh\n \t# a\n##SBATCH -N 4"),
        ("", ""),
    ],
)
def test_leading_comments_of_a_script_ask_slurm_for_nothing(script, read):
    assert undirected(script) == read


@pytest.mark.parametrize(
    ("changes", "started", "ended"),
    [
        ({"State": "PENDING", "Start": "Unknown", "End": "Unknown", "AllocTRES": ""}, 0, 0),
        ({"State": "RUNNING", "End": "Unknown"}, 1, 0),
        ({"State": "CANCELLED by 0", "Start": "5", "End": "5", "AllocTRES": ""}, 0, 1),
        ({"State": "REQUEUED", "Start": "5", "End": "5", "AllocTRES": ""}, 1, 1),
    ],
)
def test_planned_times_and_jobs_that_never_started_hold_no_card(changes, started, ended):
    fact = from_accounting({**ROW, **changes})
    assert (fact.started_at is not None, fact.ended_at is not None) == (started, ended)


REQUEUED = (
    "JobId=12 JobName=madang-k Account=macc JobState={} Restarts=1 SubmitTime=5 StartTime=9 "
    "EndTime=69 NodeList=n1 TRES=cpu=1,gres/gpu=2"
)


@pytest.mark.parametrize(
    ("state", "read", "starts"),
    [("RUNNING", RunState.RUNNING, True), ("COMPLETING", RunState.ENDING, False),
     ("PENDING", RunState.PENDING, False)],
)  # fmt: skip
def test_while_cards_are_given_back_the_controllers_start_is_no_attempts(state, read, starts):
    fact = from_scontrol(REQUEUED.format(state))
    assert (fact.state, fact.started_at is not None, fact.ended_at) == (read, starts, None)
    assert fact.state.is_live
    assert fact.cards == (2 if starts else 0)


def test_a_row_without_a_submission_is_left_out_and_stops_nothing():
    assert from_accounting({**ROW, "Submit": "Unknown"}) is None


WRONG = [
    ("AllocTRES", "cpu=1,gres/gpu=1K"), ("AllocTRES", "gres/gpu="),
    ("AllocTRES", "gres/gpu=-3"), ("AllocTRES", "gres/gpu:h100=two"),
    ("Suspended", "3 hours"), ("Submit", "2026-11-26"),
    ("Start", "yesterday"), ("End", "99999999999999999999"), ("End", "\N{SUPERSCRIPT TWO}"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_a_row_that_cannot_be_read_is_left_out_told_and_stops_no_other(
    name, text, monkeypatch, caplog
):
    engine = SlurmEngine(SlurmSettings("s", "c", "u"))
    rows = [{**ROW, name: text}, {**ROW, "JobIDRaw": "13"}]
    monkeypatch.setattr(engine._commands, "rows", lambda *words: rows)
    monkeypatch.setattr(engine._commands, "run", lambda *words: "")
    facts, _ = engine.usage("")
    assert [(one.job_id, one.cards) for one in facts] == [("13", 3)]
    assert "job 12" in caplog.text
    (found,) = engine.reconcile(AT, datetime.now(UTC))
    assert (found.cause, found.job_id, found.key) == ("unreadable", "12", "madang-k")
    assert (found.detail, found.doubts) == (f"{name} {text!r}", False)


def test_what_cannot_be_read_may_be_what_is_looked_for(monkeypatch):
    engine = SlurmEngine(SlurmSettings("s", "c", "u"))
    row = {**ROW, "AllocTRES": "gres/gpu=x", "SubmitLine": "", "User": "u"}
    said = {"sdiag": "DBD Agent queue size: 0\n", "scontrol": ""}
    monkeypatch.setattr(engine._commands, "rows", lambda *words: [row])
    monkeypatch.setattr(engine._commands, "run", lambda *words: said[words[0]])
    ref = GrantRef("macc", "u")
    with pytest.raises(EngineUnclear):
        engine.find("madang-k", ref, since=AT)
    assert engine.find("madang-other", ref, since=AT) is None
    with pytest.raises(EngineUnclear):
        engine.arrivals(ref, since=AT)
    assert engine.arrivals(ref, since=AT, whole=False) == []
    assert engine.arrivals(GrantRef("macc", "other"), since=AT) == []


@pytest.mark.parametrize("state", ["RUNNING", "PENDING", "COMPLETING"])
def test_a_controllers_job_that_cannot_be_read_is_there_and_nothing_is_told_of_its_run(state):
    words = f"JobId=5 SubmitTime=10 StartTime=11 JobState={state} TRES=gres/gpu=1K"
    fact = from_scontrol(words)
    assert (fact.state, fact.cards, fact.started_at) == (RunState.PENDING, 0, None)


FIELDS = ("JobIDRaw", "JobName", "Comment")


@pytest.mark.parametrize(
    ("name", "comment"),
    [("a|b", "c"), ("a", "x|y\n한국어\n"), ("\n\n", ""), ("a\n9|9|9", "|"), ("", "")],
)
def test_a_name_with_bars_and_lines_hides_no_row_and_forges_none(name, comment):
    """Slurm takes such names as they are; a row that is left out would be free of charge."""
    text = f"1~{name}~{comment}\n2~b~c\n"
    rows = list(split_rows(FIELDS, text, "~"))
    assert [row["JobIDRaw"] for row in rows] == ["1", "2"]
    assert rows[0]["JobName"] == name and rows[0]["Comment"].rstrip("\n") == comment.rstrip()


def test_rows_that_are_no_table_are_none():
    assert list(split_rows(FIELDS, "", "~")) == []
    assert list(split_rows(FIELDS, "a sentence\n", "~")) == []


SHRUNK = [
    {"State": "RESIZING", "Submit": "100", "Start": "101", "End": "110",
     "AllocTRES": "gres/gpu=8"},
    {"State": "COMPLETED", "Submit": "110", "Start": "101", "End": "130",
     "AllocTRES": "gres/gpu=4"},
]  # fmt: skip
"""Slurm's own words: the job's start once more on the row of what it went on with."""


def test_a_job_that_changes_its_size_is_two_attempts_and_no_second_counts_twice():
    first, second = (from_accounting({**ROW, **change}) for change in SHRUNK)
    assert (first.state, first.cards) == (RunState.RESIZED, 8)
    assert second.started_at == first.ended_at
    running = from_accounting({**ROW, **SHRUNK[1], "State": "RUNNING", "Start": "110"})
    assert running.attempt_key == second.attempt_key == "12@110/110"


RESIZED = "JobId=12 JobName=k Account=a JobState=RUNNING SubmitTime=100 ResizeTime={} "
RESIZED += "StartTime=101 EndTime=700 NodeList=n1 TRES=gres/gpu=4"


@pytest.mark.parametrize(("at", "key"), [("110", "12@110/110"), ("90", "12@100/101")])
def test_the_controller_tells_a_new_size_as_accounting_does_until_it_starts_anew(at, key):
    assert from_scontrol(RESIZED.format(at)).attempt_key == key
    job = {"job_id": 12, "name": "k", "account": "a", "job_state": "RUNNING",
           "submit_time": 100, "start_time": 101, "resize_time": int(at),
           "tres_alloc_str": "gres/gpu=4"}  # fmt: skip
    assert from_rest(job).attempt_key == key


def test_the_node_of_a_job_that_changed_its_size_saw_one_stay(tmp_path):
    seen = ["101 prolog_slurmd 12 n1", "130 epilog_slurmd 12 n1"]
    facts = [from_accounting({**ROW, **change}) for change in SHRUNK]
    assert differences(facts, [], records(tmp_path, *seen), tolerance_s=5) == []
    late = replace(facts[1], ended_at=facts[1].ended_at + timedelta(seconds=60))
    found = differences([facts[0], late], [], records(tmp_path, *seen), tolerance_s=5)
    assert [one.cause for one in found] == ["overcounted"]


@pytest.mark.parametrize(
    ("job_id", "account", "key"),
    [("5", "ma", "madang-1"), ("8_2", "ma", "madang-1"), ("5", "mb", "mine"),
     ("6", "ma", "mine")],
)  # fmt: skip
def test_a_renamed_job_is_known_by_the_id_under_which_it_was_taken(job_id, account, key):
    raw = "11" if "_" in job_id else job_id
    fact = from_accounting(
        {**ROW, "JobIDRaw": raw, "JobID": job_id, "Account": account, "Comment": "mine"}
    )
    taken = "8" if "_" in job_id else "5"
    refs = [JobRef(taken, "madang-1", GrantRef("ma", "u"))]
    assert [one.key for one in named([fact], refs)] == [key]


SERVERS = [
    (4, 8, {"gres": "gpu:h100:4"}, ["--gres=gpu:h100:4"]),
    (8, 8, {"gres": "gpu:h100:8"}, ["--gres=gpu:h100:8"]),
    (16, 8, {"gpus": "h100:16", "gpus_per_node": "h100:8", "tasks": 2, "tasks_per_node": 1},
     ["--gres=gpu:h100:8", "--nodes=2", "--ntasks=2"]),
    (12, 8, {"gpus": "h100:12"}, ["--gpus=h100:12"]),
    (12, 0, {"gres": "gpu:h100:12"}, ["--gres=gpu:h100:12"]),
]  # fmt: skip


@pytest.mark.parametrize(("cards", "per_server", "rest", "words"), SERVERS)
def test_more_cards_than_a_server_has_are_asked_for_on_several(cards, per_server, rest, words):
    spec = JobSpec(GrantRef("a", "u"), "job", cards, "gpu:h100", 60, "", array=0,
                   cards_per_server=per_server)  # fmt: skip
    assert _cards_by_rest(spec) == rest
    assert _cards_by_words(spec) == words


@pytest.mark.parametrize("user", ["root", "slurm", ""])
def test_no_token_is_made_for_who_may_act_as_anybody(user):
    with pytest.raises(UserForbidden):
        TokenMint(b"key", 60).token_for(user)


def test_a_token_names_its_user_and_ends_soon():
    token = TokenMint(b"key", 60).token_for("www-data")
    body = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert claims["sun"] == "www-data"
    assert claims["exp"] - claims["iat"] == 60


FACT = from_accounting(ROW)
LATE = replace(FACT, ended_at=FACT.ended_at + timedelta(seconds=120))
RUNS = replace(FACT, ended_at=None, state=RunState.RUNNING, source="controller")


def records(tmp_path, *lines: str):
    (tmp_path / "n1.log").write_text("".join(f"{line}\n" for line in lines))
    return read_records(tmp_path)


def node(tmp_path, ends: int = 1795624266):
    return records(
        tmp_path, "1795624255 prolog_slurmd 12 n1", f"{ends} epilog_slurmd 12 n1", "torn li"
    )


BOOKS = [
    ("all agree", FACT, None, True, []),
    ("overcounted", LATE, None, True, [("overcounted", True)]),
    ("phantom, the node decides", FACT, RUNS, True, [("phantom", False)]),
    ("phantom, nobody decides", FACT, RUNS, False, [("phantom", True)]),
    ("runaway", RUNS, None, False, [("runaway", True)]),
]


@pytest.mark.parametrize(("name", "fact", "controller", "has_node", "found"), BOOKS)
def test_three_books_are_compared(tmp_path, name, fact, controller, has_node, found):
    nodes = node(tmp_path) if has_node else {}
    seen = [controller] if controller else []
    told = differences([fact], seen, nodes, tolerance_s=5)
    assert [(one.cause, one.doubts) for one in told] == found


OVER = FACT.ended_at
STILL = replace(FACT, ended_at=None, state=RunState.RUNNING)


@pytest.mark.parametrize(
    ("after_s", "controller", "seen", "found"),
    [
        (60, RUNS, ["over"], [("phantom", False)]),
        (5, RUNS, ["over"], []),  # the controller may not have heard
        (60, RUNS, [], []),
        (60, RUNS, ["over", "begun again"], []),
        (60, replace(RUNS, state=RunState.ENDING), ["over"], []),
        (60, replace(RUNS, started_at=RUNS.started_at + timedelta(seconds=90)), ["over"], []),
    ],
)
def test_a_run_that_is_over_for_its_node_alone_is_found_before_the_books_end_it(
    tmp_path, after_s, controller, seen, found
):
    """The amount is not in doubt yet: nothing of an open run is posted."""
    ends = int(OVER.timestamp())
    lines = {
        "over": f"{ends} epilog_slurmd 12 n1",
        "begun again": "1795624258 prolog_slurmd 12 n1",
    }
    nodes = records(tmp_path, "1795624255 prolog_slurmd 12 n1", *(lines[one] for one in seen))
    told = differences(
        [STILL], [controller], nodes, tolerance_s=5, now=OVER + timedelta(seconds=after_s)
    )
    assert [(one.cause, one.doubts) for one in told] == found


def test_a_stay_on_several_nodes_ends_with_the_last_and_is_open_while_one_is(tmp_path):
    both = ["1000 prolog_slurmd 5 n1", "1001 prolog_slurmd 5 n2", "1010 epilog_slurmd 5 n1"]
    start = datetime.fromtimestamp(1000, UTC)
    assert stay_of(records(tmp_path, *both)["5"], start, tolerance_s=5) == (start, None)
    done = records(tmp_path, *both, "1012 epilog_slurmd 5 n2")["5"]
    assert stay_of(done, start, tolerance_s=5)[1] == datetime.fromtimestamp(1012, UTC)
    assert stay_of(done, start + timedelta(hours=1), tolerance_s=5) is None


AT = datetime(2026, 11, 26, 3, tzinfo=UTC)


def told(start_s, end_s, **values):
    fact = from_accounting(ROW)
    assert fact is not None
    ends = None if end_s is None else AT + timedelta(seconds=end_s)
    return replace(fact, started_at=AT + timedelta(seconds=start_s), ended_at=ends, **values)


STAYS = [
    ("in the books", [told(0, 10)], [("n1", 1, 11)], []),
    ("its prolog came late", [told(0, 30)], [("n1", 20, 31)], []),
    ("runs still", [told(0, None)], [("n1", 1, None)], []),
    ("in no book", [], [("n1", 1, 11)], [(1, 11)]),
    ("the books have another id", [told(0, 10, job_id="13")], [("n1", 1, 11)], [(1, 11)]),
    ("overwritten by its next run", [told(60, 70)], [("n1", 1, 11), ("n1", 60, 71)], [(1, 11)]),
    ("the id was somebody's before", [told(-900, -800)], [("n1", 1, 11)], [(1, 11)]),
    ("the node's clock is behind", [told(0, 10)], [("n1", -60, -50)], []),
    (
        "and the clock is behind for both runs",
        [told(0, 10), told(90, 95)],
        [("n1", -60, -50), ("n1", 30, 35)],
        [],
    ),
    ("on two nodes, one run", [], [("n1", 1, 11), ("n2", 3, 15)], [(1, 15)]),
    ("one of two nodes has not ended", [], [("n1", 1, 11), ("n2", 3, None)], [(1, None)]),
    ("only cancelled before it ran", [told(0, 0, cards=0)], [("n1", 1, 11)], []),
    (
        "forgotten, then cancelled while it waited",
        [told(40, 40)],
        [("n1", 1, None)],
        [(1, None)],
    ),
    ("the same, and its node ended it", [told(55, 55)], [("n1", 1, 50)], [(1, 50)]),
    ("of no second, and the node's clock is behind", [told(55, 55)], [("n1", 1, 2)], []),
    ("a moment ago: it may be booked yet", [], [("n1", 80, 90)], []),
    ("before the window", [], [("n1", -700, -600)], []),
    ("ended in the window", [], [("n1", -700, 11)], [(-700, 11)]),
]


def write_stays(folder, seen):
    """What the nodes wrote of job 12: node, start and end in seconds from AT."""
    lines = []
    for node, start_s, end_s in seen:
        for what, at_s in (("prolog_slurmd", start_s), ("epilog_slurmd", end_s)):
            if at_s is not None:
                at = int(AT.timestamp()) + at_s
                lines.append((at, f"{at} {what} 12 {node}"))
    (folder / "n.log").write_text("".join(f"{line}\n" for _, line in sorted(lines)))


@pytest.mark.parametrize(("name", "books", "seen", "found"), STAYS)
def test_a_run_that_only_nodes_saw_is_found_once_the_books_had_time(
    name, books, seen, found, tmp_path
):
    write_stays(tmp_path, seen)
    since, before = AT - timedelta(minutes=5), AT + timedelta(seconds=60)
    doubts = unheard(books, read_records(tmp_path), since, before, tolerance_s=5)
    spans = [
        tuple(None if at is None else int((at - AT).total_seconds())
              for at in (one.node.started_at, one.node.ended_at))
        for one in doubts
    ]  # fmt: skip
    assert spans == found


def test_a_run_booked_before_the_window_that_a_wrong_clock_moves_into_it_is_not_unheard(
    tmp_path, monkeypatch
):
    """The node's clock is three minutes ahead; accounting tells the run two minutes before."""
    since = AT - timedelta(hours=1)
    booked = told(-3730, -3720)
    at = int(since.timestamp()) + 50
    lines = f"{at} prolog_slurmd 12 n1\n{at + 10} epilog_slurmd 12 n1\n"
    (tmp_path / "n1.log").write_text(lines)
    engine = SlurmEngine(SlurmSettings("s", "c", "u", records=tmp_path))

    def accounting(self, begins, *more):
        return [one for one in [booked] if one.ended_at >= begins], []

    monkeypatch.setattr(SlurmEngine, "_accounting", accounting)
    monkeypatch.setattr(SlurmEngine, "_controller", lambda self: [])
    assert [one for one in engine.reconcile(since, AT) if one.cause == "unheard"] == []


CLOCKS = [
    ("right", [told(0, 60)], [("n1", 1, 61)], {}),
    ("just within", [told(0, 60)], [("n1", 5, 65)], {}),
    ("ahead", [told(0, 60)], [("n1", 6, 66)], {"n1": 6}),
    ("behind", [told(0, 60)], [("n1", -180, -121)], {"n1": -181}),
    ("slow to begin", [told(0, 60)], [("n1", 30, 61)], {}),
    ("slow to end", [told(0, 60)], [("n1", 1, 90)], {}),
    ("runs still", [told(0, None)], [("n1", 30, None)], {}),
    ("one of two", [told(0, 60)], [("n1", 0, 60), ("n2", 40, 100)], {"n2": 40}),
    ("set right since", [told(0, 60), told(300, 360)],
     [("n1", 40, 100), ("n1", 301, 361)], {}),
    ("wrong since", [told(0, 60), told(300, 360)], [("n1", 0, 60), ("n1", 340, 400)],
     {"n1": 40}),
    ("two runs as long, each told rightly", [told(0, 60), told(200, 260)],
     [("n1", 0, 60), ("n1", 200, 260)], {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "books", "seen", "found"), CLOCKS)
def test_a_node_whose_clock_is_wrong_is_told_with_by_how_much(
    name, books, seen, found, tmp_path
):
    write_stays(tmp_path, seen)
    told_off = node_clocks(books, read_records(tmp_path), tolerance_s=5)
    off = {
        one.node.node_list: (one.node.ended_at - one.accounting.ended_at).total_seconds()
        for one in told_off
    }
    assert off == found
    assert not any(one.doubts for one in told_off)


@pytest.mark.parametrize("told", ["DBD Agent queue size: 3\n", "slurm says something else\n"])
def test_what_came_is_not_told_before_accounting_has_been_told_everything(told, monkeypatch):
    engine = SlurmEngine(SlurmSettings("s", "c", "u"))
    monkeypatch.setattr(engine._commands, "run", lambda *words: told)
    with pytest.raises(EngineUnclear):
        engine.arrivals(GrantRef("a", "u"), since=datetime.now(UTC))


def test_what_came_is_not_told_whole_while_the_nodes_records_are_away(tmp_path, monkeypatch):
    """A share that is not there tells of no run, as a node does that ran none."""
    engine = SlurmEngine(SlurmSettings("s", "c", "u", records=tmp_path / "gone"))
    said = {"sdiag": "DBD Agent queue size: 0\n", "scontrol": ""}
    monkeypatch.setattr(engine._commands, "run", lambda *words: said[words[0]])
    monkeypatch.setattr(engine._commands, "rows", lambda *words: [])
    since = datetime.now(UTC)
    with pytest.raises(EngineUnclear):
        engine.arrivals(GrantRef("a", "u"), since=since)
    assert engine.arrivals(GrantRef("a", "u"), since=since, whole=False) == []
    (tmp_path / "gone").mkdir()
    assert engine.arrivals(GrantRef("a", "u"), since=since) == []


def test_books_are_compared_and_say_that_the_nodes_records_are_away(tmp_path, monkeypatch):
    engine = SlurmEngine(SlurmSettings("s", "c", "u", records=tmp_path / "gone"))
    monkeypatch.setattr(engine._commands, "run", lambda *words: "")
    monkeypatch.setattr(engine._commands, "rows", lambda *words: [])
    (away,) = engine.reconcile(datetime(2026, 1, 1, tzinfo=UTC), datetime.now(UTC))
    assert (away.cause, away.doubts) == ("records_away", False)
    assert away.detail == str(tmp_path / "gone")
    (tmp_path / "gone").mkdir()
    assert engine.reconcile(datetime(2026, 1, 1, tzinfo=UTC), datetime.now(UTC)) == []


def test_what_came_is_told_by_its_user_and_by_a_node_that_nobody_else_heard(
    tmp_path, monkeypatch
):
    at = datetime.now(UTC).replace(microsecond=0)
    at_s = int(at.timestamp())
    (tmp_path / "n1.log").write_text(f"{at_s} prolog_slurmd 44 n1\n")
    row = {**ROW, "SubmitLine": "", "Submit": str(at_s), "Start": str(at_s), "End": "Unknown"}
    rows = [
        {**row, "JobIDRaw": id, "JobID": id, "User": user}
        for id, user in (("41", "u"), ("42", "other"))
    ]
    show = f"JobId={{}} JobName=x UserId={{}} JobState=PENDING SubmitTime={at_s}"
    said = {
        "sdiag": "DBD Agent queue size: 0\n",
        "scontrol": "\n".join([show.format(43, "u(9)"), show.format(45, "other(8)")]),
    }
    engine = SlurmEngine(SlurmSettings("s", "c", "u", records=tmp_path))
    monkeypatch.setattr(engine._commands, "run", lambda *words: said[words[0]])
    monkeypatch.setattr(engine._commands, "rows", lambda *words: rows)
    told = engine.arrivals(GrantRef("a", "u"), since=at)
    assert sorted(one.submission for one in told) == ["41", "43", "44"]
    assert engine.arrivals(GrantRef("a", "u"), since=at + timedelta(seconds=9)) == []


def test_what_nobody_says_the_user_of_may_be_anyones(monkeypatch):
    """An association that was taken away leaves a row without a user."""
    at = datetime.now(UTC).replace(microsecond=0)
    at_s = int(at.timestamp())
    row = {**ROW, "SubmitLine": "", "Submit": str(at_s), "Start": str(at_s), "End": "Unknown"}
    rows = [{**row, "JobIDRaw": "41", "JobID": "41", "User": ""}]
    jobs = [{"job_id": 43, "submit_time": at_s}, {"job_id": 44, "submit_time": at_s}]
    jobs[1]["user_name"] = "other"
    settings = SlurmSettings("s", "c", "u", address="http://127.0.0.1:1")
    engine = SlurmEngine(settings)
    monkeypatch.setattr(engine._commands, "run", lambda *words: "DBD Agent queue size: 0\n")
    monkeypatch.setattr(engine._commands, "rows", lambda *words: rows)
    monkeypatch.setattr(engine._rest, "call", lambda *words: {"jobs": jobs})
    told = engine.arrivals(GrantRef("a", "u"), since=at)
    assert sorted(one.submission for one in told) == ["41", "43"]


def test_a_line_may_be_of_whoever_it_names_and_of_its_own_user_in_any_case():
    line = "JobId=1 JobName=x UserId=mine(7) UserId=true(3) Comment=y UserId=other"
    assert users_in(line) == ["mine", "true", "other"]
