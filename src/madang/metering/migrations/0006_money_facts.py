"""Instalments, offsets and alerts never change; the policy learns of alerts and invoices."""

import tomllib
from importlib import resources

from django.db import migrations

from madang.parties.canonical import digest_of
from madang.parties.triggers import append_only


def seed(apps, schema_editor):
    """Every version gets a successor from the same day on that names the new values, too."""
    versions = apps.get_model("parties", "PolicyVersion")
    text = resources.files("madang.metering").joinpath("policy_money.toml").read_text("utf-8")
    added = tomllib.loads(text)
    held = list(versions.objects.filter(kind="metering").order_by("version"))
    for number, row in enumerate(held, start=held[-1].version + 1):
        data = {**added, **row.data}
        versions.objects.create(
            kind="metering", version=number, valid_from=row.valid_from, data=data,
            sha256=digest_of(data), created_by="system", created_at=row.created_at,
        )


class Migration(migrations.Migration):
    dependencies = [("metering", "0005_money")]

    operations = [
        append_only("metering_refundcollection"),
        append_only("metering_offset"),
        append_only("metering_voucheralert"),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
