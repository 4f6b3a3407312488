"""How long after a deadline the bank may still be heard: a policy that is new."""

from django.db import migrations

from madang.parties.policies.seeding import add_missing_names


class Migration(migrations.Migration):

    dependencies = [("parties", "0010_least_ratio")]

    operations = [migrations.RunPython(add_missing_names, migrations.RunPython.noop)]
