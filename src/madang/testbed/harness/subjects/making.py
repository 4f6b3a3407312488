"""The adapter that a specification asks for."""

from __future__ import annotations

from madang.testbed.harness.samples import Samples
from madang.testbed.harness.spec import Spec
from madang.testbed.harness.subjects.base import Adapter
from madang.testbed.harness.subjects.process import Process
from madang.testbed.harness.subjects.simulated import Pace, SimulatedModel, SimulatedTokens


def adapter_for(spec: Spec, samples: Samples, pace: Pace) -> Adapter:
    """Raises Trouble when the system cannot even be started."""
    subject, tokens, wait_s = spec.subject, spec.data.max_tokens, spec.plan.query_s_max
    if subject.kind == "process":
        return Process(subject.command, spec.folder, samples, wait_s=wait_s, tokens=tokens)
    if subject.kind == "openai":
        from madang.testbed.harness.subjects.endpoint import (  # noqa: PLC0415  httpx: where asked for
            Endpoint,
        )

        return Endpoint(
            subject.address,
            subject.model,
            samples,
            key_variable=subject.key_variable,
            wait_s=wait_s,
            tokens=tokens,
        )
    if subject.kind == "onnxruntime":
        from madang.testbed.harness.subjects.local import (  # noqa: PLC0415  heavy
            Local,
        )

        return Local(spec.path(subject.model), samples)
    if spec.scenario.has_tokens:
        return SimulatedTokens(tokens, pace)
    return SimulatedModel(spec.path(subject.model), samples, pace)
