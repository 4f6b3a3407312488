"""Django's `migrate`, which renders the one model that changed, not all that stand near it.

Django keeps a class for each model while it migrates. After each operation it renders anew the
model that changed and every model that a chain of relations leads to. Here the organisation
leads to nearly all of them, so that an empty database would cost 15,700 renders, four fifths of
its time. A model that is new, or that got another column or constraint, leaves nobody else
stale in a way that SQL could show. Where a related column changes or goes, Django's own way is
kept; and before each data migration Django renders everything anew, because we mark the state
as delayed, which is its own word for this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.management.commands.migrate import Command as DjangoCommand
from django.db.migrations.state import ProjectState
from django.db.models import Model

_CHOICE = "_find_reload_model"  # of ProjectState: which models to render anew
_djangos: Callable[[ProjectState, str, str, bool], set[tuple[str, str]]]
_djangos = getattr(ProjectState, _CHOICE)


class Command(DjangoCommand):
    def handle(self, *args: str, **options: object) -> None:
        with few_renders():
            super().handle(*args, **options)


@contextmanager
def few_renders() -> Iterator[None]:
    """Migrate with as few renders of models as the SQL needs."""
    setattr(ProjectState, _CHOICE, _ours)
    try:
        yield
    finally:
        setattr(ProjectState, _CHOICE, _djangos)


def _ours(
    state: ProjectState, app_label: str, model_name: str, delay: bool = False
) -> set[tuple[str, str]]:
    """The models to render anew; `delay` is Django's word that no relation changed."""
    rendered = state.apps.all_models[app_label].get(model_name)
    fields = set(state.models[app_label, model_name].fields)
    if delay or rendered is None or _fields(rendered) < fields:
        state.is_delayed = True
        return {(app_label, model_name)}
    return _djangos(state, app_label, model_name, delay)


def _fields(model: type[Model]) -> set[str]:
    own = model._meta.local_fields, model._meta.local_many_to_many
    return {field.name for fields in own for field in fields}
