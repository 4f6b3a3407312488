"""A direct voucher says from when on it may be used."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metering", "0010_freeze_day")]

    operations = [
        migrations.AddField("voucher", "starts_at", models.DateTimeField(null=True, blank=True))
    ]
