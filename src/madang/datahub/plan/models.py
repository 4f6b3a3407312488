"""The plan 로드맵: how many kinds were promised by field and half-year, and who builds them."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.datahub.sets.models import DataSet, Field
from madang.parties.models import Organisation
from madang.programme.awards.models import Award


class BuildGoal(models.Model):
    """Kinds to be opened by the end of a half-year ("2022H1").

    `field` empty: over all fields and since the beginning. `published` is what a cited source
    says was opened; it stands beside what this system counts and is never added to it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=64, unique=True)
    field = models.CharField(max_length=24, choices=Field.choices, blank=True)
    half_year = models.CharField(max_length=6, db_index=True)
    target = models.PositiveIntegerField()
    published = models.PositiveIntegerField(null=True)
    source = models.CharField(max_length=400, blank=True)
    state = models.CharField(max_length=12, default="proposed")
    set_by = models.CharField(max_length=64)
    set_at = models.DateTimeField()


class BuildProject(models.Model):
    """One data set to be built under a goal. An award, where there is one, pays by steps.

    `unit`, `promised` and `due_on` are those of the terms in force; `delivered` is what the
    check of the last accepted delivery counted.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=64, unique=True)
    goal = models.ForeignKey(BuildGoal, on_delete=models.PROTECT, related_name="projects")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="build_projects"
    )
    data_set = models.OneToOneField(
        DataSet, on_delete=models.PROTECT, related_name="build_project", null=True
    )
    award = models.ForeignKey(
        Award, on_delete=models.PROTECT, related_name="build_projects", null=True
    )
    proposal = models.OneToOneField(
        "datahub.Proposal", on_delete=models.PROTECT, related_name="project", null=True
    )
    unit = models.CharField(max_length=40)
    promised = models.PositiveBigIntegerField()
    delivered = models.PositiveBigIntegerField(default=0)
    due_on = models.DateField()
    state = models.CharField(max_length=12, default="contracted")
    contracted_by = models.CharField(max_length=64)
    contracted_at = models.DateTimeField()
