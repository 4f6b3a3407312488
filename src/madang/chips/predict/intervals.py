"""A prediction as an answer: the interval it claims, an upper bound of energy, assumptions."""

from __future__ import annotations

from dataclasses import replace

import madang
from madang.chips.errors import NumberUnknown
from madang.chips.predict.serving import Prediction, predict
from madang.chips.workloads.graph import JsonValue

ONE_CARD, CALIBRATED, CARDS = 0.15, 0.12, 0.20
"""Mean absolute errors that `validate` keeps below; an interval is twice as wide."""


def error_band(prediction: Prediction) -> float:
    if prediction.job.cards > 1:
        return CARDS
    return CALIBRATED if prediction.efficiency.name != "default" else ONE_CARD


def interval(prediction: Prediction) -> tuple[float, float]:
    """Tokens a second: over plausible batches where the batch is not known, and the band."""
    found = [prediction.tokens_s]
    if prediction.batch_source != "given":
        for part in (4, 2):
            job = replace(prediction.job, batch=max(1, prediction.batch // part))
            found.append(predict(prediction.chip, job, prediction.efficiency).tokens_s)
    band = 2 * error_band(prediction)
    return min(found) * (1 - band), max(found) * (1 + band)


def energy_j_a_token_max(prediction: Prediction) -> float | None:
    """Board power times time: an upper bound, never to be called a measurement."""
    try:
        watt = prediction.chip.number("energy", "tdp")
    except NumberUnknown:
        return None
    return watt * prediction.job.cards / prediction.tokens_s


def as_dict(one: Prediction) -> dict[str, JsonValue]:
    job, low_high = one.job, interval(one)
    energy = energy_j_a_token_max(one)
    tdp = one.chip.find("tdp")
    return {
        "device": one.chip.name,
        "model": job.model.name,
        "dtype": job.dtype,
        "input_tokens": job.input_tokens,
        "output_tokens": job.output_tokens,
        "cards": job.cards,
        "tensor_parallel": one.plan.tensor,
        "pipeline_parallel": one.plan.pipeline,
        "batch": one.batch,
        "batch_source": one.batch_source,
        "fits": one.fits,
        "tokens_per_second": one.tokens_s,
        "interval": {"low": low_high[0], "high": low_high[1]},
        "time_to_first_token_ms": (one.prefill.total + one.step.overhead) * 1e3,
        "time_per_output_token_ms": one.step.total * 1e3,
        "bound": one.bound,
        "bound_prefill": one.prefill.bound(),
        "bound_decode": one.step.bound(),
        "shares": {
            "prefill_s": one.prefill.total * one.batch,
            "decode_s": one.step.total * job.output_tokens,
            "decode_compute_ms": one.step.compute * 1e3,
            "decode_memory_ms": one.step.memory * 1e3,
            "decode_interconnect_ms": one.step.interconnect * 1e3,
            "decode_overhead_ms": one.step.overhead * 1e3,
        },
        "weight_bytes": int(job.weight_bytes),
        "cache_bytes_per_token": int(job.cache_bytes_a_token(one.efficiency)),
        "energy_j_per_token_max": energy,
        "energy_source": f"board power ({tdp.mark}) times time: an upper bound"
        if tdp
        else None,
        "efficiency": {
            "name": one.efficiency.name,
            "compute": one.efficiency.compute,
            "bandwidth": one.efficiency.bandwidth,
            "layer_overhead_us": one.efficiency.layer_overhead_us,
            "fitted_rows": [*one.efficiency.rows],
        },
        "assumptions": [*one.assumptions],
        "version": madang.__version__,
    }
