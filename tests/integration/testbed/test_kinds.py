"""The other kinds of system: an endpoint over HTTP, onnxruntime, a simulated device."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from testbed_bench import KEY, verified, write_model

from madang.testbed.harness.verifying import verify

QUICK = 'profile = "quick"\nmin_duration_s = 0.1\nquery_s_max = 5.0'
PROMPTS = 'file = "prompts.jsonl"\nmax_tokens = 4'
TOKENS = 'name = "LLM"\nexpected_qps = 400\nttft_ms = 60000\ntpot_ms = 60000'


class Upper(BaseHTTPRequestHandler):
    """Streams the prompt in capitals, one word a chunk, like an OpenAI-compatible server."""

    status = 200
    claimed = 3

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(self.status)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for word in body["messages"][0]["content"].upper().split():
            self.say({"choices": [{"delta": {"content": word}}]})
        self.say({"choices": [], "usage": {"completion_tokens": self.claimed}})
        self.wfile.write(b"data: [DONE]\n\n")

    def say(self, chunk):
        self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")

    def log_message(self, *_words):
        """Quiet."""


@pytest.fixture
def endpoint():
    def serve(**changes):
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("One", (Upper,), changes))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/v1"

    servers = []
    yield serve
    for one in servers:
        one.shutdown()
        one.server_close()


def with_prompts(folder, *, expected="ONETWO{}"):
    rows = [{"prompt": f"one two {n}", "expected": expected.format(n)} for n in range(8)]
    (folder / "prompts.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))


def endpoint_tables(address):
    return {
        "subject": f'kind = "openai"\naddress = "{address}"\nmodel = "m"\nconcurrency = 4',
        "data": PROMPTS,
        "scenario": TOKENS,
        "accuracy": 'metric = "exact"\nreference = "file"',
        "run": QUICK,
    }


def codes(report):
    return {one["code"] for one in report["findings"]}


def test_an_endpoint_is_measured_by_its_chunks_and_passes(tmp_path, endpoint):
    with_prompts(tmp_path)
    made = verified(tmp_path, "", **endpoint_tables(endpoint()))
    assert codes(made.report) <= {"unsteady"}
    assert made.report["verdict"] == "passed"
    assert made.report["figures"]["ttft_p50_ms"]["value"] > 0


@pytest.mark.parametrize(
    ("changes", "code"), [({"status": 503}, "refused"), ({"claimed": 999}, "tokens_unproved")]
)
def test_an_endpoint_that_refuses_or_overclaims_is_named(tmp_path, endpoint, changes, code):
    with_prompts(tmp_path)
    made = verified(tmp_path, "", **endpoint_tables(endpoint(**changes)))
    assert code in codes(made.report)


def test_an_endpoint_that_is_not_there_is_a_failed_report(tmp_path):
    with_prompts(tmp_path)
    made = verified(tmp_path, "", **endpoint_tables("http://127.0.0.1:9/v1"))
    assert made.report["verdict"] == "failed"
    assert "died" in codes(made.report)


def model_tables(kind, scenario, prediction):
    return {
        "subject": f'kind = "{kind}"\nmodel = "model.onnx"',
        "data": "samples = 8",
        "scenario": scenario,
        "accuracy": 'metric = "top1"\nreference = "onnxruntime"',
        "prediction": prediction,
        "run": QUICK,
    }


def test_a_real_model_runs_offline_on_onnxruntime_with_a_roofline_before_it(tmp_path):
    write_model(tmp_path)
    offline = 'name = "Offline"\nexpected_qps = 5000'
    roofline = 'kind = "roofline"\nmacs_per_s = 1e9'
    made = verified(tmp_path, "", **model_tables("onnxruntime", offline, roofline))
    assert codes(made.report) <= {"unsteady", "invalid"}
    assert made.report["accuracy"]["value"] == 1.0
    assert made.report["prediction"]["workload"]["macs"] == 64 * 32
    assert made.report["prediction"]["value"] == pytest.approx(1e9 / (64 * 32))


def test_a_simulated_device_keeps_its_pace_and_is_never_a_pass(tmp_path):
    write_model(tmp_path)
    systolic = 'kind = "systolic"\nrows = 4\ncolumns = 4\nclock_mhz = 0.1'
    tables = model_tables("simulated", 'name = "SingleStream"', systolic)
    made = verified(tmp_path, "", **tables)
    assert made.report["verdict"] in {"simulated", "failed"}
    predicted = made.report["prediction"]
    assert predicted["measured"] >= predicted["value"]
    assert verify(made.path, KEY.public_key()).faults == []


def test_a_simulated_language_model_claims_no_accuracy(tmp_path):
    with_prompts(tmp_path)
    serving = 'kind = "serving"\ndevice = "H100"\nmodel = "llama-3.1-8b"'
    made = verified(
        tmp_path,
        "",
        subject='kind = "simulated"\nconcurrency = 8',
        data=PROMPTS,
        scenario='name = "LLM"\nexpected_qps = 100\nttft_ms = 60000\ntpot_ms = 60000',
        accuracy='metric = "none"',
        prediction=serving,
        run=QUICK,
    )
    assert made.report["verdict"] in {"simulated", "failed"}
    assert "value" not in made.report["accuracy"]
    assert made.report["prediction"]["measured"] >= made.report["prediction"]["value"] * 0.9
