"""Places and reservations as Slurm 22.05 finds them, confirmed decision by decision on its own
log of its selections; for comparisons with a real Slurm. A site is gone through from end to
end.

* Of the runs of neighbouring nodes with room a job gets the first nodes of the shortest that is
  long enough.
* A job that has ended leaves its cards at once and its nodes a little later: nobody starts on
  such a node. A look around still asks first whether a job fits with those cards, and where
  that finds such a node the job does not start at this look, though another node may have room.
  The first job to which that happens has these nodes reserved from the next second on.
* For the first job that fits nowhere, running jobs are taken away in order of their limits, in
  groups, and after each group places are looked for. A group reaches a window beyond the border
  behind the first limit of all; borders are whole windows of the clock, and the window doubles
  until it reaches the next limit. The reservation begins with the last limit of its group, and
  keeps its nodes whole.
* A job may start on reserved nodes when it ends before the reservation begins, in whole
  seconds: those of its own start and of the look.
"""

from __future__ import annotations

from madang.chips.jit import inline, rare
from madang.compute.planner.sim.lines import limit_now
from madang.compute.planner.sim.nodes import refresh, set_up
from madang.compute.planner.sim.reserve import cards_on_node, forget
from madang.compute.planner.sim.state import (
    BACK_S,
    CARDS,
    END_S,
    EXTRA,
    FITS,
    I64,
    KEEP,
    KEPT,
    LATER,
    LIMIT_END_S,
    NEVER,
    OPEN,
    RESERVED,
    RESERVED_FOR,
    ROOM,
    SHADOW_S,
    SHUT,
    SLOTS,
    START_S,
    Rules,
    State,
)


@inline
def gives_back(s: State, job: int, now: int) -> bool:
    return s.job[END_S, job] - s.job[BACK_S, job] <= now


@inline
def whole_second(rules: Rules, time: int) -> int:
    return time // rules.second_s * rules.second_s


@inline
def given(s: State, rules: Rules, node: int, now: int) -> int:
    """Cards of a node that are being given back."""
    cards, base = 0, node * rules.node_cards
    for k in range(s.node[SLOTS, node]):
        if gives_back(s, s.slot[base + k], now):
            cards += cards_on_node(s, rules, s.slot[base + k])
    return cards


@rare
def shut(s: State, rules: Rules, now: int) -> None:
    """Keep nodes on which a job gives its cards back out of this look."""
    for node in range(s.node.shape[1]):
        if s.node[OPEN, node] and given(s, rules, node, now):
            s.node[SHUT, node] = 1
            set_up(s, rules, node, 0)


@rare
def open_again(s: State, rules: Rules) -> None:
    for node in range(s.node.shape[1]):
        if s.node[SHUT, node]:
            s.node[SHUT, node] = 0
            set_up(s, rules, node, 1)


@inline
def nodes_for(s: State, rules: Rules, job: int) -> int:
    return (s.job[CARDS, job] + rules.node_cards - 1) // rules.node_cards


@inline
def shortest_run(s: State, wanted: int) -> int:
    """The first node of the shortest run of fitting ones that is long enough; where none is,
    the first fitting node if there are enough; else -1."""
    nodes, best, best_length = s.node.shape[1], -1, NEVER
    first, count, length = -1, 0, 0
    for node in range(nodes):
        length = length + 1 if s.node[FITS, node] else 0
        if length and first < 0:
            first = node
        count += s.node[FITS, node]
        is_last = node + 1 == nodes or s.node[FITS, node + 1] == 0
        if is_last and wanted <= length < best_length:
            best, best_length = node + 1 - length, length
    if best < 0 and count >= wanted:
        return first
    return best


@rare
def place_now(s: State, rules: Rules, job: int, tree: I64) -> int:
    """The (first) node of a tree of masks that a job gets, or -1."""
    width, leaves = cards_on_node(s, rules, job), tree.shape[0] // 2
    for node in range(s.node.shape[1]):
        s.node[FITS, node] = 1 if tree[leaves + node] >> width else 0
    return shortest_run(s, nodes_for(s, rules, job))


@rare
def place_soon(s: State, rules: Rules, job: int, now: int, barred: int) -> int:
    """The first node that a job would get with the cards that are being given back, or -1;
    reserved nodes are not looked at where they are barred."""
    width = cards_on_node(s, rules, job)
    for node in range(s.node.shape[1]):
        is_up = s.node[OPEN, node] or s.node[SHUT, node]
        is_free = s.node[ROOM, node] + given(s, rules, node, now) >= width
        is_barred = barred and s.node[KEPT, node]
        s.node[FITS, node] = 1 if is_up and is_free and not is_barred else 0
    return shortest_run(s, nodes_for(s, rules, job))


