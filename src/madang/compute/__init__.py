"""GPU support: sites, grants, jobs on existing engines, metered GPU-seconds, planning."""
