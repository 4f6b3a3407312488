"""`madang key`: API keys of vouchers. A secret is shown once, when it is made."""

from __future__ import annotations

import click

from madang.cli.acting import actor_named, as_option
from madang.cli.console import Answer, Console, Option, Text, command, group
from madang.cli.declarations.tables import RPM_MAX_DEFAULT
from madang.cli.installation import opened
from madang.metering.keys.actions import create_key, revoke_key
from madang.metering.keys.queries import key_for, keys_of
from madang.metering.vouchers.queries import voucher_for

VOUCHER = Text("이용권", "Voucher")


@command("create", ko="키를 만들고 한 번만 보여 줍니다.", en="Make a key and show it once.")
@click.option("--voucher", cls=Option, text=VOUCHER, required=True)
@click.option(
    "--rpm-max",
    cls=Option,
    text=Text("분당 요청 수 한도", "Most requests a minute"),
    type=click.IntRange(1, 1_000_000),
    default=RPM_MAX_DEFAULT,
    show_default=True,
)
@as_option
def create(console: Console, voucher: str, rpm_max: int, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        actor = actor_named(installation, as_)
        row = voucher_for(actor, voucher)
        made = create_key(actor, row, rpm_max=rpm_max, at=installation.clock.now())
    data = {"key": made.key.no, "voucher": voucher, "secret": made.secret}
    return Answer(data, [made.secret])


@command("revoke", ko="키를 폐기합니다.", en="End a key for good.")
@click.argument("key", type=int)
@click.option("--reason", cls=Option, text=Text("사유", "Reason"), default="")
@as_option
def revoke(console: Console, key: int, reason: str, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        actor = actor_named(installation, as_)
        row = revoke_key(actor, key_for(actor, key), at=installation.clock.now(), reason=reason)
    return Answer({"key": row.no, "revoked": True}, [str(Text("폐기됨", "revoked"))])


@command("list", ko="키를 보여 줍니다. 비밀값은 없습니다.", en="List keys, without secrets.")
@click.option("--voucher", cls=Option, text=VOUCHER)
@as_option
def list_(console: Console, voucher: str | None, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        rows = keys_of(actor_named(installation, as_)).select_related("voucher")
        found = [
            {
                "key": row.no,
                "voucher": row.voucher.code,
                "prefix": row.prefix,
                "rpm_max": row.rpm_max,
                "revoked": row.revoked_at is not None,
            }
            for row in rows.order_by("no")
            if voucher in {None, row.voucher.code}
        ]
    lines = [f"{one['key']}  {one['voucher']}  {one['prefix']}…" for one in found]
    return Answer({"keys": found}, lines)


key = group("key", create, revoke, list_, ko="이용권 API 키", en="API keys of vouchers.")
