"""Rankings: reproduced byte for byte, confirmed by two, superseded on change."""

from __future__ import annotations

import threading
import uuid

import pytest
from django.db import IntegrityError, connection, transaction

from madang.core.errors import NotAllowed, NotFound
from madang.parties.errors import TransitionNotAllowed
from madang.review.assignments.actions import (
    assign_reviewer,
    declare_interest,
    exclude_reviewer,
)
from madang.review.errors import (
    AlreadyConfirmed,
    BelowQuorum,
    NothingToRank,
    PanelDecided,
    RankingStale,
)
from madang.review.panels.actions import withdraw_subject
from madang.review.rankings.actions import compute_ranking, confirm_ranking
from madang.review.rankings.models import RankingRun
from madang.review.rankings.queries import outputs_of, reproduces, run_for, runs_for
from madang.review.reviews.actions import submit_review


def score(operator, subject, reviewers, points: int, at) -> list:
    """Assign, pledge and hand in a review by each of these reviewers."""
    rows = []
    for offset, (actor, person) in enumerate(reviewers):
        row = assign_reviewer(operator, subject, person, at=at)
        declare_interest(actor, row.id, has_conflict=False, at=at)
        scores = {"plan": points + offset, "effect": f"{points}.5"}
        submit_review(actor, row.id, scores=scores, at=at)
        rows.append(row)
    return rows


@pytest.fixture
def scored(operators, panel, subject, reviewers, at):
    """Two subjects, the better one first, each with three reviews."""
    better, worse = subject(panel, "hana"), subject(panel, "duri")
    rows = score(operators[0], better, reviewers[:3], 80, at)
    score(operators[0], worse, reviewers[:3], 60, at)
    return better, worse, rows


def test_inv_i2_ranking_reproduces_byte_for_byte_from_what_is_stored(
    operators, panel, scored, at
) -> None:
    run = compute_ranking(operators[0], panel.id, at=at)
    stored = RankingRun.objects.get(pk=run.pk)
    assert reproduces(stored)
    lines = outputs_of(stored).lines
    assert [line.subject for line in lines] == [str(s.subject_id) for s in scored[:2]]
    assert [line.outcome for line in lines] == ["selected", "reserve"]
    assert outputs_of(stored).inputs_sha256 == stored.inputs_sha256


def test_same_inputs_again_answer_with_the_same_run(operators, panel, scored, at) -> None:
    first = compute_ranking(operators[0], panel.id, at=at)
    assert compute_ranking(operators[1], panel.id, at=at) == first
    assert RankingRun.objects.count() == 1


def test_inv_i7_two_different_people_confirm(operators, panel, scored, at) -> None:
    run = compute_ranking(operators[0], panel.id, at=at)
    assert confirm_ranking(operators[0], run.id, at=at).state == "computed"
    with pytest.raises(AlreadyConfirmed):
        confirm_ranking(operators[0], run.id, at=at)
    assert confirm_ranking(operators[1], run.id, at=at).state == "confirmed"
    with pytest.raises(TransitionNotAllowed):
        confirm_ranking(operators[1], run.id, at=at)


def test_nothing_is_scored_or_assigned_after_the_confirmation(
    operators, panel, subject, scored, reviewers, at
) -> None:
    late = assign_reviewer(operators[0], scored[0], reviewers[3][1], at=at)
    declare_interest(reviewers[3][0], late.id, has_conflict=False, at=at)
    run = compute_ranking(operators[0], panel.id, at=at)
    for operator in operators:
        confirm_ranking(operator, run.id, at=at)
    with pytest.raises(PanelDecided):
        submit_review(reviewers[3][0], late.id, scores={"plan": 1, "effect": 1}, at=at)
    with pytest.raises(PanelDecided):
        assign_reviewer(operators[0], scored[1], reviewers[3][1], at=at)
    with pytest.raises(PanelDecided):
        subject(panel, "late")


