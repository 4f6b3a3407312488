"""Events and policy versions are added to, never changed; the first policies are seeded."""

import tomllib
from datetime import UTC, datetime
from importlib import resources

from django.db import migrations

from madang.parties.canonical import digest_of
from madang.parties.triggers import append_only

SINCE = datetime(2000, 1, 1, tzinfo=UTC)


def seed(apps, schema_editor):
    versions = apps.get_model("parties", "PolicyVersion")
    text = resources.files("madang.parties.policies").joinpath("defaults.toml").read_text()
    for kind, data in tomllib.loads(text).items():
        versions.objects.create(
            kind=kind,
            version=1,
            valid_from=SINCE,
            data=data,
            sha256=digest_of(data),
            created_by="system",
            created_at=SINCE,
        )


class Migration(migrations.Migration):

    dependencies = [("parties", "0001_initial")]

    operations = [
        migrations.RunPython(seed, migrations.RunPython.noop),
        append_only("parties_event"),
        append_only("parties_policyversion"),
    ]
