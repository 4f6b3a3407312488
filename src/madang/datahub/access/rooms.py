"""Secure rooms 안심존: networks out of which nothing goes but what the room's staff let out.

Where they are is policy, so who widened it and when stays readable.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from madang.parties.policies.queries import ask_policy
from madang.parties.rows import Answer

POLICY_KIND = "datahub"


def secure_rooms(at: datetime) -> list[str]:
    """The networks of secure rooms at that instant."""
    return ask_rooms(at)()


def ask_rooms(at: datetime) -> Answer[list[str]]:
    """As secure_rooms, read when it is called: see rows.asked."""
    policy = ask_policy(POLICY_KIND, at)
    return lambda: policy().texts("secure_rooms")


def is_in_room(address: str, at: datetime, *, rooms: Sequence[str] | None = None) -> bool:
    """Does this network address belong to a secure room at that instant? `rooms`: where the
    caller has just read them."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    known = secure_rooms(at) if rooms is None else rooms
    return any(_holds(room, found) for room in known)


def _holds(room: str, address: IPv4Address | IPv6Address) -> bool:
    """A line of policy that is no network lets nobody in."""
    try:
        return address in ip_network(room, strict=False)
    except ValueError:
        return False
