"""What says when it was collected is collected."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metering", "0013_refund_write_offs")]

    operations = [
        migrations.AddConstraint(
            "settledrefund",
            models.CheckConstraint(
                condition=models.Q(collected_at=None) | models.Q(state="collected"),
                name="refund_collected_state",
            ),
        )
    ]
