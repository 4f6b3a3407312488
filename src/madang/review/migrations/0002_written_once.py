"""Submitted reviews and ranking runs are written once; pledges and confirmations only added."""

from django.db import migrations

from madang.parties.triggers import append_only

REVIEW = """
CREATE FUNCTION review_submitted_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.submitted_at IS NOT NULL THEN
        RAISE EXCEPTION 'a submitted review is never changed'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER review_submitted_once BEFORE UPDATE OR DELETE ON review_review
    FOR EACH ROW EXECUTE FUNCTION review_submitted_once();
"""

RUN = """
CREATE FUNCTION review_run_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR to_jsonb(OLD) - 'state' <> to_jsonb(NEW) - 'state' THEN
        RAISE EXCEPTION 'a ranking run is written once; only its state moves'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER review_run_written_once BEFORE UPDATE OR DELETE ON review_rankingrun
    FOR EACH ROW EXECUTE FUNCTION review_run_written_once();
"""

UNDO_REVIEW = "DROP TRIGGER review_submitted_once ON review_review; DROP FUNCTION review_submitted_once();"
UNDO_RUN = "DROP TRIGGER review_run_written_once ON review_rankingrun; DROP FUNCTION review_run_written_once();"


class Migration(migrations.Migration):

    dependencies = [("review", "0001_initial")]

    operations = [
        migrations.RunSQL(REVIEW, UNDO_REVIEW),
        migrations.RunSQL(RUN, UNDO_RUN),
        append_only("review_pledge"),
        append_only("review_confirmation"),
    ]
