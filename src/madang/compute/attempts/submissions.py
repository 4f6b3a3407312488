"""Whose job a fact tells of: by the key that was written into it, and where that is another one
by now, by the id under which the engine took it.

Who runs a job may give it another name and comment (`scontrol update`), and no amount may
depend on what its own user writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from madang.compute.engines.types import AttemptFact
from madang.compute.jobs.models import KEY_PREFIX, Job, engine_key_of
from madang.compute.sites.models import Site

OUR_ACCOUNT = re.compile("m[0-9a-f]{32}")
EARLY = timedelta(seconds=2)
"""How much earlier than the platform's own word a submission may seem by the engine's clock."""


def our_key(fact: AttemptFact) -> str:
    """The id of a job of ours that the fact names, as hexadecimal digits."""
    key = fact.key.removeprefix(KEY_PREFIX)
    is_ours = fact.key.startswith(KEY_PREFIX) and len(key) == len(UUID(int=0).hex)
    return key if is_ours and all(one in "0123456789abcdef" for one in key) else ""


def by_submission(site: Site, facts: list[AttemptFact]) -> list[AttemptFact]:
    """The same facts. What ran under an account of ours and names none of our jobs is told
    under the key of the job that was taken under its id, if that was before."""
    ids = {one.submission for one in facts if _is_nameless(one)}
    if not ids:
        return facts
    taken = _taken(site, ids)
    return [_named(one, taken) if _is_nameless(one) else one for one in facts]


def by_id(site: Site, facts: Sequence[AttemptFact]) -> list[AttemptFact]:
    """As by_submission, whatever they name: for those of which no job of ours has the name. Who
    runs a job may write a name into it that looks like one of ours and is nobody's."""
    taken = _taken(site, {one.submission for one in facts})
    return [_named(one, taken) for one in facts]


def _is_nameless(fact: AttemptFact) -> bool:
    return OUR_ACCOUNT.fullmatch(fact.account) is not None and not our_key(fact)


Taken = dict[tuple[str, str], list[tuple[datetime, UUID]]]
"""By id and account: jobs and since when the platform has wanted them, the earliest first."""


def _taken(site: Site, ids: Iterable[str]) -> Taken:
    rows = Job.objects.filter(site=site, engine_job__in=sorted(ids)).order_by("created_at")
    found: Taken = {}
    for job, engine_job, account, since in rows.values_list(
        "id", "engine_job", "grant__account", "created_at"
    ):
        found.setdefault((engine_job, account), []).append((since, job))
    return found


def _named(fact: AttemptFact, taken: Taken) -> AttemptFact:
    jobs = taken.get((fact.submission, fact.account), [])
    before = [job for since, job in jobs if since - EARLY <= fact.submitted_at]
    return replace(fact, key=engine_key_of(before[-1])) if before else fact
