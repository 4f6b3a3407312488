"""Joins over a call's applications: one hand behind several firms, or many at one hour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from madang.core.clock import rfc3339
from madang.parties.canonical import Json, digest_of
from madang.parties.policies.queries import Policy
from madang.programme.applications.models import LIVE, Application
from madang.programme.calls.models import Call
from madang.programme.flags.digests import plain, plain_address
from madang.programme.flags.found import Found
from madang.programme.flags.models import FlagKind

Value = Callable[[Application], str]
SHOWN = 16


def find_in_call(call: Call, policy: Policy) -> Iterator[Found]:
    """Everything that two or more organisations of one call share, and bursts."""
    rows = list(
        Application.objects.filter(call=call, state__in=LIVE)
        .select_related("organisation__contact", "trace", "supplier")
        .order_by("submitted_at", "id")
    )
    values: dict[FlagKind, Value] = {
        FlagKind.SAME_REPRESENTATIVE: lambda row: plain(row.organisation.representative),
        FlagKind.SAME_ADDRESS: _address,
        FlagKind.SAME_ACCOUNT: _account,
        FlagKind.SAME_NETWORK: _network,
    }
    for kind, value in values.items():
        yield from _shared(call, kind, rows, value)
    yield from _bursts(call, rows, policy)


def _address(row: Application) -> str:
    contact = getattr(row.organisation, "contact", None)
    return plain_address(contact.address) if contact else ""


def _account(row: Application) -> str:
    contact = getattr(row.organisation, "contact", None)
    return contact.account_digest if contact else ""


def _network(row: Application) -> str:
    trace = getattr(row, "trace", None)
    return trace.network_digest if trace else ""


def _shared(
    call: Call, kind: FlagKind, rows: Sequence[Application], value: Value
) -> Iterator[Found]:
    """Groups of at least two organisations with the same value."""
    groups: dict[str, list[Application]] = defaultdict(list)
    for row in rows:
        if found := value(row):
            groups[found].append(row)
    for found, members in groups.items():
        firms = frozenset(row.organisation_id for row in members)
        if len(firms) > 1:
            mark = digest_of(found)[:SHOWN]
            yield Found(kind, f"{kind}:{call.id}:{mark}", firms, _evidence(call, members))


def _bursts(call: Call, rows: Sequence[Application], policy: Policy) -> Iterator[Found]:
    """Many applications for one supplier within a few minutes: somebody applies for others."""
    least = policy.number("burst_applications")
    span = timedelta(minutes=policy.number("burst_minutes"))
    by_supplier: dict[object, list[Application]] = defaultdict(list)
    for row in rows:
        if row.supplier_id is not None and row.submitted_at is not None:
            by_supplier[row.supplier_id].append(row)
    for supplier, members in by_supplier.items():
        widest = max((_window(members, start, span) for start in range(len(members))), key=len)
        if len(widest) >= least:
            firms = frozenset(row.organisation_id for row in widest)
            evidence: dict[str, Json] = {**_evidence(call, widest), "supplier": str(supplier)}
            yield Found(FlagKind.BURST, f"burst:{call.id}:{supplier}", firms, evidence)


def _window(rows: Sequence[Application], start: int, span: timedelta) -> Sequence[Application]:
    first = rows[start].submitted_at
    assert first is not None, "only what was handed in"
    ends_at = first + span
    return [row for row in rows[start:] if row.submitted_at and row.submitted_at <= ends_at]


def _evidence(call: Call, rows: Sequence[Application]) -> dict[str, Json]:
    """Which applications, and from when to when they came in."""
    times = [rfc3339(row.submitted_at) for row in rows if row.submitted_at]
    return {
        "call": str(call.id),
        "applications": [str(row.id) for row in rows],
        "first_at": min(times, default=""),
        "last_at": max(times, default=""),
    }
