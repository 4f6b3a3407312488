"""People, the roles they hold, and their API tokens. Personal fields live here only."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models

from madang.core.ids import uuid7
from madang.parties.actor import Role
from madang.parties.organisations.models import Organisation

ROLE_CHOICES = [(role.value, role.value) for role in Role]


class PersonManager(BaseUserManager["Person"]):
    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(email__iexact=username)


class Person(AbstractBaseUser):
    """Somebody who signs in. `id` is the opaque name that journals and events carry."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=2, default="ko")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    objects = PersonManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    def __str__(self) -> str:
        return str(self.id)


class Membership(models.Model):
    """A person's place in an organisation, with the roles held there.

    The programme's own staff may stand outside every organisation. Rows are ended, never
    changed, so that an affiliation of the past stays a fact.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="memberships",
        null=True,
        blank=True,
    )
    unit = models.CharField(max_length=100, blank=True)
    roles = ArrayField(models.CharField(max_length=16, choices=ROLE_CHOICES))
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "organisation"],
                condition=models.Q(ends_at=None),
                nulls_distinct=False,
                name="membership_open_once",
            )
        ]


class ApiToken(models.Model):
    """A bearer token for the portal's API: at least 192 random bits, kept as SHA-256."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="tokens")
    sha256 = models.BinaryField(max_length=32, unique=True)
    prefix = models.CharField(max_length=12)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
