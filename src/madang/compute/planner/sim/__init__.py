"""The event simulator: jobs, quotas and nodes in; attempts and times out.

Rules, in the words of the policy:

* A job of up to a node's cards takes one node: the fullest that has room (`best`), or the
  first (`first`). A larger job takes whole empty nodes, as many as it needs.
* Jobs wait in their grant's line, in order of submission. Grants take turns: by the first
  submission (`fifo`), or by what they used and hold against their weight (`fair`).
* A job starts when its grant's cap and budget allow it: cards × time limit is held at the
  start and what was not used comes back at the end. The first job of a line that has to wait
  for its own grant makes the whole line wait, and nobody else.
* The first job that waits for room has a reservation: the earliest time, by time limits, at
  which it fits. Others may start before it (`backfill`) when they end by then or leave its
  place alone, looking at most `depth` jobs deep; with `whole_nodes` its place is all of its
  nodes, as Slurm's is, and not its cards on them.
* With floors, cards beyond a grant's floor are borrowed. The first job of a line that fits its
  floor takes the place of borrowers, the latest first; they go back to their line,
  and with `keep_work` ask only for what is left of their work and of their time limit.
* With `window_s` places and reservations are found as Slurm finds them (`windows.py`).
* At one instant: ends, then changes of nodes and grants, then submissions, then one round of
  starts. With `told_looks` nothing starts but at the looks that are told, like Slurm's: some
  look in order alone, some also around the first job that waits.
"""
