"""The first version of the test-bed's policy."""

import tomllib
from datetime import UTC, datetime
from importlib import resources

from django.db import migrations

from madang.parties.canonical import digest_of

SINCE = datetime(2000, 1, 1, tzinfo=UTC)


def seed(apps, schema_editor):
    versions = apps.get_model("parties", "PolicyVersion")
    text = resources.files("madang.testbed").joinpath("policy.toml").read_text("utf-8")
    data = tomllib.loads(text)
    versions.objects.create(
        kind="testbed", version=1, valid_from=SINCE, data=data, sha256=digest_of(data),
        created_by="system", created_at=SINCE,
    )


class Migration(migrations.Migration):
    dependencies = [("testbed", "0003_submissions"), ("parties", "0002_append_only")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
