"""A declared call brings its eligibility rules, bonuses and terms; declared again it is one."""

from __future__ import annotations

import pytest

from madang.cli.declarations.applying import Applier
from madang.cli.declarations.reader import Source, read
from madang.programme.errors import RequirementInvalid
from madang.programme.models import Call

TEXT = """
[[call]]
code = "c-declared"
programme = "api-voucher"
opens_at = "2026-03-03T09:00:00+09:00"
closes_at = "2026-03-24T15:00:00+09:00"
budget_won = 1_000_000
criteria = [{ code = "plan", weight = 1 }]
panel = 3
quorum = 3
appeal_days = 7
supplier_consent = "before_review"
pay_direction = "reimburse"
auto_approve_won_max = 300_000
eligibility = [{ code = "young", kind = "years_since", name = "established_on", at_most = 7 }]
  [[call.bonuses]]
  code = "rural"
  points_milli = 500
  when = { code = "r", kind = "region", any_of = ["전남"] }
"""


def applied(system, at, text: str):
    return Applier(system, None, at).run(read([Source("call.toml", text)]))


def test_rules_bonuses_and_terms_are_frozen_with_the_call(system, year, at) -> None:
    applied(system, at, TEXT)
    row = Call.objects.get(code="c-declared")
    assert row.eligibility[0]["at_most"] == 7
    assert row.bonuses[0]["when"]["any_of"] == ["전남"]
    terms = {"appeal_days": 7, "supplier_consent": "before_review", "deposit_days": 14}
    terms["pay_direction"] = "reimburse"
    assert terms.items() <= row.terms.items()
    assert row.terms["auto_approve_won_max"] == 300_000
    digest = row.frozen_sha256
    applied(system, at, TEXT)
    assert Call.objects.get(code="c-declared").frozen_sha256 == digest


def test_rule_that_cannot_be_asked_names_its_file(system, year, at) -> None:
    with pytest.raises(RequirementInvalid) as caught:
        applied(system, at, TEXT.replace("at_most = 7", "verified = true"))
    assert caught.value.fields["file"] == "call.toml"
    assert not Call.objects.filter(code="c-declared").exists()
