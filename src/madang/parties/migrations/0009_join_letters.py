"""What a declined request keeps until its letter is taken."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('parties', '0008_join_requests'),
    ]

    operations = [
        migrations.AddField(
            model_name='joinrequest',
            name='attempts',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='joinrequest',
            name='reason',
            field=models.TextField(blank=True, max_length=1000),
        ),
        migrations.AddField(
            model_name='joinrequest',
            name='tell_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
