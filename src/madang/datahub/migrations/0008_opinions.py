"""An expert's opinion is a fact: rows are only ever added."""

from django.db import migrations

from madang.parties.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [("datahub", "0007_proposals_terms_deliveries")]
    operations = [append_only("datahub_sampleopinion")]
