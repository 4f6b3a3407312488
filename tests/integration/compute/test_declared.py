"""Declarations of sites, classes and grants that are wrong: told where, and nothing changes."""

from __future__ import annotations

import re

import pytest
from compute_stage import now
from django.db import transaction

from madang.cli.declarations.applying import Applier
from madang.cli.declarations.reader import Source, read
from madang.core.errors import MadangError
from madang.parties.actor import system_actor
from madang.parties.models import Organisation

pytestmark = pytest.mark.django_db

BASE = """
[[organisation]]
code = "uni"
name = { ko = "대학", en = "University" }
kind = "university"

[[site]]
code = "here"
engine = "local"

[[gpu_class]]
code = "medium"
site = "here"
gres = "gpu"
cards_max = 8
"""
SITE = '[[site]]\ncode = "there"\nengine = "slurm"\ncluster = "madang"\nuser = "alice"\n'
REST = 'address = "http://127.0.0.1:6820"\nauth = "env:MADANG_SITE_THERE"\n'
CLASS = '[[gpu_class]]\ncode = "large"\nsite = "here"\ngres = "gpu"\n'
STAGE = '[[gpu_class.stage]]\ncards = 8\nopens_on = "2026-03-01"\n'
GRANT = """
[[grant]]
code = "g1"
organisation = "uni"
gpu_class = "medium"
gpu_seconds = 600
cards_max = 4
starts_on = "2026-03-01"
ends_on = "2026-08-31"
"""
INVALID, VALUE = "compute.site.invalid", "cli.declaration.value_wrong"
WRONG = {
    "another protocol": (SITE + REST.replace("http:", "ftp:"), INVALID, "address"),
    "no host": (SITE + REST.replace("127.0.0.1:6820", ""), INVALID, "address"),
    "no port": (SITE + REST.replace("6820", "x"), INVALID, "address"),
    "a password": (SITE + REST.replace("127", "a:b@127"), INVALID, "address"),
    "no secret": (SITE + REST.partition("auth")[0], INVALID, "auth"),
    "ours": (SITE + REST.replace("MADANG_SITE_THERE", "MADANG_SECRET_KEY"), INVALID, "auth"),
    "the owner's": (SITE + REST.replace("MADANG_SITE_THERE", "DATABASE_URL"), INVALID, "auth"),
    "no variable": (SITE + REST.replace("MADANG_SITE_THERE", "A-B"), INVALID, "auth"),
    "a path": (SITE + REST.replace("env:MADANG_SITE_THERE", "file:../x"), INVALID, "auth"),
    "no cluster": (SITE.replace('cluster = "madang"\n', ""), INVALID, "cluster"),
    "words in a cluster": (SITE.replace('"madang"', '"a b"'), INVALID, "cluster"),
    "no partition in a list": (SITE + 'partition = "gpu,"\n', INVALID, "partition"),
    "control in a user": (SITE.replace("alice", "a\\u0007b"), INVALID, "user"),
    "an option as user": (SITE.replace("alice", "-a"), INVALID, "user"),
    "user of grants": (SITE + 'grant_users = ["a,b"]\n', INVALID, "grant_users"),
    "records elsewhere": (SITE + 'records = "x/y"\n', INVALID, "records"),
    "nobody of this machine": (
        '[[site]]\ncode = "there"\nengine = "local"\nuser = "no-such-user"\n', INVALID, "user",
    ),
    "a day twice": (
        f"{CLASS}cards_max = 8\n{STAGE}{STAGE}", "compute.class.stage_repeated",
        "stage[1].opens_on",
    ),
    "part of a server": (
        f"{CLASS}cards_max = 12\nwhole_servers = true\n", "compute.job.whole_servers_only",
        "cards_max",
    ),
    "a stage in no era": (
        f"{CLASS}cards_max = 8\n{STAGE.replace('2026', '0001')}", VALUE, "stage[0].opens_on",
    ),
    "the last day of all": (GRANT.replace("2026-08-31", "9999-12-31"), VALUE, "ends_on"),
    "the first day of all": (GRANT.replace("2026-03-01", "0001-01-01"), VALUE, "starts_on"),
    "tranches": (GRANT + f"tranches = {['1/20'] * 20}\n".replace("'", '"'), VALUE, "tranches"),
    "cards twice": (GRANT + 'petaflops = "20"\n', VALUE, "cards_max"),
    "no time": (
        GRANT.replace("gpu_seconds = 600\n", ""), "cli.declaration.field_missing",
        "gpu_seconds",
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def base():
    apply(BASE)


def apply(text: str) -> dict[str, list[str]]:
    read_ = read([Source("gpu.toml", text)])
    with transaction.atomic():
        done = Applier(system_actor("cli"), None, now()).run(read_)
    return {outcome.value: names for outcome, names in done.names.items()}


@pytest.mark.parametrize(("text", "code", "field"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_by_its_field_and_nothing_is_applied(text, code, field):
    news = '[[organisation]]\ncode = "half"\nname = { ko = "반", en = "Half" }\nkind = "sme"\n'
    with pytest.raises(MadangError) as refused:
        apply(news + text)
    error = refused.value
    assert (error.code, error.fields["field"]) == (code, field)
    assert error.fields["line"] >= 5
    for language in ("ko", "en"):
        assert not re.search(r"<\w+>|%\(", error.sentence(language))
    assert not Organisation.objects.filter(code="half").exists()


def test_a_site_may_name_several_partitions_as_slurm_does():
    assert apply(SITE + 'partition = "h100,h200"\n')["created"] == ["site:there"]


def test_a_site_with_all_its_terms_is_taken_and_the_second_time_unchanged():
    terms = (
        'partition = "gpu"\ngrant_users = ["g1", "g2@site.kr"]\nrecords = "/shared/madang"\n'
    )
    other = REST.replace("MADANG_SITE_THERE", "SLURM_JWT_KEY")
    assert apply(SITE + other + terms)["created"] == ["site:there"]
    assert apply(SITE + other + terms)["unchanged"] == ["site:there"]
