"""Since when strangers at a site wait for an answer that is missing."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("compute", "0011_users_and_borne_strays")]

    operations = [
        migrations.AddField(
            model_name="site",
            name="passed_over_at",
            field=models.DateTimeField(null=True),
        ),
    ]
