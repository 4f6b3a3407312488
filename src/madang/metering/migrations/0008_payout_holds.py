"""What was called a payout flag is a payout hold: flags are findings, and another noun."""

from django.db import migrations, models
from django.db.models import Q
from django.db.models.deletion import PROTECT


class Migration(migrations.Migration):
    dependencies = [("metering", "0007_payouts_of_work")]

    operations = [
        migrations.RenameModel("PayoutFlag", "PayoutHold"),
        migrations.RenameField("PayoutHold", "raised_at", "placed_at"),
        migrations.RenameField("PayoutHold", "raised_by", "placed_by"),
        migrations.AlterField(
            "PayoutHold",
            "supplier",
            models.ForeignKey(
                null=True, on_delete=PROTECT, related_name="payout_holds",
                to="parties.supplier",
            ),  # fmt: skip
        ),
        migrations.AlterField(
            "PayoutHold",
            "voucher",
            models.ForeignKey(
                null=True, on_delete=PROTECT, related_name="payout_holds",
                to="metering.voucher",
            ),  # fmt: skip
        ),
        migrations.RemoveConstraint("PayoutHold", "payout_flag_names_one"),
        migrations.AddConstraint(
            "PayoutHold",
            models.CheckConstraint(
                condition=Q(supplier__isnull=False, voucher=None)
                | Q(supplier=None, voucher__isnull=False),
                name="payout_hold_names_one",
            ),
        ),
        migrations.RenameField("SupplierExit", "flag", "hold"),
    ]
