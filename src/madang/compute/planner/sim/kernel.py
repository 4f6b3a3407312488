"""The loop: time goes from event to event, after each one round of starts.

Numba's cache looks at this file alone: after a change in a file that it uses, touch it.
"""

from __future__ import annotations

from madang.chips.jit import inline, kernel, rare
from madang.compute.planner.sim.lines import (
    OUT,
    charged,
    enter,
    fits_quota,
    leave,
    leave_line,
    limit_now,
    line_up,
    refuse,
    width_of,
)
from madang.compute.planner.sim.nodes import set_up
from madang.compute.planner.sim.reserve import reserve
from madang.compute.planner.sim.state import (
    AFTER,
    ALL,
    ASIDE,
    BUSY,
    CAP,
    CAPACITY,
    CARDS_UP,
    CLOSE,
    CLOSES_S,
    END_S,
    ENDS,
    EVENTS,
    EXPIRED,
    FAIL,
    FAILED,
    FREE,
    GRANT,
    HELD,
    IN_USE,
    LINE,
    LOGGED,
    LOOK_AROUND,
    LOOK_IN_ORDER,
    NEVER,
    NOW_S,
    RETURNS,
    RUNNING,
    SHADOW_S,
    SLOTS,
    SPARE,
    STATE,
    STRANDED,
    STUCK,
    SUBMIT_S,
    TRIED_FOR,
    UP,
    WAITERS,
    WAITING,
    WAITS,
    WHOLE,
    WHOLE_SPARE,
    WIDTH,
    Rules,
    State,
)
from madang.compute.planner.sim.steps import (
    end,
    pop_end,
    put_back,
    reclaim,
    room_for,
    start,
)
from madang.compute.planner.sim.windows import (
    is_lasting,
    is_put_off,
    open_again,
    reserve_by_windows,
    shut,
)


@inline
def pass_time(s: State, now: int) -> None:
    """Add up card-seconds since the last event."""
    passed_s = now - s.tally[NOW_S]
    s.tally[BUSY] += s.tally[HELD] * passed_s
    s.tally[CAPACITY] += s.tally[CARDS_UP] * passed_s
    if s.tally[STUCK]:
        s.tally[STRANDED] += s.tally[FREE] * passed_s
    s.tally[NOW_S] = now


@inline
def next_end(s: State) -> int:
    """When the next job ends. Entries of attempts that were put back are thrown away."""
    while s.tally[ENDS] > 0:
        job = s.heap[1, 0]
        if s.job[STATE, job] == RUNNING and s.job[END_S, job] == s.heap[0, 0]:
            return s.heap[0, 0]
        pop_end(s)
    return NEVER


@rare
def fail(s: State, rules: Rules, node: int, now: int) -> None:
    """A node goes down: its jobs go back to their lines, in their order."""
    set_up(s, rules, node, 0)
    base = node * rules.node_cards
    while s.node[SLOTS, node] > 0:
        job = s.slot[base]
        for k in range(1, s.node[SLOTS, node]):
            job = min(job, s.slot[base + k])
        put_back(s, rules, job, now, FAILED)


@rare
def close(s: State, rules: Rules, grant: int) -> None:
    while s.grant[LINE, grant] >= 0:
        job = s.grant[LINE, grant]
        leave_line(s, job)
        s.job[STATE, job] = EXPIRED
    enter(s, rules, grant)


@rare
def change(s: State, rules: Rules, kind: int, index: int, now: int) -> None:
    if kind == CLOSE:
        close(s, rules, index)
    elif kind == FAIL:
        fail(s, rules, index, now)
    else:
        set_up(s, rules, index, 1 if kind == UP else 0)


@inline
def submit(s: State, rules: Rules, job: int, now: int) -> None:
    grant = s.job[GRANT, job]
    if now >= s.grant[CLOSES_S, grant]:
        s.job[STATE, job] = EXPIRED
        return
    was_empty = s.grant[LINE, grant] < 0
    line_up(s, job)
    if was_empty:
        enter(s, rules, grant)


