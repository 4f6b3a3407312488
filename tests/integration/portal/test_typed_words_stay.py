"""Every form of every page keeps what was typed when it is refused.

Goal: nobody writes a text twice. Method: all pages are read as five people, so that each form
is seen where it stands; each is sent what `refused.py` has for it, from the page on which it
stood. The answer is that page (422), with every typed value in the same form, and a sentence
beside a field or above the form. Where the world has no row in the state that shows a form,
the words come back all the same, on the page of the refusal. An address that writes and has
no line in `refused.py` fails.
"""

from __future__ import annotations

import html

import pytest
from django.db import transaction
from django.urls import resolve
from tests.integration.portal import test_access_matrix as matrix
from tests.integration.portal import world as worlds
from tests.integration.portal.refused import BY_STEP, PLAIN, WRONG
from tests.integration.portal.routes import asks

from madang.portal.again.drawing import OURS
from madang.portal.again.markup import Form, Reader, form_of

pytestmark = pytest.mark.django_db

PEOPLE = ("op", "kim", "nu", "lee", "op2")


@pytest.fixture
def yard(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    world = worlds.build()
    clients = {name: matrix._client(world, matrix.PEOPLE[name]) for name in PEOPLE}
    pages = [ask for ask in asks(world) if not ask.is_api]
    return clients, pages


def test_every_page_that_writes_gives_back_what_was_typed(yard):
    clients, pages = yard
    shown = _shown(clients, [ask for ask in pages if ask.method == "GET"])
    writes = {ask.name: ask.path for ask in pages if ask.method == "POST"}
    known = {name.split()[0] for name in WRONG}
    assert set(writes) - PLAIN - known == set(), "no line in refused.py"
    lost = [f"{name}: no line" for name in shown if name not in WRONG and name not in PLAIN]
    for name in WRONG:
        if name in shown:
            person, page, address, form = shown[name]
            lost += _not_in_the_form(clients[person], name, page, address, form)
        elif name in writes:
            lost += _not_given_back(clients, name, writes[name])
        else:
            lost.append(f"{name}: seen nowhere")
    assert not lost, "\n".join(lost)


def _shown(clients, pages):
    """Each form by the name of where it leads, with the person and the page that show it."""
    table = matrix._table()
    found: dict[str, tuple[str, str, str, Form]] = {}
    for person, client in clients.items():
        for ask in pages:
            if table[ask.label][person] != "200":
                continue
            answer = client.get(ask.path)
            kind = answer.headers.get("content-type", "")
            if answer.streaming or "html" not in kind:
                continue
            for form in Reader(answer.content.decode()).forms:
                for target in {form.tag.get("action") or ask.path, *form.targets}:
                    if form.is_post and form.typed:
                        name = _name_of(target.split("?")[0])
                        found.setdefault(name, (person, ask.path, target, form))
    return found


def _name_of(path: str) -> str:
    """The name of an address, with its step where one address takes several."""
    match = resolve(path)
    name = str(match.url_name)
    return f"{name} {match.kwargs['step']}" if name in BY_STEP else name


def _sent(name: str, form: Form) -> dict:
    """What `refused.py` has for each field; of what the page chooses itself, the last."""
    sent = dict(form.hidden)
    for one in form.typed:
        if one.name in WRONG[name]:
            sent[one.name] = WRONG[name][one.name]
        elif one.kind == "select" and one.options:
            sent[one.name] = one.options[-1].get("value")
    return sent


def _post(client, path: str, body: dict, page: str):
    with transaction.atomic():
        answer = client.post(path, body, headers={"referer": f"http://testserver{page}"})
        transaction.set_rollback(True)
    return answer


def _not_in_the_form(client, name: str, page: str, path: str, form: Form) -> list[str]:
    sent = _sent(name, form)
    answer = _post(client, path, sent, page)
    text = answer.content.decode()
    if answer.status_code != 422:
        return [f"{name}: {answer.status_code} {answer.headers.get('location', '')}"]
    told = 'class="errorlist"' in text or "md-refused" in text
    lists = {key: value if isinstance(value, list) else [value] for key, value in sent.items()}
    found = form_of(Reader(text).forms, path, page, lists, OURS)
    asked = {one.name for one in form.typed if one.kind != "file"} - sent.keys()
    if asked:
        return [f"{name}: no line for {sorted(asked)}"]
    if found is None or not told:
        return [f"{name}: {'nothing is said' if found else 'no form'}"]
    stands = _values(text, found)
    return [
        f"{name}: {key} is {stands.get(key, [])!r}, not {value!r}"
        for key, value in sent.items()
        if key not in form.hidden and _plain(stands.get(key, [])) != _plain(lists[key])
    ]


def _not_given_back(clients, name: str, path: str) -> list[str]:
    words = [one for one in WRONG[name].values() if isinstance(one, str) and one.strip()]
    for client in clients.values():
        text = html.unescape(_post(client, path, WRONG[name], "").content.decode())
        if all(_flat(one) in _flat(text) for one in words):
            return []
    return [f"{name}: the words are gone"]


def _flat(text: str) -> str:
    return " ".join(text.split())


def _plain(values: list[str]) -> list[str]:
    return sorted(_flat(one) for one in values if one.strip())


def _values(text: str, form: Form) -> dict[str, list[str]]:
    """What stands in a form, by the names of its fields."""
    stands: dict[str, list[str]] = {}
    for one in form.typed:
        here = stands.setdefault(one.name, [])
        if one.is_ticked:
            here += [one.tag.get("value") or "on"] if "checked" in one.tag.attributes else []
        elif one.kind == "select":
            here += [opt.get("value") for opt in one.options if "selected" in opt.attributes]
        elif one.kind == "textarea":
            here.append(html.unescape(text[one.tag.end : one.tag.close]))
        else:
            here.append(one.tag.get("value"))
    return stands
