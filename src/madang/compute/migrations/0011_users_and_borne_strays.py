"""A user for each grant, and strays that no grant pays."""

import django.contrib.postgres.fields
from django.db import migrations, models

SHARED = """
UPDATE compute_grant AS g SET "user" = ''
 WHERE EXISTS (SELECT 1 FROM compute_job AS j WHERE j.grant_id = g.id)
"""
"""The engine knows them under the site's own user already."""


class Migration(migrations.Migration):

    dependencies = [("compute", "0010_stray_policy")]

    operations = [
        migrations.AddField(
            model_name="job", name="is_borne", field=models.BooleanField(default=False)
        ),
        migrations.AddField(
            model_name="grant", name="user", field=models.CharField(max_length=64, null=True)
        ),
        migrations.AddField(
            model_name="site",
            name="grant_users",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=64), default=list
            ),
        ),
        migrations.RunSQL(SHARED, migrations.RunSQL.noop),
    ]
