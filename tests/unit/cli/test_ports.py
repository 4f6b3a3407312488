"""The demonstration starts also where its usual ports are taken."""

from __future__ import annotations

import socket

from madang.cli.walk.ports import chosen_ports

ASKED = {"portal": 18000, "gateway": 18080, "sample": 19001}
NOBODY_ASKED = {"portal": None, "gateway": None, "sample": None}


def test_ports_that_were_asked_for_are_taken_as_they_are(tmp_path):
    assert chosen_ports(tmp_path, dict(ASKED)) == ASKED


def test_the_sample_models_port_stays_what_the_first_start_declared(tmp_path):
    chosen_ports(tmp_path, dict(ASKED))
    assert chosen_ports(tmp_path, dict(NOBODY_ASKED))["sample"] == 19001


def test_a_taken_port_is_replaced_by_a_free_one(tmp_path):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        taken = busy.getsockname()[1]
        (tmp_path / "demo").mkdir()
        (tmp_path / "demo" / "sample-port").write_text(str(taken))
        chosen = chosen_ports(tmp_path, dict(NOBODY_ASKED))
    assert chosen["sample"] != taken
    assert len(set(chosen.values())) == 3
