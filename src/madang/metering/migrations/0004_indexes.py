"""Indexes that the planner can use for the conditions that are asked."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('metering', '0003_policy'),
        ('parties', '0002_append_only'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='lease',
            name='lease_unresolved',
        ),
        migrations.RemoveIndex(
            model_name='lease',
            name='lease_of_epoch',
        ),
        migrations.AlterField(
            model_name='charge',
            name='kind',
            field=models.CharField(choices=[('charge', '차감'), ('refund', '환불')], max_length=8),
        ),
        migrations.AddIndex(
            model_name='lease',
            index=models.Index(condition=models.Q(('state__in', ['open', 'draining'])), fields=['voucher'], name='lease_unresolved'),
        ),
        migrations.AddIndex(
            model_name='lease',
            index=models.Index(condition=models.Q(('state__in', ['open', 'draining'])), fields=['epoch'], name='lease_of_epoch'),
        ),
        migrations.AddIndex(
            model_name='usage',
            index=models.Index(condition=models.Q(('programme_microwon__gt', 0)), fields=['supplier', '-no'], name='usage_programme_borne'),
        ),
    ]
