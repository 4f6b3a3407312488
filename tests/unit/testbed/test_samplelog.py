"""The harness's sample log: what was written comes back; what cannot have happened does not."""

from __future__ import annotations

import threading

import pytest

from madang.testbed.errors import LogMalformed
from madang.testbed.harness import samplelog
from madang.testbed.harness.judging import kept, services_ns
from madang.testbed.harness.samplelog import HEAD, Writer, read_columns

DIGEST = "0123456789abcdef01234567"
GOOD = f"0,10,20,30,5,2,3,1,{DIGEST}"


def test_lines_come_back_as_columns_whatever_the_thread_and_the_chunk(tmp_path, monkeypatch):
    path = tmp_path / "samples.csv"
    writer = Writer(path)

    def write(thread: int) -> None:
        for i in range(2_000):
            done = i * 10 + 5 + thread
            writer.add((i % 7, i * 10, -1, done, -1, 1, -1, 0), f"{i % 7:024x}")

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    writer.close()
    whole = read_columns(path)
    monkeypatch.setattr(samplelog, "CHUNK_BYTES", 1000)
    pieces = read_columns(path)
    assert len(whole) == len(pieces) == 8_000
    assert (whole.done_ns == pieces.done_ns).all()
    assert sorted(whole.latency_ns.tolist()) == sorted([5, 6, 7, 8] * 2_000)
    assert kept(whole, has_tokens=False).answers == dict.fromkeys(range(7), 0)


def test_columns_hold_every_number_of_a_line(tmp_path):
    (tmp_path / "samples.csv").write_text(f"{HEAD}\n{GOOD}\n")
    log = read_columns(tmp_path / "samples.csv")
    times = (log.sample, log.issued_ns, log.first_ns, log.done_ns, log.claimed_ns)
    assert [one[0] for one in times] == [0, 10, 20, 30, 5]
    assert [one[0] for one in (log.tokens, log.claimed_tokens, log.late)] == [2, 3, 1]
    assert log.output[0] == 0x0123456789ABCDEF
    assert (log.latency_ns[0], log.ttft_ns[0], log.tpot_ns[0]) == (20, 10, 10.0)


def test_another_answer_to_the_same_sample_is_seen(tmp_path):
    other = GOOD.replace("0123", "f123")
    (tmp_path / "samples.csv").write_text(f"{HEAD}\n{GOOD}\n{other}\n{GOOD}\n")
    found = kept(read_columns(tmp_path / "samples.csv"), has_tokens=True)
    assert found.varied == {0}
    assert found.answers == {0: 0x0123456789ABCDEF}


def test_a_system_that_answers_one_after_another_took_the_gaps(tmp_path):
    lines = [f"0,{i},-1,{d},-1,1,-1,0,{DIGEST}" for i, d in ((0, 10), (0, 25), (30, 37))]
    (tmp_path / "samples.csv").write_text("\n".join([HEAD, *lines, ""]))
    log = read_columns(tmp_path / "samples.csv")
    assert services_ns(log.issued_ns, log.done_ns).tolist() == [10, 15, 7]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no sample log"),
        ("sample\n", "no sample log"),
        (HEAD, "no sample log"),
        (f"{HEAD}\n\n", "line 2"),
        (f"{HEAD}\n{GOOD}\n{GOOD}", "line 3 has no end"),
        (f"{HEAD}\n{GOOD}\n\n{GOOD}\n", "line 3"),
        (f"{HEAD}\n{GOOD}\n{GOOD},1\n", "line 3"),
        (f"{HEAD}\n0,10,20,30,5,2,3,1\n", "line 2"),
        (f"{HEAD}\n{GOOD.replace('30', 'x')}\n", "line 2"),
        (f"{HEAD}\n{GOOD.replace('30', '30.5')}\n", "line 2"),
        (f"{HEAD}\n{GOOD.replace('30', '9' * 30)}\n", "line 2"),
        (f"{HEAD}\n{GOOD.replace('30', '9')}\n", "line 2"),  # done before it was issued
        (f"{HEAD}\n{GOOD.replace('20', '31')}\n", "line 2"),  # its first token after its last
        (f"{HEAD}\n{GOOD.replace('20', '9')}\n", "line 2"),
        (f"{HEAD}\n-1{GOOD[1:]}\n", "line 2"),
        (f"{HEAD}\n{GOOD.replace(',2,3,', ',4294967296,3,')}\n", "line 2"),
        (f"{HEAD}\n{GOOD.replace(DIGEST, 'no digest')}\n", "line 2"),
        (f"{HEAD}\n{GOOD.replace(DIGEST, '')}\n", "line 2"),
        (f"{HEAD}\n{GOOD.replace(DIGEST, '-1')}\n", "line 2"),
        (f"{HEAD}\n{GOOD.replace(DIGEST, '0x12')}\n", "line 2"),
        (f"{HEAD}\n{GOOD}\n \n", "line 3"),
        (f"{HEAD}\n# {GOOD}\n", "line 2"),
        ("\x00" * 200, "no sample log"),
    ],
)
def test_what_is_no_log_is_refused_with_its_place(tmp_path, text, reason):
    (tmp_path / "samples.csv").write_text(text)
    with pytest.raises(LogMalformed) as caught:
        read_columns(tmp_path / "samples.csv")
    assert caught.value.fields["reason"] == reason


def test_one_line_that_never_ends_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(samplelog, "CHUNK_BYTES", 4096)
    (tmp_path / "samples.csv").write_text(f"{HEAD}\n{'1' * 100_000}")
    with pytest.raises(LogMalformed, match="line 2 has no end"):
        read_columns(tmp_path / "samples.csv")


def test_a_log_of_more_lines_than_a_run_can_have_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(samplelog, "LINES_MAX", 3)
    (tmp_path / "samples.csv").write_text("\n".join([HEAD, *[GOOD] * 4, ""]))
    with pytest.raises(LogMalformed, match="more than 3 lines"):
        read_columns(tmp_path / "samples.csv")


def test_a_log_that_is_not_there_is_no_log(tmp_path):
    with pytest.raises(LogMalformed, match="no sample log"):
        read_columns(tmp_path / "samples.csv")
