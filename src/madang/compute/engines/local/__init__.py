"""The local engine: processes of one machine, cards as slots, one queue, real limits.

There is no daemon. The queue is a folder under one lock; whoever looks at it (a submission, a
poll, a job that ends) starts what fits, in order of arrival. Each running job has a keeper, a
process of its own session that holds the job's lock, ends it at its limit and writes down when
it began and ended. So a crash of the platform, at any line, stops no job and loses no second.
"""

from madang.compute.engines.local.engine import LocalEngine, user_is_here
from madang.compute.engines.local.store import Limits, Setup

__all__ = ["Limits", "LocalEngine", "Setup", "user_is_here"]
