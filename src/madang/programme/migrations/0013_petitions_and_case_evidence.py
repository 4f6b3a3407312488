"""Petitions of voucher holders, and the finding that a case began with."""

import django.db.models.deletion
import madang.core.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('metering', '0008_payout_holds'),
        ('parties', '0007_review_days'),
        ('programme', '0012_case_holds'),
    ]

    operations = [
        migrations.CreateModel(
            name='Petition',
            fields=[
                ('id', models.UUIDField(default=madang.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('usage', '사용 이의'), ('carry_over', '이월(기간 연장)'), ('correction', '정정'), ('other', '기타')], max_length=12)),
                ('until_on', models.DateField(null=True)),
                ('state', models.CharField(choices=[('asked', '요청'), ('answered', '공급기업 답변'), ('granted', '수용'), ('refused', '반려'), ('withdrawn', '철회')], default='asked', max_length=12)),
                ('refunded_microwon', models.BigIntegerField(default=0)),
                ('asked_by', models.CharField(max_length=64)),
                ('asked_at', models.DateTimeField()),
                ('decided_by', models.CharField(blank=True, max_length=64)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='PetitionWord',
            fields=[
                ('id', models.UUIDField(default=madang.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('side', models.CharField(max_length=12)),
                ('text', models.TextField()),
                ('by', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='clawbackcase',
            name='evidence',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='clawbackcase',
            name='evidence_sha256',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='clawbackcase',
            name='flag',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='programme.flag'),
        ),
        migrations.AddConstraint(
            model_name='clawbackcase',
            constraint=models.UniqueConstraint(fields=('flag', 'award'), name='case_once_per_finding'),
        ),
        migrations.AddField(
            model_name='petition',
            name='award',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='petitions', to='programme.award'),
        ),
        migrations.AddField(
            model_name='petition',
            name='charge',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='petitions', to='metering.charge'),
        ),
        migrations.AddField(
            model_name='petition',
            name='voucher',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='petitions', to='metering.voucher'),
        ),
        migrations.AddField(
            model_name='petitionword',
            name='petition',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='words', to='programme.petition'),
        ),
        migrations.AddConstraint(
            model_name='petition',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('charge__isnull', False), ('kind', 'usage')), models.Q(models.Q(('kind', 'usage'), _negated=True), ('charge', None)), _connector='OR'), name='petition_of_usage_names_its_charge'),
        ),
        migrations.AddConstraint(
            model_name='petition',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['asked', 'answered'])), fields=('charge',), name='petition_open_once_per_charge'),
        ),
    ]
