"""Names of policy that came with a release: an older installation gets a version with them."""

import tomllib
from importlib import resources

from django.db import migrations

from madang.parties.policies.seeding import give_names


def add_names(apps, schema_editor):
    text = resources.files("madang.compute").joinpath("policy.toml").read_text("utf-8")
    give_names(apps, "compute", tomllib.loads(text))


class Migration(migrations.Migration):

    dependencies = [("compute", "0006_decisions_samples_sizes")]

    operations = [migrations.RunPython(add_names, migrations.RunPython.noop)]
