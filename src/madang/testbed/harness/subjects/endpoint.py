"""Any OpenAI-compatible endpoint, streaming. Chunks with text are counted, not believed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping

import httpx

from madang.testbed.harness.samples import Samples
from madang.testbed.harness.subjects.base import Reply, Trouble

CHUNKS_MAX = 200_000


class Endpoint:
    def __init__(
        self,
        address: str,
        model: str,
        samples: Samples,
        *,
        key_variable: str,
        wait_s: float,
        tokens: int,
    ) -> None:
        self._model = model
        self._samples = samples
        self._tokens_max = tokens
        self._wait_s = wait_s
        key = os.environ.get(key_variable, "") if key_variable else ""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.Client(
            base_url=address.rstrip("/"), headers=headers, timeout=wait_s, trust_env=False
        )

    def identity(self) -> Mapping[str, str]:
        return {"name": "openai-compatible", "model": self._model}

    def answer(self, sample: int, on_first: Callable[[], None]) -> Reply:
        body = {
            "model": self._model,
            "messages": [{"role": "user", "content": self._samples.prompts[sample].text}],
            "max_tokens": self._tokens_max,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        pieces: list[str] = []
        claimed: int | None = None
        for chunk in self._chunks(body):
            text, said = _read(chunk)
            claimed = claimed if said is None else said
            if text:
                if not pieces:
                    on_first()
                pieces.append(text)
        if not pieces:
            raise Trouble("garbled", "no text")
        return Reply("".join(pieces).encode(), None, len(pieces), claimed)

    def _chunks(self, body: Mapping[str, object]) -> Iterator[object]:
        """The events of one call, for at most as long as a query may take."""
        until = time.monotonic() + self._wait_s
        try:
            with self._client.stream("POST", "/chat/completions", json=body) as told:
                if told.status_code != 200:
                    raise Trouble("refused", f"status {told.status_code}")
                for number, line in enumerate(told.iter_lines()):
                    if time.monotonic() > until:
                        raise Trouble("hung", f"not done in {self._wait_s:g} s")
                    if number > CHUNKS_MAX:
                        raise Trouble("garbled", f"more than {CHUNKS_MAX} lines")
                    if line.startswith("data:") and line[5:].strip() != "[DONE]":
                        yield json.loads(line[5:])
        except httpx.TimeoutException as err:
            raise Trouble("hung", f"nothing in {self._wait_s:g} s") from err
        except httpx.HTTPError as err:
            raise Trouble("died", f"{type(err).__name__}: {err}") from err
        except ValueError as err:
            raise Trouble("garbled", f"no JSON in the stream: {err}") from err

    def close(self) -> None:
        self._client.close()


def _read(chunk: object) -> tuple[str, int | None]:
    """The text of a chunk, and the tokens that the endpoint says it made."""
    try:
        assert isinstance(chunk, dict)
        usage = chunk.get("usage") or {}
        claimed = usage.get("completion_tokens")
        choices = chunk.get("choices") or [{}]
        text = (choices[0].get("delta") or {}).get("content") or ""
    except (AssertionError, AttributeError, IndexError, TypeError) as err:
        raise Trouble("garbled", "no chunk of a chat completion") from err
    return str(text), claimed if isinstance(claimed, int) else None
