"""What a house declares so that jobs can run in it and be charged."""

from __future__ import annotations

from datetime import date, timedelta


def declared(today: date, *, gpu_seconds: int) -> str:
    """A site of the local engine, its offering and a grant of so many GPU-seconds."""
    start, end = today - timedelta(days=20), today + timedelta(days=300)
    since = f"{start}T00:00:00+09:00"
    return f"""
[[programme]]
code = "gpu"
name = {{ ko = "GPU 지원", en = "GPU support" }}
year = {today.year}
starts_on = "{start}"
ends_on = "{end}"
subsidy_ratio = "4/5"
vat_rate = "1/10"
budget_won = 100_000_000
[[organisation]]
code = "hana"
name = {{ ko = "하나", en = "Hana" }}
kind = "sme"
[[organisation]]
code = "gj"
name = {{ ko = "광주", en = "Gwangju" }}
kind = "public"
[[supplier]]
code = "gj"
name = {{ ko = "광주", en = "Gwangju" }}
organisation = "gj"
[[offering]]
code = "gj/h100"
supplier = "gj"
meter = "compute"
  [[offering.price]]
  unit = "gpu_second"
  won_each = "1.5"
  valid_from = "{since}"
[[voucher]]
code = "v-gpu"
programme = "gpu"
organisation = "hana"
subsidy_won = 1_000_000
deposit_won = 400_000
expires_on = "{end}"
offerings = ["gj/*"]
[[site]]
code = "local"
engine = "local"
[[gpu_class]]
code = "small"
site = "local"
gres = "gpu"
offering = "gj/h100"
cards_max = 4
  [[gpu_class.stage]]
  cards = 4
  opens_on = "{start}"
[[grant]]
code = "g1"
organisation = "hana"
gpu_class = "small"
voucher = "v-gpu"
gpu_seconds = {gpu_seconds}
cards_max = 2
starts_on = "{start}"
ends_on = "{end}"
tranches = ["1/2", "1/2"]
[[person]]
email = "kim@hana.example"
organisation = "hana"
roles = ["beneficiary"]
[[person]]
email = "op@gj.example"
organisation = "gj"
roles = ["operator"]
[[gpu_class]]
code = "by-power"
site = "local"
gres = "gpu"
cards_max = 8
size = "large"
teraflops_per_card = 500
  [[gpu_class.stage]]
  cards = 16
  opens_on = "{start}"
[[grant]]
code = "power"
organisation = "gj"
gpu_class = "by-power"
petaflops = "1.2"
starts_on = "{start}"
ends_on = "{end}"
"""
