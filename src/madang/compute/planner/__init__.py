"""The capacity planner: how many cards a round needs, and what waits follow from it.

Pure: NumPy and Numba, no database, no Django. Applications and a site go in as files or as
values, a plan comes out as a value; `madang.cli.compute_plan` shows it to people.
"""
