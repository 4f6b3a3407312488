"""What was booked on a case never changes; the law's table and execution's days are seeded."""

import tomllib
from datetime import UTC, datetime
from importlib import resources

from django.db import migrations

from madang.parties.canonical import digest_of
from madang.parties.triggers import append_only

SINCE = datetime(2000, 1, 1, tzinfo=UTC)


def seed(apps, schema_editor):
    versions = apps.get_model("parties", "PolicyVersion")
    text = resources.files("madang.programme").joinpath("policy.toml").read_text("utf-8")
    for kind, data in tomllib.loads(text).items():
        versions.objects.create(
            kind=kind, version=1, valid_from=SINCE, data=data, sha256=digest_of(data),
            created_by="system", created_at=SINCE,
        )


class Migration(migrations.Migration):
    dependencies = [("programme", "0008_cases"), ("parties", "0002_append_only")]

    operations = [
        append_only("programme_casemove"),
        append_only("programme_caseinstalment"),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
