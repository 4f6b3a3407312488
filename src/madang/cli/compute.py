"""`madang compute`: capacity planning for GPU rounds."""

from __future__ import annotations

from madang.cli.compute_plan import backtest
from madang.cli.console import group

compute = group("compute", backtest, ko="GPU 지원", en="GPU support.")
