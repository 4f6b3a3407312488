"""A command that was not run has sent nothing, whatever kept it from being run."""

from __future__ import annotations

from pathlib import Path

import pytest

from madang.compute.engines.slurm import commands
from madang.compute.engines.slurm.commands import Commands
from madang.compute.engines.slurm.settings import SlurmSettings
from madang.compute.errors import EngineRefused, EngineUnclear, EngineUnwell

SETTINGS = SlurmSettings(
    site="gwangju", cluster="madang", user="kim", conf="/dev/null", address="", jwt_key=b"",
    logs=None, records=Path("/nonexistent"), timeout_s=30.0, books_late_s=60,
)  # fmt: skip


def unwell(*words: str, user: str = "") -> EngineUnwell:
    with pytest.raises(EngineUnwell) as caught:
        Commands(SETTINGS).run(*words, user=user)
    assert not isinstance(caught.value, EngineUnclear)
    return caught.value


def test_a_command_that_is_not_there() -> None:
    assert "no-such-command" in str(unwell("no-such-command").fields["reason"])


def test_a_user_that_this_machine_does_not_know() -> None:
    assert "no-such-user" in str(unwell("true", user="no-such-user").fields["reason"])


def test_a_user_that_may_not_be_taken(monkeypatch) -> None:
    def refuse(*_words: object, **_more: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(commands.subprocess, "run", refuse)
    assert "not permitted" in str(unwell("true", user="daemon").fields["reason"])


@pytest.mark.parametrize(
    "said",
    [
        "sbatch: error: Batch job submission failed: Resource temporarily unavailable",
        "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation",
        "slurm_load_jobs error: Connection reset by peer",
        "sbatch: error: Batch job submission failed: Zero Bytes were transmitted or received",
    ],
)
def test_nobody_knows_what_came_of_words_that_were_sent(said) -> None:
    with pytest.raises(EngineUnclear):
        Commands(SETTINGS).run("sh", "-c", f"echo '{said}' >&2; exit 1")


def test_what_slurm_says_no_to_is_refused() -> None:
    with pytest.raises(EngineRefused):
        Commands(SETTINGS).run("sh", "-c", "echo 'Invalid account' >&2; exit 1")