def test_review_that_comes_between_makes_the_run_stale(
    operators, panel, scored, reviewers, at
) -> None:
    run = compute_ranking(operators[0], panel.id, at=at)
    confirm_ranking(operators[0], run.id, at=at)
    score(operators[0], scored[1], reviewers[3:], 99, at)
    with pytest.raises(RankingStale):
        confirm_ranking(operators[1], run.id, at=at)
    fresh = compute_ranking(operators[0], panel.id, at=at)
    assert fresh.number == 2
    assert RankingRun.objects.get(pk=run.pk).state == "superseded"
    assert fresh.confirmations.count() == 0


def test_voided_score_supersedes_a_confirmed_ranking_and_both_are_kept(
    operators, panel, scored, reviewers, at
) -> None:
    score(operators[0], scored[0], reviewers[3:], 10, at)
    run = compute_ranking(operators[0], panel.id, at=at)
    for operator in operators:
        confirm_ranking(operator, run.id, at=at)
    exclude_reviewer(operators[0], scored[2][0].id, reason="family found", at=at)
    fresh = compute_ranking(operators[0], panel.id, at=at)
    states = [row.state for row in runs_for(operators[0], panel.id)]
    assert states == ["superseded", "computed"]
    assert reproduces(run_for(operators[1], run.id))
    assert fresh.inputs_sha256 != run.inputs_sha256


def test_ranking_below_quorum_or_of_nothing_is_refused(
    operators, panel, subject, reviewers, at
) -> None:
    with pytest.raises(NothingToRank):
        compute_ranking(operators[0], panel.id, at=at)
    lonely = subject(panel, "hana")
    score(operators[0], lonely, reviewers[:2], 80, at)
    with pytest.raises(BelowQuorum) as caught:
        compute_ranking(operators[0], panel.id, at=at)
    assert caught.value.fields["submitted"] == 2
    withdraw_subject(operators[0], subject_type="paper", subject_id=lonely.subject_id, at=at)
    with pytest.raises(NothingToRank):
        compute_ranking(operators[0], panel.id, at=at)


def test_rankings_are_for_operators_and_auditors(
    operators, panel, scored, reviewers, person, at
) -> None:
    run = compute_ranking(operators[0], panel.id, at=at)
    auditor = person("aud@audit.example", None, "auditor")
    assert run_for(auditor, run.id) == run
    for actor in (auditor, reviewers[0][0]):
        with pytest.raises(NotAllowed):
            compute_ranking(actor, panel.id, at=at)
        with pytest.raises(NotAllowed):
            confirm_ranking(actor, run.id, at=at)
    with pytest.raises(NotFound):
        run_for(reviewers[0][0], run.id)
    assert not runs_for(reviewers[0][0], panel.id).exists()
    for act in (compute_ranking, confirm_ranking):
        with pytest.raises(NotFound):
            act(operators[0], uuid.uuid4(), at=at)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE review_rankingrun SET outputs = ''",
        "UPDATE review_rankingrun SET computed_by = 'x'",
        "DELETE FROM review_rankingrun",
        "UPDATE review_review SET scores = '{}'",
        "DELETE FROM review_review",
        "UPDATE review_confirmation SET person = 'x'",
        "UPDATE review_pledge SET has_conflict = true",
        "TRUNCATE review_pledge CASCADE",
    ],
)
def test_what_was_decided_cannot_be_rewritten_in_the_database(
    operators, panel, scored, at, statement
) -> None:
    run = compute_ranking(operators[0], panel.id, at=at)
    confirm_ranking(operators[0], run.id, at=at)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)


def test_two_confirmations_at_once_are_two_words_and_one_confirmed_run(
    committed_db, operators, panel, scored, at
) -> None:
    """Goal: no lost confirmation, no run confirmed twice. Method: threads on real rows."""
    run = compute_ranking(operators[0], panel.id, at=at)
    start, states, errors = threading.Barrier(3), [], []

    def confirm(operator) -> None:
        try:
            start.wait()
            states.append(confirm_ranking(operator, run.id, at=at).state)
        except (AlreadyConfirmed, TransitionNotAllowed) as err:
            errors.append(type(err))
        finally:
            connection.close()

    people = [operators[0], operators[1], operators[0]]
    threads = [threading.Thread(target=confirm, args=(one,)) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(states) == ["computed", "confirmed"]
    assert len(errors) == 1
    assert RankingRun.objects.get(pk=run.pk).confirmations.count() == 2
