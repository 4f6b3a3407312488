"""A bank line's payer may be told by an organisation's code, which is as long as codes are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("programme", "0015_direct_vouchers_begin")]

    operations = [
        migrations.AlterField("bankline", "payer_no", models.CharField(max_length=64, blank=True))
    ]
