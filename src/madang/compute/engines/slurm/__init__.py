"""The Slurm engine: slurmrestd with tokens of mapped users, and the command line."""

from madang.compute.engines.slurm.engine import SlurmEngine
from madang.compute.engines.slurm.settings import SlurmSettings

__all__ = ["SlurmEngine", "SlurmSettings"]
