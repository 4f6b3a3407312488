"""How an award reaches the room that delivers it: a port, registered at start-up.

Vouchers are the first; GPU grants and data sets register theirs from the floors above. No
signals: the port's functions are called, in the caller's transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from madang.parties.actor import Actor
from madang.programme.errors import FulfilmentUnknown

if TYPE_CHECKING:
    from madang.programme.applications.models import Application
    from madang.programme.awards.models import Award
    from madang.programme.calls.models import Call
    from madang.programme.milestones.models import Milestone


REIMBURSE = "reimburse"


class FulfilmentPort(Protocol):
    """What a delivering room does for an award. Every step may come again and is then idle."""

    def deposit_required_microwon(self, award: Award) -> int:
        """The cash part that must lie ready before delivery."""

    def prepare(self, actor: Actor, award: Award, *, at: datetime) -> None:
        """After the last signature: make what the deposit is paid into."""

    def deliver(self, actor: Actor, award: Award, *, at: datetime) -> None:
        """After the deposit: hand over. Raises when the deposit is short."""

    def withdraw(self, actor: Actor, award: Award, *, reason: str, at: datetime) -> None:
        """The award lapsed or was declined: undo what was prepared."""


_ports: dict[str, FulfilmentPort] = {}


@runtime_checkable
class AskingPort(FulfilmentPort, Protocol):
    """A room that asks more of an application than its form does."""

    def need_ready(self, application: Application, *, at: datetime) -> None:
        """When it is handed in, under its lock. Raises what is missing."""


@runtime_checkable
class OfferingPort(FulfilmentPort, Protocol):
    """A room in which a call says what its awards give, while it is a draft."""

    def need_offer(self, call: Call, *, at: datetime) -> None:
        """Before the call is approved, under its lock. Raises what is missing."""


@runtime_checkable
class StepsPort(FulfilmentPort, Protocol):
    """An award that is paid by milestones."""

    def need_work(self, milestone: Milestone, *, at: datetime) -> None:
        """Before P24. Raises when the room that judges the work did not take it."""


def register_fulfilment(kind: str, port: FulfilmentPort) -> None:
    """Called by a room's AppConfig, once per kind."""
    _ports[kind] = port


def need_fulfilment(kind: str) -> FulfilmentPort:
    """The port of a kind. Raises FulfilmentUnknown."""
    if kind not in _ports:
        raise FulfilmentUnknown(fulfilment=kind)
    return _ports[kind]


def kind_of(award: Award) -> str:
    """What the award's call promises: the name of its port."""
    if is_reimbursed(award):
        return REIMBURSE
    return str(award.call.terms.get("fulfilment", "voucher"))


def is_reimbursed(award: Award) -> bool:
    """True where the beneficiary pays its supplier first (`pay_direction`)."""
    return bool(award.call.terms.get("pay_direction") == REIMBURSE)


def port_of(award: Award) -> FulfilmentPort:
    return need_fulfilment(kind_of(award))