@inline
def start_in_order(s: State, rules: Rules, is_around: bool, now: int) -> int:
    """Start whoever is next until somebody waits for room: that job, or -1."""
    while True:
        grant = s.winner[1]
        if s.rank[grant] == OUT:
            return -1
        job = s.grant[LINE, grant]
        if not fits_quota(s, rules, job, now, -1):
            if s.grant[IN_USE, grant] > 0:
                leave(s, grant)
            else:
                refuse(s, job)
                enter(s, rules, grant)
            continue
        if is_around and rules.window_s and is_put_off(s, rules, job, now, 0):
            return job
        node = room_for(s, rules, job, s.mask[ALL], WHOLE)
        if node < 0 and rules.lend and s.rank[grant] == 0:
            node = reclaim(s, rules, job, now)
        if node < 0:
            return job
        start(s, rules, job, node, s.mask[ALL], now)


@inline
def try_early(s: State, rules: Rules, job: int, head: int, now: int) -> bool:
    """Start a job before the head when the head's reservation does not feel it."""
    if s.mask[ALL, 1] >> width_of(s, job) == 0:
        return False
    lasting = now + limit_now(s, job, now) > s.tally[SHADOW_S]
    if rules.window_s:
        lasting = is_lasting(s, rules, job, now)
        if is_put_off(s, rules, job, now, 1 if lasting else 0):
            return False
    beside = head if s.job[GRANT, job] == s.job[GRANT, head] else -1
    tree = s.mask[SPARE] if lasting else s.mask[ALL]
    node = room_for(s, rules, job, tree, WHOLE_SPARE if lasting else WHOLE)
    if node < 0 or not fits_quota(s, rules, job, now, beside):
        return False
    if beside >= 0 and lasting:
        grant = s.job[GRANT, job]
        both = charged(s, rules, job) + charged(s, rules, head)
        if s.grant[IN_USE, grant] + both > s.grant[CAP, grant]:
            return False
    start(s, rules, job, node, tree, now)
    return True


@inline
def fitting(s: State, head: int) -> int:
    """How many that wait behind the head are no wider than what is free on some node."""
    count, room = 0, s.mask[ALL, 1]
    for kind in range(s.width.shape[1]):
        if room >> s.width[WIDTH, kind]:
            count += s.width[WAITS, kind]
    return count - 1 if room >> width_of(s, head) else count


@inline
def backfill(s: State, rules: Rules, head: int, left: int, now: int) -> int:
    """Look through the lines as they stood when the head had to wait, until all that may fit
    have been tried; how many started."""
    looked, started, count, room = 0, 0, 0, s.mask[ALL, 1]
    while left > 0 and looked < rules.depth and s.mask[ALL, 1] != 0:
        grant = s.winner[1]
        if s.rank[grant] == OUT:
            break
        job = s.grant[LINE, grant]
        s.grant[ASIDE, count] = grant
        count += 1
        while job >= 0 and left > 0 and looked < rules.depth:
            ahead = s.job[AFTER, job]
            if job != head:
                looked += 1
                if room >> width_of(s, job):
                    left -= 1
                    started += try_early(s, rules, job, head, now)
            job = ahead
        leave(s, grant)
    for at in range(count):
        enter(s, rules, s.grant[ASIDE, at])
    return started


@inline
def is_tried(s: State, rules: Rules, head: int, last: int) -> bool:
    """Of all that wait behind the head only the last to come was not tried in vain.

    What could not start before cannot start later, as long as nothing ends: there is less room
    and less time to the reservation, which its own backfill leaves where it is. That is not so
    where grants close, for then limits shrink, nor with floors or at looks that are told.
    """
    is_seen = s.tally[WAITERS] - 1 <= rules.depth or s.grant.shape[1] == 1
    return last >= 0 and s.tally[TRIED_FOR] == head and is_seen


