"""The policy learns of the day on which statements freeze by themselves."""

import tomllib
from importlib import resources

from django.db import migrations

from madang.parties.canonical import digest_of


def seed(apps, schema_editor):
    """Every version gets a successor from the same day on that names the new value, too."""
    versions = apps.get_model("parties", "PolicyVersion")
    text = resources.files("madang.metering").joinpath("policy_freeze.toml").read_text("utf-8")
    added = tomllib.loads(text)
    held = list(versions.objects.filter(kind="metering").order_by("version"))
    newest = {row.valid_from: row for row in held}
    for number, row in enumerate(newest.values(), start=held[-1].version + 1):
        data = {**added, **row.data}
        versions.objects.create(
            kind="metering", version=number, valid_from=row.valid_from, data=data,
            sha256=digest_of(data), created_by="system", created_at=row.created_at,
        )


class Migration(migrations.Migration):
    dependencies = [("metering", "0009_team_leases")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
