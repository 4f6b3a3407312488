"""Reports and steps are only ever added."""

from django.db import migrations

from madang.parties.triggers import append_only

TABLES = ("testbed_boardreport", "testbed_boardstep")


class Migration(migrations.Migration):
    dependencies = [("testbed", "0001_initial"), ("parties", "0002_append_only")]

    operations = [append_only(table) for table in TABLES]
