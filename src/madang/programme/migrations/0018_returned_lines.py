"""A line of the bank may be a payout that came back."""

from django.db import migrations, models

OUTCOMES = [
    ("deposit", "자부담 입금"),
    ("parked", "미확인입금"),
    ("paid", "지급 확인"),
    ("returned", "지급 반송"),
    ("known", "장부 일치"),
    ("open", "미대사"),
]


class Migration(migrations.Migration):
    dependencies = [("programme", "0017_agreed_amount")]

    operations = [
        migrations.AlterField(
            "bankline", "outcome", models.CharField(choices=OUTCOMES, max_length=10)
        )
    ]
