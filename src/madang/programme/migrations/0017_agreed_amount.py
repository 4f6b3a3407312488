"""What a supplier agreed to is kept. The words given so far bind no amount, as before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("programme", "0016_payer_by_code")]

    operations = [
        migrations.AddField(
            "match", "agreed_microwon", models.BigIntegerField(null=True, blank=True)
        ),
        migrations.AddConstraint(
            "match",
            models.CheckConstraint(
                condition=models.Q(agreed_microwon__gte=0), name="match_agreed_amount"
            ),
        ),
    ]
