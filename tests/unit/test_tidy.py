"""The code checks itself: what a linter does not know about our own habits.

Each check is a function from something parsed to what is wrong with it. The first half of the
tests runs them over the house, the second half over bad samples: a check that cannot fail is
no check.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import madang
from madang.core.errors import MadangError, sentences_of

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "madang"
FUNCTION_LINES_MAX = 70
FUNCTION_LINES_P90 = 35
DJANGO_FILE_LINES_MAX = 400
FILE_LINES_MAX = 600

CLOCK_KEEPERS = {"core/clock.py", "core/ids.py"}
CLOCK_CALLS = re.compile(
    r"(datetime\.(now|utcnow|today)|date\.today|timezone\.now|time\.(time|time_ns)|localtime)$"
)
BARE_QUANTITIES = {
    *("timeout", "delay", "duration", "interval", "elapsed", "latency", "period", "age"),
    *("balance", "price", "cost", "budget", "fee"),
}
MONEY = re.compile(r"(micro)?won(_|$)|_(amount|balance)$|^(amount|balance|charge)(_|$)")
TODO = re.compile(r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))")
HOSTS = ("pypi" + ".org", "python" + "hosted.org", "npmjs" + ".org", "deb." + "debian.org")
PLACES = re.compile(r"(?<![\w.~/-])/(" + "work" + r"|" + "root" + r"|" + "tmp" + r")(/|\b)")
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def sources() -> list[Path]:
    return [path for path in sorted(SRC.rglob("*.py")) if "migrations" not in path.parts]


@cache
def tracked() -> list[Path]:
    """Files under version control; those of the tree where there is no repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


# --- the checks --------------------------------------------------------------------------


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


def long_functions(tree: ast.AST) -> list[str]:
    return [one.name for one in functions(tree) if length_of(one) > FUNCTION_LINES_MAX]


def file_lines_max(text: str) -> int:
    is_django = re.search(r"^\s*(from|import) django", text, re.MULTILINE)
    return DJANGO_FILE_LINES_MAX if is_django else FILE_LINES_MAX


def unexplained_imports(text: str) -> list[int]:
    """Imports inside functions without a reason beside the first of their group."""
    lines = text.splitlines()
    bad = []
    for function in functions(ast.parse(text)):
        explained_until = 0
        for node in function.body:
            nested = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
            for one in nested:
                end = one.end_lineno or one.lineno
                beside = " ".join(lines[one.lineno - 1 : end])
                if "#" in beside or one.lineno - 1 <= explained_until:
                    explained_until = end + (not lines[end : end + 1] or not lines[end].strip())
                else:
                    bad.append(one.lineno)
    return bad


def clock_readings(tree: ast.AST) -> list[str]:
    calls = [ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)]
    return [call for call in calls if CLOCK_CALLS.search(call)]


def prints(tree: ast.AST) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in {"print", "breakpoint"}
    ]


def names_without_unit(tree: ast.AST) -> list[str]:
    """Numbers whose name does not say in which unit: parameters and annotated fields."""
    annotated = [(n.arg, n.annotation) for n in ast.walk(tree) if isinstance(n, ast.arg)]
    annotated += [
        (node.target.id, node.annotation)
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    ]
    return [
        name
        for name, annotation in annotated
        if annotation is not None and re.match(r"(int|float)\b", ast.unparse(annotation))
        if name.rpartition("_")[2] in BARE_QUANTITIES
    ]


def floats_near_money(tree: ast.AST) -> list[int]:
    """A float annotation, float(), or true division with an amount of money in it."""
    return [node.lineno for node in ast.walk(tree) if is_float_near_money(node)]


def is_float_near_money(node: ast.AST) -> bool:
    match node:
        case ast.BinOp(op=ast.Div()):
            return money_in(node)
        case ast.Call(func=ast.Name(id="float"), args=arguments):
            return any(money_in(argument) for argument in arguments)
        case ast.arg(arg=name, annotation=ast.expr() as annotation):
            return bool("float" in ast.unparse(annotation) and MONEY.search(name))
        case ast.AnnAssign(target=target, annotation=annotation):
            return bool(
                "float" in ast.unparse(annotation) and MONEY.search(ast.unparse(target))
            )
        case _:
            return False


