"""What a search looks at: one row a data set, made anew when the set has changed."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from madang.datahub.sets.models import DataSet


class SearchRow(models.Model):
    """`pieces` are words and pairs of letters, so that Korean is found within its words."""

    data_set = models.OneToOneField(DataSet, on_delete=models.CASCADE, related_name="search")
    title = models.TextField()
    text = models.TextField()
    pieces = ArrayField(models.CharField(max_length=64))
    kinds = ArrayField(models.CharField(max_length=16))
    languages = ArrayField(models.CharField(max_length=16))
    made_at = models.DateTimeField()

    class Meta:
        indexes = [GinIndex(fields=["pieces"], name="search_pieces")]
