"""What the worker does by the clock. Each duty is safe to do again, and by several workers.

The queue is procrastinate's, in PostgreSQL. A duty reads the installation's own clock, so that
a test clock moves it, too.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from procrastinate.contrib.django import app
from prometheus_client import Counter

from madang.compute.duties import compute_due, poll_all
from madang.core.clock import clock_for, seoul_date
from madang.ledger.seals.actions import publish_root, seal
from madang.metering.duties import settle_due
from madang.parties.actor import system_actor
from madang.parties.joining.telling import tell_declined
from madang.parties.notices.delivery import deliver_due
from madang.programme.duties import programme_due
from madang.programme.flags.actions import find_flags
from madang.testbed.duties import testbed_due

DONE = Counter("madang_worker_duties", "Duties that were done", ["duty"])
EVERY_TEN_SECONDS = "* * * * * */10"  # the queue counts seconds in the sixth field
EVERY_MINUTE = "* * * * *"
AFTER_MIDNIGHT_IN_SEOUL = "5 15 * * *"  # the queue counts in UTC


@app.periodic(cron=EVERY_TEN_SECONDS)
@app.task(queueing_lock="seal", pass_context=False)
def seal_journals(timestamp: int) -> None:
    """Chain what was posted since the last time."""
    seal()
    DONE.labels("seal").inc()


@app.periodic(cron=EVERY_MINUTE)
@app.task(queueing_lock="settle_due", pass_context=False)
def settle_what_is_due(timestamp: int) -> None:
    """Expire vouchers, settle calls of unknown outcome, forget old claims, raise alerts."""
    settle_due(at=clock_for(settings.DATA_DIR).now())
    DONE.labels("settle").inc()


@app.periodic(cron=EVERY_MINUTE)
@app.task(queueing_lock="lapse_due", pass_context=False)
def lapse_what_is_overdue(timestamp: int) -> None:
    """What nobody signed or paid for in time; projects to be settled."""
    programme_due(at=clock_for(settings.DATA_DIR).now())
    DONE.labels("lapse").inc()


@app.periodic(cron=EVERY_MINUTE)
@app.task(queueing_lock="deliver_notices", pass_context=False)
def deliver_what_was_told(timestamp: int) -> None:
    """Notices by e-mail, where a mail server is set; what it refused, again later."""
    at = clock_for(settings.DATA_DIR).now()
    deliver_due(system_actor("worker"), at=at)
    tell_declined(system_actor("worker"), at=at)
    DONE.labels("notices").inc()


@app.periodic(cron=AFTER_MIDNIGHT_IN_SEOUL)
@app.task(queueing_lock="publish_root", pass_context=False)
def publish_yesterdays_root(timestamp: int) -> None:
    """Write down the root of the day that ended: its chains cannot be made anew unseen."""
    day = seoul_date(clock_for(settings.DATA_DIR).now()) - timedelta(days=1)
    publish_root(day)
    DONE.labels("root").inc()


@app.periodic(cron=AFTER_MIDNIGHT_IN_SEOUL)
@app.task(queueing_lock="find_flags", pass_context=False)
def find_what_looks_odd(timestamp: int) -> None:
    """Join the facts of open calls and vouchers, for a person to look at."""
    find_flags(system_actor("worker"), at=clock_for(settings.DATA_DIR).now())
    DONE.labels("flags").inc()


@app.periodic(cron=EVERY_TEN_SECONDS)
@app.task(queueing_lock="poll_engines", pass_context=False)
def poll_engines(timestamp: int) -> None:
    """Take what each site's engine tells, post it, and carry out what follows."""
    poll_all(system_actor("worker"), at=clock_for(settings.DATA_DIR).now())
    DONE.labels("poll").inc()


@app.periodic(cron=EVERY_MINUTE)
@app.task(queueing_lock="compute_due", pass_context=False)
def end_what_is_due_in_compute(timestamp: int) -> None:
    """Grants past their last day; idle cards on their way back."""
    compute_due(system_actor("worker"), at=clock_for(settings.DATA_DIR).now())
    DONE.labels("compute").inc()


@app.periodic(cron=EVERY_TEN_SECONDS)
@app.task(queueing_lock="testbed_due", pass_context=False)
def check_what_makers_handed_in(timestamp: int) -> None:
    """Collect the runs that ended; work every figure of a report out again."""
    testbed_due(clock_for(settings.DATA_DIR))
    DONE.labels("testbed").inc()