def money_in(node: ast.AST) -> bool:
    names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
    names += [n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)]
    return any(MONEY.search(name) for name in names)


def unnamed_todos(text: str) -> list[str]:
    return [line for line in text.splitlines() if TODO.search(line)]


def strange_places(text: str) -> list[str]:
    """Registry hosts and paths of one particular machine."""
    return [
        line[:120]
        for line in text.splitlines()
        if any(host in line for host in HOSTS) or PLACES.search(line)
    ]


def sentence_faults(sentences: dict[str, str]) -> list[str]:
    missing = [language for language in ("ko", "en") if not sentences.get(language)]
    if missing:
        return [f"no sentence in {language}" for language in missing]
    ko, en = (set(PLACEHOLDER.findall(sentences[language])) for language in ("ko", "en"))
    return [f"only in one language: {name}" for name in sorted(ko ^ en)]


def foreign_words(text: str, words: list[str]) -> list[str]:
    return [
        word
        for word in words
        if re.search(rf"(?<![\w-]){re.escape(word)}s?(?![a-z])", text, re.IGNORECASE)
    ]


def visible(text: str) -> str:
    """A page or a document without its tags and template marks."""
    return re.sub(r"<[^>]*>|{[%{#][^}]*}", " ", text)


def imported_names(tree: ast.AST, module: str, *, is_package: bool) -> set[str]:
    """Absolute names that a module imports, and names that it mentions as strings."""
    found: set[str] = set()
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = package.split(".")
            up = ".".join(parent[: len(parent) - node.level + 1]) if node.level else ""
            base = ".".join(part for part in (up, node.module or "") if part)
            found.update({base, *(f"{base}.{alias.name}" for alias in node.names)})
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.update(re.findall(r"madang(?:\.\w+)+", node.value))
    return found


ENTRIES = re.compile(
    r"(^|\.)(apps|models|admin|__main__|wsgi|settings|urls|gunicorn_conf|tasks)$"
    r"|\.(templatetags|management)(\.|$)"
)


def dead_modules(modules: dict[str, set[str]]) -> list[str]:
    """Modules that nobody imports or names and that are no entry of a framework."""
    wanted = set().union(*modules.values()) if modules else set()
    return sorted(
        name
        for name in modules
        if not ENTRIES.search(name)
        if not any(one == name or one.startswith(f"{name}.") for one in wanted)
    )


