"""A survey from its opening to its publication: answers, import, clusters, decisions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from madang.core.errors import NotAllowed
from madang.datahub.demand import actions
from madang.datahub.demand.actions import Demand
from madang.datahub.demand.queries import clusters
from madang.datahub.errors import DemandInvalid, SurveyClosed
from madang.datahub.models import DemandItem
from madang.parties.actor import Actor
from madang.parties.errors import TransitionNotAllowed

pytestmark = pytest.mark.django_db
NOBODY = Actor("anonymous")
HEAD = "field,title,purpose,user_kind\n"


@pytest.fixture
def operator(person):
    return person("op@agency.example", "agency", "operator")


@pytest.fixture
def survey(operator, at):
    return actions.create_survey(
        operator, code="d1", title_ko="수요", title_en="Demand", opens_at=at,
        closes_at=at + timedelta(days=10), at=at,
    )  # fmt: skip


def ask(title: str, at, field: str = "vision"):
    return actions.submit_demand(NOBODY, "d1", Demand(field, title, "연구"), at=at)


def test_like_demands_are_put_together_with_their_count(operator, survey, at):
    ask("한국 도로 야간 주행 영상 데이터", at)
    ask("한국 도로 야간 주행 영상 데이터셋", at)
    ask("한국 도로의 야간 주행 영상 데이터", at)
    ask("흉부 엑스레이 판독문", at)
    ask("한국 도로 야간 주행 영상 데이터", at, "driving")  # another field
    actions.close_survey(operator, "d1", at=at)
    actions.analyse_demands(operator, "d1", at=at)
    assert [one.count for one in clusters(survey)] == [3, 1, 1]
    actions.analyse_demands(operator, "d1", at=at)  # again, from the beginning
    assert [one.count for one in clusters(survey)] == [3, 1, 1]
    assert DemandItem.objects.filter(state="merged").count() == 2
    actions.publish_survey(operator, "d1", at=at)
    first = clusters(survey)[0].item
    assert actions.decide_demand(operator, first.id, adopt=True, reason="다수", at=at)
    with pytest.raises(TransitionNotAllowed):
        actions.decide_demand(operator, first.id, adopt=False, reason="x", at=at)


def test_demands_chosen_together_are_decided_all_or_none(operator, survey, at):
    chosen = [ask("야간 주행 영상", at).id, ask("흉부 엑스레이 판독문", at).id]
    actions.close_survey(operator, "d1", at=at)
    actions.analyse_demands(operator, "d1", at=at)
    actions.publish_survey(operator, "d1", at=at)
    actions.decide_demand(operator, max(chosen), adopt=True, reason="다수", at=at)
    with pytest.raises(TransitionNotAllowed):
        actions.decide_demands(operator, chosen, adopt=False, reason="x", at=at)
    states = set(DemandItem.objects.values_list("state", flat=True))
    assert "declined" not in states, "the first is not declined beside a second that cannot be"
    chosen.remove(max(chosen))
    actions.decide_demands(operator, [*chosen, *chosen], adopt=False, reason="x", at=at)
    assert DemandItem.objects.get(id=chosen[0]).state == "declined"


def test_rows_of_a_file_are_imported_all_or_none(operator, builder, survey, at):
    rows = "vision,야간 영상,연구,university\nsafety,화재 영상,제품,sme\n"
    assert actions.import_demands(operator, "d1", "\ufeff" + HEAD + rows, at=at) == 2
    with pytest.raises(NotAllowed):
        actions.import_demands(builder, "d1", HEAD + rows, at=at)
    wrong = HEAD + rows + "sports,경기 영상,연구,sme\n"
    with pytest.raises(DemandInvalid) as caught:
        actions.import_demands(operator, "d1", wrong, at=at)
    assert caught.value.fields["field"] == "line 4"
    assert DemandItem.objects.count() == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "title\nx\n",
        HEAD + "vision,x\n",
        HEAD + "vision,x,y,z,more\n",
        HEAD + "vision,,y,\n",
    ],
)
def test_file_that_is_no_such_table_is_refused(operator, survey, at, text):
    with pytest.raises(DemandInvalid):
        actions.import_demands(operator, "d1", text, at=at)


def test_answers_are_taken_between_two_instants_only(operator, survey, at):
    for when in (at - timedelta(seconds=1), at + timedelta(days=10)):
        with pytest.raises(SurveyClosed):
            ask("영상", when)
    with pytest.raises(DemandInvalid):
        ask("  ", at)
    with pytest.raises(DemandInvalid):
        ask("영상", at, "sports")
    actions.close_survey(operator, "d1", at=at)
    with pytest.raises(SurveyClosed):
        ask("영상", at)


def test_every_faulty_line_of_a_file_is_named(operator, survey, at):
    text = HEAD + "sports,a,b,\nvision,x,y,\nvision,,y,\nvision,x\n"
    with pytest.raises(DemandInvalid) as caught:
        actions.import_demands(operator, "d1", text, at=at)
    told = caught.value.fields["reason"]
    assert "line 2: field" in told
    assert "line 4: title" in told
    assert "line 5: 2 values instead of 4" in told
    assert "line 3" not in told


def test_person_merges_and_splits_before_publication(operator, builder, survey, at):
    for title in ("도로 표지판", "교통 표지 사진", "교통 표지 사진 모음"):
        ask(title, at)
    other = ask("말소리", at, "speech-language")
    for step in (actions.close_survey, actions.analyse_demands):
        step(operator, "d1", at=at)
    first, second = (one.item for one in clusters(survey) if one.item.field == "vision")
    with pytest.raises(NotAllowed):
        actions.merge_demands(builder, first.id, [second.id], at=at)
    with pytest.raises(DemandInvalid):
        actions.merge_demands(operator, first.id, [other.id], at=at)
    actions.merge_demands(operator, second.id, [first.id], at=at)
    assert sorted(one.count for one in clusters(survey)) == [1, 3]
    actions.split_demand(operator, first.id, at=at)
    assert sorted(one.count for one in clusters(survey)) == [1, 1, 2]
    actions.publish_survey(operator, "d1", at=at)
    with pytest.raises(SurveyClosed):
        actions.merge_demands(operator, second.id, [first.id], at=at)


def test_one_sender_is_counted_once_for_one_wish(survey, at):
    one = actions.submit_demand(NOBODY, "d1", Demand("vision", "a", "b"), address="1", at=at)
    again = actions.submit_demand(NOBODY, "d1", Demand("vision", "a", "c"), address="1", at=at)
    other = actions.submit_demand(NOBODY, "d1", Demand("vision", "a", "b"), address="2", at=at)
    assert again.id == one.id != other.id
