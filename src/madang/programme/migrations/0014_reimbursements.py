"""Claims for the share of what a beneficiary paid already."""

import django.db.models.deletion
import madang.core.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('programme', '0013_petitions_and_case_evidence'),
    ]

    operations = [
        migrations.CreateModel(
            name='Purchase',
            fields=[
                ('id', models.UUIDField(default=madang.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('seller_no', models.CharField(max_length=20)),
                ('invoice_no', models.CharField(max_length=64)),
                ('delivered_on', models.DateField()),
                ('paid_on', models.DateField()),
                ('supply_microwon', models.BigIntegerField()),
                ('refused_at', models.DateTimeField(blank=True, null=True)),
                ('claimed_at', models.DateTimeField()),
                ('award', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='purchases', to='programme.award')),
                ('milestone', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='purchase', to='programme.milestone')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('refused_at', None)), fields=('seller_no', 'invoice_no'), name='purchase_invoice_once'), models.CheckConstraint(condition=models.Q(('supply_microwon__gt', 0)), name='purchase_supply_positive')],
            },
        ),
    ]
