"""Contents 내용물: bytes by their digest, kept as chunks in packs, each chunk once."""

from __future__ import annotations

from django.db import models

from madang.datahub.sets.models import DataSet


class Pack(models.Model):
    """One object of the store: a xorb of ours. `ends`: u32 of where each chunk's data ends."""

    hash = models.BinaryField(max_length=32, unique=True)
    hashes = models.BinaryField()  # 32 bytes a chunk
    ends = models.BinaryField()  # little-endian u32 a chunk
    lengths = models.BinaryField()  # little-endian u32 a chunk, of the content
    size_bytes = models.BigIntegerField()
    created_at = models.DateTimeField(db_index=True)
    doomed_at = models.DateTimeField(null=True)  # its chunks are found no more; goes next time


class Chunk(models.Model):
    """Where a chunk lies. Whose it is, nobody can ask."""

    hash = models.BinaryField(max_length=32, primary_key=True)
    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="chunks")
    place = models.PositiveIntegerField()


class ReceivedXorb(models.Model):
    """A block as a client sent it: its chunks in order. Their bytes lie in packs."""

    hash = models.BinaryField(max_length=32, primary_key=True)
    hashes = models.BinaryField()
    lengths = models.BinaryField()
    received_at = models.DateTimeField(db_index=True)


class XorbClaim(models.Model):
    """That this person, or somebody of this organisation, sent that block.

    Naming a block by its hash alone gives nothing: else a hash would open what others sent.
    """

    xorb = models.ForeignKey(ReceivedXorb, on_delete=models.PROTECT, related_name="claims")
    owner = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["xorb", "owner"], name="xorb_claim_once")
        ]


class Content(models.Model):
    """One file's bytes. `terms`: (pack u64, first u32, end u32, bytes u64) a run of chunks."""

    sha256 = models.BinaryField(max_length=32, primary_key=True)
    sha1 = models.CharField(max_length=40)  # git's, of the blob
    xet = models.BinaryField(max_length=32, db_index=True)
    size_bytes = models.BigIntegerField()
    terms = models.BinaryField()
    kept_at = models.DateTimeField(db_index=True)


class Claim(models.Model):
    """That these bytes were uploaded to this data set: only then may its files name them."""

    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="claims")
    content = models.ForeignKey(Content, on_delete=models.PROTECT, related_name="claims")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["data_set", "content"], name="claim_once")
        ]
