"""A till in a process of its own, and a way to see whether the books are whole."""

from __future__ import annotations

from till_rig import own_postgres, rig, rig_on_own_postgres, template_url

__all__ = ["own_postgres", "rig", "rig_on_own_postgres", "template_url"]
