"""The demonstration's walk: the main job, once, through the public interfaces only."""
