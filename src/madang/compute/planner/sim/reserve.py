"""The reservation of the first job that waits for room: when and where it fits at the latest.

Exact, not sampled: for every node the earliest time by which enough of its jobs must have
ended, kept in one tree per width and worked out again only for nodes that changed.
"""

from __future__ import annotations

from madang.chips.jit import inline
from madang.compute.planner.sim.nodes import refresh
from madang.compute.planner.sim.state import (
    CARDS,
    DIRTY,
    EXTRA,
    I64,
    KEEP,
    KEPT,
    LIMIT_END_S,
    NEVER,
    OPEN,
    RESERVED,
    RESERVED_FOR,
    ROOM,
    SHADOW_S,
    SLOTS,
    WIDTH,
    Rules,
    State,
)


@inline
def cards_on_node(s: State, rules: Rules, job: int) -> int:
    return min(s.job[CARDS, job], rules.node_cards)


@inline
def earliest(s: State, rules: Rules, node: int, width: int) -> int:
    """When a node surely has so many free cards: 0 now, NEVER when it is closed."""
    if s.node[OPEN, node] == 0:
        return NEVER
    room, at_s, slot = s.node[ROOM, node], 0, node * rules.node_cards
    while room < width:
        at_s = s.job[LIMIT_END_S, s.slot[slot]]
        room += cards_on_node(s, rules, s.slot[slot])
        slot += 1
    return at_s


@inline
def put_time(tree: I64, node: int, time_s: int) -> None:
    at = tree.shape[0] // 2 + node
    tree[at] = time_s
    at >>= 1
    while at > 0:
        least = min(tree[2 * at], tree[2 * at + 1])
        if tree[at] == least:
            return
        tree[at] = least
        at >>= 1


@inline
def soonest(tree: I64) -> int:
    """The lowest of the nodes with the least time."""
    leaves, at = tree.shape[0] // 2, 1
    while at < leaves:
        at *= 2
        if tree[at] > tree[at + 1]:
            at += 1
    return at - leaves


@inline
def bring_up_to_date(s: State, rules: Rules, kind: int) -> None:
    tree, width = s.ready[kind], s.width[WIDTH, kind]
    for at in range(s.width[DIRTY, kind]):
        node = s.dirty[kind, at]
        s.is_dirty[kind, node] = 0
        put_time(tree, node, earliest(s, rules, node, width))
    s.width[DIRTY, kind] = 0


@inline
def forget(s: State, rules: Rules) -> None:
    for at in range(s.tally[RESERVED]):
        node = s.node[KEEP, at]
        s.node[KEPT, node] = 0
        refresh(s, rules, node)
    s.tally[RESERVED] = 0


@inline
def extra_at(s: State, rules: Rules, node: int, shadow_s: int, cards: int) -> int:
    """Cards of a reserved node that its job will not need, at the reserved time."""
    if rules.whole_nodes:
        return 0
    room, slot = s.node[ROOM, node], node * rules.node_cards
    for at in range(slot, slot + s.node[SLOTS, node]):
        if s.job[LIMIT_END_S, s.slot[at]] > shadow_s:
            break
        room += cards_on_node(s, rules, s.slot[at])
    return room - cards


@inline
def stays(s: State, rules: Rules, tree: I64, width: int) -> bool:
    """The reserved node is still the first to be had: only what is beside it may be new."""
    node, shadow_s = s.node[KEEP, 0], tree[1]
    if shadow_s == NEVER or soonest(tree) != node:
        return False
    s.tally[SHADOW_S] = shadow_s
    extra = extra_at(s, rules, node, shadow_s, width)
    if extra != s.node[EXTRA, node]:
        s.node[EXTRA, node] = extra
        refresh(s, rules, node)
    return True


@inline
def reserve(s: State, rules: Rules, job: int) -> None:
    """Reserve for a job what it gets soonest. Without any such place nothing is kept back."""
    width = cards_on_node(s, rules, job)
    kind = s.class_of[width]
    if s.tally[RESERVED_FOR] == job and s.width[DIRTY, kind] == 0:
        return
    bring_up_to_date(s, rules, kind)
    tree = s.ready[kind]
    wanted = (s.job[CARDS, job] + rules.node_cards - 1) // rules.node_cards
    if wanted == 1 and s.tally[RESERVED] == 1 and stays(s, rules, tree, width):
        s.tally[RESERVED_FOR] = job
        return
    forget(s, rules)
    s.tally[RESERVED_FOR] = job
    shadow_s, count = 0, 0
    while count < wanted and tree[1] < NEVER:
        shadow_s = tree[1]
        s.node[KEEP, count] = soonest(tree)
        put_time(tree, s.node[KEEP, count], NEVER)
        count += 1
    for at in range(count):
        put_time(tree, s.node[KEEP, at], earliest(s, rules, s.node[KEEP, at], width))
    s.tally[SHADOW_S] = shadow_s if count == wanted else NEVER
    s.tally[RESERVED] = count if count == wanted else 0
    for at in range(s.tally[RESERVED]):
        node = s.node[KEEP, at]
        s.node[KEPT, node] = 1
        s.node[EXTRA, node] = extra_at(s, rules, node, shadow_s, width)
        refresh(s, rules, node)
