"""Versions 버전: a commit sealed under a number, with the licence that goes with it."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.datahub.commits.models import Commit
from madang.datahub.sets.models import DataSet


class Version(models.Model):
    """`digest` is over the commit and its files; `seal` over digest, number and licence."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="versions")
    number = models.CharField(max_length=32)
    commit = models.OneToOneField(Commit, on_delete=models.PROTECT, related_name="version")
    digest = models.CharField(max_length=64)
    seal = models.CharField(max_length=64)
    licence = models.CharField(max_length=64)
    state = models.CharField(max_length=12, default="uploading")
    sealed_by = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["data_set", "number"], name="version_number_once")
        ]


class Recall(models.Model):
    """Why a version was taken back, by whom, and how many people were told."""

    version = models.OneToOneField(Version, on_delete=models.PROTECT, related_name="recall")
    reason = models.CharField(max_length=400)
    recalled_by = models.CharField(max_length=64)
    at = models.DateTimeField()
    told = models.PositiveIntegerField()
