"""The name of policy that says when a person is asked about a submission without an answer."""

import tomllib
from importlib import resources

from django.db import migrations

from madang.parties.policies.seeding import give_names


def add_names(apps, schema_editor):
    text = resources.files("madang.compute").joinpath("policy.toml").read_text("utf-8")
    give_names(apps, "compute", tomllib.loads(text))


class Migration(migrations.Migration):

    dependencies = [("compute", "0012_passed_over")]

    operations = [migrations.RunPython(add_names, migrations.RunPython.noop)]
