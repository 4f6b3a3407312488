"""Since when nobody knows a job, and the names of policy that came with it."""

import tomllib
from importlib import resources

from django.db import migrations, models

from madang.parties.policies.seeding import give_names


def add_names(apps, schema_editor):
    text = resources.files("madang.compute").joinpath("policy.toml").read_text("utf-8")
    give_names(apps, "compute", tomllib.loads(text))


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
