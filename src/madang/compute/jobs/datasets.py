"""Where data sets lie, for jobs that read them: a port that the data hub's room fills."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from madang.compute.errors import DatasetNotHere
from madang.parties.actor import Actor

Resolver = Callable[[Actor, str, str], str | None]
"""Actor, site, data set → a folder to read, or None when it may not or cannot be read there."""

_resolvers: list[Resolver] = []


def register_datasets(resolver: Resolver) -> None:
    """Called once at start-up by whoever keeps data sets."""
    _resolvers.append(resolver)


def mounts_of(actor: Actor, site: str, datasets: Iterable[str]) -> dict[str, str]:
    """Names as environment names, and the folders. Raises DatasetNotHere."""
    found = {}
    for dataset in datasets:
        places = (resolve(actor, site, dataset) for resolve in _resolvers)
        place = next((one for one in places if one), None)
        if place is None:
            raise DatasetNotHere(dataset=dataset)
        found["".join(c if c.isalnum() else "_" for c in dataset)] = place
    return found
