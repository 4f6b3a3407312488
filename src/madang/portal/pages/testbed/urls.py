"""Addresses of the test-bed."""

from __future__ import annotations

from django.urls import path

from madang.portal.pages.testbed import board, submissions

ONE = "testbed/submissions/<uuid:submission_id>/"
urlpatterns = [
    path("testbed/", board.board_page, name="testbed_board"),
    path("testbed/device/", board.device_page, name="testbed_device"),
    path("testbed/pilots/", board.pilots_page, name="testbed_pilots"),
    path("testbed/trials/", board.trials_page, name="testbed_trials"),
    path("testbed/submissions/", submissions.submissions, name="testbed_submissions"),
    path("testbed/submissions/report/", submissions.submit_report, name="submit_test_report"),
    path("testbed/submissions/run/", submissions.order_run, name="order_test_run"),
    path(ONE, submissions.submission, name="testbed_submission"),
    path(ONE + "report.zip", submissions.archive, name="testbed_archive"),
    path(ONE + "withdraw/", submissions.withdraw, name="withdraw_test_submission"),
    path(ONE + "appeal/", submissions.appeal, name="appeal_test_submission"),
    path(ONE + "start/", submissions.start, name="start_test_run"),
    path(ONE + "publish/", submissions.publish, name="publish_test_submission"),
    path(
        ONE + "decline/", submissions.turn_away, {"step": "decline"},
        name="decline_test_submission",
    ),
    path(
        ONE + "remove/", submissions.turn_away, {"step": "remove"},
        name="remove_test_submission",
    ),
    path(
        "testbed/appeals/<uuid:testbed_appeal_id>/", submissions.decide_appeal,
        name="decide_test_appeal",
    ),
    path("testbed/<str:sha256>/report.json", board.envelope, name="testbed_report"),
    path("testbed/<str:sha256>/key.pub.pem", board.public_key, name="testbed_key"),
]  # fmt: skip
