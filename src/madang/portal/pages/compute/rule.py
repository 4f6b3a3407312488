"""The published rule of small grants, as pages show it to everybody."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madang.compute.policy import policy_at

HOUR = timedelta(hours=1)
SILENCE: dict[str, str | Promise] = {
    "escalate": _("the operators are told again, and so are you"),
    "approve": _("it counts as approved"),
    "refuse": _("it counts as refused"),
}


def published_rule(at: datetime) -> dict[str, object]:
    """What `compute/rule.html` is drawn from."""
    policy = policy_at(at)
    return {
        "gpu_hours_max": policy.auto_gpu_seconds_max // (HOUR // timedelta(seconds=1)),
        "rule_cards_max": policy.auto_cards_max,
        "days_max": policy.auto_days_max,
        "hours": policy.auto_decide // HOUR,
        "silence": SILENCE[policy.auto_when_late],
    }
