"""What happens to a job: it starts, ends, is put back, or takes a borrower's place."""

from __future__ import annotations

from madang.chips.jit import inline, rare
from madang.compute.planner.sim.chains import ON_LOAN, put_between, take_out
from madang.compute.planner.sim.lines import (
    charged,
    enter,
    leave_line,
    limit_now,
    line_up,
)
from madang.compute.planner.sim.nodes import give_back, lowest, pick, refresh, take
from madang.compute.planner.sim.reserve import cards_on_node
from madang.compute.planner.sim.state import (
    ATTEMPTS,
    BORROWED,
    CARDS,
    DONE,
    END_S,
    ENDED,
    ENDS,
    FIRST_S,
    FLOOR,
    GANG,
    GRANT,
    HOLD,
    I64,
    IN_USE,
    LEFT_S,
    LEND,
    LENT,
    LENT_AFTER,
    LENT_FIRST,
    LENT_LAST,
    LIMIT_END_S,
    LIMIT_S,
    LOGGED,
    LOST,
    NODE,
    OPEN,
    OWN,
    PUT_BACK,
    RETURNS,
    ROOM,
    RUNNING,
    SLOTS,
    START_S,
    STATE,
    USED,
    WHOLE_LEND,
    Rules,
    State,
)
from madang.compute.planner.sim.windows import next_fitting, place_now


@inline
def push_end(s: State, end_s: int, job: int) -> None:
    """Into the heap of ends, ordered by time, then job."""
    at = s.tally[ENDS]
    s.tally[ENDS] += 1
    while at > 0:
        up = (at - 1) >> 1
        before = s.heap[0, up] < end_s or (s.heap[0, up] == end_s and s.heap[1, up] < job)
        if before:
            break
        s.heap[0, at], s.heap[1, at] = s.heap[0, up], s.heap[1, up]
        at = up
    s.heap[0, at], s.heap[1, at] = end_s, job


@inline
def pop_end(s: State) -> int:
    """The job of the first end, taken off the heap."""
    first = s.heap[1, 0]
    count = s.tally[ENDS] - 1
    s.tally[ENDS] = count
    end_s, job, at = s.heap[0, count], s.heap[1, count], 0
    while 2 * at + 1 < count:
        low = 2 * at + 1
        other = low + 1
        if other < count and (
            s.heap[0, other] < s.heap[0, low]
            or (s.heap[0, other] == s.heap[0, low] and s.heap[1, other] < s.heap[1, low])
        ):
            low = other
        if end_s < s.heap[0, low] or (end_s == s.heap[0, low] and job < s.heap[1, low]):
            break
        s.heap[0, at], s.heap[1, at] = s.heap[0, low], s.heap[1, low]
        at = low
    s.heap[0, at], s.heap[1, at] = end_s, job
    return first


@rare
def set_lent(s: State, rules: Rules, job: int, sign: int) -> None:
    """Count a running job's cards as borrowed, or no longer."""
    node, cards = s.job[NODE, job], cards_on_node(s, rules, job)
    while node >= 0:
        s.node[LENT, node] += sign * cards
        refresh(s, rules, node)
        node = s.node[GANG, node]


@inline
def hold(s: State, rules: Rules, job: int, now: int) -> None:
    """Charge the grant for the longest the job can run; own cards first, then borrowed."""
    grant, cards = s.job[GRANT, job], charged(s, rules, job)
    limit_s = limit_now(s, job, now)
    s.job[LIMIT_END_S, job] = now + limit_s
    s.grant[HOLD, grant] += cards * limit_s
    s.grant[IN_USE, grant] += cards
    if rules.lend:
        s.job[BORROWED, job] = 0 if s.grant[OWN, grant] + cards <= s.grant[FLOOR, grant] else 1
        if s.job[BORROWED, job]:
            put_between(s, ON_LOAN, job, s.grant[LENT_LAST, grant], -1)
        else:
            s.grant[OWN, grant] += cards


@inline
def occupy(s: State, rules: Rules, job: int, node: int, tree: I64) -> None:
    """Take the node, or for a larger job that many of the tree's lowest empty nodes."""
    size = rules.node_cards
    s.job[NODE, job] = node
    take(s, rules, job, node, cards_on_node(s, rules, job))
    s.node[GANG, node] = -1
    left = s.job[CARDS, job] - size
    while left > 0:
        other = next_fitting(tree, node, size) if rules.window_s else lowest(tree, 1 << size)
        take(s, rules, job, other, size)
        s.node[GANG, node], s.node[GANG, other] = other, -1
        node = other
        left -= size


@inline
def start(
    s: State,
    rules: Rules,
    job: int,
    node: int,
    tree: I64,
    now: int,
) -> None:
    """A waiting job gets its cards."""
    leave_line(s, job)
    hold(s, rules, job, now)
    occupy(s, rules, job, node, tree)
    again_s = rules.restart_s if s.job[ATTEMPTS, job] > 0 else 0
    s.job[END_S, job] = min(now + s.job[LEFT_S, job] + again_s, s.job[LIMIT_END_S, job])
    s.job[START_S, job] = now
    if s.job[ATTEMPTS, job] == 0:
        s.job[FIRST_S, job] = now
    s.job[ATTEMPTS, job] += 1
    s.job[STATE, job] = RUNNING
    push_end(s, s.job[END_S, job], job)
    enter(s, rules, s.job[GRANT, job])


