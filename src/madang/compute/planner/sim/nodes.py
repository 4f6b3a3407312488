"""Cards on nodes: trees of masks that find the right node in a few steps.

A leaf's mask has bit f set when the node has f free cards; an inner place has the bits of all
below it. So the root says what can be had, and going down along one bit finds the lowest node.
"""

from __future__ import annotations

from madang.chips.jit import inline
from madang.compute.planner.sim.state import (
    ALL,
    BORROWED,
    CARDS_UP,
    COUNTED,
    DIRTY,
    EXTRA,
    FREE,
    HELD,
    I64,
    KEPT,
    LEND,
    LENT,
    LIMIT_END_S,
    OPEN,
    ROOM,
    SHADOW_S,
    SLOTS,
    SPARE,
    WHOLE,
    WHOLE_LEND,
    WHOLE_SPARE,
    Rules,
    State,
)


@inline
def put_mask(tree: I64, node: int, mask: int) -> None:
    at = tree.shape[0] // 2 + node
    if tree[at] == mask:
        return
    tree[at] = mask
    at >>= 1
    while at > 0:
        both = tree[2 * at] | tree[2 * at + 1]
        if tree[at] == both:
            return
        tree[at] = both
        at >>= 1


@inline
def lowest(tree: I64, bits: int) -> int:
    """The lowest node with one of the bits; one must be there."""
    leaves, at = tree.shape[0] // 2, 1
    while at < leaves:
        at *= 2
        if tree[at] & bits == 0:
            at += 1
    return at - leaves


@inline
def pick(tree: I64, width: int, first_fit: int) -> int:
    """A node with at least so many cards: the fullest, or the first; -1 when there is none."""
    bits = tree[1] & ~((1 << width) - 1)
    if bits == 0:
        return -1
    if not first_fit:
        bits &= -bits
    return lowest(tree, bits)


@inline
def look_again(s: State, node: int) -> None:
    """The node's earliest times must be worked out again, for every width."""
    for kind in range(s.width.shape[1]):
        if s.is_dirty[kind, node] == 0:
            s.is_dirty[kind, node] = 1
            s.dirty[kind, s.width[DIRTY, kind]] = node
            s.width[DIRTY, kind] += 1


@inline
def count_whole(s: State, node: int, size: int, spare: int, lend: int) -> None:
    """Keep the counts of empty nodes right; `whole` remembers what was counted for the node."""
    room, before = s.node[ROOM, node], s.node[COUNTED, node]
    now = (room == size) + 2 * (spare == size) + 4 * (room + lend == size)
    if s.node[OPEN, node] == 0:
        now = 0
    s.tally[WHOLE] += (now & 1) - (before & 1)
    s.tally[WHOLE_SPARE] += ((now >> 1) & 1) - ((before >> 1) & 1)
    s.tally[WHOLE_LEND] += ((now >> 2) & 1) - ((before >> 2) & 1)
    s.node[COUNTED, node] = now


@inline
def refresh(s: State, rules: Rules, node: int) -> None:
    """Bring the trees in line with a node after anything about it changed."""
    room = s.node[ROOM, node]
    spare = min(room, s.node[EXTRA, node]) if s.node[KEPT, node] else room
    up = s.node[OPEN, node]
    put_mask(s.mask[ALL], node, 1 << room if up and room > 0 else 0)
    put_mask(s.mask[SPARE], node, 1 << spare if up and spare > 0 else 0)
    if rules.lend:
        lend = room + s.node[LENT, node]
        put_mask(s.mask[LEND], node, 1 << lend if up and lend > 0 else 0)
    count_whole(s, node, rules.node_cards, spare, s.node[LENT, node])


@inline
def put_slot(s: State, rules: Rules, job: int, node: int) -> None:
    """Among the node's jobs, in order of their limits: `earliest` reads them from the front."""
    base, end_s = node * rules.node_cards, s.job[LIMIT_END_S, job]
    at = base + s.node[SLOTS, node]
    while at > base and s.job[LIMIT_END_S, s.slot[at - 1]] > end_s:
        s.slot[at] = s.slot[at - 1]
        at -= 1
    s.slot[at] = job
    s.node[SLOTS, node] += 1


@inline
def drop_slot(s: State, rules: Rules, job: int, node: int) -> None:
    at = node * rules.node_cards
    s.node[SLOTS, node] -= 1
    last = at + s.node[SLOTS, node]
    while s.slot[at] != job:
        at += 1
    while at < last:
        s.slot[at] = s.slot[at + 1]
        at += 1
    s.slot[last] = -1


@inline
def take(s: State, rules: Rules, job: int, node: int, cards: int) -> None:
    """Give cards of a node to a job."""
    s.node[ROOM, node] -= cards
    s.tally[FREE] -= cards
    s.tally[HELD] += cards
    put_slot(s, rules, job, node)
    if rules.lend and s.job[BORROWED, job]:
        s.node[LENT, node] += cards
    if s.node[KEPT, node] and s.job[LIMIT_END_S, job] > s.tally[SHADOW_S]:
        s.node[EXTRA, node] -= min(cards, s.node[EXTRA, node])
    look_again(s, node)
    refresh(s, rules, node)


@inline
def give_back(s: State, rules: Rules, job: int, node: int, cards: int) -> None:
    """Take a job off a node. A node that drains stays unused."""
    drop_slot(s, rules, job, node)
    s.node[ROOM, node] += cards
    s.tally[HELD] -= cards
    if s.node[OPEN, node]:
        s.tally[FREE] += cards
    if rules.lend and s.job[BORROWED, job]:
        s.node[LENT, node] -= cards
    look_again(s, node)
    refresh(s, rules, node)


@inline
def set_up(s: State, rules: Rules, node: int, up: int) -> None:
    """Open a node for or close it."""
    if s.node[OPEN, node] != up:
        sign = 1 if up else -1
        s.node[OPEN, node] = up
        s.tally[FREE] += sign * s.node[ROOM, node]
        s.tally[CARDS_UP] += sign * rules.node_cards
        look_again(s, node)
        refresh(s, rules, node)
