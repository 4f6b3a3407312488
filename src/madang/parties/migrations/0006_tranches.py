"""Awards in parts: a name of policy that is new."""

from django.db import migrations

from madang.parties.policies.seeding import add_missing_names


class Migration(migrations.Migration):

    dependencies = [("parties", "0005_sanctions")]

    operations = [migrations.RunPython(add_missing_names, migrations.RunPython.noop)]
