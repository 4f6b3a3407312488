from django.apps import AppConfig

from madang.parties.notices.texts import register_notices
from madang.programme.fulfilment.registry import REIMBURSE, register_fulfilment


class ProgrammeConfig(AppConfig):
    name = "madang.programme"
    label = "programme"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from madang.programme.fulfilment.milestones import (  # noqa: PLC0415  as below
            MilestoneFulfilment,
            ReimbursementFulfilment,
        )
        from madang.programme.fulfilment.voucher import (  # noqa: PLC0415  models load after apps
            VoucherFulfilment,
        )

        register_notices("madang.programme")
        register_fulfilment("voucher", VoucherFulfilment())
        register_fulfilment("milestones", MilestoneFulfilment())
        register_fulfilment(REIMBURSE, ReimbursementFulfilment())
