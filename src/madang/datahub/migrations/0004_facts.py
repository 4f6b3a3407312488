"""Uses and recalls are facts: rows are only ever added."""

from django.db import migrations

from madang.parties.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [("datahub", "0003_versions_quality_releases")]
    operations = [append_only("datahub_use"), append_only("datahub_recall")]
