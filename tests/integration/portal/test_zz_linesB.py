"""Print the lines that access_matrix.txt lacks. Run from a worktree: PYTHONPATH=src:. python -m pytest -q -s -p no:cacheprovider /work/wt/matrix_lines.py --rootdir . -c pyproject.toml"""
import pytest
from tests.integration.portal import world as worlds
from tests.integration.portal.routes import asks
from tests.integration.portal import test_access_matrix as t
pytestmark = pytest.mark.django_db
def test_print(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    world = worlds.build()
    clients = {n: t._client(world, e) for n, e in t.PEOPLE.items()}
    have = t._table()
    for ask in asks(world):
        got = {n: t._answer(clients[n], n, ask)[0] for n in t.PEOPLE}
        if ask.label not in have or have[ask.label] != got:
            print(f"LINE  {ask.label:<50}" + "".join(f"{got[n]:>6}" for n in t.PEOPLE))
