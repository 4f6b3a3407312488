"""Places and reservations as Slurm's select/cons_tres finds them (its `_eval_nodes` and
`_will_run_test`), for comparisons with a real Slurm; a site is gone through from end to end.

* Of the runs of neighbouring nodes with room a job gets the first nodes of the shortest that is
  long enough.
* A node on which a job gives its cards back takes nobody until it has them all.
* For the first job that waits, running jobs are taken away in order of their limits, all that
  end less than a window after the first of them, the window twice as long each time; then
  places are looked for. The reservation begins when the last of those has ended, and keeps its
  nodes whole.
"""

from __future__ import annotations

from madang.chips.jit import inline, rare
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
    Rules,
    State,
)


@inline
def gives_back(s: State, job: int, now: int) -> bool:
    return s.job[END_S, job] - s.job[BACK_S, job] <= now


@rare
def shut(s: State, rules: Rules, now: int) -> None:
    """Keep nodes on which a job gives its cards back out of this look."""
    for node in range(s.node.shape[1]):
        base = node * rules.node_cards
        for k in range(s.node[SLOTS, node]):
            if s.node[OPEN, node] and gives_back(s, s.slot[base + k], now):
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
def next_fitting(tree: I64, node: int, width: int) -> int:
    """The next node of a tree of masks with so many cards; one must be there."""
    leaves = tree.shape[0] // 2
    at = node + 1
    while tree[leaves + at] >> width == 0:
        at += 1
    return at


@inline
def limit_of(s: State, job: int, now: int) -> int:
    return now if gives_back(s, job, now) else s.job[LIMIT_END_S, job]


@rare
def first_to_end(s: State, rules: Rules, end_s: int, behind: int, now: int) -> int:
    """The running job with the next limit after that of a job, or -1."""
    found, found_s = -1, NEVER
    for node in range(s.node.shape[1]):
        base = node * rules.node_cards
        for k in range(s.node[SLOTS, node]):
            job = s.slot[base + k]
            at_s = limit_of(s, job, now)
            is_left = at_s > end_s or (at_s == end_s and job > behind)
            if is_left and (at_s < found_s or (at_s == found_s and job < found)):
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
    for node in range(s.node.shape[1]):
        s.node[LATER, node] = s.node[ROOM, node]
    ended, ended_s, window_s = -1, -1, rules.window_s
    while True:
        following = first_to_end(s, rules, ended_s, ended, now)
        if following < 0:
            return
        until_s = limit_of(s, following, now) + window_s
        while following >= 0 and limit_of(s, following, now) < until_s:
            ended, ended_s = following, limit_of(s, following, now)
            take_away(s, rules, ended)
            following = first_to_end(s, rules, ended_s, ended, now)
        window_s *= 2
        node = place_later(s, rules, job)
        if node >= 0:
            keep(s, rules, job, node, ended_s)
            return
