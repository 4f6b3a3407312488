from django.db import migrations

from madang.parties.policies.seeding import add_missing_names


class Migration(migrations.Migration):
    """Where secure rooms are is policy: a dated document, empty until the agency says more."""

    dependencies = [
        ("datahub", "0010_price"),
        ("parties", "0004_facts_calendar_deliveries"),
    ]

    operations = [migrations.RunPython(add_missing_names, migrations.RunPython.noop)]
