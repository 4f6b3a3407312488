"""A bank's reference is unique in its account: each programme has a trust account of its own."""

from django.db import migrations, models

FILL = """
UPDATE metering_receipt r SET programme = v.programme
  FROM metering_voucher v WHERE v.id = r.voucher_id AND r.programme IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("metering", "0011_voucher_begins")]

    operations = [
        migrations.AlterField("receipt", "reference", models.CharField(max_length=100)),
        migrations.AddConstraint(
            "receipt",
            models.UniqueConstraint(
                fields=("programme", "reference"), name="receipt_once", nulls_distinct=False
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),  # last: a row's events stop a change
    ]
