"""Facts, lines and changes are added to, never changed; and the first version of the policy."""

import tomllib
from datetime import UTC, datetime
from importlib import resources

from django.db import migrations

from madang.parties.canonical import digest_of
from madang.parties.triggers import append_only

SINCE = datetime(2000, 1, 1, tzinfo=UTC)
FACTS = ("attemptfactrow", "line", "quotachange", "utilisationsample")

# Two effective lines of one attempt cannot be: a use needs every earlier use reversed.
ONE_EFFECTIVE_LINE = """
CREATE FUNCTION compute_check_line() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    standing bigint;
BEGIN
    SELECT count(*) FILTER (WHERE kind = 'use') - count(*) FILTER (WHERE kind = 'reversal')
      INTO standing FROM compute_line WHERE attempt_id = NEW.attempt_id;
    IF standing NOT IN (0, 1) THEN
        RAISE EXCEPTION 'attempt % would have % effective lines', NEW.attempt_id, standing
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER compute_one_effective_line AFTER INSERT ON compute_line
    FOR EACH ROW EXECUTE FUNCTION compute_check_line();
"""
UNDO = """
DROP TRIGGER compute_one_effective_line ON compute_line;
DROP FUNCTION compute_check_line();
"""


def seed(apps, schema_editor):
    versions = apps.get_model("parties", "PolicyVersion")
    text = resources.files("madang.compute").joinpath("policy.toml").read_text("utf-8")
    data = tomllib.loads(text)
    versions.objects.create(
        kind="compute", version=1, valid_from=SINCE, data=data, sha256=digest_of(data),
        created_by="system", created_at=SINCE,
    )


class Migration(migrations.Migration):
    dependencies = [("compute", "0001_initial"), ("parties", "0002_append_only")]

    operations = [
        *(append_only(f"compute_{table}") for table in FACTS),
        migrations.RunSQL(ONE_EFFECTIVE_LINE, UNDO),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
