"""The `madang` command. A room is loaded only when one of its verbs is called."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from madang import __version__
from madang.cli.console import Text, language, language_from, tell_error
from madang.cli.errors import Crashed, DatabaseUnwell, ExtraMissing, Interrupted
from madang.core.errors import MadangError, WrongUsage


@dataclass(frozen=True, slots=True)
class Verb:
    """Where a command lives, which extra it needs, and its line in the list of commands."""

    place: str
    extra: str
    text: Text
    has_models: bool = False

    @property
    def module(self) -> str:
        return self.place.partition(":")[0]

    def load(self) -> click.Command:
        """Import the command. Raises ExtraMissing when its packages are not installed."""
        module, _, attribute = self.place.partition(":")
        if self.has_models:
            set_up_django()
        found = getattr(importlib.import_module(module), attribute)
        assert isinstance(found, click.Command)  # our own table
        return found


def set_up_django() -> None:
    """Load the rooms' models, once. The settings read MADANG_DATA and DATABASE_URL."""
    import django  # the platform's extra; `madang chips` does without

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "madang.portal.settings")
    django.setup()
    for handler in logging.getLogger().handlers:
        if type(handler) is logging.StreamHandler:
            handler.setStream(sys.__stderr__)  # standard output is the answer's alone


def _verb(place: str, extra: str, ko: str, en: str) -> Verb:
    return Verb(f"madang.cli.{place}", extra, Text(ko, en))


def _noun(name: str, ko: str, en: str) -> Verb:
    """A verb that works on the platform's rows."""
    return Verb(f"madang.cli.{name}:{name}", "platform", Text(ko, en), has_models=True)


VERBS: dict[str, Verb] = {
    "up": _verb("up:up", "platform", "플랫폼 전체를 시작합니다.", "Start the whole platform."),
    "demo": _verb("demo:demo", "demo", "시연을 시작합니다.", "Start the demonstration."),
    "doctor": _verb(
        "doctor:doctor", "platform", "설치 상태를 점검합니다.", "Check this installation."
    ),
    "apply": _noun("apply", "선언 파일을 적용합니다.", "Apply declaration files."),
    "person": _noun("person", "사람과 로그인 링크", "People, and how they come in."),
    "programme": _noun("programme", "사업과 공고", "Programmes and calls."),
    "policy": _noun("policy", "정책", "Versions of policy."),
    "voucher": _noun("voucher", "이용권", "Vouchers."),
    "key": _noun("key", "이용권 API 키", "API keys of vouchers."),
    "usage": _noun("usage", "사용 기록", "Usage that is delivered."),
    "refund": _noun("refund", "환불", "Refunds."),
    "settlement": _noun("settlement", "정산", "Statements of suppliers."),
    "payout": _noun("payout", "지급", "Payouts to suppliers."),
    "bank": _noun("bank", "은행 거래", "The bank's file, and its reconciliation."),
    "year": _noun("year", "회계연도", "The end of a programme-year."),
    "call": _noun("call", "호출", "Calls of unknown outcome."),
    "flag": _noun("flag", "의심 사항", "What looks odd, for a person to decide."),
    "ledger": _noun("ledger", "원장", "The ledger."),
    "clock": _verb("clock:clock", "", "시험용 시계", "The clock of test mode."),
    "portal": _verb("processes:portal", "platform", "포털만 실행", "Run the portal alone."),
    "till": _verb("processes:till", "platform", "틸만 실행", "Run the till alone."),
    "gateway": _verb(
        "processes:gateway", "gateway", "게이트웨이만 실행", "Run a gateway alone."
    ),
    "worker": _verb("processes:worker", "platform", "작업자만 실행", "Run the worker alone."),
    "migrate": _verb(
        "processes:migrate", "platform", "데이터베이스 준비", "Prepare the database."
    ),
    "sample-supplier": _verb(
        "sample_supplier:sample_supplier",
        "demo",
        "시연용 모델 서버",
        "The demonstration's model server.",
    ),
    "rights": _verb(
        "rights:rights", "rights", "학습 이용 권리 판정", "Rights to train on data."
    ),
    "compute": _verb("compute:compute", "planner", "GPU 지원", "GPU support."),
    "chips": _verb("chips:chips", "chips", "AI 반도체 실험실", "The chip lab."),
    "hub": _verb("hub:hub", "hub-client", "학습용 데이터 허브", "The training-data hub."),
    "testbed": _verb("testbed:testbed", "testbed", "검증 시험대", "The test-bed."),
    "completion": _verb("completion:completion", "", "셸 자동 완성", "Shell completion."),
}


