"""Refusals of this room.

NotFound
├── PartyUnknown            no such organisation, person or supplier
└── PolicyUnknown           no version is valid at that time
Conflict
├── TransitionNotAllowed    the row's state does not allow this step
├── TokenTaken              the token belongs to somebody else
├── PersonBarred            somebody barred from signing in is asked in
├── SupplierMoved           a supplier stays with its organisation
└── PolicyImmutable         a version is never changed
Refused
├── SecretOutsideTest       a password or token stands in a file
├── DocumentTooLarge
├── DocumentEmpty
├── DocumentTypeRefused
├── ReferenceMalformed      not "person:…" or "organisation:…"
├── RelationshipToSelf
├── RoleUnknown
├── TooManyJoinRequests     from one place in a day
├── StaffByDeclaration      a page enters an operator or auditor
├── LinkNotShown            a page would show the way into somebody's account
├── FactInvalid             a field's value cannot be taken
├── Sanctioned              excluded until 24:00 in Seoul of a day
└── FourEyes                somebody approves what they made
"""

from __future__ import annotations

from typing import ClassVar

from madang.core.errors import (
    Conflict,
    FieldValue,
    Language,
    Malformed,
    NotFound,
    Refused,
)
from madang.parties.workflow_names import name_of


class PartyUnknown(NotFound):
    code: ClassVar[str] = "parties.party.unknown"
    in_words: ClassVar[frozenset[str]] = NotFound.in_words | {"kind"}


class TransitionNotAllowed(Conflict):
    """`noun`, `transition` and `state` are codes; the sentence has the table's own names."""

    code: ClassVar[str] = "parties.workflow.not_allowed_now"
    in_words: ClassVar[frozenset[str]] = Conflict.in_words | {"transition", "state"}

    def told(self, name: str, value: FieldValue, language: Language) -> FieldValue:
        noun = str(self.fields.get("noun"))
        found = name_of(noun, name, value, language) if isinstance(value, str) else None
        return found or super().told(name, value, language)


class TokenTaken(Conflict):
    code: ClassVar[str] = "parties.token.taken"


class StaffByDeclaration(Refused):
    code: ClassVar[str] = "parties.person.staff_by_declaration"


class TooManyJoinRequests(Refused):
    code: ClassVar[str] = "parties.join.too_many"
    http_status: ClassVar[int] = 429


class LinkNotShown(Refused):
    code: ClassVar[str] = "parties.person.link_not_shown"


class PersonBarred(Conflict):
    code: ClassVar[str] = "parties.person.barred"


class SupplierMoved(Conflict):
    code: ClassVar[str] = "parties.supplier.moved"


class PolicyImmutable(Conflict):
    code: ClassVar[str] = "parties.policy.immutable"


class PolicyUnknown(NotFound):
    code: ClassVar[str] = "parties.policy.unknown"


class SecretOutsideTest(Refused):
    code: ClassVar[str] = "parties.secret.only_in_test_mode"


class DocumentTooLarge(Refused):
    code: ClassVar[str] = "parties.document.too_large"
    http_status: ClassVar[int] = 413


class DocumentEmpty(Refused):
    code: ClassVar[str] = "parties.document.empty"


class DocumentTypeRefused(Refused):
    code: ClassVar[str] = "parties.document.type_refused"
    http_status: ClassVar[int] = 415


class ReferenceMalformed(Malformed):
    code: ClassVar[str] = "parties.reference.malformed"


class RelationshipToSelf(Refused):
    code: ClassVar[str] = "parties.relationship.to_self"


class RoleUnknown(Malformed):
    code: ClassVar[str] = "parties.role.unknown"


class FactInvalid(Malformed):
    code: ClassVar[str] = "parties.field.invalid"


class Sanctioned(Refused):
    code: ClassVar[str] = "parties.organisation.sanctioned"
    http_status: ClassVar[int] = 403


class FourEyes(Refused):
    code: ClassVar[str] = "parties.approval.same_person"
    http_status: ClassVar[int] = 403
