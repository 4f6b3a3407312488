"""Decisions and what was handed in are added to, never changed."""

from django.db import migrations

from madang.parties.triggers import append_only


class Migration(migrations.Migration):

    dependencies = [("programme", "0001_initial"), ("parties", "0002_append_only")]

    operations = [
        append_only("programme_budgetchange"),
        append_only("programme_callextension"),
        append_only("programme_applicationrevision"),
        append_only("programme_eligibilitycheck"),
        append_only("programme_grantstep"),
    ]
