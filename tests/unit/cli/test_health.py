"""The worker's page: well, measured, and nothing else."""

from __future__ import annotations

import http.client

import pytest

from madang.cli.health import HOST, health_page


@pytest.mark.parametrize(
    ("path", "status", "part"),
    [("/healthz", 200, b"ok"), ("/metrics", 200, b"# HELP"), ("/", 404, b"not found")],
)
def test_page_answers(tmp_path, path, status, part):
    file = tmp_path / "run" / "worker.port"
    with health_page(0, file) as port:
        assert file.read_text() == str(port)
        line = http.client.HTTPConnection(HOST, port, timeout=10)
        line.request("GET", path)
        answer = line.getresponse()
        assert answer.status == status
        assert part in answer.read()
        line.close()
    assert not file.exists()