@rare
def is_put_off(s: State, rules: Rules, job: int, now: int, barred: int) -> bool:
    """A look around finds the job a place on a node that is being given back."""
    node, left = place_soon(s, rules, job, now, barred), nodes_for(s, rules, job)
    while node >= 0 and left > 0:
        if s.node[SHUT, node]:
            return True
        left -= 1
        node += 1
        while left > 0 and s.node[FITS, node] == 0:
            node += 1
    return False


@inline
def is_lasting(s: State, rules: Rules, job: int, now: int) -> bool:
    return whole_second(rules, now) + limit_now(s, job, now) >= s.tally[SHADOW_S]


@rare
def next_fitting(tree: I64, node: int, width: int) -> int:
    """The next node of a tree of masks with so many cards; one must be there."""
    leaves = tree.shape[0] // 2
    at = node + 1
    while tree[leaves + at] >> width == 0:
        at += 1
    return at


@inline
def limit_of(s: State, rules: Rules, job: int) -> int:
    """When a running job's limit is over, as Slurm counts: from the second of its start."""
    start_s = s.job[START_S, job]
    return s.job[LIMIT_END_S, job] - start_s + whole_second(rules, start_s)


@rare
def first_to_end(s: State, rules: Rules, end_s: int, behind: int, now: int) -> int:
    """The running job with the next limit after that of a job, or -1."""
    found, found_s = -1, NEVER
    for node in range(s.node.shape[1]):
        base = node * rules.node_cards
        slots = s.node[SLOTS, node] if s.node[OPEN, node] or s.node[SHUT, node] else 0
        for k in range(slots):
            job = s.slot[base + k]
            at_s = limit_of(s, rules, job)
            is_left = at_s > end_s or (at_s == end_s and job > behind)
            is_next = at_s < found_s or (at_s == found_s and job < found)
            if is_left and is_next and not gives_back(s, job, now):
                found, found_s = job, at_s
    return found


@rare
def take_away(s: State, rules: Rules, job: int) -> None:
    for node in range(s.node.shape[1]):
        base = node * rules.node_cards
        for k in range(s.node[SLOTS, node]):
            if s.slot[base + k] == job:
                s.node[LATER, node] += cards_on_node(s, rules, job)


@rare
def place_later(s: State, rules: Rules, job: int) -> int:
    width = cards_on_node(s, rules, job)
    for node in range(s.node.shape[1]):
        is_up = s.node[OPEN, node] or s.node[SHUT, node]
        s.node[FITS, node] = 1 if is_up and s.node[LATER, node] >= width else 0
    return shortest_run(s, nodes_for(s, rules, job))


@rare
def keep(s: State, rules: Rules, job: int, node: int, shadow_s: int) -> None:
    """Reserve the fitting nodes from this one on, as many as the job needs, whole."""
    s.tally[SHADOW_S] = shadow_s
    s.tally[RESERVED] = nodes_for(s, rules, job)
    for at in range(s.tally[RESERVED]):
        while s.node[FITS, node] == 0:
            node += 1
        s.node[KEEP, at], s.node[KEPT, node], s.node[EXTRA, node] = node, 1, 0
        refresh(s, rules, node)
        node += 1


@rare
def reserve_by_windows(s: State, rules: Rules, job: int, now: int) -> None:
    forget(s, rules)
    s.tally[RESERVED_FOR] = -1
    s.tally[SHADOW_S] = NEVER
    node = place_soon(s, rules, job, now, 0)
    if node >= 0:
        keep(s, rules, job, node, whole_second(rules, now) + rules.second_s)
        return
    for node in range(s.node.shape[1]):
        s.node[LATER, node] = s.node[ROOM, node] + given(s, rules, node, now)
    reserve_after_groups(s, rules, job, now)


@rare
def reserve_after_groups(s: State, rules: Rules, job: int, now: int) -> None:
    following, window_s = first_to_end(s, rules, -1, -1, now), rules.window_s
    if following < 0:
        return
    border_s = (limit_of(s, rules, following) // window_s + 1) * window_s
    while following >= 0:
        ended_s = border_s
        while following >= 0 and limit_of(s, rules, following) <= border_s + window_s:
            ended_s = limit_of(s, rules, following)
            take_away(s, rules, following)
            following = first_to_end(s, rules, ended_s, following, now)
        node = place_later(s, rules, job)
        if node >= 0:
            keep(s, rules, job, node, ended_s)
            return
        while following >= 0 and limit_of(s, rules, following) > border_s + window_s:
            window_s *= 2
