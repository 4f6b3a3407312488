"""Plain integers, counted on the way and read by a scraper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from madang.gateway._usage import Tokens
from madang.wire.record import RecordFlag

Labelled = Mapping[str, int]


@dataclass(slots=True)
class Counters:
    """What happened in this worker since it began."""

    committed: int = 0
    voided: int = 0
    estimated: int = 0
    aborted: int = 0
    above_bound: int = 0
    programme_borne: int = 0
    timeouts: int = 0
    retries: int = 0
    replays: int = 0
    charged_microwon: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    def count(self, flags: int, cost_microwon: int, tokens: Tokens) -> None:
        """One call was committed."""
        self.committed += 1
        self.charged_microwon += cost_microwon
        self.tokens_in += tokens.input + tokens.cached + tokens.cache_write
        self.tokens_out += tokens.output
        if flags & _RARE:
            self.estimated += bool(flags & RecordFlag.ESTIMATED)
            self.above_bound += bool(flags & RecordFlag.ABOVE_BOUND)
            self.programme_borne += bool(flags & RecordFlag.PROGRAMME_BORNE)

    def refuse(self, code: str) -> None:
        self.refused[code] = self.refused.get(code, 0) + 1


_RARE = int(RecordFlag.ESTIMATED | RecordFlag.ABOVE_BOUND | RecordFlag.PROGRAMME_BORNE)


def render(worker: int, counters: Counters, gauges: Mapping[str, int]) -> bytes:
    """Prometheus text. Every series carries the number of its worker."""
    lines = list(_lines_of(worker, counters, gauges))
    return ("\n".join(lines) + "\n").encode()


def _lines_of(worker: int, counters: Counters, gauges: Mapping[str, int]) -> Iterable[str]:
    for one in fields(counters):
        name = f"madang_gateway_{one.name}_total"
        yield f"# TYPE {name} counter"
        value = getattr(counters, one.name)
        if isinstance(value, dict):
            for code, number in sorted(value.items()):
                yield f'{name}{{worker="{worker}",code="{code}"}} {number}'
        else:
            yield f'{name}{{worker="{worker}"}} {value}'
    for gauge, number in gauges.items():
        name = f"madang_gateway_{gauge}"
        yield f"# TYPE {name} gauge"
        yield f'{name}{{worker="{worker}"}} {number}'
