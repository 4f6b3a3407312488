"""The rules of `madang.compute.planner.sim` written again, slowly, with lists and searches.

Nothing is shared with the kernel: no trees, no heaps, no linked lists, no caches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

UP, DRAIN, FAIL, CLOSE, LOOK_IN_ORDER, LOOK_AROUND = range(6)


@dataclass(eq=False)
class Job:
    id: int
    submit: int
    cards: int
    run: int
    limit: int
    grant: int
    back: int = 0
    state: str = "future"
    left: int = 0
    first: int = -1
    start: int = -1
    end: int = -1
    limit_end: int = -1
    nodes: list[int] = field(default_factory=list)
    attempts: int = 0
    borrowed: bool = False
    loan: int = 0


@dataclass
class Grant:
    cap: float = math.inf
    budget: float = math.inf
    weight: int = 1
    closes: float = math.inf
    floor: int = 0
    used: int = 0


class Slow:
    def __init__(self, jobs, grants, nodes, size, changes, **rules):
        self.jobs, self.grants, self.size = jobs, grants, size
        self.open = [False] * nodes
        self.changes = sorted(changes, key=lambda one: one[0])
        self.rules = {"fair": False, "backfill": True, "depth": 100, "first_fit": False}
        self.rules |= {"lend": False, "keep_work": False, "restart_s": 0}
        self.rules |= {"whole_nodes": False, "told_looks": False, "window_s": 0}
        self.rules |= {"second_s": 1} | rules
        self.log, self.loans, self.parked = [], 0, set()
        self.looked, self.shut = -1, set()
        self.reservations = []  # (job, shadow, now)
        self.busy = self.capacity = self.stranded = 0
        self.now, self.stuck = 0, False

    # --- looking -------------------------------------------------------------------------

    def width(self, job):
        return min(job.cards, self.size)

    def count(self, job):
        return -(-job.cards // self.size)

    def charged(self, job):
        return job.cards if job.cards <= self.size else self.count(job) * self.size

    def running(self, grant=None):
        return [
            job
            for job in self.jobs
            if job.state == "running" and (grant is None or job.grant == grant)
        ]

    def line(self, grant):
        return [job for job in self.jobs if job.state == "waiting" and job.grant == grant]

    def on(self, node):
        return [job for job in self.running() if node in job.nodes]

    def free(self, node):
        return self.size - sum(self.width(job) for job in self.on(node))

    def in_use(self, grant):
        return sum(self.charged(job) for job in self.running(grant))

    def own(self, grant):
        return sum(self.charged(job) for job in self.running(grant) if not job.borrowed)

    def held(self, grant):
        return sum(
            self.charged(job) * (job.limit_end - job.start) for job in self.running(grant)
        )

    def limit(self, job):
        return min(job.limit, self.grants[job.grant].closes - self.now)

    def quota(self, job, beside=None):
        grant = self.grants[job.grant]
        need = grant.used + self.held(job.grant) + self.charged(job) * self.limit(job)
        if beside:
            need += self.charged(beside) * self.limit(beside)
        return self.in_use(job.grant) + self.charged(job) <= grant.cap and need <= grant.budget

    def entitled(self, job):
        return self.own(job.grant) + self.charged(job) <= self.grants[job.grant].floor

    def turn(self, grant):
        first = self.line(grant)[0]
        share = 0.0
        if self.rules["fair"]:
            one = self.grants[grant]
            share = (one.used + self.held(grant)) / one.weight
        rank = 1 if self.rules["lend"] and not self.entitled(first) else 0
        return rank, share, first.id

    def contest(self):
        waiting = {job.grant for job in self.jobs if job.state == "waiting"} - self.parked
        return sorted(waiting, key=self.turn)

    def places(self, job, room):
        """Nodes for a job where `room(node)` says what is free, or None."""
        nodes = [node for node, is_open in enumerate(self.open) if is_open]
        if self.rules["window_s"]:
            nodes = [node for node in nodes if node not in self.shut]
            return self.neighbours(job, [n for n in nodes if room(n) >= self.width(job)])
        if job.cards > self.size:
            empty = [node for node in nodes if room(node) == self.size]
            return empty[: self.count(job)] if len(empty) >= self.count(job) else None
        fitting = [node for node in nodes if room(node) >= job.cards]
        if not self.rules["first_fit"]:
            fitting.sort(key=lambda node: (room(node), node))
        return fitting[:1] or None

    # --- as Slurm does it ----------------------------------------------------------------

    def gives_back(self, job):
        return job.end - job.back <= self.now

    def neighbours(self, job, fitting):
        """The first of the shortest run that is long enough, else the first of all."""
        need = self.count(job)
        runs = [[node] for node in fitting[:1]]
        for node in fitting[1:]:
            if runs[-1][-1] == node - 1:
                runs[-1].append(node)
            else:
                runs.append([node])
        runs = [run for run in runs if len(run) >= need]
        if runs:
            return min(runs, key=len)[:need]
        return fitting[:need] if len(fitting) >= need else None

    def whole_second(self, time):
        return time - time % self.rules["second_s"]

    def soon(self, job, barred=()):
        """Where the job would go with the cards that are being given back."""
        keep = [one for one in self.running() if not self.gives_back(one)]
        return self.beside(job, keep, barred)

    def beside(self, job, staying, barred=()):
        """Where the job would go if only these were running."""
        taken = [
            sum(self.width(one) for one in staying if node in one.nodes)
            for node in range(len(self.open))
        ]
        fitting = [
            node
            for node, is_open in enumerate(self.open)
            if is_open and node not in barred and self.size - taken[node] >= self.width(job)
        ]
        return self.neighbours(job, fitting)

    def put_off(self, job, barred=()):
        """A look around finds it a place on a node that is being given back."""
        return not self.shut.isdisjoint(self.soon(job, barred) or ())

    def by_windows(self, head):
        """Running jobs go in order of their limits, in groups: up to a window beyond the border
        behind the first, the window doubled until it reaches the next."""
        if nodes := self.soon(head):
            soon = self.whole_second(self.now) + self.rules["second_s"]
            return soon, dict.fromkeys(nodes, 0)

        def limit(job):
            return self.whole_second(job.start) + job.limit_end - job.start

        up = {node for node, is_open in enumerate(self.open) if is_open}
        staying = [job for job in self.running() if not self.gives_back(job)]
        going = sorted(
            (job for job in staying if up & set(job.nodes)),
            key=lambda job: (limit(job), job.id),
        )
        window = self.rules["window_s"]
        border = going and limit(going[0]) - limit(going[0]) % window + window
        while going:
            while limit(going[0]) > border + window:
                window *= 2
            gone = [job for job in going if limit(job) <= border + window]
            going = going[len(gone) :]
            staying = [job for job in staying if job not in gone]
            if nodes := self.beside(head, staying):
                return limit(gone[-1]), dict.fromkeys(nodes, 0)
        return math.inf, {}

    # --- doing ---------------------------------------------------------------------------

    def start(self, job, nodes):
        own = self.entitled(job)
        job.limit_end = self.now + self.limit(job)
        again = self.rules["restart_s"] if job.attempts else 0
        job.end = min(self.now + job.left + again, job.limit_end)
        job.start, job.nodes, job.state = self.now, list(nodes), "running"
        job.first = job.first if job.attempts else self.now
        job.attempts += 1
        if self.rules["lend"]:
            job.borrowed = not own
            self.loans += 1
            job.loan = self.loans

    def leave(self, job, why):
        self.log.append((job.id, job.start, self.now, job.nodes[0], why))
        job.state, job.nodes = "gone", []
        self.parked.discard(job.grant)

    def promote(self, grant):
        borrowers = [job for job in self.running(grant) if job.borrowed]
        for job in sorted(borrowers, key=lambda one: one.loan):
            if self.entitled(job):
                job.borrowed = False

    def finish(self, job):
        self.grants[job.grant].used += self.charged(job) * (self.now - job.start)
        self.leave(job, 0)
        job.state = "done"
        self.promote(job.grant)

    def put_back(self, job, why):
        if self.rules["keep_work"]:
            ran = self.now - job.start
            job.left = max(job.left - ran, 1)
            job.limit = max(job.limit - ran, job.left)
        self.leave(job, why)
        job.state = "waiting"
        self.promote(job.grant)

    def lent(self, node):
        return sum(self.width(job) for job in self.on(node) if job.borrowed)

    def clear(self, node, cards):
        while self.free(node) < cards:
            borrowers = [job for job in self.on(node) if job.borrowed]
            self.put_back(max(borrowers, key=lambda one: (one.start, one.id)), 1)

    def reclaim(self, job):
        nodes = self.places(job, lambda node: self.free(node) + self.lent(node))
        for node in nodes or []:
            self.clear(node, self.width(job))
        return nodes

    # --- a round -------------------------------------------------------------------------

    def in_order(self, around):
        while order := self.contest():
            job = self.line(order[0])[0]
            if not self.quota(job):
                if self.running(job.grant):
                    self.parked.add(job.grant)
                else:
                    job.state = "refused"
                continue
            if around and self.rules["window_s"] and self.put_off(job):
                return job
            nodes = self.places(job, self.free)
            if nodes is None and self.rules["lend"] and self.entitled(job):
                nodes = self.reclaim(job)
            if nodes is None:
                return job
            self.start(job, nodes)
        return None

    def ready(self, node, width):
        """When a node has so much room, if everybody runs to the limit."""
        if not self.open[node]:
            return math.inf
        times = [0, *sorted(job.limit_end for job in self.on(node))]
        return next(t for t in times if self.room_at(node, t) >= width)

    def room_at(self, node, time):
        return self.size - sum(self.width(job) for job in self.on(node) if job.limit_end > time)

    def reservation(self, head):
        """(time, {node: cards that stay free beside the head})."""
        if self.rules["window_s"]:
            return self.by_windows(head)
        width = self.width(head)
        soonest = sorted((self.ready(node, width), node) for node in range(len(self.open)))[
            : self.count(head)
        ]
        shadow = max(time for time, _ in soonest)
        if shadow == math.inf:
            return shadow, {}
        if self.rules["whole_nodes"]:
            return shadow, dict.fromkeys((node for _, node in soonest), 0)
        return shadow, {node: self.room_at(node, shadow) - width for _, node in soonest}

    def early(self, job, head, shadow, kept):
        lasting = self.now + self.limit(job) > shadow
        if self.rules["window_s"]:
            lasting = self.whole_second(self.now) + self.limit(job) >= shadow
            if self.put_off(job, kept if lasting else ()):
                return

        def room(node):
            return (
                min(self.free(node), kept.get(node, self.size)) if lasting else self.free(node)
            )

        nodes = self.places(job, room)
        same = job.grant == head.grant
        if nodes is None or not self.quota(job, head if same else None):
            return
        both = self.charged(job) + self.charged(head)
        if same and lasting and self.in_use(job.grant) + both > self.grants[job.grant].cap:
            return
        self.start(job, nodes)
        for node in nodes:
            if lasting and node in kept:
                kept[node] -= self.width(job)

    def around(self, head):
        shadow, kept = self.reservation(head)
        self.reservations.append((head.id, shadow, self.now))
        order = [job for grant in self.contest() for job in self.line(grant)]
        looked = 0
        for job in order:
            room_left = any(
                self.free(node) for node, is_open in enumerate(self.open) if is_open
            )
            if looked == self.rules["depth"] or not room_left:
                return
            if job is not head:
                self.early(job, head, shadow, kept)
                looked += 1

    # --- time ----------------------------------------------------------------------------

    def step(self, now):
        passed, self.now = now - self.now, now
        free = [self.free(node) for node, is_open in enumerate(self.open) if is_open]
        self.busy += passed * sum(len(job.nodes) * self.width(job) for job in self.running())
        self.capacity += passed * sum(self.open) * self.size
        self.stranded += passed * sum(free) * self.stuck
        for job in sorted(self.running(), key=lambda one: one.id):
            if job.end == now:
                self.finish(job)
        for time, kind, index in self.changes:
            if time == now:
                self.change(kind, index)
        for job in self.jobs:
            if job.state == "future" and job.submit == now:
                job.left = job.run
                late = now >= self.grants[job.grant].closes
                job.state = "expired" if late else "waiting"
        looks = [kind for time, kind, _ in self.changes if time == now and now != self.looked]
        self.looked = now  # told once: what ends in the instant in which it began adds no look
        if not self.rules["told_looks"] or LOOK_AROUND in looks:
            self.round(around=self.rules["backfill"])
        elif LOOK_IN_ORDER in looks:
            self.round(around=False)

    def round(self, around):
        self.shut = {
            node for job in self.running() if self.gives_back(job) for node in job.nodes
        }
        head = self.in_order(around)
        self.stuck = head is not None
        if head and around:
            self.around(head)

    def change(self, kind, index):
        if kind == CLOSE:
            for job in self.line(index):
                job.state = "expired"
        if kind >= CLOSE:
            return
        self.open[index] = kind == UP
        if kind == FAIL:
            for job in self.on(index):
                self.put_back(job, 2)

    def run_all(self):
        seen = -1
        while True:
            times = [job.submit for job in self.jobs if job.state == "future"]
            times += [job.end for job in self.running()]
            times += [time for time, _, _ in self.changes if time > seen]
            if not times:
                return self
            seen = min(times)
            self.step(seen)