def entry_points() -> set[str]:
    """Modules that other programs load by the names of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = project.get("entry-points", {}).values()
    return {target.partition(":")[0] for group in groups for target in group.values()}


def module_name(path: Path) -> str:
    parts = path.relative_to(SRC.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# --- over the house ----------------------------------------------------------------------


def complaints(check, paths: list[Path], *, of_text: bool = False) -> dict[str, list[str]]:
    found = {
        str(path.relative_to(ROOT)): check(
            path.read_text(encoding="utf-8") if of_text else parsed(path)
        )
        for path in paths
    }
    return {name: bad for name, bad in found.items() if bad}


def test_functions_are_short():
    assert complaints(long_functions, sources()) == {}
    lengths = sorted(length_of(one) for path in sources() for one in functions(parsed(path)))
    assert lengths[len(lengths) * 9 // 10] <= FUNCTION_LINES_P90


def test_files_are_short():
    texts = {path: path.read_text(encoding="utf-8") for path in sources()}
    long = {
        str(path.relative_to(ROOT)): count
        for path, text in texts.items()
        if (count := text.count("\n")) > file_lines_max(text)
    }
    assert long == {}


def test_imports_inside_functions_say_why():
    assert complaints(unexplained_imports, sources(), of_text=True) == {}


def test_only_the_clock_reads_the_clock():
    others = [path for path in sources() if str(path.relative_to(SRC)) not in CLOCK_KEEPERS]
    assert complaints(clock_readings, others) == {}


def test_nothing_prints():
    assert complaints(prints, sources()) == {}


def test_numbers_name_their_unit():
    assert complaints(names_without_unit, sources()) == {}


def test_no_float_comes_near_money():
    rooms = [path for path in sources() if not {"chips", "rights"} & set(path.parts)]
    assert complaints(floats_near_money, rooms) == {}


def texts_under_control() -> list[Path]:
    suffixes = {".py", ".md", ".toml", ".txt", ".in", ".html", ".css", ".js", ".sh", ".sql", ""}
    return [
        path
        for path in tracked()
        if path.is_file() and path.suffix in suffixes and "vendor" not in path.parts
        if path.name not in {"LICENSE"} and path.stat().st_size < 1_000_000
        if "data" not in path.relative_to(ROOT).parts
    ]


def test_every_todo_names_an_issue():
    paths = [path for path in texts_under_control() if path != Path(__file__)]
    assert complaints(unnamed_todos, paths, of_text=True) == {}


def test_no_registry_host_and_no_path_of_one_machine_is_tracked():
    assert complaints(strange_places, texts_under_control(), of_text=True) == {}


def test_no_tracked_file_is_large():
    large = [path.name for path in tracked() if path.is_file() if path.stat().st_size > 1 << 20]
    assert large == []


@cache
def error_classes() -> list[type[MadangError]]:
    for path in SRC.rglob("errors.py"):
        importlib.import_module(module_name(path))
    found: list[type[MadangError]] = []
    waiting: list[type[MadangError]] = [MadangError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("madang.") and "code" in vars(kind):
            found.append(kind)
    return found


def test_every_error_speaks_korean_and_english():
    faults = {}
    for kind in error_classes():
        try:
            bad = sentence_faults(sentences_of(kind))
        except (KeyError, FileNotFoundError):
            bad = ["no sentence"]
        if bad:
            faults[kind.code] = bad
    assert faults == {}


def test_every_error_code_is_written_room_noun_reason():
    shape = re.compile(r"[a-z_]+\.[a-z_]+\.[a-z_]+")
    assert [kind.code for kind in error_classes() if not shape.fullmatch(kind.code)] == []


def test_every_sentence_belongs_to_an_error():
    known = {kind.code for kind in error_classes()}
    written = {
        code
        for path in SRC.rglob("sentences.toml")
        for code in tomllib.loads(path.read_text(encoding="utf-8"))
    }
    assert written - known == set()


def glossary_refuses() -> list[str]:
    rows = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    cells = [row.strip("| ").split("|")[-1] for row in rows if row.startswith("| ")][1:]
    return [word.strip() for cell in cells for word in cell.split(",") if word.strip(" —")]


def test_words_for_people_are_those_of_the_glossary():
    words = glossary_refuses()
    assert len(words) >= 5
    spoken = [*SRC.rglob("sentences.toml"), *SRC.rglob("*.html"), *SRC.rglob("notices.toml")]
    spoken += [path for path in (ROOT / "docs").rglob("*.md") if path.name != "glossary.md"]
    bad = complaints(lambda text: foreign_words(visible(text), words), spoken, of_text=True)
    assert bad == {}


def test_no_module_is_dead():
    from madang.cli.main import VERBS

    modules, programs = {}, set()
    for path in sources():
        name, is_package = module_name(path), path.name == "__init__.py"
        found = imported_names(parsed(path), name, is_package=is_package)
        if "__main__" in path.read_text(encoding="utf-8"):
            programs |= found  # nobody imports it, and what it imports lives
        else:
            modules[name] = found
    modules["madang.cli.main"] |= {verb.module for verb in VERBS.values()} | entry_points()
    modules["madang.cli.main"] |= programs
    for path in SRC.rglob("migrations/0*.py"):
        modules["madang.cli.main"] |= imported_names(
            parsed(path), module_name(path), is_package=False
        )
    assert dead_modules(modules) == []


def test_every_room_stands_on_a_floor():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(one for one in contracts["contracts"] if one["type"] == "layers")["layers"]
    floors = {
        room.strip(" ()") for layer in layers for room in layer.replace(":", "|").split("|")
    }
    rooms = {one.name for one in pkgutil.iter_modules(madang.__path__) if one.ispkg}
    assert rooms - floors == set()


# --- over bad samples ---------------------------------------------------------------------

LONG = "def f():\n" + "    pass\n" * FUNCTION_LINES_MAX


@pytest.mark.parametrize(
    ("check", "sample"),
    [
        (long_functions, LONG),
        (clock_readings, "x = datetime.now(UTC)"),
        (clock_readings, "from django.utils import timezone\nx = timezone.now()"),
        (clock_readings, "x = time.time()"),
        (clock_readings, "x = datetime.date.today()"),
        (prints, "print(1)"),
        (prints, "breakpoint()"),
        (names_without_unit, "def f(timeout: float): ..."),
        (names_without_unit, "def f(*, retry_delay: int | None = None): ..."),
        (names_without_unit, "class A:\n    latency: float"),
        (floats_near_money, "def f(amount_microwon: float): ..."),
        (floats_near_money, "class A:\n    price_won: float"),
        (floats_near_money, "x = charge_microwon / 2"),
        (floats_near_money, "x = float(row.balance_microwon)"),
    ],
)
def test_check_of_code_catches_its_bad_sample(check, sample):
    assert check(ast.parse(sample))
    assert not check(ast.parse("def f(timeout_s: float) -> int:\n    return 1 // 2\n"))


BAD_IMPORT = "def f():\n    import numpy\n"
GOOD_IMPORT = "def f():\n    import numpy  # heavy\n    import scipy\n\n    return scipy\n"
SECOND_GROUP = GOOD_IMPORT + "\n    import pandas\n"


@pytest.mark.parametrize(
    ("check", "bad", "good"),
    [
        (unexplained_imports, BAD_IMPORT, GOOD_IMPORT),
        (unexplained_imports, SECOND_GROUP, GOOD_IMPORT),
        (unnamed_todos, "# TO" + "DO: later", "# TO" + "DO(#12): later"),
        (strange_places, "see https://" + HOSTS[0] + "/x", "see https://example.org/x"),
        (strange_places, "cd /" + "work/main", "cd framework/main"),
        (strange_places, "open('/" + "tmp/x')", "open('a/" + "tmp/x')"),
        (lambda text: foreign_words(text, ["vendor"]), "our Vendors pay", "supplier"),
        (lambda text: foreign_words(text, ["쿠폰"]), "쿠폰을 쓰다", "바우처를 쓰다"),
    ],
)
def test_check_of_text_catches_its_bad_sample(check, bad, good):
    assert check(bad)
    assert not check(good)


@pytest.mark.parametrize(
    "sentences",
    [{"en": "Only English."}, {"ko": "한국어만"}, {"ko": "%(a)s", "en": "%(b)s"}, {}],
)
def test_sentence_check_catches_its_bad_sample(sentences):
    assert sentence_faults(sentences)
    assert not sentence_faults({"ko": "%(a)s 없음", "en": "No %(a)s."})


def test_dead_module_check_catches_its_bad_sample():
    modules = {"madang.a": {"madang.b.c"}, "madang.b": set(), "madang.dead": set()}
    assert dead_modules(modules) == ["madang.a", "madang.dead"]
    relative = imported_names(ast.parse("from .x import y"), "madang.a.b", is_package=False)
    assert "madang.a.x.y" in relative


def test_a_django_file_has_the_lower_limit():
    assert file_lines_max("from django.db import models\n") == DJANGO_FILE_LINES_MAX
    assert file_lines_max("import asyncio\n") == FILE_LINES_MAX
