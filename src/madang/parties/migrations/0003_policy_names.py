"""Grounds of appeals and challenges, disclosure: names of policy that are new."""

from django.db import migrations

from madang.parties.policies.seeding import add_missing_names


class Migration(migrations.Migration):

    dependencies = [("parties", "0002_append_only")]

    operations = [migrations.RunPython(add_missing_names, migrations.RunPython.noop)]
