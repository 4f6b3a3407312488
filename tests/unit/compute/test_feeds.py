"""What sources tell about the use of cards, read: Slurm's steps and the text of an exporter."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from madang.compute.findings.feeds.dcgm import read_dcgm
from madang.compute.findings.feeds.slurm import permille_of, utilisation_in

AT = datetime(2026, 3, 2, tzinfo=UTC)
EXPORTED = """# HELP DCGM_FI_DEV_GPU_UTIL GPU utilization (in %).
# TYPE DCGM_FI_DEV_GPU_UTIL gauge
DCGM_FI_DEV_GPU_UTIL{gpu="0",UUID="GPU-1",modelName="NVIDIA H100",hpc_job="77"} 90
DCGM_FI_DEV_GPU_UTIL{gpu="1",UUID="GPU-2",modelName="NVIDIA H100",hpc_job="77"} 11
DCGM_FI_DEV_GPU_UTIL{gpu="2",UUID="GPU-3",modelName="NVIDIA H100",hpc_job="9"} 0
DCGM_FI_DEV_GPU_UTIL{gpu="3",UUID="GPU-4",modelName="NVIDIA H100"} 100
DCGM_FI_DEV_SM_CLOCK{gpu="0",hpc_job="77"} 1980
DCGM_FI_DEV_GPU_UTIL{gpu="4",hpc_job="78"
"""


def test_cards_of_a_job_are_averaged_and_cards_of_nobody_left_out():
    found = [(one.engine_job, one.permille) for one in read_dcgm(EXPORTED, seconds=30, at=AT)]
    assert found == [("77", 505), ("9", 0)]


def test_text_without_the_gauge_tells_nothing():
    assert list(read_dcgm("", seconds=30, at=AT)) == []


def test_steps_that_run_beside_each_other_add_up():
    rows = [
        {"JobIDRaw": "12.batch", "TRESUsageInAve": "cpu=00:00:09,gres/gpuutil=30,mem=1M"},
        {"JobIDRaw": "12.0", "TRESUsageInAve": "gres/gpumem=5G,gres/gpuutil=50"},
        {"JobIDRaw": "13.0", "TRESUsageInAve": "cpu=00:00:09"},
        {"JobIDRaw": "14.0", "TRESUsageInAve": ""},
    ]
    assert utilisation_in(rows) == {"12": [30, 50]}


@pytest.mark.parametrize(
    ("percents", "cards", "permille"), [([80], 2, 400), ([30, 50], 1, 800), ([150], 1, 1000)]
)
def test_percents_are_shared_by_the_cards_of_a_job(percents, cards, permille):
    assert permille_of(percents, cards) == permille
