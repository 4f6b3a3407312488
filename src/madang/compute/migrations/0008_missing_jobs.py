"""Since when nobody knows a job, and the names of policy that came with it."""

import tomllib
from importlib import resources

from django.db import migrations, models

from madang.parties.canonical import digest_of


def add_names(apps, schema_editor):
    """A fresh database has them from its first version. What is held stays as it is."""
    versions = apps.get_model("parties", "PolicyVersion")
    text = resources.files("madang.compute").joinpath("policy.toml").read_text("utf-8")
    latest = versions.objects.filter(kind="compute").order_by("-version").first()
    data = {**tomllib.loads(text), **latest.data}
    if data != latest.data:
        versions.objects.create(
            kind="compute", version=latest.version + 1, valid_from=latest.valid_from, data=data,
            sha256=digest_of(data), created_by="system", created_at=latest.created_at,
        )


class Migration(migrations.Migration):

    dependencies = [("compute", "0007_policy_names")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="missing_since",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(add_names, migrations.RunPython.noop),
    ]
