"""What the database itself promises about the ledger: see sql/0002_*.sql."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql"


def _from_file(name: str) -> migrations.RunSQL:
    return migrations.RunSQL((_SQL / name).read_text(encoding="utf-8"))


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_tables")]

    operations = [
        _from_file("0002_guarantees.sql"),
        _from_file("0002_chart.sql"),
        _from_file("0002_roles.sql"),
    ]
