"""The least share that a programme may support at: a name of policy that is new."""

from django.db import migrations

from madang.parties.policies.seeding import add_missing_names


class Migration(migrations.Migration):

    dependencies = [("parties", "0009_join_letters")]

    operations = [migrations.RunPython(add_missing_names, migrations.RunPython.noop)]
