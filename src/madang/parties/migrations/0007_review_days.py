"""The days of a distributed review: a name of policy that is new."""

from django.db import migrations

from madang.parties.policies.seeding import add_missing_names


class Migration(migrations.Migration):

    dependencies = [("parties", "0006_tranches")]

    operations = [migrations.RunPython(add_missing_names, migrations.RunPython.noop)]
