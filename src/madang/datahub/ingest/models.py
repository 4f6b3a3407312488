"""What a file was before it was taken in."""

from __future__ import annotations

from django.db import models

from madang.datahub.sets.models import DataSet


class Original(models.Model):
    """`path` was called `name` when it came, in the archive `archive` where it was in one.

    A row for an archive itself has its digest, so that declaring it again finds it known.
    """

    data_set = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="originals")
    path = models.CharField(max_length=1100)
    name = models.CharField(max_length=1100)
    archive = models.CharField(max_length=1100, blank=True)
    encoding = models.CharField(max_length=16, blank=True)
    sha256 = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["data_set", "path"], name="original_once")
        ]