class Root(click.Group):
    """The list of commands is known without importing one of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, verb in VERBS.items() if importlib.util.find_spec(verb.module)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        return VERBS[cmd_name].load()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, str(VERBS[name].text)) for name in self.list_commands(ctx)]
        with formatter.section(str(Text("명령", "Commands"))):
            formatter.write_dl(rows)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.help = str(
            Text(
                "마당: 공고에서 정산까지, AI 지원사업을 한곳에서 운영합니다.",
                "Madang runs a public AI-support programme, from the call to the settlement.",
            )
        )
        super().format_help_text(ctx, formatter)


@click.group(cls=Root, name="madang")
@click.version_option(__version__, prog_name="madang")
@click.option("--lang", type=click.Choice(["ko", "en"]), help="ko | en")
def root(lang: str | None) -> None:
    """Languages are settled before anything is parsed; the option is only declared here."""


def run(words: Sequence[str]) -> int:
    """Run one command and return its exit code: 0 done, 1 refused, 2 wrong usage, 3 unwell."""
    own = words[: words.index("--")] if "--" in words else words  # the rest is a job's
    language.set(language_from(own, os.environ))
    os.environ.update(settings_from(own))
    as_json = "--json" in own
    try:
        code = root.main(list(words), prog_name="madang", standalone_mode=False)
    except click.exceptions.Exit as asked:
        return asked.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(error.format_message() + "\n")
        return 2
    except Exception as error:  # noqa: BLE001  the process edge: nothing passes untold
        code = tell_error(_explained(error, words), as_json=as_json)
        if isinstance(error, click.UsageError) and error.ctx is not None and not as_json:
            sys.stderr.write(str(Text("사용법", "How to call it")))
            sys.stderr.write(f": {error.ctx.command_path} --help\n")
        return code
    return code if isinstance(code, int) else 0


def settings_from(words: Sequence[str]) -> dict[str, str]:
    """What the settings must know before a verb is even loaded: the data folder of --data."""
    found = {}
    for word, following in zip(words, [*words, ""][1:], strict=True):
        if word == "--data" or word.startswith("--data="):
            found["MADANG_DATA"] = str(Path(word.partition("=")[2] or following).resolve())
    if "--help" in words:  # nothing is read or written: no folder, no key
        found["MADANG_SECRET_KEY"] = "only-for-help"
    return found


def _explained(error: Exception, words: Sequence[str]) -> MadangError:
    """Any exception as one of ours; what is our own mistake leaves its trace."""
    if isinstance(error, MadangError):
        return error
    if isinstance(error, click.ClickException):
        return WrongUsage(reason=error.format_message().rstrip("."))
    if isinstance(error, click.Abort):
        return Interrupted()
    if isinstance(error, ModuleNotFoundError):
        return _missing(error, words)
    if type(error).__name__ in {"OperationalError", "InterfaceError"}:  # psycopg's or Django's
        return DatabaseUnwell(reason=str(error).splitlines()[0].rstrip("."))
    traceback.print_exception(error)
    return Crashed(kind=type(error).__name__)


def _missing(error: ModuleNotFoundError, words: Sequence[str]) -> MadangError:
    """The extra that the called verb needs, or our own mistake when a room's module is gone."""
    module = (error.name or "").partition(".")[0]
    verb = next((VERBS[word] for word in words if word in VERBS), None)
    if verb is None or module == "madang":
        traceback.print_exc()
        return Crashed(kind=str(error))
    return ExtraMissing(module=module, extra=verb.extra)


def main() -> None:
    sys.exit(run(sys.argv[1:]))
