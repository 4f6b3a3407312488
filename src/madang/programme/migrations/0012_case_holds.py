"""A case names its payout hold; `flag` was the older word for it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("programme", "0011_years_bank_corrections")]

    operations = [migrations.RenameField("ClawbackCase", "flag", "hold")]
