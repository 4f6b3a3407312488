"""A refund agreed after settlement has a state, and may be written off. Payouts can be
withdrawn before they are approved."""

import django.db.models.deletion
from django.db import migrations, models

import madang.core.ids

FILL = """
UPDATE metering_settledrefund SET state = 'collected' WHERE collected_at IS NOT NULL
"""
GONE = ["failed", "withdrawn"]
STATES = [
    ("agreed", "회수 전"),
    ("proposed", "결손 제안"),
    ("collected", "회수완료"),
    ("written_off", "결손"),
]
PAYOUT_STATES = [
    ("created", "생성"),
    ("approved", "승인"),
    ("sent", "송금중"),
    ("settled", "지급완료"),
    ("failed", "실패"),
    ("held", "보류"),
    ("withdrawn", "철회"),
]
GROUNDS = [("bankrupt", "파산"), ("uncollectable", "회수 불능")]
OUTCOMES = [
    ("refused", "반려"),
    ("overtaken", "회수됨"),
    ("written_off", "결손"),
    ("revived", "결손 취소"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("metering", "0012_receipts_by_programme"),
        ("parties", "0011_bank_days"),
    ]

    operations = [
        migrations.RemoveConstraint("payout", "payout_open_once"),
        migrations.RemoveConstraint("payout", "payout_of_work_once"),
        migrations.AlterField(
            "payout",
            "state",
            models.CharField(choices=PAYOUT_STATES, default="created", max_length=12),
        ),
        migrations.AddConstraint(
            "payout",
            models.UniqueConstraint(
                fields=["statement", "account", "programme_year"],
                condition=~models.Q(state__in=GONE),
                name="payout_open_once",
            ),
        ),
        migrations.AddConstraint(
            "payout",
            models.UniqueConstraint(
                fields=["source_id"],
                condition=~models.Q(state__in=GONE) & ~models.Q(source_id=""),
                name="payout_of_work_once",
            ),
        ),
        migrations.CreateModel(
            name="RefundWriteOff",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=madang.core.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("ground", models.CharField(choices=GROUNDS, max_length=16)),
                ("outcome", models.CharField(blank=True, choices=OUTCOMES, max_length=12)),
                ("proposed_by", models.CharField(max_length=64)),
                ("proposed_at", models.DateTimeField()),
                ("decided_by", models.CharField(blank=True, max_length=64)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("subsidy_microwon", models.BigIntegerField(default=0)),
                ("deposit_microwon", models.BigIntegerField(default=0)),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="parties.document",
                    ),
                ),
                (
                    "refund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="write_offs",
                        to="metering.settledrefund",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(outcome__in=["", "written_off"]),
                        fields=("refund",),
                        name="refund_write_off_once",
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(outcome="written_off")
                        | (
                            ~models.Q(decided_by="")
                            & ~models.Q(decided_by=models.F("proposed_by"))
                        ),
                        name="refund_write_off_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(subsidy_microwon__gte=0)
                        & models.Q(deposit_microwon__gte=0),
                        name="refund_write_off_not_negative",
                    ),
                ]
            },
        ),
        migrations.AddField(
            "settledrefund",
            "state",
            models.CharField(choices=STATES, default="agreed", max_length=12),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),  # last: a row's events stop a change
    ]
