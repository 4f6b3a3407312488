"""The command's manners: one JSON object, exit codes, languages, missing extras."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from madang.cli import main
from madang.cli.console import Answer, command, group, language_from
from madang.cli.durations import parse_duration, parse_instant, parse_month
from madang.core.errors import Conflict, Unwell, WrongUsage


def verb(monkeypatch, function, extra: str = "platform"):
    """Put one command named `probe` into the table of verbs."""
    made = command("probe", ko="시험", en="A probe.", has_data=False)(function)

    class Probe(main.Verb):
        def load(self):
            return made

    monkeypatch.setitem(main.VERBS, "probe", Probe("madang.cli.main:x", extra, made.text))


def missing_module(console):
    raise ModuleNotFoundError("No module named 'django'", name="django.db")


def broken(console):
    raise ZeroDivisionError


def refuse(error):
    def raise_it(console):
        raise error

    return raise_it


@pytest.mark.parametrize(
    ("function", "code", "exit_code"),
    [
        (refuse(Conflict()), "core.request.conflict", 1),
        (refuse(WrongUsage(reason="x")), "core.command.wrong_usage", 2),
        (refuse(Unwell(reason="x")), "core.platform.unwell", 3),
        (missing_module, "cli.extra.missing", 2),
        (broken, "cli.command.crashed", 3),
    ],
)
def test_error_is_one_json_object_and_sets_the_exit_code(
    monkeypatch, capsys, function, code, exit_code
):
    verb(monkeypatch, function)
    assert main.run(["probe", "--json"]) == exit_code
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == code
    assert set(error) == {"code", "message", "message_ko", "fields", "file", "line", "field"}


def test_missing_extra_is_named(monkeypatch, capsys):
    verb(monkeypatch, missing_module, extra="chips")
    assert main.run(["probe"]) == 2
    assert "madang[chips]" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["nope"], ["probe", "--nope"], ["probe", "extra"], ["completion", "tcsh"]]
)
def test_wrong_usage_exits_2_and_stays_json(monkeypatch, capsys, words):
    verb(monkeypatch, lambda console: Answer({}))
    assert main.run([*words, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "core.command.wrong_usage"


@pytest.mark.parametrize(
    ("words", "told", "path"),
    [
        (["nosuch"], "nosuch 명령이 없습니다", "madang"),
        (["compute", "submit"], "--grant 옵션이 필요합니다", "madang compute submit"),
        (["voucher", "show"], "CODE 인자가 필요합니다", "madang voucher show"),
        (["voucher", "show", "a", "b"], "필요 없는 인자가 있습니다: b", "madang voucher show"),
        (["compute", "list", "--bogus"], "--bogus 옵션이 없습니다", "madang compute list"),
        (["rights", "scan", "a", "--purpose", "fun"], "쓸 수 있는 값", "madang rights scan"),
    ],
)
def test_wrong_usage_is_told_in_korean_with_the_way_to_its_help(words, told, path, capsys):
    assert main.run(["--lang", "ko", *words]) == 2
    seen = capsys.readouterr().err
    assert told in seen
    assert f"사용법: {path} --help" in seen
    assert "Missing" not in seen
    assert "Invalid" not in seen


def test_answer_is_one_object_or_lines(monkeypatch, capsys):
    verb(monkeypatch, lambda console: Answer({"a": 1}, ["line"], exit_code=3))
    assert main.run(["probe", "--json"]) == 3
    assert json.loads(capsys.readouterr().out) == {"a": 1}
    assert main.run(["probe"]) == 3
    assert capsys.readouterr().out == "line\n"


@pytest.mark.parametrize(
    ("words", "environment", "wanted"),
    [
        ([], {}, "en"),
        ([], {"LANG": "ko_KR.UTF-8"}, "ko"),
        ([], {"LANG": "ko_KR.UTF-8", "LC_ALL": "C"}, "en"),
        ([], {"LANG": "en_US.UTF-8", "MADANG_LANG": "ko"}, "ko"),
        (["--lang", "ko"], {"LANG": "C"}, "ko"),
        (["up", "--lang=en"], {"LANG": "ko_KR"}, "en"),
    ],
)
def test_language_follows_option_then_environment(words, environment, wanted):
    assert language_from(words, environment) == wanted


def test_help_speaks_korean_too(monkeypatch, capsys):
    verb(monkeypatch, lambda console: Answer({}))
    assert main.run(["--lang", "ko", "probe", "--help"]) == 0
    assert "시험" in capsys.readouterr().out


def test_every_verb_loads_or_its_module_is_not_there(capsys):
    main.run(["--help"])
    listed = capsys.readouterr().out
    assert "completion" in listed and "doctor" in listed
    for name in main.root.list_commands(None):
        assert main.VERBS[name].load().name == name


def test_list_of_commands_imports_no_room():
    program = (
        "import sys; from madang.cli.main import run; run(['--help']);"
        "sys.exit(any(m.split('.')[0] in ('django', 'psycopg', 'numpy') for m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_command_that_needs_the_rooms_waits_for_no_compiler_and_no_web_framework():
    program = (
        "import sys; from madang.cli.main import set_up_django; set_up_django();"
        "sys.exit(any(m in ('numba', 'numpy', 'ninja') for m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_groups_hold_their_commands():
    one = command("one", ko="하나", en="One.", has_data=False)(lambda console: None)
    assert group("some", one, ko="무리", en="A group.").list_commands(None) == ["one"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-03-01", datetime(2026, 2, 28, 15, tzinfo=UTC)),
        ("2026-03-01T09:00:00+09:00", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T09:00:00", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T00:00:00Z", datetime(2026, 3, 1, tzinfo=UTC)),
    ],
)
def test_instants_without_zone_are_seouls(text, wanted):
    assert parse_instant(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("90", 90), ("90s", 90), ("15m", 900), ("1d12h", 129_600), ("2w", 1_209_600)],
)
def test_durations_read_as_people_write_them(text, wanted):
    assert parse_duration(text) == timedelta(seconds=wanted)


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_duration, ""),
        (parse_duration, "1x"),
        (parse_duration, "-5s"),
        (parse_duration, "1.5h"),
        (parse_instant, "yesterday"),
        (parse_instant, "2026-13-01"),
        (parse_month, "2026-13"),
        (parse_month, "2026-1"),
    ],
)
def test_nonsense_is_wrong_usage(parse, text):
    with pytest.raises(WrongUsage):
        parse(text)
