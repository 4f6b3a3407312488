"""Direct vouchers that stand already begin with their programme year, as new ones do."""

from django.db import migrations

from madang.core.clock import seoul_day_starts


def fill(apps, schema_editor):
    grants = apps.get_model("programme", "DirectGrant")
    for grant in grants.objects.select_related("award__voucher", "programme_year"):
        voucher = grant.award.voucher
        voucher.starts_at = seoul_day_starts(grant.programme_year.starts_on)
        voucher.save(update_fields=["starts_at"])


class Migration(migrations.Migration):
    dependencies = [
        ("programme", "0014_reimbursements"),
        ("metering", "0011_voucher_begins"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
