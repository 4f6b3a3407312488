"""All tables of this room, where Django looks for them."""

from madang.parties.calendar.models import Holiday, HolidayYear
from madang.parties.documents.models import Document
from madang.parties.events.models import Event, EventReason
from madang.parties.facts.models import OrganisationFact
from madang.parties.joining.models import JoinRequest, JoinState
from madang.parties.notices.models import Notice, NoticeDelivery
from madang.parties.organisations.models import Organisation, OrganisationKind
from madang.parties.people.models import ApiToken, Membership, Person
from madang.parties.policies.models import PolicyVersion
from madang.parties.relationships.models import PartyKind, Relationship
from madang.parties.sanctions.models import Sanction, SanctionState
from madang.parties.suppliers.models import Supplier

__all__ = [
    "ApiToken",
    "Document",
    "Event",
    "EventReason",
    "Holiday",
    "HolidayYear",
    "JoinRequest",
    "JoinState",
    "Membership",
    "Notice",
    "NoticeDelivery",
    "Organisation",
    "OrganisationFact",
    "OrganisationKind",
    "PartyKind",
    "Person",
    "PolicyVersion",
    "Relationship",
    "Sanction",
    "SanctionState",
    "Supplier",
]
