"""Years can be closed: see sql/0003_year_end.sql."""

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_guarantees")]

    operations = [
        migrations.CreateModel(
            name="YearEnd",
            fields=[
                ("programme_year", models.UUIDField(primary_key=True, serialize=False)),
                ("closed_at", models.DateTimeField()),
                ("closed_by", models.CharField(max_length=200)),
            ],
            options={"db_table": "ledger_year_end"},
        ),
        migrations.RunSQL((_SQL / "0003_year_end.sql").read_text(encoding="utf-8")),
    ]
