"""Commits: immutable trees of files, in sorted pages that most commits share."""

from __future__ import annotations

from django.db import models

from madang.datahub.sets.models import DataSet


class Page(models.Model):
    """A run of entries in the order of their paths, by the digest of its bytes."""

    hash = models.BinaryField(max_length=32, primary_key=True)
    body = models.BinaryField()


class Commit(models.Model):
    """`id` is what clients call the sha: 40 digits of a digest over all that is in here."""

    id = models.CharField(max_length=40, primary_key=True)
    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="commits")
    parent = models.CharField(max_length=40, blank=True)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=400)
    message = models.TextField(blank=True)
    author = models.CharField(max_length=64)
    at = models.DateTimeField()
    index = models.BinaryField()
    files = models.BigIntegerField()
    size_bytes = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["data_set", "-number"], name="commit_newest")]


class RefKind(models.TextChoices):
    BRANCH = "branch", "가지"
    TAG = "tag", "꼬리표"


class Ref(models.Model):
    """A name for a commit."""

    data_set = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="refs")
    kind = models.CharField(max_length=8, choices=RefKind.choices)
    name = models.CharField(max_length=200)
    commit = models.ForeignKey(Commit, on_delete=models.PROTECT, related_name="refs")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["data_set", "kind", "name"], name="ref_once")
        ]
