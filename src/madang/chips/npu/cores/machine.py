"""The machine: cores of d x d multipliers, scratchpads, and a memory that all cores share."""

from __future__ import annotations

from dataclasses import dataclass

from madang.chips.errors import ParameterImpossible

MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Machine:
    """Sizes in bytes, rates in bytes a core cycle. Half of each scratchpad is one buffer."""

    cores: int = 4
    edge: int = 128
    clock_mhz: int = 1000
    scratchpad_bytes: int = 32 * MB
    accumulator_bytes: int = 4 * MB
    element_bytes: int = 2
    channels: int = 32
    request_bytes: int = 32
    memory_mhz: int = 877
    memory_latency_cycles: int = 10
    link_latency_cycles: int = 1
    ports: int = 16

    def __post_init__(self) -> None:
        limits = {
            "cores": (1, 1024),
            "edge": (4, 1024),
            "clock_mhz": (1, 100_000),
            "element_bytes": (1, 8),
            "channels": (1, 4096),
            "request_bytes": (1, 4096),
            "memory_mhz": (1, 100_000),
            "ports": (1, 4096),
        }
        for name, (least, most) in limits.items():
            value = getattr(self, name)
            if not least <= value <= most:
                _impossible(name, value, least, most)
        least_pad = 4 * self.edge * self.edge * self.element_bytes
        if self.scratchpad_bytes < least_pad:
            _impossible("scratchpad_bytes", self.scratchpad_bytes, least_pad, 1 << 40)
        if self.accumulator_bytes < 8 * self.edge * self.edge:
            least = 8 * self.edge * self.edge
            _impossible("accumulator_bytes", self.accumulator_bytes, least, 1 << 40)

    @property
    def memory_rate(self) -> float:
        """Bytes a core cycle from all channels together."""
        return self.channels * self.request_bytes * self.memory_mhz / self.clock_mhz

    @property
    def port_rate(self) -> float:
        """Bytes a cycle that one core can take."""
        return float(self.ports * self.request_bytes)

    @property
    def latency(self) -> float:
        """Cycles from a request to its answer, without waiting."""
        return (
            self.memory_latency_cycles * self.clock_mhz / self.memory_mhz
            + 2 * self.link_latency_cycles
        )


def _impossible(name: str, value: int, least: int, most: int) -> None:
    raise ParameterImpossible(
        name=name,
        value=value,
        reason=f"{least} to {most}",
        limit=f"{least} to {most}",
        nearest=min(max(value, least), most),
    )
