"""Every workflow of this room, and the page that draws them."""

from __future__ import annotations

from madang.parties.workflow_drawing import drawing
from madang.testbed.submissions.workflow import APPEAL, SUBMISSION

HEAD = """# Workflows of the test-bed

Generated from the tables in the code by `django-admin draw_testbed_workflows`; do not edit.
"""
ORDERED = """
A report that is handed in begins as `submitted`, a run that is asked for as `ordered`.
"""


def page() -> str:
    """Markdown with one section per noun."""
    parts = {
        "Submission 제출": drawing(SUBMISSION) + ORDERED,
        "Appeal 이의신청": drawing(APPEAL),
    }
    return HEAD + "".join(f"\n## {name}\n\n{text}" for name, text in parts.items())