@rare
def promote(s: State, rules: Rules, grant: int) -> None:
    """Borrowers of a grant move into room under its floor, the earliest first."""
    job = s.grant[LENT_FIRST, grant]
    while job >= 0:
        ahead = s.job[LENT_AFTER, job]
        cards = charged(s, rules, job)
        if s.grant[OWN, grant] + cards <= s.grant[FLOOR, grant]:
            set_lent(s, rules, job, -1)
            take_out(s, ON_LOAN, job)
            s.job[BORROWED, job] = 0
            s.grant[OWN, grant] += cards
        job = ahead


@inline
def let_go(s: State, rules: Rules, job: int, now: int, why: int) -> None:
    """A running job leaves its nodes; its hold comes back, its attempt is written down."""
    grant, cards = s.job[GRANT, job], charged(s, rules, job)
    at = s.tally[LOGGED]
    s.log[0, at], s.log[3, at], s.log[4, at] = job, s.job[NODE, job], why
    s.log[1, at], s.log[2, at] = s.job[START_S, job], now
    s.tally[LOGGED] += 1
    node, share = s.job[NODE, job], cards_on_node(s, rules, job)
    while node >= 0:
        following = s.node[GANG, node] if s.job[CARDS, job] > rules.node_cards else -1
        give_back(s, rules, job, node, share)
        node = following
    s.grant[HOLD, grant] -= cards * (s.job[LIMIT_END_S, job] - s.job[START_S, job])
    s.grant[IN_USE, grant] -= cards
    if rules.lend:
        if s.job[BORROWED, job]:
            take_out(s, ON_LOAN, job)
        else:
            s.grant[OWN, grant] -= cards


@inline
def end(s: State, rules: Rules, job: int, now: int) -> None:
    """A job is done, or at its limit: what it used is charged."""
    grant = s.job[GRANT, job]
    let_go(s, rules, job, now, ENDED)
    s.grant[USED, grant] += charged(s, rules, job) * (now - s.job[START_S, job])
    s.job[LEFT_S, job] = max(s.job[LEFT_S, job] - (now - s.job[START_S, job]), 0)
    s.job[STATE, job] = DONE
    if rules.lend:
        promote(s, rules, grant)
    enter(s, rules, grant)


@rare
def put_back(s: State, rules: Rules, job: int, now: int, why: int) -> None:
    """A job goes back to its line without a charge: a floor's owner came, or a node failed."""
    grant, ran_s = s.job[GRANT, job], now - s.job[START_S, job]
    let_go(s, rules, job, now, why)
    s.tally[RETURNS] += 1
    if rules.keep_work:
        s.job[LEFT_S, job] = max(s.job[LEFT_S, job] - ran_s, 1)
        s.job[LIMIT_S, job] = max(s.job[LIMIT_S, job] - ran_s, s.job[LEFT_S, job])
    s.job[LOST, job] += charged(s, rules, job) * ran_s
    line_up(s, job)
    if rules.lend:
        promote(s, rules, grant)
    enter(s, rules, grant)


@inline
def latest_borrower(s: State, rules: Rules, node: int) -> int:
    """Of the borrowers on a node the one that started last; the later job on equal terms."""
    found, base = -1, node * rules.node_cards
    for k in range(s.node[SLOTS, node]):
        job = s.slot[base + k]
        if s.job[BORROWED, job] and (
            found < 0
            or s.job[START_S, job] > s.job[START_S, found]
            or (s.job[START_S, job] == s.job[START_S, found] and job > found)
        ):
            found = job
    return found


@inline
def clear_node(s: State, rules: Rules, node: int, cards: int, now: int) -> None:
    """Put borrowers back until the node has so many free cards."""
    while s.node[ROOM, node] < cards:
        put_back(s, rules, latest_borrower(s, rules, node), now, PUT_BACK)


@inline
def room_for(s: State, rules: Rules, job: int, tree: I64, whole: int) -> int:
    """The (first) node a job would take from a tree of masks, or -1."""
    size = rules.node_cards
    if rules.window_s:
        return place_now(s, rules, job, tree)
    if s.job[CARDS, job] <= size:
        return pick(tree, s.job[CARDS, job], rules.first_fit)
    wanted = (s.job[CARDS, job] + size - 1) // size
    if s.tally[whole] < wanted:
        return -1
    return lowest(tree, 1 << size)


@rare
def reclaim(s: State, rules: Rules, job: int, now: int) -> int:
    """Make room for a job within its floor, by putting borrowers back; its node, or -1."""
    node = room_for(s, rules, job, s.mask[LEND], WHOLE_LEND)
    if node < 0:
        return -1
    size, cards = rules.node_cards, s.job[CARDS, job]
    if cards <= size:
        clear_node(s, rules, node, cards, now)
        return node
    at, wanted = node, (cards + size - 1) // size
    while wanted > 0:
        if s.node[OPEN, at] and s.node[ROOM, at] + s.node[LENT, at] == size:
            clear_node(s, rules, at, size, now)
            wanted -= 1
        at += 1
    return node
