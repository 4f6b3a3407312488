"""A team's limit holds for calls as the voucher's own does: by what is lent, under its lock.

Eight clients at once, tills killed meanwhile, deliveries in between: never a micro-won above.
"""

from __future__ import annotations

import itertools
import sys
import threading
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from books import check_books
from metering_market import AT, OPERATOR, position, won
from till_rig import wait_until

from gateway_parts.stage import GatewayProcess
from gateway_parts.supplier import Supplier
from madang.metering.errors import TeamLimitReached
from madang.metering.keys.actions import create_key
from madang.metering.teams.actions import give_key_to_team, set_team
from madang.metering.teams.queries import left_microwon, spent_microwon
from madang.metering.till.models import Lease
from madang.metering.usage.actions import record_usage
from madang.metering.usage.models import Usage

EST = 98_000
LIMIT = won(6)
_secrets = itertools.count(1)


def team_of(voucher, *, limit: int = LIMIT, code: str = "lab"):
    return set_team(OPERATOR, voucher, code=code, name=code, limit_microwon=limit, at=AT).row


class Greedy(threading.Thread):
    """A worker that takes a team's leases and spends them until it is refused."""

    def __init__(self, rig, number: int, voucher, model, team) -> None:
        super().__init__(daemon=True)
        self.worker = rig.worker(number)
        self.customer = rig.customer(self.worker, voucher, model)
        self.team, self.spent, self.said = team, 0, ""

    def run(self) -> None:
        customer = self.customer
        while True:
            told = self.worker.want(
                customer.voucher, customer.supplier, EST, EST * 30, self.team.id
            )
            if not hasattr(told, "hold"):
                self.said = told.code
                return
            for _ in range(told.amount_microwon // EST):
                self.spent += customer.call(told.hold, EST)
            self.worker.give_back(told.hold)


def test_workers_of_one_team_never_spend_more_than_its_limit(rig) -> None:
    voucher, model = rig.market.voucher(), rig.market.model()
    team = team_of(voucher)
    greedy = [Greedy(rig, number, voucher, model, team) for number in range(4)]
    for one in greedy:
        one.start()
    for one in greedy:
        one.join()
    rig.flush()

    spent = sum(one.spent for one in greedy)
    assert {one.said for one in greedy} == {"voucher.team.limit_reached"}
    assert spent_microwon(team) == spent == position(voucher).charged_supply
    assert LIMIT - EST * 5 < spent <= LIMIT
    assert not Lease.objects.exclude(state="resolved").exists()
    check_books()


def test_teams_share_a_voucher_and_neither_spends_of_the_other(rig) -> None:
    voucher, model = rig.market.voucher(), rig.market.model()
    lab, shop = team_of(voucher), team_of(voucher, limit=won(1), code="shop")
    customer = rig.customer(rig.worker(), voucher, model)
    want, supplier = customer.worker.want, model.supplier_id

    whole = want(voucher.id, supplier, won(5), won(5), lab.id)
    assert want(voucher.id, supplier, won(1) + 1, 0, lab.id).code == TeamLimitReached.code
    assert want(voucher.id, supplier, won(1) + 1, 0, shop.id).code == TeamLimitReached.code
    other = want(voucher.id, supplier, won(1), 0, shop.id)
    assert (whole.spendable_microwon, other.spendable_microwon) == (won(1), 0)
    nobody = want(voucher.id, supplier, won(9))
    assert nobody.amount_microwon == won(9), "who is in no team has the voucher's own limit"

    for hold, team in ((whole.hold, lab.id), (other.hold, shop.id), (nobody.hold, None)):
        customer.call(hold, EST)
        rig.flush()
        assert Usage.objects.order_by("-no").first().team_id == team
    assert spent_microwon(lab) == spent_microwon(shop) == EST
    assert left_microwon(lab, EST) == won(1), "what is lent counts until it comes back"
    customer.worker.give_back(whole.hold)
    wait_until(lambda: left_microwon(lab, EST) == LIMIT - EST, what="the rest to come back")
    check_books()


def test_delivery_does_not_take_what_calls_in_flight_may_cost(rig) -> None:
    voucher, model = rig.market.voucher(), rig.market.model()
    report = rig.market.offering(won_each="1")
    team = team_of(voucher)
    customer = rig.customer(rig.worker(), voucher, model)
    hold = customer.worker.want(voucher.id, model.supplier_id, won(4), 0, team.id).hold
    call = customer.open(hold, won(4))

    def deliver(quantity: int, external_id: str) -> None:
        record_usage(
            OPERATOR, voucher, report, quantities=quantity, external_id=external_id,
            at=AT, team=team,
        )  # fmt: skip

    with pytest.raises(TeamLimitReached) as refused:
        deliver(3, "a")
    assert refused.value.fields["left_microwon"] == won(2)
    deliver(2, "b")
    assert customer.worker.want(voucher.id, model.supplier_id, 1, 0, team.id).code == (
        TeamLimitReached.code
    )
    customer.commit(call, hold, won(4), token_in=1, token_out=0, cost=1400)
    customer.worker.give_back(hold)
    rig.flush()
    assert spent_microwon(team) == won(2) + 1400
    deliver(3, "c")


def test_lease_that_is_returned_with_calls_in_flight_still_counts_for_its_team(rig) -> None:
    voucher, model = rig.market.voucher(), rig.market.model()
    team = team_of(voucher)
    customer = rig.customer(rig.worker(), voucher, model)
    hold = customer.worker.want(voucher.id, model.supplier_id, won(6), 0, team.id).hold
    call = customer.open(hold, won(2))
    customer.worker.give_back(hold, in_flight=won(2))
    wait_until(lambda: left_microwon(team, 0) == won(4), what="the idle part to come back")

    customer.commit(call, hold, won(2), token_in=100, token_out=0, cost=140_000)
    rig.flush()
    assert Usage.objects.get().team_id == team.id
    customer.worker.give_back(hold)
    wait_until(
        lambda: left_microwon(team, spent_microwon(team)) == LIMIT - 140_000, what="the rest"
    )


class House:
    """A gateway, a supplier, one voucher; a key of a team and a key of none."""

    def __init__(self, rig, *, limit: int) -> None:
        self.rig = rig
        self.supplier = Supplier()
        self.model = rig.market.model(upstream=self.supplier.url)
        self.voucher = rig.market.voucher()
        self.team = team_of(self.voucher, limit=limit)
        self.secrets = [f"mdg_test_team_{next(_secrets):04d}" for _ in range(2)]
        keys = [
            create_key(OPERATOR, self.voucher, rpm_max=100_000, at=AT, secret=secret).key
            for secret in self.secrets
        ]
        give_key_to_team(OPERATOR, keys[0], self.team, at=AT)
        self.gateway = GatewayProcess(rig.data, rig).wait_ready()
        self.http = httpx.Client(timeout=30)

    def close(self) -> None:
        self.http.close()
        self.gateway.stop()
        self.supplier.stop()

    def chat(self, *, of_team: bool = True, out: int = 30) -> httpx.Response:
        return self.http.post(
            f"{self.gateway.url}/v1/chat/completions",
            headers={"authorization": f"Bearer {self.secrets[0 if of_team else 1]}"},
            json={
                "model": "nuri/chat", "messages": [{"role": "user", "content": "안녕"}],
                "max_tokens": out, "user": f'{{"out": {out}}}',
            },
        )  # fmt: skip

    def set_limit(self, amount: int) -> None:
        set_team(
            OPERATOR, self.voucher, code="lab", name="lab", limit_microwon=amount, at=AT
        )  # fmt: skip


@pytest.fixture
def house_of(rig):
    made = []

    def make(limit: int) -> House:
        made.append(House(rig, limit=limit))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_eight_clients_of_a_team_stop_at_its_limit_while_tills_are_killed(house_of) -> None:
    limit = won(30)
    house = house_of(limit)
    answers: list[httpx.Response] = []

    def spend() -> None:
        while True:
            answer = house.chat()
            answers.append(answer)
            if answer.status_code == 402:
                return

    clients = [threading.Thread(target=spend) for _ in range(8)]
    for client in clients:
        client.start()
    for seen in (20, 60):
        wait_until(
            lambda seen=seen: (
                sum(one.status_code == 200 for one in answers) > seen
                or not any(client.is_alive() for client in clients)
            ),
            what=f"{seen} calls",
        )
        house.rig.kill()
        house.rig.start()
    for client in clients:
        client.join()
    house.rig.flush(recall=True)

    assert {one.status_code for one in answers} <= {200, 402, 503}
    refused = [one.json()["error"]["code"] for one in answers if one.status_code == 402]
    assert set(refused) == {"voucher.team.limit_reached"}
    spent = spent_microwon(house.team)
    told = sum(
        int(one.headers["x-madang-charge-microwon"])
        for one in answers
        if one.status_code == 200
    )
    assert spent == told == position(house.voucher).charged_supply
    assert limit * 9 // 10 <= spent <= limit
    assert house.chat(of_team=False).status_code == 200, "the voucher has more"
    check_books()


def test_lower_limit_stops_calls_within_a_second_and_a_higher_one_lets_them_go_on(
    house_of,
) -> None:
    house = house_of(won(30))
    first = house.chat()
    assert first.status_code == 200
    assert int(first.headers["x-madang-voucher-available-microwon"]) <= won(30)
    house.set_limit(1)
    wait_until(lambda: house.chat().status_code == 402, what="402")
    assert house.chat(of_team=False).status_code == 200
    house.set_limit(won(60))
    assert house.chat().status_code == 200, "the limit is asked at every lease"