@inline
def is_worth_it(s: State, rules: Rules, head: int, last: int) -> bool:
    """The last to come may start before the head."""
    if last == head or s.job[STATE, last] != WAITING or s.rank[s.job[GRANT, last]] == OUT:
        return False
    return s.tally[WAITERS] - 1 <= rules.depth and s.mask[ALL, 1] >> width_of(s, last) != 0


@inline
def around(s: State, rules: Rules, head: int, last: int, now: int) -> None:
    """Start whom the head's reservation does not feel."""
    is_alone = is_tried(s, rules, head, last)
    left = int(is_worth_it(s, rules, head, last)) if is_alone else fitting(s, head)
    waiters, started = s.tally[WAITERS], 0
    if left > 0:
        if rules.window_s:
            reserve_by_windows(s, rules, head, now)
        else:
            reserve(s, rules, head)
        if is_alone:
            try_early(s, rules, last, head, now)
        else:
            started = backfill(s, rules, head, left, now)
    s.tally[TRIED_FOR] = -1 if started > 0 and waiters - 1 > rules.depth else head


@inline
def starts(s: State, rules: Rules, look: int, last: int, now: int) -> None:
    """One round: in order, then around the job that waits for room. `last` is the only job that
    came since the round before, if nothing else happened; else -1."""
    is_around = look == LOOK_AROUND and rules.backfill != 0
    held = s.tally[HELD]
    head = start_in_order(s, rules, is_around, now)
    s.tally[STUCK] = 1 if head >= 0 else 0
    if head >= 0 and is_around and s.mask[ALL, 1] != 0:
        around(s, rules, head, last if held == s.tally[HELD] else -1, now)
    else:
        s.tally[TRIED_FOR] = -1


@inline
def look_at(s: State, rules: Rules, look: int, last: int, now: int) -> None:
    if rules.window_s:
        shut(s, rules, now)
        starts(s, rules, look, -1, now)
        open_again(s, rules)
    else:
        starts(s, rules, look, last, now)


@inline
def tries_once(s: State, rules: Rules) -> bool:
    """Whether `is_tried` holds at all here."""
    for grant in range(s.grant.shape[1]):
        if s.grant[CLOSES_S, grant] < NEVER:
            return False
    return not rules.lend and not rules.told_looks


@kernel
def run_kernel(s: State, rules: Rules) -> int:
    """Run to the end, or to `until_s`. 1 when the log had no room for more attempts."""
    arrived, changed = 0, 0
    total, change_count = s.job.shape[1], s.change.shape[1]
    attempts_max, once = s.log.shape[1], tries_once(s, rules)
    while True:
        now = next_end(s)
        if arrived < total:
            now = min(now, s.job[SUBMIT_S, arrived])
        if changed < change_count:
            now = min(now, s.change[0, changed])
        if now >= rules.until_s:
            break
        if s.tally[RETURNS] > 0 and s.tally[LOGGED] + 2 * total > attempts_max:
            return 1
        pass_time(s, now)
        before, quiet = arrived, once
        while next_end(s) == now:
            end(s, rules, pop_end(s), now)
            quiet = False
        look = 0 if rules.told_looks else LOOK_AROUND
        while changed < change_count and s.change[0, changed] == now:
            if s.change[1, changed] >= LOOK_IN_ORDER:
                look = max(look, s.change[1, changed])
            else:
                change(s, rules, s.change[1, changed], s.change[2, changed], now)
            quiet = False
            changed += 1
        while arrived < total and s.job[SUBMIT_S, arrived] == now:
            submit(s, rules, arrived, now)
            arrived += 1
        if look:
            last = before if quiet and arrived == before + 1 else -1
            look_at(s, rules, look, last, now)
        s.tally[EVENTS] += 1
    if rules.until_s < NEVER:
        pass_time(s, max(rules.until_s, s.tally[NOW_S]))
    return 0
